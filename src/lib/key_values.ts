import { KeyError } from "./key_error.ts";

/** What stands between pairs, and what between a key and its value; neither is empty. */
export interface KeyValueOptions {
  readonly fieldSplit: string;
  readonly valueSplit: string;
}

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;

/** Options from a configuration block. Throws KeyError for splits that cannot work. */
export function keyValueOptions(
  config: { readonly field_split: string; readonly value_split: string },
): KeyValueOptions {
  const { field_split: fieldSplit, value_split: valueSplit } = config;
  if (fieldSplit === "") throw new KeyError("field_split", "must not be empty");
  if (valueSplit === "") throw new KeyError("value_split", "must not be empty");
  if (fieldSplit === valueSplit) {
    throw new KeyError("value_split", `"${valueSplit}" is field_split, too; they must differ`);
  }
  return { fieldSplit, valueSplit };
}

/**
 * Calls `put` for each pair of a text, in order, and answers how many there were. Keys and values may stand in double
 * or single quotes, inside which a backslash escapes the quote and itself; spaces around both are left out. What has
 * no `valueSplit`, or no key before it, is no pair. Takes a time proportional to the length of the text.
 */
export function splitKeyValues(
  text: string,
  options: KeyValueOptions,
  put: (key: string, value: string) => void,
): number {
  const { fieldSplit, valueSplit } = options;
  const end = text.length;
  let pairs = 0;
  // The next places of both splits from where we are, searched for again only once passed.
  let field = -1;
  let equals = -1;
  let at = 0;
  while (at < end) {
    const start = skipSpaces(text, at, fieldSplit);
    let key: string | undefined;
    let valueAt = 0;
    const first = text.charCodeAt(start);
    if (first === QUOTE || first === APOSTROPHE) {
      const close = closingQuote(text, start + 1, first);
      if (close >= 0 && text.startsWith(valueSplit, close + 1)) {
        key = unquote(text.slice(start + 1, close), first);
        valueAt = close + 1 + valueSplit.length;
      }
    }
    if (key === undefined) {
      if (equals < start) equals = text.indexOf(valueSplit, start);
      if (equals < 0) break;
      if (field < start) field = indexOrEnd(text, fieldSplit, start);
      if (field < equals || (field === equals && fieldSplit.length > valueSplit.length)) {
        at = field + fieldSplit.length;
        continue;
      }
      key = text.slice(start, trimEnd(text, start, equals));
      valueAt = equals + valueSplit.length;
    }
    valueAt = skipSpaces(text, valueAt, fieldSplit);
    let value: string | undefined;
    const quote = text.charCodeAt(valueAt);
    if (quote === QUOTE || quote === APOSTROPHE) {
      const close = closingQuote(text, valueAt + 1, quote);
      if (close >= 0) {
        const after = skipSpaces(text, close + 1, fieldSplit);
        if (after >= end || text.startsWith(fieldSplit, after)) {
          value = unquote(text.slice(valueAt + 1, close), quote);
          at = after + fieldSplit.length;
        }
      }
    }
    if (value === undefined) {
      if (field < valueAt) field = indexOrEnd(text, fieldSplit, valueAt);
      value = text.slice(valueAt, trimEnd(text, valueAt, field));
      at = field + fieldSplit.length;
    }
    if (key !== "") {
      put(key, value);
      pairs++;
    }
  }
  return pairs;
}

/** Where the quote is that ends what begins at `from`, backslashes considered; -1: nowhere. */
export function closingQuote(text: string, from: number, quote: number): number {
  const character = quote === QUOTE ? '"' : quote === APOSTROPHE ? "'" : String.fromCharCode(quote);
  let at = text.indexOf(character, from);
  while (at >= 0) {
    let first = at;
    while (first > from && text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((at - first) % 2 === 0) return at;
    at = text.indexOf(character, at + 1);
  }
  return -1;
}

/** Takes the backslashes away that escape the quote or a backslash; all others are part of the text. */
function unquote(text: string, quote: number): string {
  let at = text.indexOf("\\");
  if (at < 0) return text;
  let result = "";
  let from = 0;
  while (at >= 0 && at < text.length - 1) {
    const next = text.charCodeAt(at + 1);
    if (next === quote || next === BACKSLASH) {
      result += text.slice(from, at);
      from = at + 1;
    }
    at = text.indexOf("\\", at + 2);
  }
  return result + text.slice(from);
}

function indexOrEnd(text: string, part: string, from: number): number {
  const at = text.indexOf(part, from);
  return at < 0 ? text.length : at;
}

/** Spaces that are the beginning of a split belong to it. */
function skipSpaces(text: string, from: number, split: string): number {
  let at = from;
  while (isSpace(text.charCodeAt(at)) && !text.startsWith(split, at)) at++;
  return at;
}

function trimEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
