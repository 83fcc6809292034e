import { civilFromDays, DAY_MS, daysFromCivil, daysInMonth } from "./calendar.ts";
import { fourDigits, fractionOf, twoDigits } from "./time_format/characters.ts";
import { ZoneText } from "./time_format/zone_text.ts";
import type { TimeZone } from "./time_zone.ts";

// Years have four digits.
const FIRST_MOMENT = daysFromCivil(0, 1, 1) * DAY_MS;
const LAST_MOMENT = daysFromCivil(10_000, 1, 1) * DAY_MS - 1;

/** ".000Z" to ".999Z", and "000" to "999"; filled when first needed, so that the program starts faster. */
const MILLIS: string[] = [];
const DIGITS: string[] = [];

// The texts of the last day, minute and second: neighbouring records share them.
let textDay = Number.NaN;
let textOfDay = "";
let textMinute = Number.NaN;
let textOfMinute = "";
let textSecond = Number.NaN;
let textOfSecond = "";

/**
 * A moment, in milliseconds since 1970, as RFC 3339 in UTC: `2026-11-25T10:00:00.123Z`, with six digits where the
 * number has microseconds. What lies outside the years 0 to 9999 becomes their first or last moment, NaN becomes 1970.
 */
export function formatRfc3339(ms: number): string {
  const moment = ms >= FIRST_MOMENT && ms <= LAST_MOMENT ? ms : clamp(ms);
  let second = Math.floor(moment / 1000);
  let micros = Math.round((moment - second * 1000) * 1000);
  if (micros === 1_000_000) {
    second++;
    micros = 0;
  }
  if (second !== textSecond) renderSecond(second);
  const millis = Math.floor(micros / 1000);
  const rest = micros - millis * 1000;
  if (rest === 0) return textOfSecond + MILLIS[millis];
  return textOfSecond + ("." + DIGITS[millis] + DIGITS[rest] + "Z");
}

function clamp(ms: number): number {
  return Number.isNaN(ms) ? 0 : ms < FIRST_MOMENT ? FIRST_MOMENT : LAST_MOMENT;
}

function renderSecond(second: number): void {
  if (DIGITS.length === 0) {
    for (let value = 0; value < 1000; value++) {
      const digits = String(value).padStart(3, "0");
      DIGITS.push(digits);
      MILLIS.push(`.${digits}Z`);
    }
  }
  const minute = Math.floor(second / 60);
  if (minute !== textMinute) {
    const day = Math.floor(minute / 1440);
    if (day !== textDay) {
      const date = civilFromDays(day);
      textOfDay = `${String(date.year).padStart(4, "0")}-${twoOf(date.month)}-${twoOf(date.day)}T`;
      textDay = day;
    }
    const minuteOfDay = minute - day * 1440;
    const hour = Math.floor(minuteOfDay / 60);
    textOfMinute = `${textOfDay}${twoOf(hour)}:${twoOf(minuteOfDay - hour * 60)}:`;
    textMinute = minute;
  }
  textOfSecond = textOfMinute + twoOf(second - minute * 60);
  textSecond = second;
}

function twoOf(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

// The last date that was valid, and its first moment.
let dateKey = -1;
let dateStart = 0;

/** Start of the day in milliseconds, as if in UTC; NaN for a date that does not exist. */
function startOfDate(year: number, month: number, day: number): number {
  const key = year * 512 + month * 32 + day;
  if (key === dateKey) return dateStart;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return Number.NaN;
  dateStart = daysFromCivil(year, month, day) * DAY_MS;
  dateKey = key;
  return dateStart;
}

/**
 * Whether the text is RFC 3339 as `formatRfc3339` would write it, but with no fraction or up to nine digits, so that it
 * may be put out as it stands. A leap second is not: many programs refuse it. Costs next to nothing for the text that
 * `parseRfc3339` was given last.
 */
export function isCanonicalRfc3339(text: string): boolean {
  if (text !== parsedText) parseRfc3339(text);
  return isParsedCanonical;
}

// What `parseRfc3339` was given last, and whether that is canonical: true until something speaks against it.
let parsedText = "";
let isParsedCanonical = false;

/**
 * Milliseconds since 1970, with a fraction, of a time in RFC 3339 or ISO 8601 with the liberties that logs take: a space
 * for the T, lower case, a comma, `+0100`, `+01`, ` UTC`, ` CET`, no seconds, the basic form `20261125T100000`. A time
 * without zone is in `zone`. NaN: anything else, a time without zone where none is given, a date that does not exist.
 */
export function parseRfc3339(text: string, zone?: TimeZone): number {
  parsedText = text;
  isParsedCanonical = false;
  if (text.length < 19 || !hasSeparators(text)) return parseRare(text, zone);
  const separator = text.charCodeAt(10);
  const year = fourDigits(text, 0);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // T, t or a space.
  if ((year | month | day | hour | minute | second) < 0 || ((separator | 32) !== 116 && separator !== 32)) {
    return parseRare(text, zone);
  }
  const wall = wallTime(startOfDate(year, month, day), hour, minute, second);
  isParsedCanonical = separator === 84 && hour < 24 && second < 60;
  return parseTail(text, 19, wall, zone);
}

function hasSeparators(text: string): boolean {
  return text.charCodeAt(4) === 45 && text.charCodeAt(7) === 45 && text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58;
}

function wallTime(start: number, hour: number, minute: number, second: number): number {
  // 24:00:00 is the end of the day; a leap second counts as the one that follows.
  if (hour > 23 && !(hour === 24 && minute === 0 && second === 0)) return Number.NaN;
  if (minute > 59 || second > 60) return Number.NaN;
  return start + ((hour * 60 + minute) * 60 + second) * 1000;
}

const zoneText = new ZoneText();

/** From the fraction on. `wall`: whole seconds, or NaN. */
function parseTail(text: string, start: number, wall: number, zone: TimeZone | undefined): number {
  const length = text.length;
  let at = start;
  let fraction = 0;
  let code = at < length ? text.charCodeAt(at) : 0;
  if (code === 46 || code === 44) {
    let value = 0;
    let digits = 0;
    code = 0;
    while (++at < length) {
      code = text.charCodeAt(at);
      if (code < 48 || code > 57) break;
      if (digits < 9) {
        value = value * 10 + code - 48;
        digits++;
      }
    }
    if (digits === 0 || text.charCodeAt(start) === 44 || at > start + 10) isParsedCanonical = false;
    if (digits === 0) return Number.NaN;
    fraction = fractionOf(value, digits);
  }
  if (code === 90 && at + 1 === length) {
    if (Number.isNaN(wall)) isParsedCanonical = false;
    return wall + fraction;
  }
  isParsedCanonical = false;
  while (at < length && text.charCodeAt(at) === 32) at++;
  if (at === length) return zone === undefined ? Number.NaN : zone.toUtc(wall) + fraction;
  at = zoneText.read(text, at, false);
  if (at < 0 || (at < length && !NAMED_ZONE.test(text.slice(at)))) return Number.NaN;
  return zoneText.toUtc(wall, zone) + fraction;
}

/** What Go (` UTC m=+0.1`) and Java (`[Europe/Berlin]`) write behind an offset, and spaces. */
const NAMED_ZONE = /^(?: +[A-Z+-][A-Za-z0-9]*(?: m=[+-][\d.]+)?|\[[\w/+-]+\])? *$/;

const RARE = /^\s*(\d{4})(-?)(\d\d)\2(\d\d)(?:[Tt _]\s*(\d\d)(?::?(\d\d)(?::?(\d\d))?)?|\s*$)/;

function parseRare(text: string, zone: TimeZone | undefined): number {
  const parts = RARE.exec(text);
  if (parts === null) return Number.NaN;
  const [all, year, , month, day, hour = 0, minute = 0, second = 0] = parts;
  const start = startOfDate(Number(year), Number(month), Number(day));
  return parseTail(text, all.length, wallTime(start, Number(hour), Number(minute), Number(second)), zone);
}
