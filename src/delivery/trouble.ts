import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";

/** Reasons that are told in one spell of trouble; what comes after them is much the same again. */
const TOLD_REASONS = 20;

/**
 * What is wrong with an output, told when it is news: each reason once, and when all is well again. Several sends may
 * be in trouble at the same time; it is over when none is any more.
 */
export class Trouble {
  readonly #output: string;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #onChange: (isFailing: boolean) => void;
  readonly #reasons = new Set<string>();
  #since: number | undefined;
  #attempts = 0;
  /** What has failed and is being tried again. */
  #failing = 0;
  #toldOfPause = false;

  /**
   * `now`: in milliseconds; only differences count. `onChange` is told when something begins to fail, and when nothing
   * fails any more.
   */
  constructor(
    output: string,
    log: Log,
    now: () => number,
    onChange: (isFailing: boolean) => void = () => {},
  ) {
    this.#output = output;
    this.#log = log;
    this.#now = now;
    this.#onChange = onChange;
  }

  /** An attempt failed; `isFirst`: the first one at this thing. `what` follows "Cannot", `wait` is in ms. */
  failed(what: string, error: unknown, wait: number, isFirst: boolean): void {
    const now = this.#now();
    const since = this.#since ??= now;
    if (isFirst && this.#failing++ === 0) this.#onChange(true);
    const attempt = ++this.#attempts;
    const reason = reasonOf(error);
    if (this.#reasons.has(reason) || this.#reasons.size >= TOLD_REASONS) return;
    this.#reasons.add(reason);
    const waited = attempt > 1 ? `, waiting for ${formatDuration(Math.round(now - since))}` : "";
    this.#log.warn(
      `Cannot ${what}: ${reason}; retrying in ${
        formatDuration(Math.round(wait))
      } (attempt ${attempt}${waited})`,
      { output: this.#output, attempt, retry_in_ms: Math.round(wait) },
    );
  }

  /** Nothing is sent for a while, in ms; then a trial decides, after which there may be many more such pauses. */
  paused(pause: number): void {
    if (this.#toldOfPause) return;
    this.#toldOfPause = true;
    this.#log.warn(
      `Output "${this.#output}" fails again and again: nothing is sent to it for ${
        formatDuration(Math.round(pause))
      } after each further failure`,
      { output: this.#output, pause_ms: Math.round(pause) },
    );
  }

  /** What had failed is not tried any more. */
  givenUp(): void {
    if (--this.#failing === 0) this.#onChange(false);
  }

  /** Something succeeded, after failures if `hadFailed`. `message` begins the sentence that tells the end of trouble. */
  succeeded(message: string, hadFailed: boolean): void {
    if (hadFailed && --this.#failing === 0) this.#onChange(false);
    if (this.#since === undefined || this.#failing > 0) return;
    const duration = Math.round(this.#now() - this.#since);
    const attempts = this.#attempts;
    this.#log.info(
      `${message} after ${attempts} failed attempt${attempts === 1 ? "" : "s"} in ${
        formatDuration(duration)
      }`,
      { output: this.#output, attempts, duration_ms: duration },
    );
    this.#since = undefined;
    this.#attempts = 0;
    this.#toldOfPause = false;
    this.#reasons.clear();
  }
}
