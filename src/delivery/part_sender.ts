import type { EncodedBatch } from "../batch.ts";
import { reasonOf } from "../lib/reason.ts";
import { type Output, RetryLaterError, type SendResult } from "../outputs/output.ts";
import type { DeadLetters } from "./dead_letter.ts";
import type { Sleep } from "./gather.ts";
import { pick } from "./merge.ts";
import { Backoff, type BackoffOptions } from "./retry.ts";
import type { Passage, SendEnd, SendGate } from "./send_gate.ts";
import type { Trouble } from "./trouble.ts";

/** What carries parts of batches is made of; all but the output and its dead letters belongs to one sender. */
export interface PartSenderOptions {
  /** The output's name, for messages. */
  readonly name: string;
  readonly output: Output;
  readonly deadLetters: DeadLetters;
  readonly retry: BackoffOptions;
  readonly sleep: Sleep;
  readonly gate: SendGate;
  readonly trouble: Trouble;
  /** Whether this error means that the output can never take anything again. */
  isClosed(error: unknown): boolean;
}

/** Records of a batch that were given up, and those of them that no dead letter keeps. */
export interface GivenUp {
  rejected: number;
  lost: number;
}

/** Sends what goes out in one request, each with its own retries, through the gate that all of them share. */
export class PartSender {
  readonly #options: PartSenderOptions;
  /** Calls of `send`. */
  attempts = 0;
  /** Those that threw. */
  failures = 0;

  constructor(options: PartSenderOptions) {
    this.#options = options;
  }

  /**
   * Sends until all is there or given up; undefined: the sender must end. Records that need another attempt have taken
   * part in every one before it, so the attempts of the part are those of each record that is left.
   */
  async send(whole: EncodedBatch, stop: AbortSignal): Promise<GivenUp | undefined> {
    const { name, gate, trouble, retry } = this.#options;
    const given: GivenUp = { rejected: 0, lost: 0 };
    let backoff: Backoff | undefined;
    let batch = whole;
    for (let attempts = 1;; attempts++) {
      const passage = gate.tryBegin() ?? await gate.begin(stop);
      if (passage === undefined) return undefined;
      let result: SendResult | undefined;
      let failure: unknown;
      this.attempts++;
      try {
        result = await this.#options.output.send(batch, stop);
      } catch (error) {
        failure = error;
      }
      this.#end(passage, batch, result, failure, stop);
      if (result === undefined && (stop.aborted || this.#options.isClosed(failure))) return undefined;
      if (result !== undefined) {
        if (!(await this.#giveUp(batch, result.rejected, attempts, given, stop))) return undefined;
        if (result.retry.length === 0) {
          trouble.succeeded(`Sending to output "${name}" again`, backoff !== undefined);
          gate.settle();
          return given;
        }
        batch = pick(batch, result.retry);
      }
      const cause = result === undefined ? failure : new Error(`${batch.ends.length} of them did not arrive`);
      if (retry.limit !== undefined && attempts > retry.limit) {
        if (!(await this.#giveUp(batch, this.#rest(batch, cause, attempts), attempts, given, stop))) {
          return undefined;
        }
        if (backoff !== undefined) trouble.givenUp();
        gate.settle();
        return given;
      }
      backoff ??= new Backoff(retry);
      const what = `send ${count(batch.ends.length, "record")} to output "${name}"`;
      if (!(await this.pause(backoff, cause, what, stop))) return undefined;
    }
  }

  /** Says what is wrong when that is news, then waits. Returns false when `stop` aborts first. */
  pause(backoff: Backoff, error: unknown, what: string, stop: AbortSignal): Promise<boolean> {
    const { gate, sleep, trouble } = this.#options;
    const usual = backoff.next();
    const asked = error instanceof RetryLaterError && error.wait > 0 ? error.wait : usual;
    const wait = Math.max(asked, gate.delay());
    trouble.failed(what, error, wait, backoff.attempts === 1);
    return sleep(wait, stop);
  }

  /** Tells the gate how a send ended: with a result, or with a failure. */
  #end(
    passage: Passage,
    { ends }: EncodedBatch,
    result: SendResult | undefined,
    failure: unknown,
    stop: AbortSignal,
  ): void {
    const { gate, trouble } = this.#options;
    if (result === undefined) this.failures++;
    if (failure instanceof RetryLaterError) gate.hold(failure.wait);
    if (gate.end(passage, endOf(result, ends.length, failure, stop))) trouble.paused(gate.delay());
  }

  /** What of a batch is given up, and why, once there were too many attempts. */
  #rest(batch: EncodedBatch, cause: unknown, attempts: number): SendResult["rejected"] {
    const reason = `${reasonOf(cause)}; given up after ${count(attempts, "attempt")}`;
    const progress = this.#options.output.progressOf?.(batch);
    const left = progress?.retry ?? batch.ends.keys().toArray();
    return [...progress?.rejected ?? [], ...left.map((index) => ({ index, reason }))];
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
    const { deadLetters, name, retry, sleep, trouble } = this.#options;
    const backoff = new Backoff(retry);
    for (;;) {
      try {
        const kept = await deadLetters.keepRefused({ output: name, batch, refused, attempts }, stop);
        trouble.succeeded(`Keeping dead letters of output "${name}" again`, backoff.attempts > 0);
        given.rejected += refused.length;
        given.lost += refused.length - kept;
        return true;
      } catch (error) {
        if (stop.aborted) return false;
        const what = `keep ${count(refused.length, "dead letter")} of output "${name}"`;
        const wait = backoff.next();
        trouble.failed(what, error, wait, backoff.attempts === 1);
        if (!(await sleep(wait, stop))) return false;
      }
    }
  }
}

function endOf(
  result: SendResult | undefined,
  records: number,
  failure: unknown,
  stop: AbortSignal,
): SendEnd {
  if (result === undefined) return failure instanceof RetryLaterError || stop.aborted ? "later" : "failed";
  const { length } = result.retry;
  return length === 0 ? "sent" : length < records ? "partly" : "failed";
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
