import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outcome } from "../../src/acknowledgement.ts";
import type { EncodedBatch } from "../../src/batch.ts";
import { MemoryBuffer } from "../../src/buffers/memory.ts";
import { type DeadLetters, NoDeadLetters } from "../../src/delivery/dead_letter.ts";
import { Sender, type SenderOptions } from "../../src/delivery/sender.ts";
import {
  ALL_SENT,
  type Output,
  OutputClosedError,
  RetryLaterError,
  type SendResult,
} from "../../src/outputs/output.ts";
import { batchOf, RecordingLog, recordsOf, turn } from "../contracts/batches.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** One call of `send`. */
interface Call {
  readonly records: readonly string[];
  readonly at: number;
  readonly signal: AbortSignal;
}

/** Answers each send as it is told, `roundTrip` ms later. */
class RemoteOutput implements Output {
  readonly concurrency: number;
  readonly batching = { events: 1, bytes: 1 << 20, wait: 0 };
  readonly calls: Call[] = [];
  readonly arrived: string[] = [];
  inFlight = 0;
  most = 0;

  constructor(
    readonly clock: VirtualClock,
    concurrency: number,
    readonly answer: (call: Call, number: number) => SendResult | Error | "hang" = () => ALL_SENT,
    readonly roundTrip = 100,
  ) {
    this.concurrency = concurrency;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    const call = { records: recordsOf(batch), at: this.clock.now, signal };
    const number = this.calls.push(call) - 1;
    this.most = Math.max(this.most, ++this.inFlight);
    const answer = this.answer(call, number);
    if (answer === "hang") await new Promise(() => {});
    await this.clock.sleep(this.roundTrip);
    this.inFlight--;
    if (answer instanceof Error || answer === "hang") throw answer;
    const missing = new Set([...answer.retry, ...answer.rejected.map(({ index }) => index)]);
    this.arrived.push(...call.records.filter((_, index) => !missing.has(index)));
    return answer;
  }

  partitionOf(): string {
    return "";
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function setUp(
  clock: VirtualClock,
  output: Output,
  more: Partial<SenderOptions> & { deadLetters?: DeadLetters } = {},
) {
  const buffer = new MemoryBuffer({ events: 10_000, bytes: 1 << 24 });
  const log = new RecordingLog();
  const closed: Error[] = [];
  const sender = new Sender({
    name: "out",
    buffer,
    output,
    log,
    retry: { initial: 50, max: 1000, multiplier: 2, jitter: false },
    deadLetters: new NoDeadLetters(log),
    onClosed: (error) => closed.push(error),
    sleep: clock.sleep,
    now: () => clock.now,
    ...more,
  });
  const settled = new Map<string, Outcome>();
  const write = (...texts: string[]) =>
    texts.map((text) =>
      buffer.write(batchOf([text])).then((outcome) => {
        settled.set(text, outcome);
        return outcome;
      })
    );
  return { buffer, log, closed, sender, settled, write, stop: new AbortController() };
}

const NAMES = Array.from({ length: 40 }, (_, index) => `r${index}\n`);

Deno.test("Sender keeps as many sends in flight as the output allows, and begins with one", async () => {
  const clock = new VirtualClock();
  const output = new RemoteOutput(clock, 4);
  const { buffer, sender, write, settled, stop } = setUp(clock, output);
  write(...NAMES);
  buffer.close();
  const running = sender.run(stop.signal);
  await clock.pass(50);
  assert.deepEqual([output.inFlight, sender.inFlight, sender.limit], [1, 1, 1]);
  await clock.until(running);
  assert.equal(output.most, 4);
  assert.equal(sender.limit, 4);
  assert.deepEqual(output.arrived.toSorted(), NAMES.toSorted());
  assert.equal(settled.size, NAMES.length);
  assert.equal(sender.inFlight, 0);
});

Deno.test("Sender releases each batch once it has arrived, whatever becomes of those before it", async () => {
  const clock = new VirtualClock();
  const output = new RemoteOutput(clock, 3, ({ records: [text] }) => text === "r2\n" ? "hang" : ALL_SENT);
  const { sender, write, settled, stop, buffer } = setUp(clock, output);
  write(...NAMES.slice(0, 6));
  const running = sender.run(stop.signal);
  await clock.pass(5000);
  assert.deepEqual([...settled.keys()].toSorted(), ["r0\n", "r1\n", "r3\n", "r4\n", "r5\n"]);
  const { signal } = output.calls.find(({ records }) => records[0] === "r2\n")!;
  stop.abort();
  await running;
  assert.ok(signal.aborted, "the send that hangs is told to end");
  await buffer[Symbol.asyncDispose]();
  await turn();
  assert.equal(settled.get("r2\n"), "failed");
});

Deno.test("Sender retries each batch by itself", async () => {
  const clock = new VirtualClock();
  const failures = new Map([["r3\n", 3], ["r5\n", 1]]);
  const output = new RemoteOutput(clock, 4, ({ records: [text = ""] }) => {
    const left = failures.get(text) ?? 0;
    failures.set(text, left - 1);
    return left > 0 ? new Error(`${text.trim()} is cut off`) : ALL_SENT;
  });
  const { buffer, sender, log, write, stop } = setUp(clock, output);
  write(...NAMES.slice(0, 10));
  buffer.close();
  await clock.until(sender.run(stop.signal));
  const at = output.calls.filter(({ records }) => records[0] === "r3\n").map(({ at }) => at);
  for (const [index, least] of [150, 200, 300].entries()) {
    const wait = at[index + 1]! - at[index]!;
    assert.ok(wait >= least && wait < least + 300, `retry ${index + 1} came after ${wait} ms`);
  }
  assert.deepEqual(output.arrived.toSorted(), NAMES.slice(0, 10).toSorted());
  assert.deepEqual([sender.attempts, sender.failedSends], [14, 4]);
  assert.equal(log.of("warn").length, 2, "each reason once");
  assert.match(log.at("info", 0), /^Sending to output "out" again after 4 failed attempts in /);
  assert.equal(log.of("info").length, 1, "it is over when no batch is in trouble any more");
});

Deno.test("Sender leaves a destination alone as long as it asks for, with all its sends", async () => {
  const clock = new VirtualClock();
  let asked: number | undefined;
  const output = new RemoteOutput(clock, 4, (_, number) => {
    if (number !== 12) return ALL_SENT;
    asked = clock.now + 100;
    return new RetryLaterError("429", 7000);
  });
  const { buffer, sender, write, stop } = setUp(clock, output, {
    breaker: { failureThreshold: 1, interval: 60_000, timeout: 60_000, maxRequests: 1 },
  });
  write(...NAMES);
  buffer.close();
  await clock.until(sender.run(stop.signal));
  const between = output.calls.filter(({ at }) => at > asked! && at < asked! + 7000);
  assert.deepEqual(between, []);
  assert.ok(output.calls.some(({ at }) => at === asked! + 7000), "no longer than it asked for");
  assert.deepEqual(output.arrived.toSorted(), NAMES.toSorted());
});

Deno.test("Sender with an open circuit breaker sends no more than its trials", async () => {
  const clock = new VirtualClock();
  let down = false;
  const output = new RemoteOutput(clock, 8, (_, number) => {
    if (number === 30) down = true;
    return down ? new Error("down") : ALL_SENT;
  });
  const names = Array.from({ length: 200 }, (_, index) => `r${index}\n`);
  const { buffer, sender, write, log, stop } = setUp(clock, output, {
    breaker: { failureThreshold: 3, interval: 60_000, timeout: 5000, maxRequests: 2 },
  });
  write(...names);
  buffer.close();
  const running = sender.run(stop.signal);
  await clock.pass(4000);
  assert.equal(output.inFlight, 0);
  assert.equal(log.of("warn").filter((text) => /nothing is sent to it for 5s/.test(text)).length, 1);
  const before = output.calls.length;
  await clock.pass(4000);
  assert.equal(output.calls.length, before + 2, "two trials, whatever the limit is");
  down = false;
  await clock.pass(4000);
  const trials = output.calls.slice(before + 2, before + 4).map(({ at }) => at);
  assert.equal(trials[0], trials[1]);
  assert.ok(output.calls[before + 4]!.at > trials[0]!, "the rest waits for the trials");
  await clock.until(running);
  assert.deepEqual(output.arrived.toSorted(), names.toSorted());
});

Deno.test("Sender ends all sends when the output is closed for good, and tells of it once", async () => {
  const clock = new VirtualClock();
  const output = new RemoteOutput(
    clock,
    4,
    (_, number) => number > 9 ? new OutputClosedError("gone") : ALL_SENT,
  );
  const { buffer, sender, write, settled, closed, stop } = setUp(clock, output);
  write(...NAMES);
  await clock.until(sender.run(stop.signal));
  assert.equal(closed.length, 1);
  assert.equal(settled.size, 10);
  assert.equal(output.inFlight, 0);
  await buffer[Symbol.asyncDispose]();
});

Deno.test("Sender keeps order and one send at a time where the output says nothing of concurrency", async () => {
  const clock = new VirtualClock();
  const output = new RemoteOutput(clock, 1, (_, number) => number % 3 === 1 ? new Error("again") : ALL_SENT);
  const { buffer, sender, write, stop } = setUp(clock, output);
  write(...NAMES);
  buffer.close();
  await clock.until(sender.run(stop.signal));
  assert.equal(output.most, 1);
  assert.deepEqual(output.arrived, NAMES);
});

Deno.test("Sender loses nothing and releases nothing too early, whatever several sends answer", async () => {
  const answer = fc.oneof(
    { weight: 5, arbitrary: fc.constant("sent" as const) },
    fc.constantFrom("fail" as const, "later" as const, "all again" as const, "some again" as const),
    { weight: 1, arbitrary: fc.constant("refused" as const) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { minLength: 10, maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      async (answers, concurrency, events, withBreaker) => {
        const clock = new VirtualClock();
        const refused: string[] = [];
        const output = new RemoteOutput(clock, concurrency, ({ records }, number) => {
          const all = [...records.keys()];
          switch (answers[number] ?? "sent") {
            case "fail":
              return new Error("down");
            case "later":
              return new RetryLaterError("429", number % 2 === 0 ? 0 : 500);
            case "all again":
              return { retry: all, rejected: [] };
            case "some again":
              return { retry: all.filter((index) => index % 2 === 0), rejected: [] };
            case "refused":
              refused.push(records[0]!);
              return { retry: [], rejected: [{ index: 0, reason: "no" }] };
            case "sent":
              return ALL_SENT;
          }
        });
        Object.assign(output.batching, { events, wait: 10 });
        const { buffer, sender, write, settled, stop } = setUp(clock, output, {
          breaker: withBreaker
            ? { failureThreshold: 2, interval: 1000, timeout: 700, maxRequests: 1 }
            : undefined,
        });
        for (const [index, outcome] of write(...NAMES).entries()) {
          const text = NAMES[index]!;
          void outcome.then(() => assert.ok(output.arrived.includes(text) || refused.includes(text)));
        }
        buffer.close();
        await clock.until(sender.run(stop.signal));
        assert.deepEqual([...output.arrived, ...refused].toSorted(), NAMES.toSorted());
        assert.equal(settled.size, NAMES.length);
        assert.ok(output.most <= concurrency);
        assert.deepEqual(
          [sender.counters.records, sender.counters.rejected, sender.counters.lost],
          [NAMES.length - refused.length, refused.length, refused.length],
        );
        assert.equal(clock.waiting, 0, "no timer is left");
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("Sender that is stopped at any moment releases only what has arrived", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1500 }),
      fc.integer({ min: 1, max: 4 }),
      async (ms, concurrency) => {
        const clock = new VirtualClock();
        const output = new RemoteOutput(
          clock,
          concurrency,
          (_, number) => number % 7 === 3 ? "hang" : number % 5 === 2 ? new Error("down") : ALL_SENT,
        );
        const { buffer, sender, write, settled, stop } = setUp(clock, output);
        write(...NAMES);
        const running = sender.run(stop.signal);
        await clock.pass(ms);
        stop.abort();
        await running;
        const arrived = new Set(output.arrived);
        await buffer[Symbol.asyncDispose]();
        await turn();
        for (const text of NAMES) {
          assert.equal(settled.get(text), arrived.has(text) ? "delivered" : "failed", text);
        }
      },
    ),
    { numRuns: 25 },
  );
});
