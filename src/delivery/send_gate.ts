import { AdaptiveConcurrency } from "./adaptive_concurrency.ts";
import { CircuitBreaker, type CircuitBreakerOptions } from "./circuit_breaker.ts";
import type { Sleep } from "./gather.ts";

/** What a gate is made of. */
export interface SendGateOptions {
  /** Sends that may be in flight at most. */
  readonly maximum: number;
  readonly breaker?: CircuitBreakerOptions | undefined;
  readonly sleep: Sleep;
  /** In milliseconds; only differences count. */
  now(): number;
}

/** A send that is under way. */
export interface Passage {
  /** When it began, in ms; 0 where nobody wants to know. */
  readonly since: number;
  /** The circuit breaker's era. */
  readonly era: number;
}

/**
 * How a send ended. `sent`: all arrived, or was refused for good. `partly`: some records must be sent again. `later`:
 * the destination said when to come back. `failed`: nothing is known to have arrived.
 */
export type SendEnd = "sent" | "partly" | "later" | "failed";

/**
 * Decides when the next send to an output may begin: how many are in flight, whether the circuit breaker is open, and
 * until when the destination asked to be left alone, which holds for all sends alike.
 */
export class SendGate {
  readonly #maximum: number;
  readonly #sleep: Sleep;
  readonly #now: () => number;
  readonly #breaker: CircuitBreaker | undefined;
  /** Absent where there is one send at a time. */
  readonly #adaptive: AdaptiveConcurrency | undefined;
  #inFlight = 0;
  /** Parts of batches on their way, also those that wait for their next attempt. */
  #claims = 0;
  /** How many wait to begin. */
  #waiting = 0;
  #heldUntil = 0;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor({ maximum, breaker, sleep, now }: SendGateOptions) {
    this.#maximum = maximum;
    this.#sleep = sleep;
    this.#now = now;
    this.#breaker = breaker && new CircuitBreaker(breaker, now);
    this.#adaptive = maximum > 1 ? new AdaptiveConcurrency(maximum) : undefined;
  }

  /** Sends in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many sends may be in flight now. */
  get limit(): number {
    return this.#adaptive?.limit ?? 1;
  }

  /** How long nothing may be sent, in milliseconds. */
  delay(): number {
    const held = this.#heldUntil === 0 ? 0 : Math.max(0, this.#heldUntil - this.#now());
    return Math.max(held, this.#breaker?.delay() ?? 0);
  }

  /** Nothing is sent for so many milliseconds. */
  hold(wait: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#now() + wait);
  }

  /** So many parts of a batch are about to be sent. */
  claim(parts: number): void {
    this.#claims += parts;
  }

  /** A part has arrived, or was given up. */
  settle(): void {
    this.#claims--;
    this.wake();
  }

  /** Begins a send; undefined when it has to wait. */
  tryBegin(): Passage | undefined {
    if (!this.#isFree()) return undefined;
    this.#inFlight++;
    this.#adaptive?.begin();
    return { since: this.#adaptive === undefined ? 0 : this.#now(), era: this.#breaker?.begin() ?? 0 };
  }

  /** The same once that may be; undefined when `stop` aborts first, after which the owner calls `wake`. */
  async begin(stop: AbortSignal): Promise<Passage | undefined> {
    this.#waiting++;
    try {
      while (!stop.aborted) {
        // Before the look: time may pass between the two, and nobody would wake what waits for nothing.
        const delay = this.delay();
        const passage = this.tryBegin();
        if (passage !== undefined) return passage;
        await this.#change(stop, delay);
      }
      return undefined;
    } finally {
      this.#waiting--;
    }
  }

  /** Tells how a send ended. Answers whether that opened the circuit breaker. */
  end({ since, era }: Passage, how: SendEnd): boolean {
    this.#inFlight--;
    if (this.#adaptive !== undefined) {
      const now = this.#now();
      this.#adaptive.end(now, how === "sent" ? now - since : undefined);
    }
    let opened = false;
    if (how === "failed") opened = this.#breaker?.failed(era) ?? false;
    else if (how === "later") this.#breaker?.undecided(era);
    else this.#breaker?.succeeded(era);
    this.wake();
    return opened;
  }

  /** Resolves once one more batch may be begun with: those that wait come first. Also when `stop` aborts. */
  async room(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const delay = this.delay();
      if (this.#claims < this.#maximum && this.#waiting === 0 && this.#isFree()) return;
      await this.#change(stop, delay);
    }
  }

  /** Lets all that wait look again. */
  wake(): void {
    if (this.#adaptive === undefined && this.#waiting === 0) return;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  #isFree(): boolean {
    return this.#inFlight < this.limit && (this.#breaker?.allows ?? true) &&
      (this.#heldUntil === 0 || this.#heldUntil <= this.#now());
  }

  async #change(stop: AbortSignal, delay: number): Promise<void> {
    if (delay === 0) return this.#changed.promise;
    const over = new AbortController();
    const late = this.#sleep(delay, AbortSignal.any([stop, over.signal]));
    await Promise.race([this.#changed.promise, late]);
    over.abort();
  }
}
