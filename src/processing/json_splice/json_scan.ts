/** Deepest nesting that is checked here; deeper values are left to `JSON.parse`. */
export const MAX_DEPTH = 100;

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LEFT_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const RIGHT_BRACKET = 0x5d;
const LETTER_E = 0x65;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LETTER_U = 0x75;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;

const PLAIN = 0;
const STOPS = 1;
const ESCAPABLE = 2;
const HEX_DIGIT = 4;

/** What a byte is in a string: one that ends a run of plain bytes, one that may follow a backslash, a digit. */
const CLASSES = new Uint8Array(256);
CLASSES.fill(STOPS, 0, SPACE);
CLASSES[QUOTE] = STOPS | ESCAPABLE;
CLASSES[BACKSLASH] = STOPS | ESCAPABLE;
for (const character of "/bfnrt") CLASSES[character.charCodeAt(0)] = ESCAPABLE;
for (const character of "0123456789abcdefABCDEF") {
  const code = character.charCodeAt(0);
  CLASSES[code] = (CLASSES[code] ?? PLAIN) | HEX_DIGIT;
}

/** "true", "alse" and "null" as four bytes, the first one lowest. */
const WORD_TRUE = 0x65757274;
const WORD_ALSE = 0x65736c61;
const WORD_NULL = 0x6c6c756e;

/**
 * The position of the quote that ends a string whose first byte is at `from`, or -1 where it is no JSON string.
 * `view` is over the same bytes. Four bytes are looked at in one step.
 */
export function scanString(bytes: Uint8Array, view: DataView, from: number, to: number): number {
  const last = (to - 4) | 0;
  let at = from;
  for (;;) {
    let code = 0;
    while (at <= last) {
      const word = view.getInt32(at, true);
      // A quote with bit 1 turned follows the control characters, so that one comparison finds both. A byte that
      // is wrongly marked by the borrow of a subtraction stands above one that is rightly marked.
      const low = word ^ 0x02020202;
      const back = word ^ 0x5c5c5c5c;
      const marks = (((low - 0x21212121) & ~low) | ((back - 0x01010101) & ~back)) & -0x7f7f7f80;
      if (marks !== 0) {
        at = (at + ((31 - Math.clz32(marks & (~marks + 1))) >> 3)) | 0;
        code = bytes[at] as number;
        break;
      }
      at = (at + 4) | 0;
    }
    if (code === 0) {
      while (at < to && ((CLASSES[bytes[at] as number] as number) & STOPS) === 0) at++;
      if (at >= to) return -1;
      code = bytes[at] as number;
    }
    if (code === QUOTE) return at;
    if (code !== BACKSLASH) return -1;
    at = scanEscape(bytes, at, to);
    if (at < 0) return -1;
  }
}

/**
 * The position of the quote that ends a key whose first byte is at `from`, or -1 where it is no JSON string, or one with
 * escape sequences.
 */
export function scanPlainKey(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && ((CLASSES[bytes[at] as number] as number) & STOPS) === 0) at++;
  return at < to && bytes[at] === QUOTE ? at : -1;
}

/** The end of an escape sequence, or -1. */
function scanEscape(bytes: Uint8Array, from: number, to: number): number {
  if (from + 1 >= to) return -1;
  const code = bytes[from + 1] as number;
  if (((CLASSES[code] as number) & ESCAPABLE) !== 0) return from + 2;
  if (code !== LETTER_U || from + 6 > to) return -1;
  for (let at = from + 2; at < from + 6; at++) {
    if (((CLASSES[bytes[at] as number] as number) & HEX_DIGIT) === 0) return -1;
  }
  return from + 6;
}

/** The end of a JSON number that begins at `from`, or -1. What follows it is not looked at. */
export function scanNumber(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  // Most numbers are a few digits and nothing else.
  if (((bytes[at] as number) - ZERO - 1) >>> 0 < 9) {
    at++;
    while (at < to && ((bytes[at] as number) - ZERO) >>> 0 < 10) at++;
    if (at >= to || bytes[at] === COMMA || bytes[at] === RIGHT_BRACE) return at;
    at = from;
  }
  if (bytes[at] === MINUS) at++;
  if (at >= to) return -1;
  if (bytes[at] === ZERO) {
    at++;
  } else {
    const end = scanDigits(bytes, at, to);
    if (end === at) return -1;
    at = end;
  }
  if (at < to && bytes[at] === DOT) {
    const end = scanDigits(bytes, at + 1, to);
    if (end === at + 1) return -1;
    at = end;
  }
  if (at < to && ((bytes[at] as number) | 0x20) === LETTER_E) {
    at++;
    if (at < to && (bytes[at] === PLUS || bytes[at] === MINUS)) at++;
    const end = scanDigits(bytes, at, to);
    if (end === at) return -1;
    at = end;
  }
  return at;
}

/** Where the decimal digits from `from` on end. */
function scanDigits(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && ((bytes[at] as number) - ZERO) >>> 0 < 10) at++;
  return at;
}

/**
 * Where the blanks from `from` on end. Line breaks are no blanks here: what is passed on as it came must stay on one
 * line.
 */
export function skipBlanks(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  return at;
}

/** The end of the JSON value that begins at `from`, or -1. `depth` is how many values it stands in. */
export function scanValue(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  depth: number,
): number {
  if (from >= to) return -1;
  switch (bytes[from]) {
    case QUOTE: {
      const end = scanString(bytes, view, from + 1, to);
      return end < 0 ? -1 : end + 1;
    }
    case LEFT_BRACE:
      return depth >= MAX_DEPTH ? -1 : scanObject(bytes, view, from + 1, to, depth + 1);
    case LEFT_BRACKET:
      return depth >= MAX_DEPTH ? -1 : scanArray(bytes, view, from + 1, to, depth + 1);
    case LETTER_T:
      return from + 4 <= to && view.getInt32(from, true) === WORD_TRUE ? from + 4 : -1;
    case LETTER_F:
      return from + 5 <= to && view.getInt32(from + 1, true) === WORD_ALSE ? from + 5 : -1;
    case LETTER_N:
      return from + 4 <= to && view.getInt32(from, true) === WORD_NULL ? from + 4 : -1;
    default:
      return scanNumber(bytes, from, to);
  }
}

/** The end of the object whose brace stands before `from`, or -1. */
function scanObject(bytes: Uint8Array, view: DataView, from: number, to: number, depth: number): number {
  let at = skipBlanks(bytes, from, to);
  if (at < to && bytes[at] === RIGHT_BRACE) return at + 1;
  for (;;) {
    if (at >= to || bytes[at] !== QUOTE) return -1;
    at = scanString(bytes, view, at + 1, to);
    if (at < 0) return -1;
    at++;
    if (at < to && bytes[at] !== COLON) at = skipBlanks(bytes, at, to);
    if (at >= to || bytes[at] !== COLON) return -1;
    at++;
    if (at < to && (bytes[at] as number) <= SPACE) at = skipBlanks(bytes, at, to);
    if (at >= to) return -1;
    const first = bytes[at] as number;
    if (first === QUOTE) at = scanString(bytes, view, at + 1, to) + 1;
    else if (first <= NINE) at = scanNumber(bytes, at, to);
    else at = scanValue(bytes, view, at, to, depth);
    if (at <= 0) return -1;
    if (at < to && (bytes[at] as number) <= SPACE) at = skipBlanks(bytes, at, to);
    if (at >= to) return -1;
    if (bytes[at] !== COMMA) return bytes[at] === RIGHT_BRACE ? at + 1 : -1;
    at++;
    if (at < to && (bytes[at] as number) <= SPACE) at = skipBlanks(bytes, at, to);
  }
}

/** The end of the array whose bracket stands before `from`, or -1. */
function scanArray(bytes: Uint8Array, view: DataView, from: number, to: number, depth: number): number {
  let at = skipBlanks(bytes, from, to);
  if (at < to && bytes[at] === RIGHT_BRACKET) return at + 1;
  for (;;) {
    at = scanValue(bytes, view, at, to, depth);
    if (at < 0) return -1;
    if (at < to && (bytes[at] as number) <= SPACE) at = skipBlanks(bytes, at, to);
    if (at >= to) return -1;
    if (bytes[at] !== COMMA) return bytes[at] === RIGHT_BRACKET ? at + 1 : -1;
    at++;
    if (at < to && (bytes[at] as number) <= SPACE) at = skipBlanks(bytes, at, to);
  }
}
