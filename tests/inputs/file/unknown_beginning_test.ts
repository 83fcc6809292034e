import assert from "node:assert/strict";
import * as fs from "node:fs";
import { Discovery } from "../../../src/inputs/file/discovery.ts";
import { Reader } from "../../../src/inputs/file/reader.ts";
import { TailPump } from "../../../src/inputs/file/tail_pump.ts";
import { TailedFile } from "../../../src/inputs/file/tailed_file.ts";
import { copyAndTruncate } from "../../support/rotator.ts";
import { pause } from "../../support/wait.ts";
import { Running } from "./running.ts";
import { Bench, until } from "./support.ts";

/** A log that is copied and emptied, with the times of its copies far enough apart. */
class Log {
  readonly path: string;
  #time = Date.now() / 1000;

  constructor(bench: Bench) {
    this.path = bench.write("a.log", "");
  }
  append(text: string): void {
    fs.appendFileSync(this.path, text);
  }
  rotate(): void {
    const copy = copyAndTruncate(this.path, { keep: 20 });
    this.#time = Math.max(this.#time + 0.02, Date.now() / 1000);
    fs.utimesSync(copy, this.#time, this.#time);
  }
  /** Two generations come and go, and a third stands there. */
  rotateTwice(): void {
    this.rotate();
    this.append("two\n");
    this.rotate();
    this.append("three\n");
  }
}

const LINES = ["one\n", "two\n", "three\n"];

/** Replaces a method of a class, until it is disposed. */
function replaced<T extends object, K extends keyof T>(
  type: T,
  name: K,
  make: (original: T[K]) => T[K],
): Disposable {
  const original = type[name];
  type[name] = make(original);
  return { [Symbol.dispose]: () => void (type[name] = original) };
}

/** An input that has seen its only file empty. */
async function seenEmpty(bench: Bench): Promise<{ log: Log; running: Running }> {
  const log = new Log(bench);
  const seen = Promise.withResolvers<void>();
  using _ = replaced(TailedFile.prototype, "reachEnd", (reachEnd) =>
    function (this: TailedFile, now) {
      reachEnd.call(this, now);
      seen.resolve();
    });
  const running = new Running(bench, { paths: [log.path] });
  await seen.promise;
  return { log, running };
}

/** Has `meanwhile` happen once, right after the first search for copies that is asked for from now on. */
function afterSearch(meanwhile: () => void): Disposable {
  let happen: (() => void) | undefined = meanwhile;
  return replaced(
    Discovery.prototype,
    "adoptLaterCopies",
    (adopt) =>
      async function (this: Discovery, ...args) {
        const copies = await adopt.apply(this, args);
        happen?.();
        happen = undefined;
        return copies;
      },
  );
}

Deno.test("FileInput misses nothing of a file seen only empty when it is emptied during the search for copies", async () => {
  using bench = new Bench();
  const { log, running } = await seenEmpty(bench);
  await using _running = running;
  using _ = afterSearch(() => log.rotateTwice());
  log.append("one\n");
  await until("all lines", () => running.records.length >= LINES.length);
  assert.deepEqual(running.records, LINES);
});

Deno.test("FileInput misses nothing of a file seen only empty when it is emptied while it waits for its turn", async () => {
  using bench = new Bench();
  const { log, running } = await seenEmpty(bench);
  await using _running = running;
  let searched = false, happened = false;
  using _search = afterSearch(() => searched = true);
  using _queue = replaced(TailPump.prototype, "enqueue", (enqueue) =>
    function (this: TailPump, file) {
      enqueue.call(this, file);
      if (searched && !happened && file.queued) {
        happened = true;
        log.rotateTwice();
      }
    });
  // Its turn comes a little later.
  using _turn = replaced(Reader.prototype, "look", (look) =>
    async function (this: Reader) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return await look.call(this);
    });
  log.append("one\n");
  await until("all lines", () => running.records.length >= LINES.length);
  assert.deepEqual(running.records, LINES);
  assert.ok(happened);
});

Deno.test("FileInput misses nothing of a file that is emptied again before its next generation has begun", async () => {
  using bench = new Bench();
  const { log, running } = await seenEmpty(bench);
  await using _running = running;
  log.append("zero\n");
  await until("zero", () => running.records.length === 1);
  using _ = afterSearch(() => {
    log.append("one\n");
    log.rotateTwice();
  });
  log.rotate();
  await until("all lines", () => running.records.length >= LINES.length + 1);
  assert.deepEqual(running.records, ["zero\n", ...LINES]);
});

Deno.test("FileInput reads copies found in several searches once and in order, and goes on after a restart", async () => {
  using bench = new Bench();
  const { log, running } = await seenEmpty(bench);
  // Time enough for everything else to look at the copies, and for the log to go on.
  let searches = 0;
  using _ = replaced(
    Discovery.prototype,
    "adoptLaterCopies",
    (adopt) =>
      async function (this: Discovery, ...args) {
        const copies = await adopt.apply(this, args);
        if (++searches < 3) {
          log.rotate();
          log.append(`after search ${searches}\n`);
        }
        await pause(100);
        return copies;
      },
  );
  log.append("one\n");
  log.rotateTwice();
  const lines = [...LINES, "after search 1\n", "after search 2\n"];
  await until("all lines", () => running.records.length >= lines.length);
  log.rotate();
  log.append("last\n");
  await until("the last line", () => running.records.length > lines.length);
  await running.stop();
  assert.deepEqual(running.records, [...lines, "last\n"]);
  bench.store.condition = "intact";
  log.append("from a later run\n");
  await using again = new Running(bench, { paths: [log.path] });
  await until("the new line", () => again.records.length > 0);
  await pause(200);
  assert.deepEqual(again.records, ["from a later run\n"]);
});

Deno.test("FileInput reads nothing twice when a file seen only empty is being copied at the first look", async () => {
  using bench = new Bench();
  const { log, running } = await seenEmpty(bench);
  await using _running = running;
  log.append("one\n");
  const copy = `${log.path}.1`;
  fs.copyFileSync(log.path, copy);
  await until("one", () => running.records.length >= 1);
  fs.truncateSync(log.path);
  log.append("two\n");
  await until("two", () => running.records.length >= 2);
  assert.deepEqual(running.records, LINES.slice(0, 2));
});

Deno.test("FileInput delivers what came and went in a file that is empty again", async () => {
  using bench = new Bench();
  const { log, running } = await seenEmpty(bench);
  await using _running = running;
  await new Promise((resolve) => setTimeout(resolve, 20));
  log.append("one\n");
  log.rotate();
  await until("one", () => running.records.length >= 1);
  log.append("two\n");
  await until("two", () => running.records.length >= 2);
  assert.deepEqual(running.records, LINES.slice(0, 2));
});

Deno.test("FileInput delivers what came and went between two looks that found the file empty", async () => {
  using bench = new Bench();
  const log = new Log(bench);
  const pumps: (() => void)[] = [];
  using _ = replaced(TailPump.prototype, "enqueue", (enqueue) =>
    function (this: TailPump, file) {
      pumps.push(() => enqueue.call(this, file));
      enqueue.call(this, file);
    });
  await using running = new Running(bench, { paths: [log.path] });
  await until("a look", () => pumps.length > 0);
  await pause(30);
  log.append("one\n");
  log.rotate();
  await pause(30);
  for (const look of [...pumps]) look();
  await pause(5);
  log.append("two\n");
  await until("two", () => running.records.length >= 2);
  assert.deepEqual(running.records, LINES.slice(0, 2));
});

Deno.test("FileInput finds after a restart what came and went in an empty file just before the stop", async () => {
  using bench = new Bench();
  const { log, running: first } = await seenEmpty(bench);
  await pause(30);
  log.append("one\n");
  log.rotate();
  await pause(30);
  await first.stop();
  bench.store.condition = "intact";
  await using running = new Running(bench, { paths: [log.path] });
  await until("one", () => first.records.length + running.records.length >= 1);
  log.append("two\n");
  await until("two", () => first.records.length + running.records.length >= 2);
  assert.deepEqual([...first.records, ...running.records], LINES.slice(0, 2));
});

Deno.test("FileInput finds after a restart what came and went in a file that was empty", async () => {
  using bench = new Bench();
  const { log, running: first } = await seenEmpty(bench);
  await first.stop();
  bench.store.condition = "intact";
  log.append("one\n");
  log.rotateTwice();
  await using running = new Running(bench, { paths: [log.path] });
  await until("all lines", () => running.records.length >= LINES.length);
  assert.deepEqual(running.records, LINES);
});

Deno.test("FileInput offers the first lines of a generation again from the copy when they were not delivered", async () => {
  using bench = new Bench();
  const { log, running } = await seenEmpty(bench);
  await using _running = running;
  running.collector.outcome = "failed";
  log.append("one\n");
  await until("the failure", () => bench.log.of("warn").some((line) => line.includes("again from byte 0")));
  log.rotateTwice();
  running.collector.outcome = "delivered";
  await until("all lines", () => running.records.length >= LINES.length);
  assert.deepEqual(running.records, LINES);
});

Deno.test("FileInput has no record leave a file that was empty before its beginning is saved", async () => {
  using bench = new Bench();
  const { log, running } = await seenEmpty(bench);
  await using _ = running;
  bench.store.full = true;
  log.append("one\n");
  await pause(50);
  assert.deepEqual(running.records, []);
  const before = bench.store.persisted.length;
  bench.store.full = false;
  await until("the line", () => running.records.length > 0);
  assert.equal(bench.store.persisted.length, before + 1);
});
