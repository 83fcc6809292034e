/** When sending pauses; times in milliseconds. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly failureThreshold: number;
  /** Failures older than this are forgotten. */
  readonly interval: number;
  /** How long nothing is sent once it is open. */
  readonly timeout: number;
  /** Trials in a row that must succeed before it closes again; no more are under way at once. */
  readonly maxRequests: number;
}

/** `closed`: sending as usual. `open`: nothing is sent. `half-open`: trials. */
export type CircuitState = "closed" | "open" | "half-open";

/**
 * Spares a destination that fails again and again: after so many failures in a row nothing is sent for a while, then
 * trials decide whether sending goes on. Of several requests that were under way when it opened, the answers say
 * nothing any more: `begin` gives each a number of the time it belongs to.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #now: () => number;
  #failures = 0;
  #firstFailure = 0;
  #openedAt: number | undefined;
  #successes = 0;
  /** Trials under way. */
  #trials = 0;
  /** Counts how often it opened and closed. */
  #era = 0;

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

  /** Whether one more request may be sent now. */
  get allows(): boolean {
    if (this.#openedAt === undefined) return true;
    return this.delay() === 0 && this.#trials + this.#successes < this.#options.maxRequests;
  }

  /** A request begins. Answers what its outcome is to be told with. */
  begin(): number {
    if (this.#openedAt !== undefined) this.#trials++;
    return this.#era;
  }

  /** A request succeeded. Answers whether that closed the breaker. */
  succeeded(era: number = this.#era): boolean {
    if (era !== this.#era) return false;
    this.#failures = 0;
    this.#endTrial();
    if (this.#openedAt === undefined || ++this.#successes < this.#options.maxRequests) return false;
    this.#openedAt = undefined;
    this.#turn();
    return true;
  }

  /** A request failed. Answers whether that opened the breaker. */
  failed(era: number = this.#era): boolean {
    if (era !== this.#era) return false;
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
    this.#turn();
    return true;
  }

  /** The outcome of a request says nothing about the destination's health. */
  undecided(era: number = this.#era): void {
    if (era === this.#era) this.#endTrial();
  }

  #endTrial(): void {
    this.#trials = Math.max(0, this.#trials - 1);
  }

  #turn(): void {
    this.#era++;
    this.#successes = 0;
    this.#trials = 0;
  }
}
