import type { EncodedBatch } from "../batch.ts";
import type { BatchBuffer, BufferedBatch } from "../buffers/batch_buffer.ts";
import type { Log } from "../lib/log.ts";
import { sleep as sleepFor } from "../lib/sleep.ts";
import { outputBuffers } from "../lib/spare_buffers.ts";
import { within } from "../lib/within.ts";
import { type Output, OutputClosedError } from "../outputs/output.ts";
import type { CircuitBreakerOptions } from "./circuit_breaker.ts";
import type { DeadLetters } from "./dead_letter.ts";
import { gather, type Sleep } from "./gather.ts";
import { Lots } from "./lots.ts";
import { merge, pieces } from "./merge.ts";
import { type GivenUp, PartSender } from "./part_sender.ts";
import { ReadAhead, WaitingInOrder } from "./read_ahead.ts";
import { Backoff, type BackoffOptions, DEFAULT_BACKOFF } from "./retry.ts";
import { SendGate } from "./send_gate.ts";
import { Trouble } from "./trouble.ts";

/** Larger merges gain nothing: the copy costs more than the request saved. */
const MERGE_BYTES = 64 * 1024;
/** How long sends that were told to end may take for that before it is said, in ms. */
const LEAVING_TIME = 1000;
/** The longest wait that timers can have, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** How many batches are read ahead where partitions are gathered side by side, and what they may hold together. */
const LOTS_AHEAD = 4;
const LOTS_BYTES = 64 * 1024 * 1024;

/** What a sender is made of. */
export interface SenderOptions {
  /** The output's name, for messages. */
  readonly name: string;
  readonly buffer: BatchBuffer;
  readonly output: Output;
  /** Called when the output is open, before anything is sent; when it rejects, the output is opened again. */
  readonly ready?: (() => Promise<void>) | undefined;
  readonly log: Log;
  readonly retry?: BackoffOptions;
  /** When sending pauses; without it, never longer than between two retries. */
  readonly breaker?: CircuitBreakerOptions | undefined;
  /** Where records go that the destination refuses, or does not take within the limit of retries. */
  readonly deadLetters: DeadLetters;
  /** Aborts when batches should not wait for more records. Asked before every wait. */
  readonly hurry?: () => AbortSignal;
  /** Told when something cannot be sent and is tried again, and when nothing fails any more. */
  readonly onTrouble?: (isFailing: boolean) => void;
  /** Called once when the output can never take anything again; the sender has ended then. */
  readonly onClosed?: (error: OutputClosedError) => void;
  /** For tests. Resolves with true after `ms`, with false once `stop` aborts. */
  readonly sleep?: Sleep;
  /** For tests: in milliseconds; only differences count. */
  readonly now?: () => number;
}

/** What a sender has done since it was created. */
export interface SenderCounters {
  /** Records that arrived. */
  records: number;
  /** Bytes of the batches that were settled. */
  bytes: number;
  /** Batches of the buffer that were settled, before merging. */
  batches: number;
  /** Records that the destination refused for good, or that were given up. */
  rejected: number;
  /** Those of them that no dead letter keeps. */
  lost: number;
}

/** Sends that a sender left behind when it was stopped; the next one on the same output waits for them. */
const leftBehind = new WeakMap<Output, Promise<unknown>>();

/**
 * Carries batches from a buffer to an output, each again and again until the output has it. Nothing is released before
 * that, so an output that is down holds the inputs' positions and, once the buffer is full, the inputs themselves.
 *
 * One send at a time, in order, unless the output says that it takes more; then each batch has its own retries, and how
 * many are in flight follows the destination's answers.
 */
export class Sender {
  readonly counters: SenderCounters = { records: 0, bytes: 0, batches: 0, rejected: 0, lost: 0 };
  readonly #options: SenderOptions;
  readonly #retry: BackoffOptions;
  readonly #parts: PartSender;
  readonly #sleep: Sleep;
  readonly #now: () => number;
  readonly #gate: SendGate;
  readonly #trouble: Trouble;
  readonly #isConcurrent: boolean;
  readonly #opened = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: SenderOptions) {
    const { name, log, output, breaker, deadLetters, retry = DEFAULT_BACKOFF } = options;
    const now = options.now ?? (() => performance.now());
    const sleep = options.sleep ?? sleepFor;
    const maximum = Math.max(1, Math.floor(output.concurrency ?? 1));
    this.#options = options;
    this.#retry = retry;
    this.#sleep = sleep;
    this.#now = now;
    this.#isConcurrent = maximum > 1;
    const gate = this.#gate = new SendGate({ maximum, breaker, sleep, now });
    const trouble = this.#trouble = new Trouble(name, log, now, options.onTrouble);
    const isClosed = (error: unknown) => this.#isClosed(error);
    this.#parts = new PartSender({ name, output, deadLetters, retry, sleep, gate, trouble, isClosed });
  }

  /** Resolves once the output is open. */
  get whenOpen(): Promise<void> {
    return this.#opened.promise;
  }

  /** Sends in flight. */
  get inFlight(): number {
    return this.#gate.inFlight;
  }

  /** Calls of the output's `send` so far. */
  get attempts(): number {
    return this.#parts.attempts;
  }

  /** Those of them that threw. */
  get failedSends(): number {
    return this.#parts.failures;
  }

  /** How many sends may be in flight now. */
  get limit(): number {
    return this.#gate.limit;
  }

  /**
   * Opens the output, then sends until the buffer is closed and empty, the output is closed for good, or `stop`
   * aborts, which also leaves sends that hang. What was not sent stays in the buffer, not released.
   */
  async run(stop: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const end = () => {
      if (stop.aborted) resolve();
      this.#gate.wake();
    };
    for (const signal of [stop, ended.signal]) signal.addEventListener("abort", end, { once: true });
    if (stop.aborted) resolve();
    const running = this.#run(AbortSignal.any([stop, ended.signal]), ended);
    try {
      await Promise.race([running, aborted]);
    } finally {
      ended.abort();
      stop.removeEventListener("abort", end);
      leave(this.#options.output, running);
    }
  }

  async #run(stop: AbortSignal, ended: AbortController): Promise<void> {
    if (!(await this.#untilLeft(stop)) || !(await this.#open(stop))) return;
    const { buffer, output: { batching, splitsByEnds = false } } = this.#options;
    if (batching === undefined) {
      const waiting = new WaitingInOrder(MERGE_BYTES, splitsByEnds);
      const ahead = new ReadAhead(buffer, waiting, MERGE_BYTES);
      await this.#sendAll(ahead, () => ahead.took(waiting.take()), stop, ended);
    } else {
      const { bytes } = batching;
      const lots = new Lots({ ...batching, splitsByEnds }, this.#now);
      const most = Math.max(MERGE_BYTES, bytes, Math.min(LOTS_AHEAD * bytes, LOTS_BYTES));
      const ahead = new ReadAhead(buffer, lots, most);
      await this.#sendAll(
        ahead,
        () => gather(ahead, buffer, this.#sleep, stop, this.#options.hurry?.()),
        stop,
        ended,
      );
    }
  }

  /** Waits until no send of an earlier sender uses the output, or the batches, any more. False when `stop` aborts. */
  async #untilLeft(stop: AbortSignal): Promise<boolean> {
    const { output, log, name } = this.#options;
    const left = leftBehind.get(output);
    if (left === undefined || await within(left, LEAVING_TIME, stop)) return !stop.aborted;
    log.warn(
      `Output "${name}" does not end a send that it was told to end: nothing is sent to it until then`,
      {
        output: name,
      },
    );
    return await within(left, LONGEST_TIMER, stop);
  }

  async #open(stop: AbortSignal): Promise<boolean> {
    const { output, name, ready } = this.#options;
    const backoff = new Backoff(this.#retry);
    while (!stop.aborted) {
      try {
        await output.open(stop);
        await ready?.();
        this.#opened.resolve();
        this.#trouble.succeeded(`Opened output "${name}"`, backoff.attempts > 0);
        return true;
      } catch (error) {
        if (stop.aborted || this.#isClosed(error)) return false;
        if (!(await this.#parts.pause(backoff, error, `open output "${name}"`, stop))) return false;
      }
    }
    return false;
  }

  /** Sends all that comes, in groups that `next` takes. */
  async #sendAll(
    ahead: ReadAhead<Lots | WaitingInOrder>,
    next: () => BufferedBatch[] | Promise<BufferedBatch[]>,
    stop: AbortSignal,
    ended: AbortController,
  ): Promise<void> {
    const reading = ahead.run(stop);
    // Awaited below; until then a failure must not count as unhandled, which would end the process.
    reading.catch(() => {});
    const underWay = new Set<Promise<void>>();
    let defect: { readonly error: unknown } | undefined;
    while (!stop.aborted && await ahead.ready()) {
      if (this.#isConcurrent) await this.#gate.room(stop);
      const taken = next();
      const group = Array.isArray(taken) ? taken : await taken;
      if (stop.aborted) break;
      if (!this.#isConcurrent) {
        if (await this.#deliver(group, stop)) continue;
        ended.abort();
        break;
      }
      const delivery: Promise<void> = this.#deliver(group, stop).then((goesOn) => {
        if (!goesOn) ended.abort();
      }, (error: unknown) => {
        defect ??= { error };
        ended.abort();
      }).finally(() => underWay.delete(delivery));
      underWay.add(delivery);
    }
    await Promise.all(underWay);
    if (defect !== undefined) throw defect.error;
    await reading;
  }

  /** Returns false when the sender must end; the batches are then not released. */
  async #deliver(read: readonly BufferedBatch[], stop: AbortSignal): Promise<boolean> {
    const group = read.filter((buffered) => buffered.claim?.() ?? true);
    if (group.length === 0) return true;
    const { batching } = this.#options.output;
    const memory = new MergedMemory();
    const whole = merge(group.map((buffered) => buffered.batch), (length) => memory.take(length));
    const failures = this.#parts.failures;
    const parts = batching === undefined ? [whole] : pieces(whole, batching.events, batching.bytes);
    this.#gate.claim(parts.length);
    const [only] = parts;
    const given = parts.length === 1 && only !== undefined
      ? [await this.#parts.send(only, stop)]
      : this.#isConcurrent
      ? await Promise.all(parts.map((part) => this.#parts.send(part, stop)))
      : await this.#sendInTurn(parts, stop);
    let rejected = 0;
    let lost = 0;
    for (const each of given) {
      if (each === undefined) return false;
      rejected += each.rejected;
      lost += each.lost;
    }
    // What the runtime still sends of an attempt that failed must not change under its hands.
    if (this.#parts.failures === failures) memory.giveBack();
    // All in the turn of the release, so that what was counted and what the buffer holds add up at every moment.
    const { counters } = this;
    const records = whole.ends.length;
    counters.records += records - rejected;
    counters.rejected += rejected;
    counters.lost += lost;
    counters.bytes += whole.bytes.length;
    counters.batches += group.length;
    const outcome = lost > 0 && lost === records ? "discarded" : "delivered";
    for (const buffered of group) buffered.release(outcome);
    return true;
  }

  async #sendInTurn(
    parts: readonly EncodedBatch[],
    stop: AbortSignal,
  ): Promise<(GivenUp | undefined)[]> {
    const given: (GivenUp | undefined)[] = [];
    for (const part of parts) {
      const each = await this.#parts.send(part, stop);
      given.push(each);
      if (each === undefined) break;
    }
    return given;
  }

  #isClosed(error: unknown): boolean {
    if (!(error instanceof OutputClosedError)) return false;
    if (!this.#closed) this.#options.onClosed?.(error);
    this.#closed = true;
    return true;
  }
}

/** The memory of a merged batch, which is large and needed for a moment only. */
class MergedMemory {
  #buffer: ArrayBuffer | undefined;

  take(length: number): ArrayBuffer {
    return length < MERGE_BYTES ? new ArrayBuffer(length) : this.#buffer = outputBuffers.take(length);
  }

  giveBack(): void {
    if (this.#buffer !== undefined) outputBuffers.give(this.#buffer);
  }
}

/** Remembers sends that may still use an output, and batches, after their sender has ended. */
function leave(output: Output, running: Promise<void>): void {
  const left = running.catch(() => {}).finally(() => {
    if (leftBehind.get(output) === left) leftBehind.delete(output);
  });
  leftBehind.set(output, left);
}
