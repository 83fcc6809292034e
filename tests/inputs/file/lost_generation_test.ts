import assert from "node:assert/strict";
import { compare, type Comparison, hashOf } from "../../../src/inputs/file/fingerprint.ts";
import { OpenFile } from "../../../src/inputs/file/open_file.ts";
import { copyAndTruncate } from "../../support/rotator.ts";
import { Running } from "./running.ts";
import { Bench, bytesOf, Collector, MemorySource, until } from "./support.ts";

/** Runs an input to the end of its files and answers what it delivered. */
async function once(bench: Bench): Promise<readonly string[]> {
  const running = new Running(bench, {}, { once: true });
  await running.done;
  return running.records;
}

/** Runs an input that finds the copy of what was truncated, and ends before anything is delivered. */
async function endInCopy(bench: Bench): Promise<void> {
  const collector = new Collector();
  const gate = Promise.withResolvers<void>();
  collector.gate = gate.promise;
  collector.outcome = "failed";
  const running = new Running(bench, {}, { collector });
  const found = () => bench.log.of("info").filter((text) => text.includes("reading its rest from")).length;
  const before = found();
  await until("the copy", () => found() > before);
  const stopped = running.stop();
  gate.resolve();
  await stopped;
}

for (const [what, last] of [["shorter", "three\n"], ["longer", "three\n".repeat(50)]] as const) {
  Deno.test(`FileInput reads the copy of a truncated file, now ${what}, also after it ended in the middle of that`, async () => {
    using bench = new Bench();
    bench.write("a.log", "one, which is read before all this\n");
    assert.equal((await once(bench)).length, 1);
    bench.append("a.log", "two\n");
    copyAndTruncate(bench.path("a.log"));
    bench.append("a.log", last);
    for (let times = 0; times < 3; times++) await endInCopy(bench);
    assert.equal((await once(bench)).join(""), `two\n${last}`);
  });
}

Deno.test("compare takes no file for one of which only the length is known", async () => {
  const compared = (off: number): Promise<Comparison> =>
    compare(new MemorySource(bytesOf("some\nlines\n")), {
      headLen: 0,
      head: hashOf(bytesOf("")),
      off,
      tailLen: 0,
      tail: hashOf(bytesOf("")),
    });
  assert.deepEqual([await compared(0), await compared(5), await compared(500)], [
    "same",
    "different",
    "different",
  ]);
});

Deno.test("FileInput sees a file that is truncated and written anew at any moment of a restart", async () => {
  const { read } = OpenFile.prototype;
  let reads = 0;
  for (let moment = 1; moment === 1 || reads >= moment - 1; moment++) {
    assert.ok(moment < 100, "a restart comes to its end");
    using bench = new Bench();
    const path = bench.write("a.log", "one, which is read before all this\n".repeat(60));
    await once(bench);
    bench.append("a.log", "two\n");
    const later = "three, which is longer than what was there before\n".repeat(60);
    reads = 0;
    OpenFile.prototype.read = function (...args) {
      if (++reads === moment) {
        copyAndTruncate(path);
        bench.append("a.log", later);
      }
      return read.apply(this, args);
    };
    try {
      assert.equal(
        (await once(bench)).join(""),
        `two\n${reads >= moment ? later : ""}`,
        `before read ${moment}`,
      );
    } finally {
      OpenFile.prototype.read = read;
    }
  }
});
