/** Whether the character at a place is 0 to 9; beyond the text there is none. */
export function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** Where the digits that begin at a place end. */
export function skipDigits(text: string, from: number): number {
  let at = from;
  while (isDigitAt(text, at)) at++;
  return at;
}

/** The number that digits from `start` to `end` stand for, or undefined if anything else, or nothing, stands there. */
export function digitsValue(text: string, start: number, end: number): number | undefined {
  if (start >= end || end - start > 15) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return undefined;
    value = value * 10 + code - 0x30;
  }
  return value;
}

/** Where a part of a text begins, or its length if it is not there. */
export function indexOrEnd(text: string, part: string, from: number): number {
  const at = text.indexOf(part, from);
  return at < 0 ? text.length : at;
}

/** Milliseconds of the digits of a fraction of a second that stand from `start` to `end`. */
export function fractionMs(text: string, start: number, end: number): number {
  return start === end ? 0 : Number(`0.${text.slice(start, end)}`) * 1000;
}
