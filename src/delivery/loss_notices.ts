/** How often the same thing is said while it goes on, in ms. */
const WINDOW = 60_000;
/** Kinds that are told apart; what comes beyond them counts by its owner alone. */
const MOST_KINDS = 100;

interface Window {
  readonly endsAt: number;
  /** Records since something was said. */
  pending: number;
  say: (records: number) => void;
}

/**
 * Says what happens to records at once, and then once a minute with how many more there were: a destination that refuses
 * each record would otherwise fill the log.
 */
export class LossNotices implements Disposable {
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `now`: in milliseconds; only differences count. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Counts records of an owner (an input, an output) by reason. Reasons that differ in numbers and quoted parts alone
   * are one, told as it came last.
   */
  add(owner: string, reason: string, records: number, say: (records: number) => void): void {
    const now = this.#now();
    this.expire(now);
    const kind = `${owner}\0${reason.replace(/"[^"]*"|'[^']*'|\d+/g, "#")}`;
    const key = this.#windows.has(kind) || this.#windows.size < MOST_KINDS ? kind : owner;
    const window = this.#windows.get(key);
    if (window === undefined) {
      this.#windows.set(key, { endsAt: now + WINDOW, pending: 0, say });
      return say(records);
    }
    window.pending += records;
    window.say = say;
    this.#wait(window.endsAt - now);
  }

  /** Says what is pending in windows that are over at `now`; in all without `now`. */
  expire(now = Infinity): void {
    for (const [key, window] of this.#windows) {
      if (window.endsAt > now) continue;
      this.#windows.delete(key);
      const { pending, say } = window;
      if (pending === 0) continue;
      if (now !== Infinity) this.#windows.set(key, { endsAt: now + WINDOW, pending: 0, say });
      say(pending);
    }
  }

  /** Says what is pending. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.expire();
  }

  #wait(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const now = this.#now();
      this.expire(now);
      const ends = [...this.#windows.values()].filter(({ pending }) => pending > 0).map(({ endsAt }) =>
        endsAt
      );
      if (ends.length > 0) this.#wait(Math.max(0, Math.min(...ends) - now));
    }, ms);
    // Nothing has to stay alive for the sake of a notice.
    Deno.unrefTimer(this.#timer as unknown as number);
  }
}
