import type { Fields, FieldValue } from "../event.ts";

/** Longer ones stay text: a bigint costs the square of its length. */
const MAX_DIGITS = 1000;
/** Numbers of one record that are looked for by their keys. */
const MAX_FOUND = 8;
const INTEGER = /^-?\d+$/;
const AFTER_KEY = /\s*:\s*(-?\d+)\s*[,}]/y;

interface Rounded {
  readonly object: Fields;
  readonly key: string;
  readonly value: number;
}

/** Whether a number may be an integer that was rounded when it was read. */
export function isRounded(value: number): boolean {
  return value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER;
}

/** Puts back what JSON.parse has rounded, and answers the object. `text` is what `fields` were parsed from. */
export function restoreIntegers(fields: Fields, text: string): Fields {
  const found: Rounded[] = [];
  // In escapes the same key may stand there once more.
  if (!text.includes("\\u") && collect(fields, found) && found.every((rounded) => restore(rounded, text))) {
    return fields;
  }
  return JSON.parse(text, revive as (this: unknown, key: string, value: unknown) => unknown);
}

/** Finds rounded numbers. Answers false if there are many, or one is in a list, where it has no key. */
function collect(object: Fields, found: Rounded[]): boolean {
  for (const key in object) {
    const value = object[key];
    if (typeof value === "number") {
      if (!isRounded(value)) continue;
      if (Array.isArray(object) || found.length === MAX_FOUND) return false;
      found.push({ object, key, value });
    } else if (typeof value === "object" && value !== null && !collect(value as Fields, found)) return false;
  }
  return true;
}

/**
 * Takes the digits of one number from the text, if its key stands there only once: JSON.parse with a function costs
 * six times as much. Answers false if it is not sure which digits they are.
 */
function restore({ object, key, value }: Rounded, text: string): boolean {
  const quoted = `"${key}"`;
  const at = text.indexOf(quoted);
  // After a backslash it is the end of another key.
  if (at < 1 || text.charCodeAt(at - 1) === 0x5c || text.includes(quoted, at + 1)) return false;
  AFTER_KEY.lastIndex = at + quoted.length;
  const source = AFTER_KEY.exec(text)?.[1];
  if (source === undefined || Number(source) !== value) return false;
  object[key] = integerOf(source);
  return true;
}

function revive(_key: string, value: FieldValue, context: { readonly source?: string }): FieldValue {
  if (typeof value !== "number" || !isRounded(value)) return value;
  const source = context.source ?? "";
  return INTEGER.test(source) ? integerOf(source) : value;
}

function integerOf(source: string): FieldValue {
  return source.length > MAX_DIGITS ? source : BigInt(source);
}
