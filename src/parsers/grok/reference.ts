import { KeyError } from "../../lib/key_error.ts";
import { suggest } from "../../lib/suggest.ts";
import type { CaptureType } from "../capture_fields.ts";

/** A field that a grok pattern fills, and what its text becomes. */
export interface FieldTarget {
  readonly path: readonly string[];
  readonly type: CaptureType;
}

/** What stands between the braces of `%{NAME:field:type}`. */
export interface Reference {
  readonly name: string;
  /** `field:type` as written, or undefined if nothing is captured. */
  readonly field: string | undefined;
}

/** Names of the fields that the library gives. */
export type FieldNames = "legacy" | "ecs";

const TYPES: Readonly<Record<string, CaptureType>> = {
  string: "string",
  str: "string",
  text: "string",
  keyword: "string",
  int: "int",
  integer: "int",
  long: "int",
  float: "float",
  double: "float",
  number: "float",
  bool: "bool",
  boolean: "bool",
};

/**
 * Reads what stands between the braces. The library's own patterns write both names of a field, `legacy|ecs`, of which
 * the one in use is taken; an empty one captures nothing.
 */
export function parseReference(text: string, names: FieldNames): Reference {
  const colon = text.indexOf(":");
  if (colon === -1) return { name: text.trim(), field: undefined };
  const name = text.slice(0, colon).trim();
  return { name, field: chooseName(text.slice(colon + 1), names) };
}

/** The name in use of a field with both names, `legacy|ecs`; undefined if it has none. */
export function chooseName(field: string, names: FieldNames): string | undefined {
  const bar = field.indexOf("|");
  const chosen = bar === -1 ? field : names === "legacy" ? field.slice(0, bar) : field.slice(bar + 1);
  return chosen === "" ? undefined : chosen;
}

/** Reads `field:type`. Throws KeyError. */
export function parseField(text: string, key: string): FieldTarget {
  const colon = text.lastIndexOf(":");
  const field = colon === -1 ? text : text.slice(0, colon);
  const word = colon === -1 ? "string" : text.slice(colon + 1);
  const type = Object.hasOwn(TYPES, word) ? TYPES[word] : undefined;
  if (type === undefined) {
    const near = suggest(word, Object.keys(TYPES));
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    throw new KeyError(
      key,
      `"${word}" in "${text}" is no type${hint}; types are int, float, bool and string`,
    );
  }
  return { path: parsePath(field, text, key), type };
}

function parsePath(field: string, text: string, key: string): string[] {
  if (!field.startsWith("[")) {
    if (field !== "") return [field];
  } else if (/^(?:\[[^[\]]+\])+$/.test(field)) {
    return field.slice(1, -1).split("][");
  }
  throw new KeyError(key, `"${text}" is no field; write a name, or [outer][inner] for a nested one`);
}
