import { digitsEnd, fractionOf } from "./characters.ts";
import type { TimeParser } from "./time_parser.ts";

/** Digits of each unit that are less than a millisecond. */
const PLACES = { s: 0, ms: 0, us: 3, ns: 6 } as const;

/** A unit in which time since 1970 is counted; `auto`: the one that gives a likely time. */
export type EpochUnit = keyof typeof PLACES | "auto";

/** What `Date` can hold; a number beyond is no time. */
const LAST_MOMENT = 8.64e15;

/** Reads times since 1970, as numbers or as decimal digits. */
export class EpochParser implements TimeParser {
  readonly #unit: EpochUnit;

  /**
   * With `auto`, a number is in the unit that makes it a time from 1973 to 2286. In no unit it is no time: smaller
   * ones are counters or uptimes, and 20261125120000 is a date.
   */
  constructor(unit: EpochUnit) {
    this.#unit = unit;
  }

  parse(value: string | number | bigint): number {
    if (typeof value === "number") return this.#ofNumber(value);
    return this.#ofText(typeof value === "string" ? value : String(value));
  }

  #ofNumber(value: number): number {
    switch (this.#unit === "auto" ? unitOf(value) : this.#unit) {
      case "s":
        // A double of seconds is exact to the microsecond only, and the rounding makes 1.123 be 1123 and no more.
        return inRange(Math.round(value * 1e6) / 1e3);
      case "ms":
        return inRange(value);
      case "us":
        return inRange(value / 1e3);
      case "ns":
        return inRange(value / 1e6);
      default:
        return Number.NaN;
    }
  }

  #ofText(text: string): number {
    const length = text.length;
    let value = 0;
    let at = 0;
    let code = 0;
    for (; at < length; at++) {
      code = text.charCodeAt(at);
      if (code < 48 || code > 57) break;
      value = value * 10 + code - 48;
    }
    // So many digits a double holds exactly.
    if (at === 0 || at > 15) return this.#ofRareText(text);
    if (at === length) return this.#ofNumber(value);
    const unit = this.#unit === "auto" ? unitOf(value) : this.#unit;
    if (unit !== "s" || (code !== 46 && code !== 44)) return this.#ofRareText(text);
    const start = at + 1;
    const end = digitsEnd(text, start);
    if (end < length || end === start) return this.#ofRareText(text);
    const limit = end - start > 9 ? start + 9 : end;
    let fraction = 0;
    for (at = start; at < limit; at++) fraction = fraction * 10 + text.charCodeAt(at) - 48;
    return inRange(value * 1000 + fractionOf(fraction, limit - start));
  }

  /** With more digits than a double holds, a sign, spaces around it, or in the notation 1.7e9. */
  #ofRareText(text: string): number {
    const parts = /^\s*([+-]?)(\d{1,25})([.,]\d*)?([Ee][+-]?\d{1,3})?\s*$/u.exec(text);
    if (parts === null) return Number.NaN;
    const [, sign, digits = "", fraction = "", exponent] = parts;
    const decimal = `${digits}${fraction.replace(",", ".")}`;
    const factor = sign === "-" ? -1 : 1;
    if (exponent !== undefined) return this.#ofNumber(factor * Number(`${decimal}${exponent}`));
    const unit = this.#unit === "auto" ? unitOf(factor * Number(digits)) : this.#unit;
    if (unit === undefined) return Number.NaN;
    // The digits up to a millisecond are a whole number, and further ones are its fraction.
    const places = PLACES[unit];
    const whole = places > 0
      ? Number(digits.slice(0, -places))
      : unit === "s"
      ? Number(digits) * 1000
      : Number(digits);
    const rest = places > 0
      ? Number(digits.slice(-places)) / 10 ** places
      : Number(`0${decimal.slice(digits.length)}`) * (unit === "s" ? 1000 : 1);
    return inRange(factor * (whole + rest));
  }
}

function inRange(time: number): number {
  return Math.abs(time) <= LAST_MOMENT ? time : Number.NaN;
}

function unitOf(value: number): keyof typeof PLACES | undefined {
  if (value >= 1e8 && value < 1e10) return "s";
  if (value >= 1e11 && value < 1e13) return "ms";
  if (value >= 1e14 && value < 1e16) return "us";
  return value >= 1e17 && value < 1e19 ? "ns" : undefined;
}
