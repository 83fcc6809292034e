import assert from "node:assert/strict";
import * as fs from "node:fs";
import { createFramer } from "../../../src/framing/framing.ts";
import type { FramingOptions } from "../../../src/framing/framing_options.ts";
import { fileInput } from "../../../src/inputs/file/file_input.ts";
import type { FileInputConfig } from "../../../src/inputs/file/file_input_config.ts";
import { multilineOf } from "../../framing/support.ts";
import { Bench, Collector, configOf, until } from "./support.ts";

const TRACE = ["java.lang.Error: x\n", "\tat a.B.c(B.java:1)\n", "\tat a.B.d(B.java:2)\n"];

/** An input that joins lines and runs on a bench until it is stopped. */
class Running implements AsyncDisposable {
  readonly collector = new Collector();
  readonly #stop = new AbortController();
  readonly done: Promise<void>;

  constructor(
    bench: Bench,
    { timeout = 60_000, framing, once = false, ...config }:
      & Partial<FileInputConfig>
      & { timeout?: number; framing?: FramingOptions; once?: boolean } = {},
  ) {
    const input = fileInput.create(configOf({ paths: [bench.path("*.log")], ...config }), {
      name: "in",
      log: bench.log,
      checkpoints: bench.store,
      framer: createFramer(framing ?? { multiline: multilineOf({ preset: "java", timeout }) }),
      once,
      pollOnly: true,
      concurrentReads: 2,
      claims: bench.claims,
    });
    this.done = input.run(this.collector.emit, this.#stop.signal);
  }
  get records(): readonly string[] {
    return this.collector.records;
  }
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function saved(bench: Bench): number[] {
  return [...bench.store.entries()].filter(([key]) => key.startsWith("file:")).map(([, value]) =>
    Number(value.off)
  );
}

Deno.test("FileInput lets an unfinished record wait for its next line, and its position stands before it", async () => {
  using bench = new Bench();
  bench.write("a.log", `first\n${TRACE[0]}`);
  {
    await using running = new Running(bench);
    await until("the first line", () => running.records.length === 1);
    bench.append("a.log", TRACE[1]!);
    bench.write("b.log", "other\nlast\n");
    await until("another file's line", () => running.records.length === 2);
  }
  assert.deepEqual(saved(bench), [6, 6]);
  bench.store.condition = "intact";
  bench.append("a.log", `${TRACE[2]}last\n`);
  fs.rmSync(bench.path("b.log"));
  await using running = new Running(bench);
  await until("the record", () => running.records.length === 1);
  assert.deepEqual(running.records, [TRACE.join("")]);
});

Deno.test("FileInput delivers an unfinished record after a time of quiet, and what comes later as another", async () => {
  using bench = new Bench();
  bench.write("a.log", `${TRACE[0]}${TRACE[1]}\tat beg`);
  await using running = new Running(bench, { timeout: 30 });
  await until("the record", () => running.records.length === 1);
  assert.deepEqual(running.records, [`${TRACE[0]}${TRACE[1]}`], "the unfinished line waits for its end");
  bench.append("a.log", "un(B.java:1)\nlast\n");
  await until("the rest", () => running.records.length === 3);
  assert.deepEqual(running.records.slice(1), ["\tat begun(B.java:1)\n", "last\n"]);
});

Deno.test("FileInput gives what is delivered before its end was seen an id of its own", async () => {
  using bench = new Bench();
  bench.write("a.log", `first\n${TRACE[0]}`);
  await using running = new Running(bench, { timeout: 30 });
  const { collector } = running;
  await until("the unfinished record", () => collector.records.length === 2);
  bench.append("a.log", "last\nnext\n");
  await until("the others", () => collector.records.length >= 3);
  const [first, unfinished, later] = collector.batches.map(({ origin }) => origin!);
  assert.equal(unfinished!.id, `${first!.id}.p`);
  assert.equal(later!.id, first!.id);
  assert.equal(unfinished!.offset, 6);
});

Deno.test("FileInput delivers an unfinished line with its record where it is told to", async () => {
  using bench = new Bench();
  bench.write("a.log", `${TRACE[0]}\tat a.B.c(`);
  await using running = new Running(bench, { partial_line_timeout: 30 });
  await until("the record", () => running.records.length === 1);
  assert.deepEqual(running.records, [`${TRACE[0]}\tat a.B.c(\n`]);
});

Deno.test("FileInput delivers the last record with --once, and leaves an unfinished line for the next run", async () => {
  using bench = new Bench();
  bench.write("a.log", `first\n${TRACE[0]}${TRACE[1]}\tat beg`);
  const running = new Running(bench, { once: true });
  await running.done;
  assert.deepEqual(running.records, ["first\n", `${TRACE[0]}${TRACE[1]}`]);
  assert.deepEqual(saved(bench), [6 + TRACE[0]!.length + TRACE[1]!.length]);
});

Deno.test("FileInput delivers the last record of a renamed file before those of its successor, which does not wait long", async () => {
  using bench = new Bench();
  bench.write("a.log", TRACE.join(""));
  await using running = new Running(bench);
  await until("the file", () => saved(bench).length === 1);
  fs.renameSync(bench.path("a.log"), bench.path("a.log.1"));
  bench.write("a.log", "new\nlast\n");
  await until("both", () => running.records.length >= 2);
  assert.deepEqual(running.records, [TRACE.join(""), "new\n"]);
});

Deno.test("FileInput waits for the rest of a record in a renamed file as long as its successor is empty", async () => {
  using bench = new Bench();
  bench.write("a.log", TRACE[0]!);
  const held = fs.openSync(bench.path("a.log"), "a");
  await using running = new Running(bench);
  await until("the file", () => saved(bench).length === 1);
  fs.renameSync(bench.path("a.log"), bench.path("a.log.1"));
  bench.write("a.log", "");
  await until("the successor", () => saved(bench).length === 2);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(running.records, []);
  fs.writeSync(held, `${TRACE[1]}${TRACE[2]}`);
  fs.closeSync(held);
  await new Promise((resolve) => setTimeout(resolve, 300));
  bench.append("a.log", "new\nlast\n");
  await until("both", () => running.records.length >= 2);
  assert.deepEqual(running.records, [TRACE.join(""), "new\n"]);
});

Deno.test("FileInput reads a successor although the renamed file goes on growing", async () => {
  using bench = new Bench();
  bench.write("a.log", TRACE[0]!);
  const held = fs.openSync(bench.path("a.log"), "a");
  const growing = setInterval(() => fs.writeSync(held, TRACE[1]!), 10);
  try {
    await using running = new Running(bench);
    await until("the file", () => saved(bench).length === 1);
    fs.renameSync(bench.path("a.log"), bench.path("a.log.1"));
    bench.write("a.log", "new\nlast\n");
    const begun = Date.now();
    while (!running.records.includes("new\n") && Date.now() < begun + 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(running.records.includes("new\n"));
  } finally {
    clearInterval(growing);
    fs.closeSync(held);
  }
});

Deno.test("FileInput reads an unfinished record on in the copy of a truncated file, and ends it there", async () => {
  using bench = new Bench();
  bench.write("a.log", `first\n${TRACE[0]}`);
  await using running = new Running(bench);
  await until("the first line", () => running.records.length === 1);
  fs.writeFileSync(bench.path("a.log.1"), `first\n${TRACE.join("")}`);
  fs.truncateSync(bench.path("a.log"));
  bench.append("a.log", "\tat another.trace(X.java:1)\nlast\n");
  await until("the rest", () => running.records.length === 3);
  assert.deepEqual(running.records, ["first\n", TRACE.join(""), "\tat another.trace(X.java:1)\n"]);
  assert.deepEqual(bench.log.of("error"), []);
});

Deno.test("FileInput reads a failed record again from its beginning", async () => {
  using bench = new Bench();
  bench.write("a.log", "first\n");
  await using running = new Running(bench, { timeout: 50 });
  await until("the first line", () => running.records.length === 1);
  running.collector.outcome = "failed";
  bench.append("a.log", TRACE.join(""));
  await until("the failure", () => bench.log.of("warn").some((line) => line.includes("again from byte 6")));
  running.collector.outcome = "delivered";
  await until("the record", () => running.records.length === 2);
  assert.deepEqual(running.records, ["first\n", TRACE.join("")]);
});

Deno.test("FileInput hands over joined lines of a container with the places where their records begin", async () => {
  using bench = new Bench();
  const lines = ["t stdout P one \n", "t stderr F two\n", "t stdout F three\n"];
  bench.write("a.log", lines.join(""));
  await using running = new Running(bench, { framing: { container: "cri" } });
  await until("the records", () => running.records.length === 2);
  assert.deepEqual(running.records, ["t stdout F one three\n", "t stderr F two\n"]);
  const [batch] = running.collector.batches;
  assert.deepEqual([...batch!.origin!.offsets!], [0, lines[0]!.length]);
  assert.equal(batch!.origin!.end, lines.join("").length);
});
