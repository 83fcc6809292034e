import type { ProcessingContext } from "../component.ts";
import { ClockTime } from "./clock_time.ts";
import { LineTime } from "./line_time.ts";
import { fractionMs, indexOrEnd, isDigitAt, skipDigits } from "./scan.ts";

const SPACE = 0x20;
const DOT = 0x2e;
const COLON = 0x3a;
const DASH = 0x2d;
const UPPER_T = 0x54;
const ZONE = / ([A-Z]{2,5}|[+-]\d\d:?\d\d)(?=:)/y;

/** Reads the times that stand before syslog messages, in all the ways in which they are written. */
export class SyslogTime {
  /** The time that was read last, in milliseconds since 1970. */
  value = NaN;
  /** The text of that time if it was in RFC 3339, or an empty one. */
  text = "";
  readonly #short: LineTime;
  readonly #withYear: LineTime;
  readonly #withZone: LineTime;
  readonly #withYearAndZone: LineTime;
  readonly #clock: ClockTime;
  readonly #iso: LineTime;
  readonly #spaced: LineTime;

  constructor(timezone: string | undefined, context: ProcessingContext) {
    const format = (text: string) => new LineTime(text, timezone, context);
    this.#short = format("%b %e %H:%M:%S");
    this.#clock = new ClockTime(format("%b %e %H:%M:%S"), ":00:00");
    this.#withYear = format("%Y %b %e %H:%M:%S");
    this.#withZone = format("%b %e %H:%M:%S %Z");
    this.#withYearAndZone = format("%Y %b %e %H:%M:%S %Z");
    this.#iso = format("rfc3339");
    this.#spaced = format("%Y-%m-%d %H:%M:%S");
  }

  /**
   * Reads a time that begins at `from`; answers where it ends, or -1 if there is none. Date and time with a space
   * between them, which many programs write that know no syslog, count only if `isSyslog`.
   */
  read(line: string, from: number, isSyslog: boolean): number {
    if (isDigitAt(line, from)) {
      if (line.charCodeAt(from + 4) === DASH) return this.#readDate(line, from, isSyslog);
      if (line.charCodeAt(from + 4) !== SPACE) return -1;
      return this.#readMonth(line, from + 5, line.slice(from, from + 4));
    }
    return this.#readMonth(line, from, "");
  }

  /** Reads `Nov 25 10` and `00:00`. Answers false if that is no time. */
  readClock(dateAndHour: string, clock: string): boolean {
    this.value = this.#clock.of(dateAndHour, clock, "");
    this.text = "";
    return !Number.isNaN(this.value);
  }

  /** Reads a text that is nothing but a time in ISO 8601. Answers false if it is not one. */
  readIso(text: string): boolean {
    this.value = this.#iso.of(text);
    this.text = text;
    return !Number.isNaN(this.value);
  }

  /** `Nov 25 10:00:00`, `Nov  5 10:00:00`, `Nov 5 10:00:00`, `Nov 25 2026 10:00:00`, with fraction, year and zone. */
  #readMonth(line: string, from: number, firstYear: string): number {
    if (line.charCodeAt(from + 3) !== SPACE) return -1;
    // The day has one character or two.
    const dayEnd = line.charCodeAt(from + 6) === SPACE ? from + 6 : from + 5;
    if (line.charCodeAt(dayEnd) !== SPACE) return -1;
    let year = firstYear;
    let clock = dayEnd + 1;
    if (line.charCodeAt(clock + 4) === SPACE && isDigitAt(line, clock + 3)) {
      year = line.slice(clock, clock + 4);
      clock += 5;
    }
    if (line.charCodeAt(clock + 2) !== COLON || line.charCodeAt(clock + 5) !== COLON) return -1;
    const clockEnd = clock + 8;
    let end = clockEnd;
    let fraction = 0;
    const next = line.charCodeAt(end);
    if (next === DOT && isDigitAt(line, end + 1)) {
      end = skipDigits(line, end + 1);
      fraction = fractionMs(line, clockEnd + 1, end);
    }
    if (year === "" && line.charCodeAt(end) === SPACE && isYear(line, end + 1)) {
      year = line.slice(end + 1, end + 5);
      end += 5;
    }
    ZONE.lastIndex = end;
    const zone = line.charCodeAt(end) === SPACE ? ZONE.exec(line)?.[1] : undefined;
    if (zone !== undefined) end += zone.length + 1;

    let time: number;
    if (year === "" && zone === undefined) time = this.#short.at(line, from, clockEnd);
    else {
      const text = `${line.slice(from, dayEnd)} ${line.slice(clock, clockEnd)}`;
      if (zone === undefined) time = this.#withYear.of(`${year} ${text}`);
      else if (year === "") time = this.#withZone.of(`${text} ${zone}`);
      else time = this.#withYearAndZone.of(`${year} ${text} ${zone}`);
    }
    if (Number.isNaN(time) || !isEnd(line, end)) return -1;
    this.value = time + fraction;
    this.text = "";
    return end;
  }

  #readDate(line: string, from: number, isSyslog: boolean): number {
    if (line.charCodeAt(from + 10) === SPACE && isSyslog) {
      let end = from + 19;
      let time = this.#spaced.at(line, from, end);
      if (line.charCodeAt(end) === DOT) {
        const start = end + 1;
        end = skipDigits(line, start);
        time += fractionMs(line, start, end);
      }
      if (Number.isNaN(time) || !isEnd(line, end)) return -1;
      this.value = time;
      this.text = "";
      return end;
    }
    if (line.charCodeAt(from + 10) !== UPPER_T) return -1;
    let end = indexOrEnd(line, " ", from);
    if (line.charCodeAt(end - 1) === COLON) end--;
    const text = line.slice(from, end);
    return this.readIso(text) ? end : -1;
  }
}

/** A time must not go on with something else. */
function isEnd(line: string, at: number): boolean {
  const code = line.charCodeAt(at);
  return Number.isNaN(code) || code === SPACE || code === COLON;
}

/** 19xx or 20xx, and a space. */
function isYear(line: string, at: number): boolean {
  return (line.startsWith("20", at) || line.startsWith("19", at)) && isDigitAt(line, at + 2) &&
    isDigitAt(line, at + 3) && line.charCodeAt(at + 4) === SPACE;
}
