import type { Fields, FieldValue } from "../event.ts";
import { intrinsics, originals } from "./realm.ts";

const { getPrototypeOf } = originals;
const { toISOString } = Date.prototype;
const { entries } = Map.prototype;
const { values } = Set.prototype;
const sourceOf = Object.getOwnPropertyDescriptor(RegExp.prototype, "source")?.get;

/** What is nested deeper is left out. */
const MAX_DEPTH = 500;
/** A longer array with holes would take for ever, here and wherever it goes. */
const MAX_HOLES = 100_000;

type Values = { [key: string]: unknown };

/** The objects around the one that is looked at, the first `depth` of these. */
const path: object[] = [];
let depth = 0;

/**
 * Makes plain JSON values of what a script left in the fields, in place: what has no meaning there is left out, dates
 * become RFC 3339, sets arrays, maps and other objects plain ones. Costs a look at each value where nothing is to do.
 * A script makes no getters, proxies, hidden properties or symbols (see `tameObject`), so looking runs none of its code.
 */
export function cleanFields(fields: Fields): Fields {
  depth = 0;
  return (cleanObject(fields) ?? {}) as Fields;
}

/** A value that a script gave, as JSON value; undefined if it has none. */
export function cleanValue(value: unknown): FieldValue | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      return value;
    case "number":
      return Number.isFinite(value) ? value : null;
    case "object":
      return value === null ? null : cleanObject(value);
    default:
      return undefined;
  }
}

function cleanObject(object: object): FieldValue | undefined {
  if (depth === MAX_DEPTH) return undefined;
  for (let index = 0; index < depth; index++) if (path[index] === object) return undefined;
  path[depth++] = object;
  const clean = Array.isArray(object)
    ? intrinsics.has(object) ? undefined : cleanArray(object)
    : isPlain(object)
    ? cleanPlain(object as Values)
    : intrinsics.has(object)
    ? undefined
    : cleanOther(object);
  depth--;
  return clean;
}

function isPlain(object: object): boolean {
  const prototype = getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

/** What cannot be extended is a constant of ours, since scripts cannot freeze, or an object of the language. */
function cleanPlain(object: Values): FieldValue | undefined {
  if (Object.isExtensible(object)) return cleanEntries(object, object);
  return intrinsics.has(object) ? undefined : cleanEntries(object, newValues());
}

/** Into the same object, only what is not right is written. */
function cleanEntries(from: Values, to: Values): Fields {
  for (const key in from) {
    const value = from[key];
    const type = typeof value;
    if (to === from && (type === "string" || type === "boolean")) continue;
    const clean = cleanValue(value);
    if (to !== from || clean !== value) to[key] = clean;
  }
  return to as Fields;
}

/** Always a copy, without the further properties and the prototype that an array may have. */
function cleanArray(array: readonly unknown[]): FieldValue[] {
  const { length } = array;
  if (length > MAX_HOLES && Object.keys(array).length < length) return [];
  const copy: FieldValue[] = [];
  for (let index = 0; index < length; index++) copy.push(cleanValue(array[index]) ?? null);
  return copy;
}

/** Instances of classes. Only what belongs to the language is called, never a method that a script may have put there. */
function cleanOther(object: object): FieldValue | undefined {
  try {
    if (object instanceof Date) return toISOString.call(object);
    if (object instanceof originals.RegExp) return sourceOf?.call(object);
    if (object instanceof Set) return cleanArray([...values.call(object)]);
    if (object instanceof Map) {
      const fields = newValues();
      for (const [key, value] of entries.call(object)) {
        if (typeof key === "string" || typeof key === "number") fields[key] = cleanValue(value);
      }
      return fields as Fields;
    }
  } catch {
    // A date that is none, or an object that only has the prototype of such a class.
    return null;
  }
  if (object instanceof Error) {
    const { name, message } = object as { name: unknown; message: unknown };
    return `${typeof name === "string" ? name : "Error"}: ${typeof message === "string" ? message : ""}`;
  }
  return cleanEntries(object as Values, newValues());
}

function newValues(): Values {
  return { __proto__: null } as unknown as Values;
}
