import type { EncodedBatch } from "../batch.ts";
import type { BatchBuffer, BufferedBatch } from "../buffers/batch_buffer.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";
import { sleep as sleepFor } from "../lib/sleep.ts";
import { type Output, OutputClosedError, RetryLaterError, type SendResult } from "../outputs/output.ts";
import type { DeadLetters } from "./dead_letter.ts";
import { CircuitBreaker, type CircuitBreakerOptions } from "./circuit_breaker.ts";
import { gather, type Sleep } from "./gather.ts";
import { merge, mergeable, pick, pieces } from "./merge.ts";
import { ReadAhead } from "./read_ahead.ts";
import { Backoff, type BackoffOptions, DEFAULT_BACKOFF } from "./retry.ts";

/** Larger merges gain nothing: the copy costs more than the request saved. */
const MERGE_BYTES = 64 * 1024;

/** What a sender is made of. */
export interface SenderOptions {
  /** The output's name, for messages. */
  readonly name: string;
  readonly buffer: BatchBuffer;
  readonly output: Output;
  readonly log: Log;
  readonly retry?: BackoffOptions;
  /** When sending pauses; without it, never longer than between two retries. */
  readonly breaker?: CircuitBreakerOptions | undefined;
  /** Where records go that the destination refuses, or does not take within the limit of retries. */
  readonly deadLetters: DeadLetters;
  /** Called once when the output can never take anything again; the sender has ended then. */
  readonly onClosed?: (error: OutputClosedError) => void;
  /** For tests. Resolves with true after `ms`, with false once `stop` aborts. */
  readonly sleep?: Sleep;
  /** For tests: milliseconds since 1970. */
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
  /** Calls of `send` that threw. */
  failedSends: number;
  /** Records that the destination refused for good. */
  rejected: number;
}

/** Records of a batch that were given up, and those of them that no dead letter keeps. */
interface GivenUp {
  rejected: number;
  lost: number;
}

/**
 * Carries batches from a buffer to an output, in order, each again and again until the output has it. Nothing is
 * released before that, so an output that is down holds the inputs' positions and, once the buffer is full, the
 * inputs themselves.
 */
export class Sender {
  readonly counters: SenderCounters = { records: 0, bytes: 0, batches: 0, failedSends: 0, rejected: 0 };
  readonly #options: SenderOptions;
  readonly #backoff: Backoff;
  readonly #breaker: CircuitBreaker | undefined;
  readonly #sleep: Sleep;
  readonly #now: () => number;
  /** When the trouble began and what it was, so that the log tells of changes only. */
  #trouble: { readonly since: number; reason: string } | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.retry ?? DEFAULT_BACKOFF);
    this.#sleep = options.sleep ?? sleepFor;
    this.#now = options.now ?? Date.now;
    this.#breaker = options.breaker && new CircuitBreaker(options.breaker, this.#now);
  }

  /**
   * Opens the output, then sends until the buffer is closed and empty, the output is closed for good, or `stop`
   * aborts, which also leaves a send that hangs. What was not sent stays in the buffer, not released.
   */
  async run(stop: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const aborted = new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener("abort", () => resolve(), { once: true, signal: ended.signal });
    });
    try {
      await Promise.race([this.#run(AbortSignal.any([stop, ended.signal])), aborted]);
    } finally {
      ended.abort();
    }
  }

  async #run(stop: AbortSignal): Promise<void> {
    if (!(await this.#open(stop))) return;
    const { buffer, output: { batching } } = this.#options;
    const ahead = new ReadAhead(buffer, Math.max(MERGE_BYTES, batching?.bytes ?? 0));
    const reading = ahead.run(stop);
    // Awaited below; until then a failure must not count as unhandled, which would end the process.
    reading.catch(() => {});
    while (!stop.aborted && await ahead.ready()) {
      const group = batching === undefined
        ? ahead.take(mergeable(ahead.waiting, MERGE_BYTES))
        : await gather(ahead, buffer, batching, this.#sleep, stop);
      if (stop.aborted) break;
      if (!(await this.#deliver(group, stop))) return;
    }
    await reading;
  }

  async #open(stop: AbortSignal): Promise<boolean> {
    const { output, name } = this.#options;
    while (!stop.aborted) {
      try {
        await output.open(stop);
        this.#recovered(`Opened output "${name}"`);
        return true;
      } catch (error) {
        if (stop.aborted || this.#isClosed(error)) return false;
        if (!(await this.#waitAfter(error, `open output "${name}"`, stop))) return false;
      }
    }
    return false;
  }

  /** Returns false when the sender must end; the batches are then not released. */
  async #deliver(group: readonly BufferedBatch[], stop: AbortSignal): Promise<boolean> {
    const { output: { batching }, name } = this.#options;
    const whole = merge(group.map((buffered) => buffered.batch));
    const parts = batching === undefined ? [whole] : pieces(whole, batching.events, batching.bytes);
    let rejected = 0;
    let lost = 0;
    for (const part of parts) {
      const given = await this.#sendAll(part, stop);
      if (given === undefined) return false;
      rejected += given.rejected;
      lost += given.lost;
    }
    this.#recovered(`Sending to output "${name}" again`);
    this.counters.records += whole.ends.length - rejected;
    this.counters.bytes += whole.bytes.length;
    this.counters.batches += group.length;
    const outcome = lost > 0 && lost === whole.ends.length ? "discarded" : "delivered";
    for (const buffered of group) buffered.release(outcome);
    return true;
  }

  /** Sends until all is there or given up; undefined: the sender must end. */
  async #sendAll(whole: EncodedBatch, stop: AbortSignal): Promise<GivenUp | undefined> {
    const { output, name } = this.#options;
    const { limit } = this.#options.retry ?? DEFAULT_BACKOFF;
    const given: GivenUp = { rejected: 0, lost: 0 };
    let batch = whole;
    for (let attempts = 1;; attempts++) {
      let failure: unknown;
      try {
        const { rejected, retry } = await output.send(batch, stop);
        this.#breaker?.succeeded();
        if (!(await this.#giveUp(batch, rejected, attempts, given, stop))) return undefined;
        if (retry.length === 0) return given;
        batch = pick(batch, retry);
        failure = new Error(`${batch.ends.length} of them did not arrive`);
      } catch (error) {
        this.counters.failedSends++;
        if (stop.aborted || this.#isClosed(error)) return undefined;
        if (this.#breaker?.failed()) this.#tellOfPause(this.#breaker.delay());
        failure = error;
      }
      if (limit !== undefined && attempts > limit) {
        const reason = `${reasonOf(failure)}; given up after ${count(attempts, "attempt")}`;
        const all = Array.from(batch.ends, (_, index) => ({ index, reason }));
        return await this.#giveUp(batch, all, attempts, given, stop) ? given : undefined;
      }
      const what = `send ${count(batch.ends.length, "record")} to output "${name}"`;
      if (!(await this.#waitAfter(failure, what, stop))) return undefined;
    }
  }

  /**
   * Makes dead letters of records that the destination will not take, and counts them. A queue that cannot be written
   * to is tried again and again, since nothing may be lost silently. False when `stop` aborts first.
   */
  async #giveUp(
    batch: EncodedBatch,
    refused: SendResult["rejected"],
    attempts: number,
    given: GivenUp,
    stop: AbortSignal,
  ): Promise<boolean> {
    if (refused.length === 0) return true;
    const { deadLetters, name } = this.#options;
    for (;;) {
      try {
        const kept = await deadLetters.keepRefused({ output: name, batch, refused, attempts });
        given.rejected += refused.length;
        given.lost += refused.length - kept;
        this.counters.rejected += refused.length;
        return true;
      } catch (error) {
        const what = `keep ${count(refused.length, "dead letter")} of output "${name}"`;
        if (!(await this.#waitAfter(error, what, stop))) return false;
      }
    }
  }

  #isClosed(error: unknown): boolean {
    if (!(error instanceof OutputClosedError)) return false;
    this.#options.onClosed?.(error);
    return true;
  }

  /** Says what is wrong when that is news, then waits. Returns false when `stop` aborts first. */
  #waitAfter(error: unknown, what: string, stop: AbortSignal): Promise<boolean> {
    const backoff = this.#backoff.next();
    const asked = error instanceof RetryLaterError ? Math.max(error.wait, 0) : backoff;
    const wait = Math.max(asked, this.#breaker?.delay() ?? 0);
    const reason = reasonOf(error);
    const since = this.#trouble?.since ?? this.#now();
    if (this.#trouble?.reason !== reason) {
      const { log, name } = this.#options;
      const attempt = this.#backoff.attempts;
      const waited = attempt > 1 ? `, waiting for ${formatDuration(this.#now() - since)}` : "";
      log.warn(
        `Cannot ${what}: ${reason}; retrying in ${formatDuration(wait)} (attempt ${attempt}${waited})`,
        { output: name, attempt, retry_in_ms: wait },
      );
    }
    this.#trouble = { since, reason };
    return this.#sleep(wait, stop);
  }

  #tellOfPause(pause: number): void {
    const { log, name } = this.#options;
    log.warn(`Output "${name}" fails again and again: nothing is sent to it for ${formatDuration(pause)}`, {
      output: name,
      pause_ms: pause,
    });
  }

  #recovered(message: string): void {
    if (this.#trouble === undefined) return;
    const { log, name } = this.#options;
    const duration = this.#now() - this.#trouble.since;
    log.info(
      `${message} after ${count(this.#backoff.attempts, "failed attempt")} in ${formatDuration(duration)}`,
      {
        output: name,
        attempts: this.#backoff.attempts,
        duration_ms: duration,
      },
    );
    this.#trouble = undefined;
    this.#backoff.reset();
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
