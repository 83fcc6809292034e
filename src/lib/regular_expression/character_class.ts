import { type CharacterSet, complement, foldCase, type Range, rangesSet, writeSet } from "./character_set.ts";
import type { Cursor } from "./cursor.ts";
import { UnsupportedSyntaxError } from "./node.ts";
import { readEscape, readPosixClass } from "./escape.ts";

/** A class as JavaScript writes it, and whether it needs the flag u. */
export interface WrittenClass {
  readonly source: string;
  readonly unicode: boolean;
}

const ANYTHING = /\[\^\](?=[*+]|[^\]]*$)/y;

/** The class at the cursor, which stands on its opening bracket; moves behind it. */
export function readClass(cursor: Cursor, ignoreCase: boolean): WrittenClass {
  // JavaScript's "any character". Go begins a class with it that excludes a bracket, but hardly ever goes on like this.
  if (cursor.dialect === "general" && cursor.match(ANYTHING) !== undefined) {
    return { source: "[\\s\\S]", unicode: false };
  }
  const { negated, sets } = readBody(cursor);
  const folded = ignoreCase ? sets.map((set) => ({ ...set, ranges: foldCase(set.ranges) })) : sets;
  return { source: writeSet(folded, negated), unicode: sets.some((set) => set.unicode) };
}

function readBody(cursor: Cursor): { negated: boolean; sets: CharacterSet[] } {
  const start = cursor.at;
  cursor.at++;
  const negated = cursor.skip("^");
  const ranges: Range[] = [];
  const others: CharacterSet[] = [];
  // As in Go and POSIX, a bracket that comes first stands for itself.
  for (let first = true; first || cursor.peek() !== "]"; first = false) {
    if (cursor.done) throw cursor.error("the class that begins {at} is not closed", start);
    const from = readElement(cursor, others);
    if (from === undefined) continue;
    const hyphen = cursor.at;
    if (
      cursor.source[hyphen] !== "-" || cursor.source[hyphen + 1] === "]" ||
      cursor.source[hyphen + 1] === undefined
    ) {
      ranges.push([from, from]);
      continue;
    }
    cursor.at++;
    const to = readElement(cursor, others);
    // `[a-\d]`: no range, three things.
    if (to === undefined) ranges.push([from, from], [0x2d, 0x2d]);
    else if (to < from) throw cursor.error("the range {at} has its ends the wrong way round", hyphen - 1);
    else ranges.push([from, to]);
  }
  cursor.at++;
  const sets = ranges.length === 0 ? others : [rangesSet(ranges), ...others];
  return { negated, sets };
}

/** The character at the cursor, or undefined if a set stood there, which goes to `others`. */
function readElement(cursor: Cursor, others: CharacterSet[]): number | undefined {
  const char = cursor.peek();
  if (char === "\\") {
    const set = readEscape(cursor, true);
    const range = set?.ranges.length === 1 && set.text === "" ? set.ranges[0] : undefined;
    if (range !== undefined && range[0] === range[1]) return range[0];
    if (set !== undefined) others.push(set);
    return undefined;
  }
  if (char === "[") {
    const posix = readPosixClass(cursor);
    if (posix !== undefined) {
      others.push(posix);
      return undefined;
    }
    if (cursor.dialect === "oniguruma" && readNested(cursor, others)) return undefined;
  }
  if (char === "&" && cursor.dialect === "oniguruma" && cursor.source.startsWith("&&", cursor.at)) {
    throw cursor.unsupported("an intersection of classes (&&)");
  }
  cursor.at += char.length;
  return char.codePointAt(0);
}

/** Reads a class in a class, which is simply more of its characters; false if the bracket is only a character. */
function readNested(cursor: Cursor, others: CharacterSet[]): boolean {
  const start = cursor.at;
  let body;
  try {
    body = readBody(cursor);
  } catch (error) {
    if (error instanceof UnsupportedSyntaxError) throw error;
    cursor.at = start;
    return false;
  }
  // Without a bracket left to close the outer class, this one was the outer class's own.
  if (!cursor.source.includes("]", cursor.at)) {
    cursor.at = start;
    return false;
  }
  const { negated, sets } = body;
  if (!negated) {
    others.push(...sets);
    return true;
  }
  if (sets.some(({ text }) => text !== "")) throw cursor.unsupported("a negated class in a class", start);
  others.push(rangesSet(complement(sets.flatMap(({ ranges }) => ranges))));
  return true;
}
