import {
  type CharacterSet,
  complement,
  namedSet,
  POSIX_NAMES,
  posixSet,
  propertySet,
  type Range,
  rangesSet,
} from "./character_set.ts";
import type { Cursor } from "./cursor.ts";

const HORIZONTAL: readonly Range[] = [[0x09, 0x09], [0x20, 0x20]];
const HEX_DIGITS: readonly Range[] = [[0x30, 0x39], [0x41, 0x46], [0x61, 0x66]];
const CONTROLS: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 };
const LAST_CODE_POINT = 0x10ffff;

const HEX = /\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/y;
const CODE_UNIT = /\\u(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{4}))/y;
const PAIR = /\\u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})/y;
const OCTAL = /\\([0-7]{1,3})/y;
const CONTROL_LETTER = /\\c([A-Za-z])/y;
const PROPERTY = /\\([pP])(?:\{(\^?)([A-Za-z0-9_= -]+)\}|([A-Z]))/y;
const POSIX_CLASS = /\[:(\^?)([a-z]+):\]/y;

/**
 * The characters that an escape at the cursor stands for; the same inside and outside of a class. Moves behind it.
 * Undefined, without moving, for what is no set of characters, such as `\b`, and the back-references `\1` to `\9`.
 */
export function readEscape(cursor: Cursor, inClass: boolean): CharacterSet | undefined {
  const start = cursor.at;
  const letter = cursor.source[start + 1];
  if (letter === undefined) throw cursor.error("nothing follows the backslash");
  switch (letter) {
    case "d":
    case "D":
    case "w":
    case "W":
    case "s":
    case "S":
      cursor.at += 2;
      return namedSet(`\\${letter}`);
    case "h":
    case "H": {
      cursor.at += 2;
      const ranges = cursor.dialect === "oniguruma" ? HEX_DIGITS : HORIZONTAL;
      return rangesSet(letter === "h" ? ranges : complement(ranges));
    }
    case "p":
    case "P":
      return readProperty(cursor);
    case "x":
      return readNumber(cursor, HEX, 16, "two hex digits or {…} must follow \\x");
    case "u": {
      const pair = cursor.match(PAIR);
      if (pair !== undefined) {
        const text = String.fromCharCode(
          Number.parseInt(pair[1] ?? "", 16),
          Number.parseInt(pair[2] ?? "", 16),
        );
        return one(text.codePointAt(0) ?? 0);
      }
      return readNumber(cursor, CODE_UNIT, 16, "four hex digits or {…} must follow \\u");
    }
    case "c": {
      const found = cursor.match(CONTROL_LETTER);
      if (found === undefined) throw cursor.error("a letter must follow \\c");
      return one((found[1] ?? "").toUpperCase().charCodeAt(0) - 0x40);
    }
    case "0":
      return readNumber(cursor, OCTAL, 8, "");
    case "b":
      if (!inClass) return undefined;
      cursor.at += 2;
      return one(8);
  }
  if (letter >= "1" && letter <= "9") {
    // Three octal digits are a character to Go and to Oniguruma; fewer are a back-reference.
    if (/^[0-7]{3}/.test(cursor.source.slice(start + 1))) return readNumber(cursor, OCTAL, 8, "");
    if (inClass) {
      throw cursor.error(
        "a back-reference cannot stand in a class; write \\x31 for a character by its number",
      );
    }
    return undefined;
  }
  const control = CONTROLS[letter];
  if (control !== undefined) {
    cursor.at += 2;
    return one(control);
  }
  if (/[A-Za-z]/.test(letter)) {
    if (!inClass) return undefined;
    throw cursor.error(`\\${letter} has no meaning in a class`);
  }
  cursor.at++;
  return one(cursor.take().codePointAt(0) ?? 0);
}

/** The POSIX class at the cursor, such as `[:alpha:]`, or undefined. */
export function readPosixClass(cursor: Cursor): CharacterSet | undefined {
  const start = cursor.at;
  const found = cursor.match(POSIX_CLASS);
  if (found === undefined) return undefined;
  const name = found[2] ?? "";
  const set = posixSet(name, found[1] === "^", cursor.dialect === "oniguruma");
  if (set !== undefined) return set;
  throw cursor.error(
    `[:${name}:] {at} is no class of characters (those are ${POSIX_NAMES.join(", ")})`,
    start,
  );
}

function readProperty(cursor: Cursor): CharacterSet {
  const start = cursor.at;
  const found = cursor.match(PROPERTY);
  if (found === undefined) throw cursor.error("\\p needs the name of a property: \\pL, \\p{Lu}, \\p{Greek}");
  const name = found[3] ?? found[4] ?? "";
  const set = propertySet(name, (found[1] === "P") !== (found[2] === "^"));
  if (set !== undefined) return set;
  throw cursor.error(`"${name}" {at} is no Unicode property`, start);
}

function readNumber(cursor: Cursor, sticky: RegExp, base: number, missing: string): CharacterSet {
  const start = cursor.at;
  const found = cursor.match(sticky);
  if (found === undefined) throw cursor.error(missing);
  const code = Number.parseInt(found[1] ?? found[2] ?? "", base);
  if (code > LAST_CODE_POINT) throw cursor.error(`${found[0]} {at} is no character`, start);
  return one(code);
}

function one(code: number): CharacterSet {
  return rangesSet([[code, code]]);
}
