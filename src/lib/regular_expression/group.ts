import type { Cursor, Flags } from "./cursor.ts";
import type { GroupNode } from "./node.ts";

/** What an opening parenthesis begins. */
export type GroupOpening =
  | {
    readonly kind: "group";
    readonly type: GroupNode["type"];
    readonly name: string | undefined;
    readonly flags: Flags;
  }
  /** Flags for the rest of the group around it; there is nothing to close. */
  | { readonly kind: "flags"; readonly flags: Flags }
  | { readonly kind: "comment" }
  /** A back-reference in Python's way, `(?P=name)`; there is nothing to close. */
  | { readonly kind: "reference"; readonly name: string };

const TYPES: readonly (readonly [opening: string, type: GroupNode["type"]])[] = [
  ["(?:", "plain"],
  ["(?=", "ahead"],
  ["(?!", "not_ahead"],
  ["(?<=", "behind"],
  ["(?<!", "not_behind"],
  ["(?>", "atomic"],
];
const COMMENT = /\(\?#[^)]*\)/y;
const NAME = /\(\?(?:P?<([^<>]*)>|'([^']*)')/y;
const NAMED_REFERENCE = /\(\?P=([^()]+)\)/y;
const FLAGS = /\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/y;

/** What the parenthesis at the cursor begins; moves behind its opening. `flags` are those around it. */
export function readGroupOpening(cursor: Cursor, flags: Flags): GroupOpening {
  const start = cursor.at;
  if (cursor.source[start + 1] !== "?") {
    cursor.at++;
    return { kind: "group", type: "capture", name: undefined, flags };
  }
  for (const [opening, type] of TYPES) {
    if (cursor.skip(opening)) return { kind: "group", type, name: undefined, flags };
  }
  if (cursor.match(COMMENT) !== undefined) return { kind: "comment" };
  const reference = cursor.match(NAMED_REFERENCE);
  if (reference !== undefined) return { kind: "reference", name: reference[1] ?? "" };
  const named = cursor.match(NAME);
  if (named !== undefined) {
    const name = named[1] ?? named[2] ?? "";
    if (name.trim() === "") throw cursor.error("the group that begins {at} has an empty name", start);
    return { kind: "group", type: "capture", name, flags };
  }
  const found = cursor.match(FLAGS);
  if (found !== undefined) {
    const changed = changeFlags(cursor, start, flags, found[1] ?? "", found[2] ?? "");
    return found[3] === ")"
      ? { kind: "flags", flags: changed }
      : { kind: "group", type: "plain", name: undefined, flags: changed };
  }
  const sign = cursor.source[start + 2] ?? "";
  if (cursor.dialect === "oniguruma" && (sign === "(" || sign === "~")) {
    throw cursor.unsupported(sign === "(" ? "a condition" : "an absence operator", start);
  }
  throw cursor.error(
    "the group that begins {at} is of no known kind; those are (?:…), (?<name>…), (?P<name>…), (?=…), (?!…), (?<=…), (?<!…), (?>…) and flags such as (?i)",
    start,
  );
}

function changeFlags(cursor: Cursor, start: number, flags: Flags, on: string, off: string): Flags {
  let changed = flags;
  for (const letter of on) changed = changeFlag(cursor, start, changed, letter, true);
  for (const letter of off) changed = changeFlag(cursor, start, changed, letter, false);
  return changed;
}

function changeFlag(cursor: Cursor, start: number, flags: Flags, letter: string, on: boolean): Flags {
  const ruby = cursor.dialect === "oniguruma";
  switch (letter) {
    case "i":
      return { ...flags, ignoreCase: on };
    case "s":
      return { ...flags, dotAll: on };
    case "m":
      return ruby ? { ...flags, dotAll: on } : { ...flags, multiline: on };
    case "x":
      return { ...flags, extended: on };
    case "U":
      throw cursor.error("the flag U {at} is not allowed; write *? for * and * for *?", start);
  }
  throw cursor.error(`the flag ${letter} {at} is not known; flags are i, m, s and x`, start);
}
