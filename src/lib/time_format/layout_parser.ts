import { civilFromDays, DAY_MS, daysFromCivil, daysInMonth, isLeapYear } from "../calendar.ts";
import { type TimeZone, UTC } from "../time_zone.ts";
import { digitsEnd, fractionOf, isAlphanumeric, isAtEnd, isSign, isSpace } from "./characters.ts";
import { Names } from "./names.ts";
import { type CompiledSteps, Slot, type Step } from "./steps.ts";
import type { TimeParser } from "./time_parser.ts";
import { ZoneText } from "./zone_text.ts";

/** What a format says of the date; what is missing is taken from the present. */
type Dating = "date" | "date without year" | "no date" | "since 1970";

/** Reads times step by step. */
export class LayoutParser implements TimeParser {
  readonly #steps: readonly Step[];
  readonly #zone: TimeZone;
  readonly #now: () => number;
  readonly #dating: Dating;
  readonly #hasShortYear: boolean;
  readonly #hasYearDay: boolean;
  readonly #hasZone: boolean;
  /** A text in this format sets all slots that the format has, so the others keep these values. */
  readonly #slots = new Int32Array([0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
  /** Milliseconds. */
  #fraction = 0;
  /** Whole seconds since 1970. */
  #epoch = 0;
  readonly #zoneText = new ZoneText();
  readonly #months = Names.months();
  readonly #weekdays = Names.weekdays();
  /** The last date, and the first moment of its day as if in UTC. */
  #dateKey = -1;
  #dateStart = 0;
  /** The year that the last time without one was given. */
  #guessedYear = 1970;

  /** Where the date and the minute stand before all else: the number of their steps; else 0. */
  readonly #minuteSteps: number;
  /** The last minute, as if in UTC, and the text up to its end: most records begin like the one before. */
  #minute = Number.NaN;
  #minuteText = "";

  constructor({ steps, has, isUtc }: CompiledSteps, zone: TimeZone, now: () => number) {
    this.#steps = steps;
    this.#zone = isUtc ? UTC : zone;
    this.#now = now;
    this.#hasShortYear = has(Slot.SHORT_YEAR) && !has(Slot.YEAR);
    this.#hasYearDay = has(Slot.YEAR_DAY);
    this.#hasZone = has(Slot.OFFSET) || has(Slot.ZONE_NAME);
    if (has(Slot.EPOCH)) this.#dating = "since 1970";
    else if (has(Slot.YEAR) || has(Slot.SHORT_YEAR)) this.#dating = "date";
    else this.#dating = has(Slot.MONTH) || has(Slot.YEAR_DAY) ? "date without year" : "no date";
    this.#minuteSteps = this.#dating === "date" || this.#dating === "date without year"
      ? minuteSteps(steps)
      : 0;
  }

  parse(value: string | number | bigint): number {
    const text = typeof value === "string" ? value : String(value);
    const steps = this.#minuteSteps;
    if (this.#minuteText !== "" && text.startsWith(this.#minuteText)) {
      const end = this.#run(text, this.#minuteText.length, steps, this.#steps.length);
      if (!isAtEnd(text, end)) return Number.NaN;
      const time = this.#toUtc(this.#minute + (this.#slots[Slot.SECOND] ?? 0) * 1000);
      if (this.#dating === "date" || this.#isLikely(time, this.#now() + DAY_MS)) return time + this.#fraction;
    }
    let at = 0;
    while (at < text.length && text.charCodeAt(at) === 32) at++;
    const middle = this.#run(text, at, 0, steps);
    const end = this.#run(text, middle, steps, this.#steps.length);
    return isAtEnd(text, end) ? this.#time(text, middle) : Number.NaN;
  }

  /** Runs some of the steps from `start` on, and answers where the last one ended, or -1. */
  #run(text: string, start: number, first: number, last: number): number {
    const length = text.length;
    const slots = this.#slots;
    const steps = this.#steps;
    let at = start;
    for (let index = first; index < last && at >= 0; index++) {
      const step = steps[index];
      if (step === undefined) break;
      switch (step.kind) {
        case "number": {
          if (step.flag) { while (at < length && text.charCodeAt(at) === 32) at++; }
          const start = at;
          const limit = start + step.most < length ? start + step.most : length;
          let number = 0;
          while (at < limit) {
            const digit = text.charCodeAt(at) - 48;
            if (digit < 0 || digit > 9) break;
            number = number * 10 + digit;
            at++;
          }
          if (at - start < step.least || number < step.low || number > step.high) return -1;
          slots[step.slot] = number;
          if (step.next >= 0) {
            if (at >= length || text.charCodeAt(at) !== step.next) return -1;
            at++;
          }
          break;
        }
        case "text":
          if (!text.startsWith(step.text, at)) return -1;
          at += step.text.length;
          break;
        case "spaces": {
          const start = at;
          while (at < length && isSpace(text.charCodeAt(at))) at++;
          // A text may end where the format has spaces, since spaces at ends do not count.
          if (at - start < step.least && at < length) return -1;
          break;
        }
        case "fraction":
          at = this.#readFraction(step, text, at);
          break;
        case "month": {
          const month = this.#months.find(text, at);
          if (month < 0) return -1;
          slots[Slot.MONTH] = month + 1;
          at = this.#months.end(text, at, month);
          break;
        }
        case "weekday": {
          const weekday = this.#weekdays.find(text, at);
          if (weekday < 0) return -1;
          at = this.#weekdays.end(text, at, weekday);
          break;
        }
        case "zone":
          at = this.#readZone(step, text, at);
          break;
        case "half": {
          const letter = text.charCodeAt(at) | 32;
          if ((letter !== 97 && letter !== 112) || (text.charCodeAt(at + 1) | 32) !== 109) return -1;
          slots[Slot.HALF] = letter === 97 ? 1 : 2;
          at += 2;
          break;
        }
        case "epoch": {
          const start = text.charCodeAt(at) === 45 ? at + 1 : at;
          const end = digitsEnd(text, start);
          if (end === start || end - start > 13) return -1;
          this.#epoch = Number(text.slice(at, end));
          at = end;
          break;
        }
        case "word":
          if (step.flag && at < length && isSign(text.charCodeAt(at))) at++;
          while (at < length && isAlphanumeric(text.charCodeAt(at))) at++;
          break;
      }
    }
    return at;
  }

  /** Answers where the fraction ends, or -1. */
  #readFraction(step: Step, text: string, start: number): number {
    const length = text.length;
    let at = start;
    if (step.flag) {
      const code = at < length ? text.charCodeAt(at) : 0;
      const isPoint = code === 46 || code === 44;
      if (!isPoint || at + 1 === length) {
        this.#fraction = 0;
        return step.optional ? at : -1;
      }
      at++;
    }
    const first = at;
    let value = 0;
    while (at < length && at - first < step.most) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      if (at - first < 9) value = value * 10 + digit;
      at++;
    }
    const digits = at - first;
    this.#fraction = fractionOf(value, digits < 9 ? digits : 9);
    if (digits >= step.least) return at;
    return step.optional && digits === 0 ? start : -1;
  }

  /** Answers where the zone ends, or -1. */
  #readZone(step: Step, text: string, start: number): number {
    if (!step.optional) return this.#zoneText.read(text, start, step.flag);
    let at = start;
    while (at < text.length && text.charCodeAt(at) === 32) at++;
    if (at === text.length) {
      this.#zoneText.clear();
      return at;
    }
    at = this.#zoneText.read(text, at, step.flag);
    // E-mail and JavaScript have a comment there: "+0100 (CET)".
    return at > 0 && text.startsWith(" (", at) && text.endsWith(")") ? text.length : at;
  }

  /** Of a text whose steps for the minute end at `middle`. */
  #time(text: string, middle: number): number {
    const slots = this.#slots;
    const fraction = this.#fraction;
    if (this.#dating === "since 1970") return this.#epoch * 1000 + (this.#epoch < 0 ? -fraction : fraction);
    let hour = slot(slots, Slot.HOUR);
    const half = slot(slots, Slot.HALF);
    if (half !== 0 && hour <= 12) hour = hour % 12 + (half === 2 ? 12 : 0);
    const minute = (hour * 60 + slot(slots, Slot.MINUTE)) * 60_000;
    const ofDay = minute + slot(slots, Slot.SECOND) * 1000;
    if (this.#dating === "no date") {
      // The day that brings it closest to now; of two, the one in the past.
      const days = Math.ceil((this.#now() - this.#toUtc(ofDay)) / DAY_MS - 0.5);
      return this.#toUtc(days * DAY_MS + ofDay) + fraction;
    }
    const time = this.#dating === "date"
      ? this.#toUtc(this.#startOf(this.#year()) + ofDay)
      : this.#inLikelyYear(ofDay);
    if (this.#minuteSteps > 0 && !Number.isNaN(time)) {
      this.#keepMinute(text, middle, this.#dateStart + minute);
    }
    return time + fraction;
  }

  #year(): number {
    if (!this.#hasShortYear) return slot(this.#slots, Slot.YEAR);
    const short = slot(this.#slots, Slot.SHORT_YEAR);
    return short < 69 ? 2000 + short : 1900 + short;
  }

  /** Remembers the text of a minute that comes a second time; where each record has its own, that would cost time. */
  #keepMinute(text: string, end: number, minute: number): void {
    // Put together anew, since a slice would have to be looked up in its text each time.
    this.#minuteText = minute === this.#minute ? text.slice(0, end).split("").join("") : "";
    this.#minute = minute;
  }

  #toUtc(wall: number): number {
    return this.#hasZone ? this.#zoneText.toUtc(wall, this.#zone) : this.#zone.toUtc(wall);
  }

  /** The latest year that puts the time no more than a day into the future: clocks differ, and logs are late. */
  #inLikelyYear(ofDay: number): number {
    const limit = this.#now() + DAY_MS;
    const guess = this.#toUtc(this.#startOf(this.#guessedYear) + ofDay);
    if (this.#isLikely(guess, limit)) return guess;
    // In some zone the next year has begun; between two leap days there may be eight years.
    const latest = civilFromDays(Math.floor(limit / DAY_MS)).year + 1;
    for (let year = latest; year >= latest - 9; year--) {
      const time = this.#toUtc(this.#startOf(year) + ofDay);
      if (!(time <= limit)) continue;
      this.#guessedYear = year;
      return time;
    }
    return Number.NaN;
  }

  /** Whether no other year would bring the time closer to the latest moment that it may have. */
  #isLikely(time: number, limit: number): boolean {
    return time <= limit && time > limit - 365 * DAY_MS;
  }

  /** The first moment of the date in that year, as if in UTC; NaN for a date that does not exist. */
  #startOf(year: number): number {
    const slots = this.#slots;
    const month = slot(slots, Slot.MONTH);
    const day = slot(slots, this.#hasYearDay ? Slot.YEAR_DAY : Slot.DAY);
    const key = (year * 16 + month) * 512 + day;
    if (key === this.#dateKey) return this.#dateStart;
    let days: number;
    if (this.#hasYearDay) {
      if (day === 366 && !isLeapYear(year)) return Number.NaN;
      days = daysFromCivil(year, 1, 1) + day - 1;
    } else {
      if (day > daysInMonth(year, month)) return Number.NaN;
      days = daysFromCivil(year, month, day);
    }
    this.#dateStart = days * DAY_MS;
    this.#dateKey = key;
    return this.#dateStart;
  }
}

/**
 * The number of steps before the seconds, if they are the whole date and minute, whatever follows: only then do the same
 * characters mean the same minute.
 */
function minuteSteps(steps: readonly Step[]): number {
  const second = steps.findIndex((step) => step.slot === Slot.SECOND);
  const before = steps[second - 1];
  const isClosed = before !== undefined && (before.next >= 0 || before.kind === "text");
  const isWhole = steps.every(({ slot }, index) =>
    index < second ? slot <= Slot.NONE : index === second || slot >= Slot.NONE
  );
  return isClosed && isWhole ? second : 0;
}

function slot(slots: Int32Array, index: number): number {
  return slots[index] ?? 0;
}
