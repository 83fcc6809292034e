const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** English names by their first three letters, in any case, short or in full. */
export class Names {
  readonly #names: readonly string[];
  readonly #keys: Int32Array;
  /** A log stays in one month for long. */
  #last = 0;

  private constructor(names: readonly string[]) {
    this.#names = names;
    this.#keys = Int32Array.from(names, (name) => keyAt(name, 0));
  }

  /** From 0: January. */
  static months(): Names {
    return new Names(MONTHS);
  }

  /** From 0: Sunday. */
  static weekdays(): Names {
    return new Names(WEEKDAYS);
  }

  /** Number of the name at `at`, from 0, or -1. */
  find(text: string, at: number): number {
    if (at + 3 > text.length) return -1;
    const key = keyAt(text, at);
    if (this.#keys[this.#last] === key) return this.#last;
    const found = this.#keys.indexOf(key);
    if (found >= 0) this.#last = found;
    return found;
  }

  /** Where the name that `find` found at `at` ends: behind three letters, or more if these go on to the full name. */
  end(text: string, at: number, found: number): number {
    const end = at + 3;
    // No letter follows: what all logs have.
    if (end >= text.length || (text.charCodeAt(end) | 32) < 97) return end;
    const name = this.#names[found] ?? "";
    if (text.slice(end, at + name.length).toLowerCase() === name.slice(3)) return at + name.length;
    // "Sept" is common.
    return name === "september" && (text.charCodeAt(end) | 32) === 116 ? end + 1 : end;
  }
}

/** Three letters in lower case. What is no letter may look like one, but no time has it there. */
function keyAt(text: string, at: number): number {
  return ((text.charCodeAt(at) | 32) << 16) | ((text.charCodeAt(at + 1) | 32) << 8) |
    (text.charCodeAt(at + 2) | 32);
}
