const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const DOT = 0x2e;

/** `{"timestamp":"` */
const TIME_AT = 14;
/** `{"timestamp":"2026-11-25T10:00:00` */
const SECOND_END = TIME_AT + 19;
const LEVEL = new TextEncoder().encode(',"level":"');
const SOURCE = new TextEncoder().encode(',"source":"');
/** `","message":"` after the time. */
const MESSAGE_LENGTH = 13;
/** A fraction and the zone are not longer than this. */
const LONGEST_REST = 40;

/** The day that was seen last, by its ten digits: neighbouring records share it. */
let knownDay = -1;
let knownDayStart = Number.NaN;

/**
 * The time of event JSON in UTC, in whole milliseconds since 1970; NaN where it does not begin with one. `start`: of
 * the record in `bytes`.
 */
export function timeOfEvent(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < SECOND_END + 1) return Number.NaN;
  const at = start + TIME_AT;
  const day = number(bytes, at, 4) * 10_000 + number(bytes, at + 5, 2) * 100 + number(bytes, at + 8, 2);
  if (day !== knownDay) {
    knownDay = day;
    knownDayStart = Date.UTC(Math.floor(day / 10_000), Math.floor(day / 100) % 100 - 1, day % 100);
  }
  const seconds = number(bytes, at + 11, 2) * 3600 + number(bytes, at + 14, 2) * 60 +
    number(bytes, at + 17, 2);
  const millis = bytes[start + SECOND_END] === DOT ? millisAt(bytes, start + SECOND_END + 1) : 0;
  return knownDayStart + seconds * 1000 + millis;
}

/** With `source` and after it, a record without fields is no longer than this, or not worth remembering. */
const LONGEST_TAIL = 512;
/** `{}}` */
const NO_FIELDS = [0x7b, 0x7d, 0x7d] as const;

/**
 * What a record without fields ended with, from the comma before `source` on, and how long its source is. Records that
 * end so have that source: nothing in a string of JSON looks like the beginning of this.
 */
let knownTail: Uint8Array = new Uint8Array();
let knownLength = 0;

/**
 * Where the text of `source` stands in event JSON, its quotes not included, as the first and the following index put
 * into `place`; false where the JSON does not begin as it should.
 */
export function findSource(bytes: Uint8Array, start: number, end: number, place: [number, number]): boolean {
  if (!hasKnownTail(bytes, start, end)) return lookForSource(bytes, start, end, place);
  place[0] = end - knownTail.length + SOURCE.length;
  place[1] = place[0] + knownLength;
  return true;
}

function hasKnownTail(bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = knownTail;
  if (length === 0 || end - length < start) return false;
  // From its end on: there others differ.
  for (let i = length - 1, at = end - 1; i >= 0; i--, at--) if (bytes[at] !== knownTail[i]) return false;
  return true;
}

function lookForSource(bytes: Uint8Array, start: number, end: number, place: [number, number]): boolean {
  const zone = bytes.indexOf(QUOTE, start + SECOND_END);
  if (zone === -1 || zone > start + SECOND_END + LONGEST_REST) return false;
  let at = textEnd(bytes, zone + MESSAGE_LENGTH, end);
  if (at === -1) return false;
  at++;
  if (startsWith(bytes, at, LEVEL)) {
    at = textEnd(bytes, at + LEVEL.length, end) + 1;
    if (at === 0) return false;
  }
  if (!startsWith(bytes, at, SOURCE)) return false;
  place[0] = at + SOURCE.length;
  place[1] = textEnd(bytes, place[0], end);
  if (place[1] === -1) return false;
  if (end - at <= LONGEST_TAIL && NO_FIELDS.every((byte, index) => bytes[end - 3 + index] === byte)) {
    knownTail = bytes.slice(at, end);
    knownLength = place[1] - place[0];
  }
  return true;
}

/** The index of the quote that ends a text; -1: it has no end. */
function textEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = bytes.indexOf(QUOTE, start); at !== -1 && at < end; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH && at - 1 - backslashes >= start) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

function startsWith(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/** NaN where there is something else than a digit. */
function number(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = (bytes[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function millisAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  let scale = 100;
  for (let i = at; scale >= 1; i++, scale /= 10) {
    const digit = (bytes[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    value += digit * scale;
  }
  return value;
}
