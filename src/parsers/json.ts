import type { Fields, FieldValue, LogEvent } from "../event.ts";
import type { ParserFactory } from "./registry.ts";
import type { Parser } from "./parser.ts";
import { isRounded, restoreIntegers } from "./big_integers.ts";

const BRACE = 0x7b;
const BYTE_ORDER_MARK = 0xfeff;
/** Deeper objects are refused: what works on fields calls itself for each level. */
const MAX_DEPTH = 1000;
const PLAIN = 0;
const ROUNDED = 1;
const TOO_DEEP = 2;

/** Makes the parser of lines that are one JSON object each. */
export const createJsonParser: ParserFactory<"json"> = () => new JsonParser();

class JsonParser implements Parser {
  parse(line: string, event: LogEvent): boolean {
    const fields = parseObject(line);
    if (fields === undefined) return false;
    event.fields = fields;
    return true;
  }
}

/**
 * The object that a line consists of, or undefined if it is anything else, or nested too deeply. Integers that a
 * double cannot hold are bigints. A key `__proto__` is an own property like all others.
 */
export function parseObject(line: string): Fields | undefined {
  const first = line.charCodeAt(0);
  if (first !== BRACE) {
    // What is no object at all must not cost an exception.
    if (first === BYTE_ORDER_MARK) return parseObject(line.slice(1));
    if (line.trimStart().charCodeAt(0) !== BRACE) return undefined;
  }
  try {
    const fields = JSON.parse(line) as Fields;
    const found = inspectObject(fields, 1);
    if (found === PLAIN) return fields;
    return found === ROUNDED ? restoreIntegers(fields, line) : undefined;
  } catch {
    return undefined;
  }
}

// A look at every value costs less than one at every character of the line.
function inspectObject(object: Fields, depth: number): number {
  let found = PLAIN;
  for (const key in object) {
    const value = object[key];
    if (typeof value === "number") {
      if (isRounded(value)) found = Math.max(found, ROUNDED);
    } else if (typeof value === "object" && value !== null) found = Math.max(found, inspect(value, depth));
  }
  return found;
}

/** Looks for rounded integers and for more nesting than allowed, and answers the worst. */
function inspect(value: FieldValue[] | Fields, depth: number): number {
  if (depth === MAX_DEPTH) return TOO_DEEP;
  if (!Array.isArray(value)) return inspectObject(value, depth + 1);
  let found = PLAIN;
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    if (typeof item === "number") {
      if (isRounded(item)) found = Math.max(found, ROUNDED);
    } else if (typeof item === "object" && item !== null) found = Math.max(found, inspect(item, depth + 1));
  }
  return found;
}
