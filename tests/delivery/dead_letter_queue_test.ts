import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import type { RefusedRecords } from "../../src/delivery/dead_letter.ts";
import { DeadLetterQueue, type DeadLetterQueueOptions } from "../../src/delivery/dead_letter_queue.ts";
import { batchOf, RecordingLog, sourceOf, turn } from "../contracts/batches.ts";
import { until } from "../support/wait.ts";

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
  assert.deepEqual(queue.log.of("error"), []);
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
    assert.deepEqual(queue.log.of("error"), []);
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

/** A record with a place in its stream, refused by the output `out`. */
function refusedAt(offset: number, reason = "no"): RefusedRecords {
  const ids = { origins: [{ id: "lid.0", end: 1 }], offsets: Float64Array.of(offset) };
  return {
    output: "out",
    batch: { ...batchOf([`r${offset}\n`]), ids },
    attempts: 2,
    refused: [{ index: 0, reason }],
  };
}

Deno.test("DeadLetterQueue keeps a record once, however often its batch is offered, also after a restart", async () => {
  await using queue = new Queue();
  const batch = { ...batchOf(["a\n", "b\n"]), source: sourceOf("/log"), receivedAt: 0 };
  const offer = () =>
    queue.queue.keep({ ...batch, origin: { id: "lid.0", offset: 5 } }, [{ index: 1, reason: "bad" }]);
  assert.deepEqual([await offer(), await offer()], [1, 1], "both count as kept");
  await Promise.all([queue.queue.keepRefused(refusedAt(7)), queue.queue.keepRefused(refusedAt(7))]);
  assert.deepEqual(queue.records, ["b", "r7"]);
  queue.now++;
  await queue.restart();
  await Promise.all([offer(), queue.queue.keepRefused(refusedAt(7)), queue.queue.keepRefused(refusedAt(8))]);
  assert.deepEqual(queue.records, ["b", "r7", "r8"]);
  await queue.keep("without an id");
  await queue.keep("without an id");
  assert.equal(queue.records.length, 5);
});

Deno.test("DeadLetterQueue that was cut off within a letter leaves it alone and begins a new file", async () => {
  await using queue = new Queue();
  await queue.queue.keepRefused(refusedAt(1));
  queue.now++;
  await queue.restart();
  const path = join(queue.path, queue.files[0]!);
  fs.appendFileSync(
    path,
    '{"time":"2026-01-01T00:00:00.000Z","reason":"no","output":"out","id":"lid.0.2","rec',
  );
  await queue.queue.keepRefused(refusedAt(2));
  assert.equal(queue.files.length, 2);
  assert.equal(JSON.parse(fs.readFileSync(join(queue.path, queue.files[1]!), "utf8")).record, "r2");
});

Deno.test("DeadLetterQueue waits while it cannot write, says so once, and stops waiting when told", async () => {
  const stop = new AbortController();
  const waits: number[] = [];
  await using queue = new Queue({
    sleep: async (ms, stop) => {
      waits.push(ms);
      await turn();
      return !stop.aborted;
    },
  });
  fs.writeFileSync(queue.path, "a file in the place of the directory");
  const kept = queue.queue.keepRefused(refusedAt(1), stop.signal);
  const given = new AbortController();
  const refused = queue.queue.keepRefused(refusedAt(2), given.signal);
  await until("some attempts", () => waits.length > 6);
  given.abort();
  await assert.rejects(refused, /^Error: Cannot keep dead letters in ".*": /);
  assert.equal(queue.log.of("warn").length, 1);
  assert.match(queue.log.at("warn", 0), /; the records wait, and so do those behind them; retrying in /);
  fs.rmSync(queue.path);
  assert.equal(await kept, 1);
  assert.deepEqual(queue.records, ["r1"]);
  assert.match(queue.log.at("info", 0), /^Dead letters are kept in ".*" again$/);
});

Deno.test("DeadLetterQueue deletes what is too old although nothing comes, its own file included", async () => {
  await using queue = new Queue();
  await queue.keep("first");
  await queue.restart();
  fs.utimesSync(join(queue.path, queue.files[0]!), 0, new Date(queue.now));
  queue.now += DAY;
  await queue.keep("second");
  queue.now += 6.5 * DAY;
  await queue.queue.expire();
  assert.deepEqual(queue.records, ["second"]);
  queue.now += DAY;
  await queue.queue.expire();
  assert.deepEqual(queue.files, []);
  assert.equal(queue.log.of("error").length, 2);
  assert.equal(await queue.keep("third"), 1);
  assert.deepEqual(queue.records, ["third"]);
});

Deno.test("DeadLetterQueue looks after old letters by itself", async () => {
  await using queue = new Queue({ max_age: 1, now: Date.now });
  await queue.keep("old");
  await until("the deletion", () => queue.files.length === 0);
});

Deno.test("DeadLetterQueue deletes nothing that another process writes to", async () => {
  await using queue = new Queue({ max_size: { events: 1 } });
  const command = `const file = Deno.openSync(Deno.args[0], { append: true, createNew: true });
    file.lockSync(true);
    file.writeSync(new TextEncoder().encode('{"record":"theirs"}\\n'));
    console.log("locked");
    Deno.stdin.readSync(new Uint8Array(1));`;
  fs.mkdirSync(queue.path);
  const other = join(queue.path, "dead-letters-20200101T000000000Z.ndjson");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", command, other],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  for (const record of ["a", "b", "c"]) {
    queue.now++;
    await queue.keep(record);
  }
  assert.deepEqual(queue.records, ["theirs", "c"]);
  await child.stdin.close();
  await reader.cancel();
  await child.status;
  queue.now++;
  await queue.keep("d");
  assert.deepEqual(queue.records, ["d"], "once it is closed it counts like any other");
});

Deno.test("DeadLetterQueue deletes files with nothing left in them, silently", async () => {
  await using queue = new Queue();
  await queue.keep("a", "b");
  await queue.restart();
  const [name = ""] = queue.files;
  const second = fs.readFileSync(join(queue.path, name), "utf8").indexOf("\n") + 1;
  fs.writeFileSync(join(queue.path, name.replace(".ndjson", ".progress")), `{"at":0}\n{"at":${second}}\n`);
  await queue.queue.expire();
  assert.deepEqual(queue.files, []);
  assert.deepEqual(queue.log.of("error"), []);
});

Deno.test("DeadLetterQueue tells of dead letters once a minute for each reason", async () => {
  await using queue = new Queue();
  for (let i = 0; i < 50; i++) await queue.queue.keepRefused(refusedAt(i, `document ${i} is wrong`));
  assert.deepEqual(queue.log.of("warn"), [
    'Made dead letters of 1 record of output "out": document 0 is wrong',
  ]);
});
