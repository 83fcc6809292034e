import type { Cursor } from "./cursor.ts";
import type { RepeatNode } from "./node.ts";

/** How often something comes, and how it is tried. */
export type Quantifier = Pick<RepeatNode, "min" | "max" | "mode">;

/** Quantifiers beyond this are mistakes, and Go refuses them, too. */
const MOST_REPEATS = 1000;
const COUNT = /\{(\d+)(?:(,)(\d*))?\}/y;
const COUNT_UP_TO = /\{,(\d+)\}/y;

/** The quantifier at the cursor, or undefined if none stands there; moves behind it. */
export function readQuantifier(cursor: Cursor): Quantifier | undefined {
  const braces = cursor.peek() === "{";
  const count = readCount(cursor);
  return count && { ...count, mode: readMode(cursor, braces) };
}

function readMode(cursor: Cursor, braces: boolean): Quantifier["mode"] {
  if (cursor.skip("?")) return "lazy";
  // In Ruby's syntax `a{2}+` repeats the repetition.
  if ((!braces || cursor.dialect !== "oniguruma") && cursor.skip("+")) return "possessive";
  return "greedy";
}

function readCount(cursor: Cursor): Pick<Quantifier, "min" | "max"> | undefined {
  const start = cursor.at;
  if (cursor.skip("*")) return { min: 0, max: Infinity };
  if (cursor.skip("+")) return { min: 1, max: Infinity };
  if (cursor.skip("?")) return { min: 0, max: 1 };
  const upTo = cursor.dialect === "oniguruma" ? cursor.match(COUNT_UP_TO) : undefined;
  const found = upTo ?? cursor.match(COUNT);
  if (found === undefined) return undefined;
  const min = upTo === undefined ? Number(found[1]) : 0;
  const last = upTo !== undefined ? found[1] : found[2] === undefined ? found[1] : found[3];
  const max = last === "" ? Infinity : Number(last);
  if (max < min) throw cursor.error(`${found[0]} has its limits the wrong way round`, start);
  if (min > MOST_REPEATS || (max !== Infinity && max > MOST_REPEATS)) {
    throw cursor.error(`${found[0]} {at} is more than the ${MOST_REPEATS} times allowed`, start);
  }
  return { min, max };
}
