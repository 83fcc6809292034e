import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { DeadLetterQueue, type DeadLetterQueueOptions } from "../../src/delivery/dead_letter_queue.ts";
import { batchOf, RecordingLog, sourceOf } from "../contracts/batches.ts";

const DAY = 86_400_000;

/** A queue in a directory of its own, with a clock that the test turns. */
class Queue implements AsyncDisposable {
  readonly directory: string = Deno.makeTempDirSync({ prefix: "dead-letters-" });
  readonly log = new RecordingLog();
  now = Date.UTC(2026, 0, 1);
  queue: DeadLetterQueue;
  readonly #options: Partial<DeadLetterQueueOptions>;

  constructor(options: Partial<DeadLetterQueueOptions> = {}) {
    this.#options = options;
    this.queue = this.#open();
  }
  get path(): string {
    return join(this.directory, "queue");
  }
  get files(): string[] {
    return fs.existsSync(this.path) ? fs.readdirSync(this.path).sort() : [];
  }
  /** The records that are kept, oldest first. */
  get records(): string[] {
    return this.files.flatMap((name) =>
      fs.readFileSync(join(this.path, name), "utf8").trimEnd().split("\n").filter((line) => line !== "").map((
        line,
      ) => JSON.parse(line).record)
    );
  }
  keep(...records: string[]): Promise<number> {
    const { bytes, ends } = batchOf(records.map((record) => `${record}\n`));
    const letters = records.map((_, index) => ({ index, reason: "bad" }));
    return this.queue.keep({ bytes, ends, source: sourceOf("/log"), receivedAt: 0 }, letters);
  }
  /** What a restart of the program does. */
  async restart(): Promise<void> {
    await this.queue[Symbol.asyncDispose]();
    this.queue = this.#open();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue[Symbol.asyncDispose]();
    fs.rmSync(this.directory, { recursive: true });
  }
  #open(): DeadLetterQueue {
    return new DeadLetterQueue({
      directory: this.path,
      max_size: { events: 1000 },
      max_age: 7 * DAY,
      flush_interval: 5000,
      log: this.log,
      now: () => this.now,
      ...this.#options,
    });
  }
}

Deno.test("DeadLetterQueue keeps letters in the order they came, also across restarts", async () => {
  await using queue = new Queue();
  assert.deepEqual(queue.files, [], "nothing is made before there is a letter");
  assert.deepEqual(await Promise.all([queue.keep("a", "b"), queue.keep("c")]), [2, 1]);
  assert.equal(queue.files.length, 1);
  queue.now += 1000;
  await queue.restart();
  await queue.keep("d");
  assert.deepEqual(queue.records, ["a", "b", "c", "d"]);
  await queue.restart();
  await queue.keep("e");
  assert.equal(queue.files.length, 3, "two processes that begin in one millisecond share no file");
  assert.deepEqual(queue.log.lines, []);
});

Deno.test("DeadLetterQueue keeps no more events than it may, and says what it deletes", async () => {
  await using queue = new Queue({ max_size: { events: 16 } });
  const all = Array.from({ length: 40 }, (_, i) => `r${i}`);
  for (const record of all) {
    queue.now++;
    await queue.keep(record);
  }
  const { records } = queue;
  assert.ok(records.length <= 16 && records.length > 12, `${records.length} are kept`);
  assert.deepEqual(records, all.slice(-records.length), "the newest");
  assert.match(
    queue.log.at("error", 0),
    /^Deleted 2 dead letters in ".*": there are more than dead_letter\.max_size$/,
  );
  assert.equal(queue.log.of("error").length, (40 - records.length) / 2);
});

Deno.test("DeadLetterQueue keeps no more bytes than it may, what earlier processes left included", async () => {
  await using queue = new Queue({ max_size: { bytes: 4000 } });
  for (let i = 0; i < 60; i++) {
    queue.now++;
    await queue.keep(`r${i}`);
    if (i % 20 === 19) await queue.restart();
  }
  await queue.keep("last");
  const size = queue.files.reduce((sum, name) => sum + fs.statSync(join(queue.path, name)).size, 0);
  assert.ok(size <= 4000 && size > 3000, `${size} bytes are kept`);
  assert.equal(queue.records.at(-1), "last");
});

Deno.test("DeadLetterQueue deletes what is too old, also when a few letters come all the time", async () => {
  await using queue = new Queue();
  for (let day = 0; day < 30; day++) {
    await queue.keep(`day ${day}`);
    queue.now += DAY;
  }
  const { records } = queue;
  assert.equal(records.at(-1), "day 29");
  assert.ok(records.length >= 7 && records.length <= 9, records.join());
  assert.match(queue.log.at("error", 0), /they are older than dead_letter\.max_age$/);
});

Deno.test("DeadLetterQueue never deletes the letters that just came", async () => {
  await using queue = new Queue({ max_size: { events: 2 } });
  assert.equal(await queue.keep("a", "b", "c", "d"), 4);
  assert.deepEqual(queue.records, ["a", "b", "c", "d"]);
  queue.now++;
  await queue.keep("e");
  assert.deepEqual(queue.records, ["e"]);
});

Deno.test("DeadLetterQueue rejects while it cannot write, and goes on once it can", async () => {
  await using queue = new Queue();
  fs.writeFileSync(queue.path, "a file in the place of the directory");
  await assert.rejects(queue.keep("lost"));
  await assert.rejects(queue.keep("lost"));
  fs.rmSync(queue.path);
  assert.equal(await queue.keep("kept"), 1);
  assert.deepEqual(queue.records, ["kept"]);
});

Deno.test({
  name:
    "DeadLetterQueue rejects on a full disk without leaving half a letter, and goes on once there is room",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using queue = new Queue();
    await queue.keep("first");
    const { write } = Deno.FsFile.prototype;
    let room = 10;
    Deno.FsFile.prototype.write = function (bytes) {
      if (room === 0) return Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
      const part = bytes.subarray(0, room);
      room -= part.length;
      return write.call(this, part);
    };
    try {
      await assert.rejects(queue.keep("second"), /Cannot keep dead letters in ".*": no space left on device/);
      await assert.rejects(queue.keep("third"), /no space left/);
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.deepEqual(queue.records, ["first"]);
    assert.equal(await queue.keep("again"), 1);
    assert.deepEqual(queue.records, ["first", "again"]);
  },
});

Deno.test({
  name: "DeadLetterQueue begins a new file when somebody has taken its file away",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using queue = new Queue();
    await queue.keep("taken away");
    fs.rmSync(join(queue.path, queue.files[0]!));
    await queue.keep("kept");
    assert.deepEqual(queue.records, ["kept"]);
    assert.deepEqual(queue.log.lines, []);
  },
});

Deno.test("DeadLetterQueue leaves other files of its directory alone", async () => {
  await using queue = new Queue({ max_size: { events: 1 } });
  fs.mkdirSync(queue.path);
  fs.writeFileSync(join(queue.path, "notes.txt"), "mine");
  for (let i = 0; i < 4; i++) {
    queue.now++;
    await queue.keep(`r${i}`);
  }
  assert.equal(fs.readFileSync(join(queue.path, "notes.txt"), "utf8"), "mine");
  assert.equal(queue.files.length, 2);
});
