import fc from "fast-check";
import type { JsonSplicePlan, SpliceStep } from "../../../src/processing/json_splice/json_splice.ts";
import { planOf } from "./reference.ts";

const NAMES = [
  "ts",
  "time",
  "timestamp",
  "level",
  "severity",
  "msg",
  "message",
  "a",
  "b",
  "aa",
  "key",
  "ключ",
  "",
  "x y",
];

/** Names that plans and lines share. */
const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...NAMES) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'q"q',
      "back\\slash",
      "constructor",
      "toString",
      "\ud800",
      "\ufffd",
      "__proto__",
    ),
  },
);
const names = fc.uniqueArray(name, { maxLength: 4 });

const step: fc.Arbitrary<SpliceStep> = fc.oneof(
  fc.record({ kind: fc.constant("remove" as const), names }),
  fc.record({ kind: fc.constant("keep" as const), names }),
  fc.record({ kind: fc.constant("rename" as const), from: name, to: name }),
  fc.record({
    kind: fc.constant("add" as const),
    name,
    json: fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.stringify(value)),
    overwrite: fc.boolean(),
  }),
);

/** Plans with any names in any part. */
export const plans: fc.Arbitrary<JsonSplicePlan> = fc.oneof(
  fc.array(step, { maxLength: 6 }).map((steps) => planOf({ steps })),
  fc.record({
    timeFields: names,
    levelFields: names,
    messageFields: names,
    steps: fc.array(step, { maxLength: 6 }),
  })
    .map(planOf),
);

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom(
    "info",
    "WARN",
    "Information",
    "2026-11-25T10:00:00.123Z",
    "2026-02-29T00:00:00Z",
    "2024-02-29T23:59:59Z",
  ),
  fc.constantFrom(
    "2026-11-25 10:00:00",
    "1999-12-31 23:59:59",
    "\u2028",
    "\\",
    '"',
    "\u0000",
    "emergency word",
    "",
  ),
  fc.constantFrom("2026-11-25T10:00:00.1234567890Z", "2026-11-25T10:00:00.Z", "2026-11-25T24:00:00Z", "-"),
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom(0, 1, -1, 1.5, 1e21, 123456789012, 1764064800, 1764064800.25, 0.1, true, false, null),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Members of an object, some of them twice. */
export const members: fc.Arbitrary<(readonly [string, unknown])[]> = fc.oneof(
  fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 10, selector: ([key]) => key }),
  fc.array(fc.tuple(fc.oneof(name, fc.string({ maxLength: 80 })), value), { maxLength: 30 }),
);

/** Choices of a serializer, used again from the start when they are used up. */
export const choices: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([0]),
  fc.array(fc.nat(99), { minLength: 1, maxLength: 60 }),
);

/** JSON text of an object in one of its many spellings. */
export function spell(entries: readonly (readonly [string, unknown])[], picks: readonly number[]): string {
  let index = 0;
  const pick = (): number => picks[index++ % picks.length]!;
  const blank = (): string => {
    const choice = pick();
    return choice < 80 ? "" : choice < 90 ? " " : choice < 98 ? "\t " : choice === 98 ? "\r" : "  ";
  };
  const string = (content: string): string => {
    let spelled = "";
    for (const character of JSON.stringify(content).slice(1, -1).match(/\\u....|\\.|[^\\]/gsu) ?? []) {
      spelled += character.length === 1 && pick() > 97
        ? "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0")
        : character === "/" && pick() > 50
        ? "\\/"
        : character;
    }
    return `"${spelled}"`;
  };
  const number = (content: number): string => {
    const choice = pick();
    if (choice < 80) return JSON.stringify(content);
    if (choice < 90) return content.toExponential().replace("e+", choice < 85 ? "E" : "e+0");
    return Number.isInteger(content) && Math.abs(content) < 1e15 ? `${content}.0` : JSON.stringify(content);
  };
  const object = (entries: readonly (readonly [string, unknown])[]): string =>
    "{" + blank() + entries.map(([key, entry]) =>
      string(key) + blank() + ":" + blank() + any(entry) + blank()
    ).join("," + blank()) + "}";
  const any = (content: unknown): string => {
    if (typeof content === "string") return string(content);
    if (typeof content === "number") return number(content);
    if (Array.isArray(content)) {
      return "[" + blank() + content.map(any).join(blank() + "," + blank()) + blank() + "]";
    }
    if (typeof content === "object" && content !== null) return object(Object.entries(content));
    return String(content);
  };
  return blank() + object(entries) + blank();
}

/** Text with a few of its characters replaced, taken away, doubled or put in. */
export function mutate(original: string, edits: readonly (readonly [number, number, string])[]): string {
  let changed = original;
  for (const [position, kind, piece] of edits) {
    const at = position % (changed.length + 1);
    const rest = kind === 0 ? changed.slice(at) : changed.slice(at + 1);
    changed = changed.slice(0, at) + (kind === 2 ? "" : piece) + rest;
  }
  return changed.isWellFormed() ? changed : changed.toWellFormed();
}

export const edits: fc.Arbitrary<[number, number, string][]> = fc.array(
  fc.tuple(
    fc.nat(2000),
    fc.nat(2),
    fc.constantFrom(
      ...'{}[]",:\\u0123456789eE+-.tfn /\t\n\r',
      "\u0000",
      "\u001f",
      "\u007f",
      "é",
      "𝄞",
      "true",
      "1e",
      "\\u12",
      "//",
    ),
  ),
  { minLength: 1, maxLength: 4 },
);
