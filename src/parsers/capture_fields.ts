import { generateFunction } from "../lib/generated_function.ts";
import type { FieldValue } from "../event.ts";
import type { Parser } from "./parser.ts";

/** What the text of a group becomes. */
export type CaptureType = "string" | "int" | "float" | "bool";

/** A group of a regular expression and the field that it fills. Several groups may fill the same field. */
export interface Capture {
  /** Number of the group, or its name. */
  readonly group: number | string;
  /** The field, from the outside in: `["http", "status"]` is nested. */
  readonly path: readonly string[];
  readonly type: CaptureType;
}

/** How lines are matched. */
export interface Matching {
  readonly regexp: RegExp;
  /** For lines with line breaks in them, if these need another expression. */
  readonly multiline: RegExp | undefined;
  readonly captures: readonly Capture[];
  /** A text that every line has that matches; empty if none is known. */
  readonly required: string;
  /** Whether a group that matched nothing gives an empty text instead of no field. */
  readonly keepEmpty: boolean;
}

/** A field that cannot be both a text and an object: `[a]` and `[a][b]`. */
export class FieldConflictError extends Error {
  override readonly name = "FieldConflictError";
}

type Tree = Map<string, Capture[] | Tree>;

/**
 * Makes a parser whose function is written for these captures: it builds all fields as one object literal, which gives
 * records one shape, and reads groups by number. Throws
 * FieldConflictError.
 */
export function createCaptureParser({ regexp, multiline, captures, required, keepEmpty }: Matching): Parser {
  const writer = new FieldsWriter(keepEmpty);
  const fields = writer.write(treeOf(captures));
  const match = multiline === undefined
    ? "regexp.exec(line)"
    : '(line.indexOf("\\n") === -1 ? regexp : multiline).exec(line)';
  // What data brings never gets into the code: names of fields come from the configuration and are written as JSON.
  const code = `{
  parse(line, event) {
    ${required === "" ? "" : `if (!line.includes(${JSON.stringify(required)})) return false;`}
    let m;
    try { m = ${match}; } catch { return false; }
    if (m === null) return false;
    ${writer.declarations.join("\n    ")}
    event.fields = ${fields};
    return true;
  },
}`;
  return generateFunction<Parser>(code, { regexp, multiline, several, toInteger, toNumber, toBoolean });
}

function treeOf(captures: readonly Capture[]): Tree {
  const root: Tree = new Map();
  for (const capture of captures) {
    let tree = root;
    const { path } = capture;
    for (const [depth, key] of path.entries()) {
      const there = tree.get(key);
      const conflict = () => {
        const name = path.slice(0, depth + 1).map((part) => `[${part}]`).join("");
        return new FieldConflictError(`the field ${name} cannot be both a value and an object with fields`);
      };
      if (depth === path.length - 1) {
        if (there === undefined) tree.set(key, [capture]);
        else if (Array.isArray(there)) there.push(capture);
        else throw conflict();
      } else {
        if (Array.isArray(there)) throw conflict();
        const inner: Tree = there ?? new Map();
        tree.set(key, inner);
        tree = inner;
      }
    }
  }
  return root;
}

/** Writes the code that builds the fields of a match `m`. */
class FieldsWriter {
  /** Statements to stand before the expression: all that is nested, from the inside out. */
  readonly declarations: string[] = [];
  readonly #keepEmpty: boolean;

  constructor(keepEmpty: boolean) {
    this.#keepEmpty = keepEmpty;
  }

  /** The object literal of all fields. */
  write(tree: Tree): string {
    return writeObject([...tree].map(([key, content]) => [key, this.#content(content)]));
  }

  #content(content: Capture[] | Tree): string {
    return Array.isArray(content) ? this.#value(content) : this.#nested(content);
  }

  /** The name of an object that is there only if one of its fields is. */
  #nested(tree: Tree): string {
    const members = [...tree].map(([key, content]): [string, string] => {
      return [key, Array.isArray(content) ? this.#declare(this.#value(content)) : this.#nested(content)];
    });
    const absent = members.map(([, name]) => `${name} === undefined`).join(" && ");
    return this.#declare(`${absent} ? undefined : ${writeObject(members)}`);
  }

  #declare(expression: string): string {
    const name = `v${this.declarations.length}`;
    this.declarations.push(`const ${name} = ${expression};`);
    return name;
  }

  #value(captures: readonly Capture[]): string {
    return captures.map((capture) => this.#one(capture)).reduce((all, one) => `several(${all}, ${one})`);
  }

  #one({ group, type }: Capture): string {
    const text = typeof group === "number" ? `m[${group}]` : `m.groups[${JSON.stringify(group)}]`;
    const value = this.#keepEmpty ? text : `(${text} || undefined)`;
    switch (type) {
      case "string":
        return value;
      case "int":
        return `toInteger(${value})`;
      case "float":
        return `toNumber(${value})`;
      case "bool":
        return `toBoolean(${value})`;
    }
  }
}

function writeObject(members: readonly (readonly [key: string, value: string])[]): string {
  return `{ ${members.map(([key, value]) => `${writeKey(key)}: ${value}`).join(", ")} }`;
}

/** Only as a computed key is `__proto__` a field like any other. */
function writeKey(key: string): string {
  return key === "__proto__" ? '["__proto__"]' : JSON.stringify(key);
}

/** The values of groups that fill the same field: mostly only one is there, since they are alternatives. */
function several(first: FieldValue | undefined, second: FieldValue | undefined): FieldValue | undefined {
  if (second === undefined) return first;
  if (first === undefined) return second;
  return Array.isArray(first) ? [...first, second] : [first, second];
}

/** Digits that a bigint is made of at most; making one of more takes too long. */
const MOST_DIGITS = 100;

/** An integer, cut off if there is a fraction; a bigint where a double does not hold it; or the text if it is none. */
function toInteger(text: string | undefined): FieldValue | undefined {
  if (text === undefined || text === "") return text;
  const value = +text;
  if (Number.isSafeInteger(value)) return value;
  if (Number.isNaN(value)) return text;
  if (/^[+-]?\d+$/.test(text) && text.length <= MOST_DIGITS) return BigInt(text.replace("+", ""));
  return Number.isFinite(value) ? Math.trunc(value) : text;
}

/** A number, or the text if it is none or none that JSON can hold. */
function toNumber(text: string | undefined): FieldValue | undefined {
  if (text === undefined || text === "") return text;
  const value = +text;
  return Number.isFinite(value) ? value : text;
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

function toBoolean(text: string | undefined): FieldValue | undefined {
  if (text === undefined) return undefined;
  const word = text.toLowerCase();
  return Object.hasOwn(BOOLEANS, word) ? BOOLEANS[word] : text;
}
