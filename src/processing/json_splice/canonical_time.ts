const ZERO = 0x30;
const MINUS = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

/** Length of `YYYY-MM-DDTHH:MM`. */
const MINUTE_LENGTH = 16;

/**
 * Tells RFC 3339 in UTC (`2026-11-25T10:00:00.123Z`, up to nine digits of a second) from other text, without making a
 * string. Remembers the minute that it saw last, since the next line mostly has the same.
 */
export class CanonicalTime {
  /** The sixteen bytes of the last right minute, as four words. */
  #word0 = 0;
  #word1 = 0;
  #word2 = 0;
  #word3 = 0;

  /** Whether bytes[from..to) is such a time, with all parts in their ranges. */
  test(bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
    const length = to - from;
    if (length < 20 || length > 30 || bytes[to - 1] !== LETTER_Z) return false;
    const word0 = view.getInt32(from, true);
    const word1 = view.getInt32(from + 4, true);
    const word2 = view.getInt32(from + 8, true);
    const word3 = view.getInt32(from + 12, true);
    if (word3 !== this.#word3 || word2 !== this.#word2 || word1 !== this.#word1 || word0 !== this.#word0) {
      if (!isMinute(bytes, from)) return false;
      this.#word0 = word0;
      this.#word1 = word1;
      this.#word2 = word2;
      this.#word3 = word3;
    }
    if (bytes[from + MINUTE_LENGTH] !== COLON) return false;
    const second = twoDigits(bytes, from + MINUTE_LENGTH + 1);
    if (second < 0 || second > 59) return false;
    if (length === 20) return true;
    if (length === 21 || bytes[from + 19] !== DOT) return false;
    for (let at = from + 20; at < to - 1; at++) {
      if (((bytes[at] as number) - ZERO) >>> 0 > 9) return false;
    }
    return true;
  }
}

/** Whether the sixteen bytes from `from` on are a minute of a day that there is. */
function isMinute(bytes: Uint8Array, from: number): boolean {
  const century = twoDigits(bytes, from);
  const yearOfCentury = twoDigits(bytes, from + 2);
  const month = twoDigits(bytes, from + 5);
  const day = twoDigits(bytes, from + 8);
  const hour = twoDigits(bytes, from + 11);
  const minute = twoDigits(bytes, from + 14);
  return bytes[from + 4] === MINUS && bytes[from + 7] === MINUS && bytes[from + 10] === LETTER_T &&
    bytes[from + 13] === COLON && century >= 0 && yearOfCentury >= 0 && month >= 1 && month <= 12 &&
    day >= 1 &&
    day <= daysOf(century * 100 + yearOfCentury, month) && hour >= 0 && hour <= 23 && minute >= 0 &&
    minute <= 59;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The number that two decimal digits stand for, or -1. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? -1 : tens * 10 + ones;
}
