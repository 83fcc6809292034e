import { textOf } from "../../encoding/field_value.ts";
import { jsonString } from "../../encoding/json_string.ts";
import type { Fields, FieldValue } from "../../event.ts";

/** What is nested deeper is sent as JSON text. */
const DEEPEST = 24;
const LAST_INT64 = (1n << 63n) - 1n;
const FIRST_INT64 = -(1n << 63n);

/** A value as AnyValue in OTLP's JSON: 64 bit integers are strings there. */
export function anyValue(value: FieldValue, depth = 0): string {
  switch (typeof value) {
    case "string":
      return `{"stringValue":${jsonString(value)}}`;
    case "number":
      if (Number.isSafeInteger(value)) return `{"intValue":"${value}"}`;
      return `{"doubleValue":${Number.isFinite(value) ? value : `"${doubleName(value)}"`}}`;
    case "boolean":
      return `{"boolValue":${value}}`;
    case "bigint":
      return value >= FIRST_INT64 && value <= LAST_INT64
        ? `{"intValue":"${value}"}`
        : `{"stringValue":"${value}"}`;
  }
  if (value === null) return "{}";
  if (depth === DEEPEST) return `{"stringValue":${jsonString(textOf(value))}}`;
  if (Array.isArray(value)) {
    return `{"arrayValue":{"values":[${value.map((item) => anyValue(item, depth + 1)).join(",")}]}}`;
  }
  return `{"kvlistValue":{"values":[${keyValues(value, "", undefined, undefined, depth + 1)}]}}`;
}

/** Fields as members of a list of KeyValue, behind those that `list` has, and without up to two of them. */
export function keyValues(
  fields: Fields,
  list: string,
  without?: string,
  orWithout?: string,
  depth = 0,
): string {
  let json = list;
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined || name === without || name === orWithout) continue;
    json += `${json === "" ? "" : ","}{"key":${jsonString(name)},"value":${anyValue(value, depth)}}`;
  }
  return json;
}

function doubleName(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}
