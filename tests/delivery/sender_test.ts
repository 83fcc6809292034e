import assert from "node:assert/strict";
import type { EncodedBatch } from "../../src/batch.ts";
import { MemoryBuffer } from "../../src/buffers/memory.ts";
import { type DeadLetters, NoDeadLetters, type RefusedRecords } from "../../src/delivery/dead_letter.ts";
import { Sender } from "../../src/delivery/sender.ts";
import {
  ALL_SENT,
  type Batching,
  type Output,
  OutputClosedError,
  RetryLaterError,
  type SendResult,
} from "../../src/outputs/output.ts";
import { batchOf, RecordingLog, recordsOf, turn } from "../contracts/batches.ts";
import { VirtualClock } from "./virtual_clock.ts";

type Answer = SendResult | Error | (() => Promise<SendResult>);

/** Answers each send from a list, then takes everything. */
class ScriptedOutput implements Output {
  readonly sent: string[][] = [];
  opened = 0;

  progressOf?: (batch: EncodedBatch) => SendResult | undefined;

  constructor(readonly answers: Answer[] = [], readonly openErrors: Error[] = []) {}

  open(): Promise<void> {
    this.opened++;
    const error = this.openErrors.shift();
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }

  async send(batch: EncodedBatch): Promise<SendResult> {
    this.sent.push(recordsOf(batch));
    const answer = this.answers.shift() ?? ALL_SENT;
    if (answer instanceof Error) throw answer;
    return await (typeof answer === "function" ? answer() : answer);
  }

  partitionOf(): string {
    return "";
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Keeps what it gets, after as many failures as it is told. */
class KeptLetters extends NoDeadLetters {
  readonly kept: RefusedRecords[] = [];

  constructor(public failures = 0) {
    super(new RecordingLog());
  }

  override keepRefused(records: RefusedRecords): Promise<number> {
    if (this.failures-- > 0) return Promise.reject(new Error("disk full"));
    this.kept.push(records);
    return Promise.resolve(records.refused.length);
  }
}

function setUp(
  output: Output,
  options: { limit?: number; deadLetters?: DeadLetters; events?: number; ready?: () => Promise<void> } = {},
) {
  const buffer = new MemoryBuffer({ events: options.events ?? 1000, bytes: 1 << 20 });
  const log = new RecordingLog();
  const waits: number[] = [];
  const closed: Error[] = [];
  let time = 0;
  const sender = new Sender({
    name: "out",
    buffer,
    output,
    ready: options.ready,
    log,
    retry: { initial: 100, max: 1000, multiplier: 2, jitter: false, limit: options.limit },
    deadLetters: options.deadLetters ?? new NoDeadLetters(log),
    onClosed: (error) => closed.push(error),
    sleep: (ms, stop) => {
      waits.push(ms);
      time += ms;
      return Promise.resolve(!stop.aborted);
    },
    now: () => time,
  });
  return { buffer, log, waits, closed, sender, stop: new AbortController() };
}

Deno.test("Sender delivers in order, releases, counts, and ends when the buffer is closed and empty", async () => {
  const output = new ScriptedOutput();
  const { buffer, sender, stop } = setUp(output);
  const running = sender.run(stop.signal);
  const outcomes = ["a", "b"].map((text) => buffer.write(batchOf([`${text}\n`])));
  buffer.close();
  await running;
  assert.deepEqual(await Promise.all(outcomes), ["delivered", "delivered"]);
  assert.deepEqual(output.sent.flat(), ["a\n", "b\n"]);
  assert.deepEqual(sender.counters, { records: 2, bytes: 4, batches: 2, rejected: 0, lost: 0 });
  assert.deepEqual([sender.attempts, sender.failedSends, sender.inFlight, sender.limit], [1, 0, 0, 1]);
});

Deno.test("Sender opens the output with growing waits before it sends", async () => {
  const output = new ScriptedOutput([], [new Error("no route"), new Error("no route")]);
  const { buffer, sender, waits, log, stop } = setUp(output);
  void buffer.write(batchOf(["a\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.equal(output.opened, 3);
  assert.deepEqual(waits, [100, 200]);
  assert.deepEqual(log.of("warn"), [`Cannot open output "out": no route; retrying in 100ms (attempt 1)`]);
  assert.equal(log.of("info").length, 1);
});

Deno.test("Sender sends nothing before all is ready for it, and opens the output again until then", async () => {
  const output = new ScriptedOutput();
  const answers = [new Error("disk full"), new Error("disk full"), undefined];
  const { buffer, sender, log, stop } = setUp(output, {
    ready: () => {
      assert.deepEqual(output.sent, []);
      const error = answers.shift();
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    },
  });
  void buffer.write(batchOf(["a\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.deepEqual([output.opened, answers, output.sent], [3, [], [["a\n"]]]);
  assert.match(log.at("warn", 0), /^Cannot open output "out": disk full; retrying /);
});

Deno.test("Sender sends the same batch until it arrives, and says so once for each kind of trouble", async () => {
  const output = new ScriptedOutput([
    new Error("full"),
    new Error("full"),
    new Error("gone"),
    new Error("gone"),
  ]);
  const { buffer, sender, waits, log, stop } = setUp(output);
  const outcome = buffer.write(batchOf(["a\n", "b\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.equal(await outcome, "delivered");
  assert.deepEqual(output.sent, Array.from({ length: 5 }, () => ["a\n", "b\n"]));
  assert.deepEqual(waits, [100, 200, 400, 800]);
  assert.deepEqual(log.of("warn"), [
    `Cannot send 2 records to output "out": full; retrying in 100ms (attempt 1)`,
    `Cannot send 2 records to output "out": gone; retrying in 400ms (attempt 3, waiting for 300ms)`,
  ]);
  assert.deepEqual(log.of("info"), [`Sending to output "out" again after 4 failed attempts in 1.5s`]);
  assert.equal(sender.failedSends, 4);
});

Deno.test("Sender sends only those records again that the output names", async () => {
  const output = new ScriptedOutput([{ retry: [1, 2], rejected: [] }, { retry: [1], rejected: [] }]);
  const { buffer, sender, stop } = setUp(output);
  const outcome = buffer.write(batchOf(["a\n", "b\n", "c\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.deepEqual(output.sent, [["a\n", "b\n", "c\n"], ["b\n", "c\n"], ["c\n"]]);
  assert.equal(await outcome, "delivered");
  assert.equal(sender.counters.records, 3);
});

Deno.test("Sender logs rejected records at ERROR, counts them, and goes on", async () => {
  const bad = { index: 0, reason: "mapping" };
  const output = new ScriptedOutput([{ retry: [], rejected: [bad] }, { retry: [], rejected: [bad] }]);
  const { buffer, sender, log, stop } = setUp(output);
  const running = sender.run(stop.signal);
  assert.equal(await buffer.write(batchOf(["a\n", "b\n"])), "delivered");
  assert.equal(await buffer.write(batchOf(["c\n"])), "discarded");
  buffer.close();
  await running;
  assert.equal(sender.counters.rejected, 2);
  assert.equal(sender.counters.records, 1);
  assert.match(log.at("error", 0), /^Cannot deliver 1 record\(s\) to output "out": mapping; discarded/);
});

Deno.test("Sender keeps rejected records as dead letters, however long that takes, and goes on", async () => {
  const output = new ScriptedOutput([{ retry: [], rejected: [{ index: 1, reason: "mapping" }] }]);
  const deadLetters = new KeptLetters(2);
  const { buffer, sender, waits, stop } = setUp(output, { deadLetters });
  const outcome = buffer.write(batchOf(["a\n", "b\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.equal(await outcome, "delivered");
  assert.deepEqual(waits, [100, 200]);
  assert.deepEqual(deadLetters.kept.map(({ output, refused, attempts }) => [output, refused, attempts]), [
    ["out", [{ index: 1, reason: "mapping" }], 1],
  ]);
});

Deno.test("Sender gives records up after the limit of retries, with the last reason", async () => {
  const partly: SendResult = { retry: [1], rejected: [] };
  const output = new ScriptedOutput([new Error("down"), partly, new Error("still down")]);
  const deadLetters = new KeptLetters();
  const { buffer, sender, waits, stop } = setUp(output, { limit: 2, deadLetters });
  const outcome = buffer.write(batchOf(["a\n", "b\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.equal(await outcome, "delivered");
  assert.equal(waits.length, 2);
  const [kept] = deadLetters.kept;
  assert.deepEqual(recordsOf(kept!.batch), ["b\n"]);
  assert.deepEqual(kept!.refused, [{ index: 0, reason: "still down; given up after 3 attempts" }]);
  assert.equal(sender.counters.records, 1);
});

Deno.test("Sender comes back when the destination says so", async () => {
  const output = new ScriptedOutput([new RetryLaterError("429", 7_000)]);
  const { buffer, sender, waits, stop } = setUp(output);
  void buffer.write(batchOf(["a\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.deepEqual(waits, [7_000]);
});

Deno.test("Sender pauses for a destination that fails again and again, then tries once", async () => {
  const output = new ScriptedOutput(Array.from({ length: 4 }, () => new Error("down")));
  const { buffer, waits, log, stop } = setUp(output);
  let time = 0;
  const sender = new Sender({
    ...{ name: "out", buffer, output, log, deadLetters: new NoDeadLetters(log), now: () => time },
    retry: { initial: 100, max: 100, multiplier: 1, jitter: false },
    breaker: { failureThreshold: 3, interval: 60_000, timeout: 5_000, maxRequests: 1 },
    sleep: (ms) => {
      waits.push(ms);
      time += ms;
      return Promise.resolve(true);
    },
  });
  void buffer.write(batchOf(["a\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.deepEqual(waits, [100, 100, 5_000, 5_000]);
  assert.equal(log.of("warn").filter((text) => /nothing is sent to it for 5s/.test(text)).length, 1);
});

/** An output that wants its batches of a certain size. */
class BatchingOutput extends ScriptedOutput {
  constructor(readonly batching: Batching) {
    super();
  }
}

Deno.test("Sender gathers records until there are enough, and cuts what is too much", async () => {
  const output = new BatchingOutput({ events: 3, bytes: 1000, wait: 60_000 });
  const { buffer, stop, log } = setUp(output);
  const sender = new Sender({ name: "out", buffer, output, log, deadLetters: new NoDeadLetters(log) });
  const running = sender.run(stop.signal);
  const first = buffer.write(batchOf(["a\n", "b\n"]));
  await turn();
  assert.deepEqual(output.sent, [], "two records wait for a third");
  void buffer.write(batchOf(["c\n"]));
  assert.equal(await first, "delivered");
  assert.deepEqual(output.sent, [["a\n", "b\n", "c\n"]]);
  assert.equal(await buffer.write(batchOf(["d\n", "e\n", "f\n", "g\n"])), "delivered");
  assert.deepEqual(output.sent.slice(1), [["d\n", "e\n", "f\n"], ["g\n"]]);
  void buffer.write(batchOf(["h\n"]));
  buffer.close();
  await running;
  assert.deepEqual(output.sent.at(-1), ["h\n"], "the end of the buffer ends the waiting");
});

Deno.test("Sender waits no longer for more records than it is told, nor when the buffer is full", async () => {
  const late = new BatchingOutput({ events: 10, bytes: 1000, wait: 50 });
  const first = setUp(late);
  const running = first.sender.run(first.stop.signal);
  assert.equal(await first.buffer.write(batchOf(["a\n"])), "delivered");
  assert.deepEqual(first.waits, [50]);
  first.stop.abort();
  await running;

  const output = new BatchingOutput({ events: 10, bytes: 1000, wait: 60_000 });
  const { buffer, stop, log } = setUp(output, { events: 1 });
  const sender = new Sender({ name: "out", buffer, output, log, deadLetters: new NoDeadLetters(log) });
  const sending = sender.run(stop.signal);
  const outcome = buffer.write(batchOf(["a\n"]));
  const room = buffer.waitForRoom(1, 2);
  assert.equal(await outcome, "delivered");
  assert.equal(await room, true);
  stop.abort();
  await sending;
});

Deno.test("Sender ends on OutputClosedError, tells of it once, and releases nothing", async () => {
  const output = new ScriptedOutput([new OutputClosedError("reader gone")]);
  const { buffer, sender, closed, stop } = setUp(output);
  const outcome = buffer.write(batchOf(["a\n"]));
  await sender.run(stop.signal);
  assert.deepEqual(closed.map((error) => error.message), ["reader gone"]);
  await buffer[Symbol.asyncDispose]();
  assert.equal(await outcome, "failed");
});

Deno.test("Sender leaves a send that hangs when it is stopped", async () => {
  const output = new ScriptedOutput([() => new Promise(() => {})]);
  const { buffer, sender, stop } = setUp(output);
  const outcome = buffer.write(batchOf(["a\n"]));
  const running = sender.run(stop.signal);
  await turn();
  stop.abort();
  await running;
  await buffer[Symbol.asyncDispose]();
  assert.equal(await outcome, "failed");
});

Deno.test("Sender merges what waits while a send is under way, and settles each batch", async () => {
  let finish = () => {};
  const slow = () => new Promise<SendResult>((resolve) => finish = () => resolve(ALL_SENT));
  const output = new ScriptedOutput([slow]);
  const { buffer, sender, stop } = setUp(output);
  const running = sender.run(stop.signal);
  const outcomes = [buffer.write(batchOf(["a\n"]))];
  await turn();
  outcomes.push(
    buffer.write(batchOf(["b\n"])),
    buffer.write(batchOf(["c\n"])),
    buffer.write(batchOf(["d\n"], "q")),
  );
  await turn();
  finish();
  buffer.close();
  await running;
  assert.deepEqual(output.sent, [["a\n"], ["b\n", "c\n"], ["d\n"]]);
  assert.deepEqual(await Promise.all(outcomes), ["delivered", "delivered", "delivered", "delivered"]);
  assert.equal(sender.counters.batches, 4);
});

Deno.test("Sender hands the very same batch to a retry, so that an output can go on where it stopped", async () => {
  const seen: EncodedBatch[] = [];
  const output = new ScriptedOutput();
  output.send = (batch) => {
    seen.push(batch);
    return seen.length < 3 ? Promise.reject(new Error("full")) : Promise.resolve(ALL_SENT);
  };
  const { buffer, sender, stop } = setUp(output);
  void buffer.write(batchOf(["a\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.equal(new Set(seen).size, 1);
  assert.equal(seen.length, 3);
});

Deno.test("Sender counts only what has not arrived as given up, where the output knows", async () => {
  const output = new ScriptedOutput([new Error("down"), new Error("down")]);
  output.progressOf = () => ({ retry: [2], rejected: [{ index: 0, reason: "mapping" }] });
  const deadLetters = new KeptLetters();
  const { buffer, sender, stop } = setUp(output, { limit: 1, deadLetters });
  void buffer.write(batchOf(["a\n", "b\n", "c\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.deepEqual(deadLetters.kept.map(({ refused }) => refused), [[
    { index: 0, reason: "mapping" },
    { index: 2, reason: "down; given up after 2 attempts" },
  ]]);
  assert.equal(sender.counters.records, 1);
});

Deno.test("Sender does not hammer a destination that asks for no wait at all", async () => {
  const output = new ScriptedOutput([new RetryLaterError("503", 0), new RetryLaterError("503", 0)]);
  const { buffer, sender, waits, stop } = setUp(output);
  void buffer.write(batchOf(["a\n"]));
  buffer.close();
  await sender.run(stop.signal);
  assert.deepEqual(waits, [100, 200]);
});

Deno.test("Sender gathers each partition by itself, however they are mixed", async () => {
  const output = new BatchingOutput({ events: 3, bytes: 1000, wait: 60_000 });
  const { buffer, stop, log } = setUp(output);
  const sender = new Sender({ name: "out", buffer, output, log, deadLetters: new NoDeadLetters(log) });
  const running = sender.run(stop.signal);
  const outcomes = [..."pqpqpqr"].map((partition, index) => buffer.write(batchOf([`${index}\n`], partition)));
  await Promise.all(outcomes.slice(0, 6));
  assert.deepEqual(output.sent, [["0\n", "2\n", "4\n"], ["1\n", "3\n", "5\n"]]);
  buffer.close();
  await running;
  assert.deepEqual(output.sent.at(-1), ["6\n"]);
});

Deno.test("Sender gathers by each record's own wait, not by that of the first one ever", async () => {
  const output = new BatchingOutput({ events: 2, bytes: 1000, wait: 100 });
  const { buffer, stop, log } = setUp(output);
  const clock = new VirtualClock();
  const sender = new Sender({
    ...{ name: "out", buffer, output, log, deadLetters: new NoDeadLetters(log) },
    sleep: clock.sleep,
    now: () => clock.now,
  });
  const running = sender.run(stop.signal);
  void buffer.write(batchOf(["a\n"]));
  await clock.pass(90);
  for (const text of ["b\n", "c\n"]) void buffer.write(batchOf([text]));
  await clock.pass(90);
  assert.deepEqual(output.sent, [["a\n", "b\n"]], "the third one came only 90 ms ago");
  await clock.pass(10);
  assert.deepEqual(output.sent.at(-1), ["c\n"]);
  stop.abort();
  await running;
});

Deno.test("Sender waits for a send that an earlier one left behind, since it may still read the batch", async () => {
  let finish = () => {};
  const slow = () => new Promise<SendResult>((resolve) => finish = () => resolve(ALL_SENT));
  const output = new ScriptedOutput([slow]);
  const { buffer, sender, log, stop } = setUp(output);
  const outcome = buffer.write(batchOf(["a\n"]));
  const first = sender.run(stop.signal);
  await turn();
  stop.abort();
  await first;
  const next = new Sender({ name: "out", buffer, output, log, deadLetters: new NoDeadLetters(log) });
  const second = next.run(new AbortController().signal);
  await turn();
  assert.equal(output.sent.length, 1, "the same batch is not sent twice at the same time");
  finish();
  assert.equal(await outcome, "delivered");
  buffer.close();
  await second;
});

Deno.test("Sender that waits for a send left behind can be stopped", async () => {
  const output = new ScriptedOutput([() => new Promise(() => {})]);
  const { buffer, sender, log, stop } = setUp(output);
  void buffer.write(batchOf(["a\n"]));
  const first = sender.run(stop.signal);
  await turn();
  stop.abort();
  await first;
  const again = new AbortController();
  const next = new Sender({ name: "out", buffer, output, log, deadLetters: new NoDeadLetters(log) });
  const second = next.run(again.signal);
  await turn();
  again.abort();
  await second;
  await buffer[Symbol.asyncDispose]();
});

Deno.test("Sender ends also when it has read ahead as much as it may", async () => {
  const output = new ScriptedOutput([() => new Promise(() => {})]);
  const { buffer, sender, stop } = setUp(output);
  for (let i = 0; i < 4; i++) void buffer.write(batchOf(["x".repeat(50_000) + "\n"]));
  const running = sender.run(stop.signal);
  await turn();
  stop.abort();
  await running;
  await buffer[Symbol.asyncDispose]();
});

/** Takes batches of 200 kB, gathered from two, and keeps the memory of each. */
class MemoryOutput extends ScriptedOutput {
  readonly batching: Batching = { events: 2, bytes: 1 << 20, wait: 1e6 };
  readonly memories: ArrayBufferLike[] = [];

  override send(batch: EncodedBatch): Promise<SendResult> {
    this.memories.push(batch.bytes.buffer);
    return super.send(batch);
  }
}

async function sendMerged(answers: Answer[]): Promise<MemoryOutput> {
  const output = new MemoryOutput(answers);
  const { buffer, sender, stop } = setUp(output);
  const running = sender.run(stop.signal);
  for (const letter of ["a", "b", "c"]) {
    const written = [1, 2].map((half) => buffer.write(batchOf([`${letter}${half}`.repeat(50_000) + "\n"])));
    assert.deepEqual(await Promise.all(written), ["delivered", "delivered"]);
  }
  buffer.close();
  await running;
  assert.deepEqual(output.sent.at(-1)?.map((text) => text.slice(0, 4)), ["c1c1", "c2c2"]);
  return output;
}

Deno.test("Sender uses the memory of a merged batch again once it is sent", async () => {
  const { memories } = await sendMerged([]);
  assert.equal(memories.length, 3);
  assert.ok(memories.every((memory) => memory === memories[0]));
});

Deno.test("Sender never uses memory again that an attempt that failed may still read", async () => {
  const { memories } = await sendMerged([new Error("timed out")]);
  assert.equal(memories.length, 4);
  assert.equal(memories[1], memories[0], "the same batch again");
  assert.notEqual(memories[2], memories[0]);
  assert.equal(memories[3], memories[2]);
});
