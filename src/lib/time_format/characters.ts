/** The number that two digits at `at` make, or -1. `at + 2` must not lie behind the end of the text. */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  // Negative as soon as one of them is no digit.
  return (tens | (9 - tens) | ones | (9 - ones)) < 0 ? -1 : tens * 10 + ones;
}

/** The number that four digits at `at` make, or a negative one. `at + 4` must not lie behind the end of the text. */
export function fourDigits(text: string, at: number): number {
  const high = twoDigits(text, at);
  const low = twoDigits(text, at + 2);
  return (high | low) < 0 ? -1 : high * 100 + low;
}

/** Where the digits that begin at `at` end. */
export function digitsEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code < 48 || code > 57) break;
    end++;
  }
  return end;
}

const POWERS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/**
 * Milliseconds of a second's decimal fraction: `value` is the number that its digits make, at most nine of them. A
 * caller that reads a text anyway passes on what it has seen, which saves a second look at each digit.
 */
export function fractionOf(value: number, digits: number): number {
  if (digits === 3) return value;
  // A division, since it rounds once: a negative power of ten is no exact double.
  return digits > 3 ? value / (POWERS[digits - 3] ?? 1) : value * (POWERS[3 - digits] ?? 1);
}

/** Whether nothing but spaces follows; `end` is negative where the text is not in the format. */
export function isAtEnd(text: string, end: number): boolean {
  if (end < 0) return false;
  let at = end;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at === text.length;
}

/** A space, tab or line break, or the narrow space that Java and JavaScript put before AM and PM. */
export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0x202f || code === 0xa0;
}

/** Plus or minus. */
export function isSign(code: number): boolean {
  return code === 43 || code === 45;
}

/** A letter or digit of ASCII. */
export function isAlphanumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}
