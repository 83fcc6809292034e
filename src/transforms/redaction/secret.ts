import type { Replacement } from "./redactions.ts";

/** A part of every name below; most texts have none of it. */
const HINT =
  /pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|private)[_-]?key|credential|authorization/i;

/** With which the names below end, in lower case. */
const LAST_LETTERS: ReadonlySet<number> = new Set([..."detnyl"].map((letter) => letter.charCodeAt(0)));

const PAIR =
  /((?:password|passwd|passphrase|pwd|secret|token|(?:api|access|private)[_-]?key|credential|authorization)\\?["']?\s{0,4}[=:]\s{0,4}(?:(?:bearer|basic)\s{1,4})?)("(?:[^"\\]|\\.){1,4096}"|'(?:[^'\\]|\\.){1,4096}'|\\"[^"\\]{1,4096}|[^\s,;&"'\\}\])]{1,4096})/gi;

/** Hides what stands behind names of secrets in a text, as in `password=…`, `"token": "…"` or `Authorization: …`. */
export function redactSecrets(text: string, replacement: Replacement): string {
  if (!mayHoldPair(text) || !HINT.test(text)) return text;
  return text.replace(PAIR, (_all, name: string, value: string) => name + inside(value, replacement));
}

/** Whether a "=" or ":" stands behind a letter with which one of the names ends. */
function mayHoldPair(text: string): boolean {
  return endsName(text, "=") || endsName(text, ":");
}

function endsName(text: string, sign: string): boolean {
  for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1)) {
    let before = at - 1;
    while (before > at - 8 && isSpaceOrQuote(text.charCodeAt(before))) before--;
    if (LAST_LETTERS.has(text.charCodeAt(before) | 0x20)) return true;
  }
  return false;
}

function isSpaceOrQuote(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x22 || code === 0x27 || code === 0x5c;
}

/** Quotes stay, so that JSON stays JSON. */
function inside(value: string, replacement: Replacement): string {
  if (value.startsWith('\\"')) return '\\"' + replacement(value.slice(2));
  const quote = value[0];
  if (quote !== '"' && quote !== "'") return replacement(value);
  return quote + replacement(value.slice(1, -1)) + quote;
}
