/** When sending pauses; times in milliseconds. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly failureThreshold: number;
  /** Failures older than this are forgotten. */
  readonly interval: number;
  /** How long nothing is sent once it is open. */
  readonly timeout: number;
  /** Trials in a row that must succeed before it closes again. */
  readonly maxRequests: number;
}

/** `closed`: sending as usual. `open`: nothing is sent. `half-open`: trials. */
export type CircuitState = "closed" | "open" | "half-open";

/**
 * Spares a destination that fails again and again: after so many failures in a row nothing is sent for a while, then a
 * trial decides whether sending goes on.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #now: () => number;
  #failures = 0;
  #firstFailure = 0;
  #openedAt: number | undefined;
  #successes = 0;

  /** `now`: milliseconds since 1970. */
  constructor(options: CircuitBreakerOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  get state(): CircuitState {
    if (this.#openedAt === undefined) return "closed";
    return this.delay() > 0 ? "open" : "half-open";
  }

  /** How long nothing may be sent from now on, in milliseconds. */
  delay(): number {
    if (this.#openedAt === undefined) return 0;
    return Math.max(0, this.#openedAt + this.#options.timeout - this.#now());
  }

  /** A request succeeded. Answers whether that closed the breaker. */
  succeeded(): boolean {
    this.#failures = 0;
    if (this.#openedAt === undefined || ++this.#successes < this.#options.maxRequests) return false;
    this.#openedAt = undefined;
    return true;
  }

  /** A request failed. Answers whether that opened the breaker. */
  failed(): boolean {
    const now = this.#now();
    const { failureThreshold, interval } = this.#options;
    const isTrial = this.#openedAt !== undefined;
    if (this.#failures === 0 || now - this.#firstFailure > interval) {
      this.#failures = 0;
      this.#firstFailure = now;
    }
    this.#failures++;
    if (!isTrial && this.#failures < failureThreshold) return false;
    this.#openedAt = now;
    this.#successes = 0;
    return true;
  }
}
