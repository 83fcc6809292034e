import type { Replacement } from "./redactions.ts";

const SHORTEST = 13;
const LONGEST = 19;
const SHORTEST_GROUP = 4;
/** Hides the numbers of payment cards: the prefixes and lengths that issuers use, with a right check digit. */
export function redactCards(text: string, replacement: Replacement): string {
  if (!hasCandidate(text)) return text;
  let result = "";
  let copied = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isDigit(text, at) || !mayBegin(text, at)) continue;
    const end = cardEnd(text, at);
    if (end === undefined) continue;
    result += text.slice(copied, at) + replacement(text.slice(at, end).replace(/[ -]/g, ""));
    copied = end;
    at = end - 1;
  }
  return copied === 0 ? text : result + text.slice(copied);
}

/** Whether a text is the number of a payment card, without anything between its digits. */
export function isCardNumber(digits: string): boolean {
  return digits.length >= SHORTEST && digits.length <= LONGEST && hasIssuer(digits) &&
    hasRightCheckDigit(digits);
}

/**
 * Whether as many digits as a card has stand in a row, with single spaces or dashes between them. Cards are written in
 * groups of four digits or more: looking at every fourth character finds one of them.
 */
function hasCandidate(text: string): boolean {
  for (let at = SHORTEST_GROUP - 1; at < text.length; at += SHORTEST_GROUP) {
    if (!isDigit(text, at)) continue;
    let start = at;
    while (isDigit(text, start - 1) || (isSeparator(text, start - 1) && isDigit(text, start - 2))) start--;
    let digits = 0;
    let end = start;
    for (; isDigit(text, end) || (isSeparator(text, end) && isDigit(text, end + 1)); end++) {
      if (isDigit(text, end) && ++digits === SHORTEST) return true;
    }
    at = Math.max(at, end - 1);
  }
  return false;
}

/** The end of the longest card number that begins at `start`. */
function cardEnd(text: string, start: number): number | undefined {
  let digits = "";
  let found: number | undefined;
  let at = start;
  while (digits.length < LONGEST && isDigit(text, at)) {
    digits += text[at++];
    if (digits.length >= SHORTEST && mayEnd(text, at) && isCardNumber(digits)) found = at;
    if (isSeparator(text, at) && isDigit(text, at + 1)) at++;
  }
  return found;
}

/** Digits inside of numbers, decimals and identifiers in hexadecimal are no cards. */
function mayBegin(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  return !isWord(before) && !(before === 0x2e && isDigit(text, at - 2));
}

function mayEnd(text: string, at: number): boolean {
  const after = text.charCodeAt(at);
  return !isWord(after) && !(after === 0x2e && isDigit(text, at + 1));
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function isSeparator(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x2d;
}

function isWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f;
}

function hasIssuer(digits: string): boolean {
  const { length } = digits;
  const four = Number(digits.slice(0, 4));
  const two = Math.floor(four / 100);
  // Visa
  if (digits.startsWith("4")) return length === 13 || length === 16 || length === 19;
  // Mastercard
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length === 16;
  // American Express
  if (two === 34 || two === 37) return length === 15;
  // Diners Club
  if ((four >= 3000 && four < 3060) || two === 36 || two === 38 || two === 39) return length >= 14;
  // JCB
  if (four >= 3528 && four <= 3589) return length >= 16;
  // Maestro, UnionPay, Discover and others
  return digits.startsWith("6") || two === 50 || (two >= 56 && two <= 58);
}

/** Luhn's algorithm. */
function hasRightCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, doubles = false; i >= 0; i--, doubles = !doubles) {
    const digit = digits.charCodeAt(i) - 0x30;
    sum += doubles ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return sum % 10 === 0;
}
