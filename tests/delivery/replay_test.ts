import assert from "node:assert/strict";
import fc from "fast-check";
import * as fs from "node:fs";
import { join } from "node:path";
import { type EncodedBatch, recordId } from "../../src/batch.ts";
import { DeadLetterQueue } from "../../src/delivery/dead_letter_queue.ts";
import type { Letter } from "../../src/delivery/dead_letter_line.ts";
import { LetterArchive, type LetterSelection, type StoredLetter } from "../../src/delivery/letter_archive.ts";
import { Replay } from "../../src/delivery/replay.ts";
import type { ReplayOptions, Reprocessed } from "../../src/delivery/replay_options.ts";
import { ALL_SENT, type Output, type SendResult } from "../../src/outputs/output.ts";
import { batchOf, RecordingLog, recordsOf, sourceOf } from "../contracts/batches.ts";

/** A directory of dead letters, and outputs that remember what they take. */
class Bench implements AsyncDisposable {
  readonly root: string = Deno.makeTempDirSync({ prefix: "replay-" });
  readonly directory = join(this.root, "queue");
  readonly outputs = new Map<string, FakeOutput>();
  readonly complaints: string[] = [];
  readonly stop = new AbortController();
  process: (letter: Letter) => Reprocessed = () => ({ parcels: [] });
  queue: DeadLetterQueue;

  constructor() {
    this.queue = this.#open();
  }

  /** Records that the output gives up; numbers are their offsets. */
  async refuse(output: string, offsets: readonly number[], more: { partition?: string; ids?: boolean } = {}) {
    const batch: EncodedBatch = {
      ...batchOf(offsets.map((offset) => `${offset}\n`), more.partition),
      ...(more.ids === false
        ? {}
        : { ids: { origins: [{ id: "l.0", end: offsets.length }], offsets: Float64Array.from(offsets) } }),
    };
    const refused = offsets.map((_, index) => ({ index, reason: "no" }));
    await this.queue.keepRefused({ output, batch, attempts: 1, refused });
  }

  /** A record that cannot be processed. */
  async fail(text: string, offset: number) {
    const batch = { ...batchOf([`${text}\n`]), source: sourceOf("/log"), receivedAt: 0 };
    await this.queue.keep({ ...batch, origin: { id: "l.0", offset } }, [{ index: 0, reason: "bad" }]);
  }

  /** The agent that writes letters ends, and another one begins. */
  async restart(): Promise<void> {
    await this.queue[Symbol.asyncDispose]();
    this.queue = this.#open();
  }

  output(name: string): FakeOutput {
    const output = this.outputs.get(name) ?? new FakeOutput();
    this.outputs.set(name, output);
    return output;
  }

  async replay(options: Partial<ReplayOptions> = {}, selection: LetterSelection = {}) {
    await using archive = new LetterArchive(this.directory);
    assert.ok(await archive.lock());
    return await new Replay({
      archive,
      selection,
      limit: Infinity,
      target: (name) =>
        this.outputs.has(name)
          ? Promise.resolve({ output: this.output(name) })
          : Promise.reject(new Error(`there is no output "${name}"`)),
      process: (letter) => Promise.resolve(this.process(letter)),
      retry: { initial: 1, max: 1, multiplier: 1, jitter: false, limit: 2 },
      stop: this.stop.signal,
      sleep: () => Promise.resolve(true),
      now: () => Date.UTC(2026, 0, 2),
      complain: (message) => this.complaints.push(message),
      ...options,
    }).run();
  }

  async letters(): Promise<StoredLetter[]> {
    await using archive = new LetterArchive(this.directory);
    return await Array.fromAsync(archive.letters());
  }

  get segments(): string[] {
    return fs.readdirSync(this.directory).filter((name) => name.endsWith(".ndjson"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue[Symbol.asyncDispose]();
    fs.rmSync(this.root, { recursive: true });
  }

  #open(): DeadLetterQueue {
    return new DeadLetterQueue({
      directory: this.directory,
      max_size: { events: 10_000 },
      max_age: 1e12,
      flush_interval: 60_000,
      log: new RecordingLog(),
    });
  }
}

class FakeOutput implements Output {
  readonly batching = { events: 3, bytes: 1 << 20, wait: 0 };
  readonly batches: EncodedBatch[] = [];
  readonly taken: string[] = [];
  answer: (records: readonly string[]) => SendResult | Error = () => ALL_SENT;
  progressOf?: (batch: EncodedBatch) => SendResult | undefined;

  open(): Promise<void> {
    return Promise.resolve();
  }
  send(batch: EncodedBatch): Promise<SendResult> {
    this.batches.push(batch);
    const records = recordsOf(batch);
    const answer = this.answer(records);
    if (answer instanceof Error) return Promise.reject(answer);
    const missing = [...answer.retry, ...answer.rejected.map(({ index }) => index)];
    this.taken.push(...records.filter((_, index) => !missing.includes(index)));
    return Promise.resolve(answer);
  }
  partitionOf(): string {
    return "";
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const NOTHING_ELSE = { failed: 0, discarded: 0, doubles: 0, left: 0 };

Deno.test("Replay sends refused records as they were, to their outputs, and clears them away", async () => {
  await using bench = new Bench();
  const [a, b] = [bench.output("a"), bench.output("b")];
  await bench.refuse("a", [1, 2, 3, 4, 5]);
  await bench.refuse("b", [6], { partition: "p" });
  await bench.refuse("a", [7], { partition: "q", ids: false });
  await bench.restart();
  assert.deepEqual(await bench.replay(), { ...NOTHING_ELSE, sent: 7 });
  assert.deepEqual(a.batches.map(recordsOf), [["1\n", "2\n", "3\n"], ["4\n", "5\n"], ["7\n"]]);
  assert.equal(recordId(a.batches[1]!, 1), "l.0.5");
  assert.deepEqual(a.batches.map(({ partition }) => partition), ["", "", "q"]);
  assert.deepEqual([b.batches[0]!.partition, recordId(b.batches[0]!, 0)], ["p", "l.0.6"]);
  assert.equal(a.batches[2]!.ids, undefined);
  assert.deepEqual(fs.readdirSync(bench.directory), ["dlq.lock"]);
});

Deno.test("Replay leaves a running agent its file, and sends nothing twice", async () => {
  await using bench = new Bench();
  const output = bench.output("a");
  await bench.refuse("a", [1, 2]);
  assert.equal((await bench.replay()).sent, 2);
  assert.equal(bench.segments.length, 1, "the agent writes to it");
  assert.deepEqual(await bench.letters(), []);
  await bench.refuse("a", [3]);
  assert.equal((await bench.replay()).sent, 1);
  assert.deepEqual(output.taken, ["1\n", "2\n", "3\n"]);
  await bench.restart();
  assert.equal((await bench.replay()).sent, 0);
  assert.deepEqual(bench.segments, []);
});

Deno.test("Replay puts back what is refused again, with all its attempts and the new reason", async () => {
  await using bench = new Bench();
  const output = bench.output("a");
  await bench.refuse("a", [1, 2, 3]);
  output.answer = (records) =>
    records.length === 3
      ? { retry: [1], rejected: [{ index: 0, reason: "still wrong" }] }
      : { retry: [], rejected: [{ index: 0, reason: "wrong too" }] };
  assert.deepEqual(await bench.replay(), { ...NOTHING_ELSE, sent: 1, failed: 2 });
  const letters = await bench.letters();
  assert.deepEqual(letters.map(({ letter }) => [letter?.attempts, letter?.reason]), [
    [2, "still wrong"],
    [3, "wrong too"],
  ]);
  output.answer = () => ALL_SENT;
  assert.equal((await bench.replay()).sent, 2);
  assert.deepEqual(output.taken, ["3\n", "1\n", "2\n"]);
});

Deno.test("Replay leaves letters alone whose output fails or is gone, and goes on with the others", async () => {
  await using bench = new Bench();
  const [a, b] = [bench.output("a"), bench.output("b")];
  a.answer = () => new Error("connection refused");
  await bench.refuse("a", [1, 2, 3, 4]);
  await bench.refuse("gone", [5]);
  await bench.refuse("b", [6]);
  assert.deepEqual(await bench.replay(), { ...NOTHING_ELSE, sent: 1, left: 5 });
  assert.equal(a.batches.length, 3, "one attempt and two retries; the second batch is not even tried");
  assert.deepEqual(bench.complaints.toSorted(), [
    'Output "a": connection refused; given up',
    'there is no output "gone"',
  ]);
  assert.deepEqual(b.taken, ["6\n"]);
  assert.deepEqual((await bench.letters()).map(({ letter }) => letter?.attempts), [1, 1, 1, 1, 1]);
});

Deno.test("Replay believes an output that knows what has arrived before it failed", async () => {
  await using bench = new Bench();
  const output = bench.output("a");
  output.answer = () => new Error("cut off");
  output.progressOf = () => ({ retry: [2], rejected: [{ index: 0, reason: "wrong" }] });
  await bench.refuse("a", [1, 2, 3]);
  assert.deepEqual(await bench.replay(), { ...NOTHING_ELSE, sent: 1, failed: 1, left: 1 });
  assert.deepEqual((await bench.letters()).map(({ letter }) => letter?.reason), ["wrong", "no"]);
});

Deno.test("Replay sends to another output when it is told to", async () => {
  await using bench = new Bench();
  const other = bench.output("other");
  other.partitionOf = () => "made";
  await bench.refuse("a", [1]);
  await bench.refuse("a", [2], { partition: "own" });
  await bench.replay({ to: "other" });
  assert.deepEqual(other.batches.map(({ partition }) => partition), ["made", "own"]);
});

Deno.test("Replay takes only letters that are meant, and no more than it is told", async () => {
  await using bench = new Bench();
  const [a, b] = [bench.output("a"), bench.output("b")];
  await bench.refuse("a", [1, 2, 3]);
  await bench.refuse("b", [4]);
  assert.equal((await bench.replay({ limit: 2 }, { output: "a" })).sent, 2);
  assert.deepEqual([a.taken, b.taken], [["1\n", "2\n"], []]);
  assert.equal((await bench.letters()).length, 2);
});

Deno.test("Replay processes records of an input again, for the outputs that do not have them yet", async () => {
  await using bench = new Bench();
  const [a, b] = [bench.output("a"), bench.output("b")];
  for (const [offset, text] of ["for both", "dropped", "bad again"].entries()) await bench.fail(text, offset);
  const texts: string[] = [];
  bench.process = ({ record, from, place }) => {
    const text = new TextDecoder().decode(record);
    texts.push(`${text.trim()} of ${from?.input} at ${place?.offset}`);
    if (text === "bad again\n") return { parcels: [], failed: "still bad" };
    const batch = batchOf([text]);
    return { parcels: text === "dropped\n" ? [] : [{ output: "a", batch }, { output: "b", batch }] };
  };
  b.answer = () => ({ retry: [], rejected: [{ index: 0, reason: "too late" }] });
  assert.deepEqual(await bench.replay(), { ...NOTHING_ELSE, sent: 0, failed: 2, discarded: 1 });
  assert.deepEqual(texts, [
    "for both of files-0 at 0",
    "dropped of files-0 at 1",
    "bad again of files-0 at 2",
  ]);
  assert.deepEqual((await bench.letters()).map(({ letter }) => [letter?.attempts, letter?.reason]), [
    [2, 'output "b": too late'],
    [2, "still bad"],
  ]);
  b.answer = () => ALL_SENT;
  assert.deepEqual(await bench.replay(), { ...NOTHING_ELSE, sent: 1, failed: 1 });
  assert.deepEqual([a.taken, b.taken], [["for both\n"], ["for both\n"]]);
});

Deno.test("Replay sends a record once that stands in the queue twice", async () => {
  await using bench = new Bench();
  const output = bench.output("a");
  await bench.refuse("a", [1]);
  const [name = ""] = bench.segments;
  fs.copyFileSync(
    join(bench.directory, name),
    join(bench.directory, "dead-letters-20990101T000000000Z.ndjson"),
  );
  assert.deepEqual(await bench.replay(), { ...NOTHING_ELSE, sent: 1, doubles: 1 });
  assert.deepEqual(output.taken, ["1\n"]);
  assert.deepEqual(await bench.letters(), []);
});

Deno.test("Replay passes over damaged lines and what was cut off, and keeps their file", async () => {
  await using bench = new Bench();
  bench.output("a");
  await bench.refuse("a", [1, 2]);
  await bench.restart();
  const path = join(bench.directory, bench.segments[0]!);
  const [first, second] = fs.readFileSync(path, "utf8").split("\n");
  fs.writeFileSync(path, `${first}\n\0\0garbage\n${second}\n{"time":"2026`);
  assert.equal((await bench.replay()).sent, 2);
  assert.deepEqual((await bench.letters()).map(({ letter }) => letter), [undefined]);
});

Deno.test("Replay that cannot write down what it sent sends nothing more", async () => {
  await using bench = new Bench();
  const output = bench.output("a");
  await bench.refuse("a", [1, 2, 3, 4, 5, 6]);
  const { syncData } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.syncData = () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
  try {
    await assert.rejects(bench.replay(), /what became of 3 dead letters in ".*": no space left on device/);
  } finally {
    Deno.FsFile.prototype.syncData = syncData;
  }
  assert.deepEqual(output.taken, ["1\n", "2\n", "3\n"]);
  assert.equal((await bench.letters()).length, 6);
});

Deno.test("Replay that is cut off anywhere loses nothing, and repeats at most one request, as it was", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.nat({ max: 20 }), { maxLength: 4 }),
      async (count, cuts) => {
        await using bench = new Bench();
        const output = bench.output("a");
        const all = Array.from({ length: count }, (_, index) => index);
        await bench.refuse("a", all);
        const requests: string[] = [];
        for (const cut of [...cuts, Infinity]) {
          let steps = cut;
          const step = () => {
            if (steps-- <= 0) throw new Error("killed");
          };
          output.answer = (records) => {
            step();
            requests.push(records.join(""));
            return ALL_SENT;
          };
          await using archive = new LetterArchive(bench.directory);
          const { record } = archive;
          // The process ends before its progress is written, in the middle of that, or after it.
          archive.record = async (progress) => {
            step();
            await record.call(archive, progress);
            step();
          };
          const target = () =>
            Promise.resolve({
              output: Object.assign(Object.create(output), {
                send: (batch: EncodedBatch) => output.send(batch),
              }),
            });
          const result = await bench.replay({ archive, target, retry: { ...RETRY, limit: 0 } }).catch(
            () => {},
          );
          if (cut === Infinity) assert.ok(result);
          const [name] = fs.readdirSync(bench.directory).filter((name) => name.endsWith(".progress"));
          if (name !== undefined) fs.appendFileSync(join(bench.directory, name), '{"at":0');
        }
        assert.deepEqual([...new Set(output.taken)].toSorted(), all.map((n) => `${n}\n`).toSorted());
        assert.ok(requests.length - new Set(requests).size <= cuts.length, "a request at most for each cut");
        assert.equal(output.taken.length, requests.join("").split("\n").length - 1);
        assert.deepEqual(await bench.letters(), []);
      },
    ),
    { numRuns: 30 },
  );
});

const RETRY = { initial: 1, max: 1, multiplier: 1, jitter: false };

Deno.test("LetterArchive is one process's at a time", async () => {
  await using bench = new Bench();
  await bench.refuse("a", [1]);
  await using first = new LetterArchive(bench.directory);
  await using second = new LetterArchive(bench.directory);
  assert.equal(await first.lock(), true);
  assert.equal(await second.lock(), false);
  await first[Symbol.asyncDispose]();
  assert.equal(await second.lock(), true);
});
