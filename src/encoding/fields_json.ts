import type { Fields, FieldValue } from "../event.ts";
import { generateFunction } from "../lib/generated_function.ts";
import { jsonText } from "./json_string.ts";

// JSON has integers of any size; JSON.stringify throws for a bigint unless this says how it is written.
Object.defineProperty(BigInt.prototype, "toJSON", {
  value(this: bigint): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.toString());
  },
  writable: true,
  configurable: true,
});

/** Fields with the same names in the same order. */
interface Shape {
  readonly names: readonly string[];
  /** How often such fields came before there was a function for them. */
  seen: number;
  /** What is fastest for them, once they came often. */
  write: ((fields: Fields) => string) | undefined;
}

/** A function is made for names that came so often. */
const OFTEN = 32;
/** So many shapes are remembered; where there are more, the fields have no shape to rely on. */
const REMEMBERED = 12;
/** Fields with more names than this are left to JSON.stringify. */
const LARGEST = 64;
/** So many functions are made in all: names may come from outside. */
const MOST_FUNCTIONS = 500;
let functions = 0;

/**
 * Writes fields as JSON, absent ones left out. For texts under names that come again and again it makes a function that
 * reads each field by name, which is two to three times faster than JSON.stringify. Numbers and nested values are the
 * other way round.
 */
export class FieldsWriter {
  /** The one that fitted last is the first. */
  readonly #shapes: Shape[] = [];
  #misses = 0;

  write(fields: Fields): string {
    const [last] = this.#shapes;
    if (last !== undefined && hasNames(fields, last.names)) return this.#writeShape(last, fields);
    // Names that always differ would only cost the search.
    if (this.#misses > REMEMBERED * OFTEN) return JSON.stringify(fields);
    return this.#writeShape(this.#shapeOf(fields), fields);
  }

  #writeShape(shape: Shape | undefined, fields: Fields): string {
    if (shape === undefined) return JSON.stringify(fields);
    if (shape.write !== undefined) return shape.write(fields);
    if (++shape.seen >= OFTEN) shape.write = isMostlyText(fields) ? writerOf(shape.names) : JSON.stringify;
    return JSON.stringify(fields);
  }

  #shapeOf(fields: Fields): Shape | undefined {
    const shapes = this.#shapes;
    const known = shapes.findIndex(({ names }) => hasNames(fields, names));
    if (known >= 0) {
      const [shape] = shapes.splice(known, 1);
      if (shape !== undefined) shapes.unshift(shape);
      if (this.#misses > 0) this.#misses--;
      return shape;
    }
    this.#misses++;
    const names = Object.keys(fields);
    if (names.length > LARGEST) return undefined;
    if (shapes.length === REMEMBERED) shapes.pop();
    const shape = { names, seen: 0, write: undefined };
    shapes.unshift(shape);
    return shape;
  }
}

function isMostlyText(fields: Fields): boolean {
  if (functions >= MOST_FUNCTIONS) return false;
  let texts = 0;
  let others = 0;
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === "string") texts++;
    else if (value !== undefined) others += Number.isInteger(value) ? 1 : 2;
  }
  return texts >= 3 * others;
}

function hasNames(fields: Fields, names: readonly string[]): boolean {
  let count = 0;
  for (const name in fields) {
    if (name !== names[count]) return false;
    count++;
  }
  return count === names.length;
}

/** What was written before a member. */
const After = { Nothing: 0, Text: 1, Other: 2 } as const;

/**
 * The function for fields with these names. The quotes of texts stand in the constants around them: every piece that is
 * put together costs memory.
 */
function writerOf(names: readonly string[]): (fields: Fields) => string {
  const before = (name: string, quote: string): string => {
    const key = `${JSON.stringify(name)}:${quote}`;
    const [nothing, text, other] = [`{${key}`, `",${key}`, `,${key}`].map((piece) => JSON.stringify(piece));
    return `after === ${After.Nothing} ? ${nothing} : after === ${After.Text} ? ${text} : ${other}`;
  };
  functions++;
  const members = names.map((name) =>
    `value = fields[${JSON.stringify(name)}];
    if (typeof value === "string") {
      json += ${before(name, '"')};
      json += jsonText(value);
      after = ${After.Text};
    } else if (value !== undefined) {
      json += ${before(name, "")};
      json += valueJson(value);
      after = ${After.Other};
    }`
  );
  const source = `function writeFields(fields) {
    let json = "", after = ${After.Nothing}, value;
    ${members.join("\n")}
    return after === ${After.Nothing} ? "{}" : after === ${After.Text} ? json + '"}' : json + "}";
  }`;
  return generateFunction(source, { jsonText, valueJson });
}

function valueJson(value: Exclude<FieldValue, string>): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "null";
  return JSON.stringify(value);
}
