/** How waiting times grow from one attempt to the next. */
export interface BackoffOptions {
  /** The first wait, in milliseconds. */
  readonly initial: number;
  /** The longest wait, in milliseconds. */
  readonly max: number;
  /** At least 1. */
  readonly multiplier: number;
  /** Shortens each wait by up to half, so that many agents do not come back at the same moment. */
  readonly jitter: boolean;
  /** After so many retries a batch is given up; absent: never. */
  readonly limit?: number | undefined;
  /** For tests; from 0 up to, not including, 1. */
  readonly random?: () => number;
}

/** What senders use unless configured otherwise. */
export const DEFAULT_BACKOFF: BackoffOptions = { initial: 100, max: 30_000, multiplier: 2, jitter: true };

/** Counts the failed attempts at one thing and tells how long to wait after each. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions = DEFAULT_BACKOFF) {
    this.#options = options;
  }

  /** Failed attempts since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Counts a failed attempt. Returns the wait before the next one, in whole milliseconds. */
  next(): number {
    const { initial, max, multiplier, jitter, random = Math.random } = this.#options;
    const full = Math.min(max, initial * multiplier ** this.#attempts);
    this.#attempts++;
    return Math.round(jitter ? full * (1 - random() / 2) : full);
  }

  /** After a success: the next wait is the first one again. */
  reset(): void {
    this.#attempts = 0;
  }
}
