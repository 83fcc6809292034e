const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;

/** Longest text that is made a string. */
const LONGEST = 64;
/** As many digits as a double always holds. */
const SAFE_DIGITS = 15;

/** The text of bytes[from..to) if it is short, ASCII and free of escape sequences. */
export function plainText(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from > LONGEST) return undefined;
  let text = "";
  for (let at = from; at < to; at++) {
    const code = bytes[at] as number;
    if (code >= 0x80 || code === BACKSLASH) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}

/**
 * The value of the JSON number in bytes[from..to), exactly as `JSON.parse` reads it. NaN where it is long, or an integer
 * that a double does not hold for sure.
 */
export function readNumber(bytes: Uint8Array, from: number, to: number): number {
  const start = bytes[from] === MINUS ? from + 1 : from;
  if (to - start > SAFE_DIGITS + 1) return readLongNumber(bytes, from, to);
  let value = 0;
  let scale = 0;
  for (let at = start; at < to; at++) {
    const code = bytes[at] as number;
    if ((code - ZERO) >>> 0 < 10) {
      value = value * 10 + (code - ZERO);
      scale *= 10;
    } else if (code === DOT) {
      scale = 1;
    } else {
      return readLongNumber(bytes, from, to);
    }
  }
  // Both are exact up to 2^53, and so the quotient is the nearest double; sixteen digits may be more.
  if (value > Number.MAX_SAFE_INTEGER) return readLongNumber(bytes, from, to);
  if (scale > 1) value /= scale;
  return start === from ? value : -value;
}

function readLongNumber(bytes: Uint8Array, from: number, to: number): number {
  const text = plainText(bytes, from, to);
  const value = text === undefined ? NaN : Number(text);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? NaN : value;
}

/** Whether a JSON number is spelled as JavaScript spells it, so that its bytes are its text. */
export function isPlainNumber(bytes: Uint8Array, from: number, to: number): boolean {
  const text = plainText(bytes, from, to);
  return text !== undefined && String(Number(text)) === text;
}
