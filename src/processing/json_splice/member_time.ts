import { CanonicalTime } from "./canonical_time.ts";
import { OVERSHOOT } from "./copy_bytes.ts";
import { plainText, readNumber } from "./scalar_text.ts";

const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Longest text of a time, as it is read and as it is written. */
export const LONGEST_TIME = 64;

/** What a value is as a time: none; text to pass on as it stands; one that stands in `text`; one to decide elsewhere. */
export const TIME = { none: 0, asItStands: 1, formatted: 2, unusual: 3 } as const;

/** ASCII text in a buffer of its own. */
export class AsciiText {
  readonly bytes: Uint8Array = new Uint8Array(LONGEST_TIME + OVERSHOOT);
  readonly view: DataView = new DataView(this.bytes.buffer);
  length = 0;

  /** Takes the text; false if it is too long, or not such that it may stand in JSON as it is. */
  set(text: string): boolean {
    this.length = 0;
    if (text.length > LONGEST_TIME) return false;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code >= 0x7f || code === QUOTE || code === 0x5c) return false;
      this.bytes[index] = code;
    }
    this.length = text.length;
    return true;
  }
}

/** Reads the values of members as times. */
export class MemberTime {
  /** The time that was read last, where it is `TIME.formatted`. */
  readonly text: AsciiText = new AsciiText();
  readonly #canonical = new CanonicalTime();
  readonly #parseTime: (value: string | number) => number;
  readonly #formatTime: (milliseconds: number) => string;
  /** The value that `text` was made from: many lines in a row have the same. */
  readonly #last = new Uint8Array(LONGEST_TIME + 2);
  #lastLength = 0;

  constructor(parseTime: (value: string | number) => number, formatTime: (milliseconds: number) => string) {
    this.#parseTime = parseTime;
    this.#formatTime = formatTime;
  }

  /** One of `TIME` for the JSON value bytes[from..to). */
  read(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    if (bytes[from] === QUOTE) {
      if (this.#canonical.test(bytes, view, from + 1, to - 1)) return TIME.asItStands;
    } else if (bytes[from] !== MINUS && ((bytes[from] as number) - ZERO) >>> 0 > 9) {
      return TIME.none;
    }
    if (this.#isLast(bytes, from, to)) return TIME.formatted;
    return this.#format(bytes, from, to);
  }

  #isLast(bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    if (length !== this.#lastLength) return false;
    // Times differ at their ends first.
    for (let index = length - 1; index >= 0; index--) {
      if (bytes[from + index] !== this.#last[index]) return false;
    }
    return true;
  }

  #format(bytes: Uint8Array, from: number, to: number): number {
    let time: number;
    if (bytes[from] === QUOTE) {
      const text = plainText(bytes, from + 1, to - 1);
      if (text === undefined) return TIME.unusual;
      time = this.#parseTime(text);
    } else {
      const value = readNumber(bytes, from, to);
      if (Number.isNaN(value)) return TIME.unusual;
      time = this.#parseTime(value);
    }
    if (Number.isNaN(time)) return TIME.none;
    this.#lastLength = 0;
    if (!this.text.set(this.#formatTime(time))) return TIME.unusual;
    if (to - from <= this.#last.length) {
      this.#last.set(bytes.subarray(from, to));
      this.#lastLength = to - from;
    }
    return TIME.formatted;
  }
}
