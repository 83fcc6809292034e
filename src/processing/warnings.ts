/** How long a text is not repeated, in milliseconds. */
const REPEAT_MS = 60_000;
/** Texts that are remembered: they hold values of records, so there may be any number. */
const REMEMBERED = 100;

/** What a processor has to tell, each text at most once a minute. */
export class Warnings {
  readonly #now: () => number;
  readonly #told = new Map<string, number>();
  #new: string[] = [];

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(text: string): void {
    const now = this.#now();
    const last = this.#told.get(text);
    if (last !== undefined && now - last < REPEAT_MS) return;
    if (this.#told.size >= REMEMBERED) {
      // When all that is remembered is new, one more would be a flood.
      const [oldest] = this.#told;
      if (oldest === undefined || now - oldest[1] < REPEAT_MS) return;
      this.#told.delete(oldest[0]);
    }
    this.#told.delete(text);
    this.#told.set(text, now);
    this.#new.push(text);
  }

  /** What came since the last call. */
  take(): readonly string[] {
    if (this.#new.length === 0) return this.#new;
    const texts = this.#new;
    this.#new = [];
    return texts;
  }
}
