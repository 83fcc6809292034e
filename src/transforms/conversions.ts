import type { FieldValue } from "../event.ts";
import { parseDuration } from "../lib/duration.ts";
import { textOf } from "../encoding/field_value.ts";

/** Gives a value another type; undefined if it has no meaning in that. Nulls are not asked for. */
export type Conversion = (value: FieldValue) => FieldValue | undefined;

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Numbers as programs write them; what has a plus or a zero before it, such as a code, stays a text. */
const PLAIN_INTEGER = /^-?(?:0|[1-9]\d{0,39})$/;
const PLAIN_DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const SIZE = /^(\d+(?:\.\d+)?)\s*(?:([kmgtpe]?)(i?)b?|bytes?)$/i;
const CLOCK = /^(\d+):([0-5]?\d)(?::([0-5]?\d(?:\.\d+)?))?$/;
const DAYS = /^(\d+(?:\.\d+)?)d(.*)$/;

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "t", "y", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "f", "n", "0"].map((word) => [word, false] as const),
]);

/** The conversions that need no configuration. */
export const conversions: Readonly<
  Record<"auto" | "int" | "float" | "bool" | "string" | "bytes" | "duration", Conversion>
> = {
  auto: (value) => typeof value === "string" ? guess(value) : value,
  int: toInteger,
  float: toFloat,
  bool: toBoolean,
  string: textOf,
  bytes: toBytes,
  duration: toSeconds,
};

function guess(text: string): FieldValue | undefined {
  if (text === "true") return true;
  if (text === "false") return false;
  // Most texts begin like no number.
  const first = text.charCodeAt(0);
  if (!(first >= 0x30 && first <= 0x39) && first !== 0x2d) return text;
  if (PLAIN_INTEGER.test(text)) return integerOf(text);
  return text.length <= 40 && PLAIN_DECIMAL.test(text) ? finite(Number(text)) ?? text : text;
}

function toInteger(value: FieldValue): FieldValue | undefined {
  if (typeof value === "number") return Math.trunc(value);
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string" || value.length > 400) return undefined;
  const text = value.trim();
  if (INTEGER.test(text)) return integerOf(text);
  return DECIMAL.test(text) ? finite(Math.trunc(Number(text))) : undefined;
}

function toFloat(value: FieldValue): FieldValue | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string" || value.length > 400) return undefined;
  const text = value.trim();
  return DECIMAL.test(text) ? finite(Number(text)) : undefined;
}

function toBoolean(value: FieldValue): FieldValue | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") {
    return Number(value) === 1 ? true : Number(value) === 0 ? false : undefined;
  }
  return typeof value === "string" && value.length < 20 ? WORDS.get(value.trim().toLowerCase()) : undefined;
}

/** Units with an i, and single letters, as tools print them, are powers of 1024; KB and the like are powers of 1000. */
function toBytes(value: FieldValue): FieldValue | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value !== "string" || value.length > 40) return undefined;
  const text = value.trim();
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  const [, digits, unit = "", binary] = match;
  const base = binary === "" && /b$/i.test(text) ? 1000 : 1024;
  const bytes = Number(digits) * base ** (unit === "" ? 0 : "kmgtpe".indexOf(unit.toLowerCase()) + 1);
  return Math.round(bytes);
}

function toSeconds(value: FieldValue): FieldValue | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value !== "string" || value.length > 80) return undefined;
  const text = value.replace(/\s+/g, "");
  if (text.startsWith("-")) {
    const seconds = positiveSeconds(text.slice(1));
    return seconds === undefined ? undefined : -seconds;
  }
  return positiveSeconds(text);
}

/** Seconds of `1m30s`, `2d3h`, `01:30:00`, `4:05` (minutes and seconds) or a plain number. */
function positiveSeconds(text: string): number | undefined {
  if (DECIMAL.test(text)) return finite(Number(text));
  const clock = CLOCK.exec(text);
  if (clock !== null) {
    const [, first = "", second = "", third] = clock;
    return third === undefined
      ? Number(first) * 60 + Number(second)
      : Number(first) * 3600 + Number(second) * 60 + Number(third);
  }
  const [, days = "0", rest = text] = DAYS.exec(text) ?? [];
  const milliseconds = rest === "" ? 0 : parseDuration(rest);
  return milliseconds === undefined || text === "" ? undefined : Number(days) * 86_400 + milliseconds / 1000;
}

/** All digits survive: what a double cannot hold becomes a bigint. */
function integerOf(text: string): FieldValue {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number === 0 ? 0 : number;
  return BigInt(text.startsWith("+") ? text.slice(1) : text);
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}
