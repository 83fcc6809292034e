import type { FieldValue } from "../event.ts";
import { setField } from "../lib/field_path.ts";

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** What is nested deeper is shared by copies rather than copied; nobody reaches that far by a path. */
const MAX_DEPTH = 100;

/** A value as text: strings as they are, numbers in decimal, lists and objects as JSON. */
export function textOf(value: FieldValue): string {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return String(value);
  try {
    return JSON.stringify(value, exactly);
  } catch {
    // Nested too deep for the stack.
    return "";
  }
}

/** A copy that shares nothing which could be changed. */
export function copyOf(value: FieldValue, depth = 0): FieldValue {
  if (value === null || typeof value !== "object" || depth === MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => copyOf(item, depth + 1));
  const copy = newFields();
  for (const key in value) {
    const item = value[key];
    if (item !== undefined) setField(copy, key, copyOf(item, depth + 1));
  }
  return copy;
}

/** A nested value that is an object rather than a list. */
export function isFields(value: FieldValue | undefined): value is { [key: string]: FieldValue | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An empty object for fields whose names come from data. */
export function newFields(): { [key: string]: FieldValue | undefined } {
  return { __proto__: null } as unknown as { [key: string]: FieldValue | undefined };
}

/** JSON from the configuration or from a file as a value of a field: what JSON cannot say becomes text. */
export function asFieldValue(value: unknown): FieldValue {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(asFieldValue);
  if (value !== null && typeof value === "object") {
    const fields = newFields();
    for (const [key, item] of Object.entries(value)) setField(fields, key, asFieldValue(item));
    return fields;
  }
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return isScalar(value) ? value : String(value);
}

function isScalar(value: unknown): value is null | boolean | number | bigint | string {
  return value === null || ["boolean", "number", "bigint", "string"].includes(typeof value);
}

function exactly(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJSON(String(value)) : value;
}
