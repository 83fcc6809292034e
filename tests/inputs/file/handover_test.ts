import assert from "node:assert/strict";
import * as fs from "node:fs";
import { createFramer } from "../../../src/framing/framing.ts";
import { BufferPool } from "../../../src/inputs/file/buffer_pool.ts";
import { Handover } from "../../../src/inputs/file/handover.ts";
import { START } from "../../../src/inputs/file/reader.ts";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { TailedFile } from "../../../src/inputs/file/tailed_file.ts";
import { TailPump } from "../../../src/inputs/file/tail_pump.ts";
import { multilineOf } from "../../framing/support.ts";
import { Bench, Collector, readerOptions, until } from "./support.ts";

/** A renamed file with an unfinished record, another one that waits for it, and a pump with a handover. */
async function scene(bench: Bench, successor: string) {
  const framer = createFramer({ multiline: multilineOf({ pattern: "^ " }) });
  const fileOf = (name: string, text: string) => {
    const path = bench.write(name, text);
    const file = new TailedFile({
      ...openContents(path),
      input: "in",
      path,
      reader: { ...readerOptions(), framer },
      now: bench.time,
      start: START,
    });
    file.saved = true;
    file.emptyAt = 0;
    return file;
  };
  const [old, next] = [fileOf("a.log.1", "one\n two\n"), fileOf("a.log", successor)];
  old.state = "rotated";
  next.waitFor(old);
  const collector = new Collector();
  const stop = new AbortController();
  const released: TailedFile[] = [];
  const release = (file: TailedFile) => released.push(...file.release());
  const pump: TailPump = new TailPump({
    emit: collector.emit,
    stop: stop.signal,
    pool: new BufferPool(320, 4),
    concurrency: 1,
    now: Date.now,
    onEmitted() {},
    onUnknown() {},
    onEnd: (file) => handover.isDue(file) ? handover.begin(file) : release(file),
    onChanged() {},
    onError() {},
    onHealed() {},
    onRefused() {},
    onCut() {},
  });
  const handover = new Handover({ pump, stop: stop.signal, release });
  pump.enqueue(old);
  await pump.idle();
  const close = () => {
    stop.abort();
    for (const file of [old, next]) file.close();
  };
  return { old, next, handover, collector, released, close };
}

Deno.test("Handover delivers the last record of a renamed file before its successor is read", async () => {
  using bench = new Bench();
  const { old, next, handover, collector, released, close } = await scene(bench, "next\n");
  await until("the successor", () => released.length > 0);
  assert.deepEqual(collector.records, ["one\n two\n"]);
  assert.deepEqual(released, [next]);
  assert.equal(handover.isDue(old), false);
  close();
});

Deno.test("Handover waits as long as the successor is empty", async () => {
  using bench = new Bench();
  const { collector, released, close } = await scene(bench, "");
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual([collector.records, released], [[], []]);
  fs.appendFileSync(bench.path("a.log"), "next\n");
  await until("the successor", () => released.length > 0);
  assert.deepEqual(collector.records, ["one\n two\n"]);
  close();
});

Deno.test("Handover is due only for a renamed file that others wait for", async () => {
  using bench = new Bench();
  const { old, handover, close } = await scene(bench, "");
  assert.equal(handover.isDue(old), true);
  old.state = "live";
  assert.equal(handover.isDue(old), false);
  // Nobody has noticed yet.
  fs.renameSync(old.path, bench.path("a.log.2"));
  assert.equal(handover.isDue(old), true);
  old.state = "rotated";
  old.release();
  assert.equal(handover.isDue(old), false);
  close();
});
