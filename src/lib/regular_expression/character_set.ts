/** Characters by code point, both ends included. */
export type Range = readonly [from: number, to: number];

/** Some characters: ranges, and what only JavaScript's own syntax can say, such as `\p{L}`. */
export interface CharacterSet {
  readonly ranges: readonly Range[];
  readonly text: string;
  readonly unicode: boolean;
}

/** Above this a character is two code units, and a class that holds it needs the flag u. */
const LAST_OF_ONE_UNIT = 0xffff;
/** Ranges longer than this hold both cases of nearly everything in them. */
const MOST_FOLDED = 1024;

const DIGIT: Range = [0x30, 0x39];
const UPPER: Range = [0x41, 0x5a];
const LOWER: Range = [0x61, 0x7a];

/** The POSIX classes in ASCII, as Go has them. */
const POSIX: Readonly<Record<string, readonly Range[]>> = {
  alnum: [DIGIT, UPPER, LOWER],
  alpha: [UPPER, LOWER],
  ascii: [[0, 0x7f]],
  blank: [[0x09, 0x09], [0x20, 0x20]],
  cntrl: [[0, 0x1f], [0x7f, 0x7f]],
  digit: [DIGIT],
  graph: [[0x21, 0x7e]],
  lower: [LOWER],
  print: [[0x20, 0x7e]],
  punct: [[0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]],
  space: [[0x09, 0x0d], [0x20, 0x20]],
  upper: [UPPER],
  word: [DIGIT, UPPER, LOWER, [0x5f, 0x5f]],
  xdigit: [DIGIT, [0x41, 0x46], [0x61, 0x66]],
};

/** The POSIX classes that Oniguruma takes beyond ASCII, as Unicode properties. */
const UNICODE_POSIX: Readonly<Record<string, string>> = {
  alnum: "\\p{L}\\p{M}\\p{Nd}",
  alpha: "\\p{L}\\p{M}",
  digit: "\\p{Nd}",
  lower: "\\p{Ll}",
  upper: "\\p{Lu}",
  punct: "\\p{P}\\p{S}",
  space: "\\s",
  word: "\\p{L}\\p{M}\\p{Nd}\\p{Pc}",
};

/** Names of the POSIX classes, for messages. */
export const POSIX_NAMES: readonly string[] = Object.keys(POSIX);

/** A set of ranges alone. */
export function rangesSet(ranges: readonly Range[]): CharacterSet {
  return { ranges, text: "", unicode: ranges.some(([, to]) => to > LAST_OF_ONE_UNIT) };
}

/** A set that JavaScript has a name for. */
export function namedSet(text: string, unicode = false): CharacterSet {
  return { ranges: [], text, unicode };
}

/** A POSIX class such as `alpha`, or undefined if there is none of that name. */
export function posixSet(name: string, negated: boolean, beyondAscii: boolean): CharacterSet | undefined {
  const properties = beyondAscii ? UNICODE_POSIX[name] : undefined;
  if (properties !== undefined && !negated) return namedSet(properties, properties.includes("\\p"));
  const ranges = POSIX[name];
  if (ranges === undefined) return undefined;
  return rangesSet(negated ? complement(ranges) : ranges);
}

/** All other characters. */
export function complement(ranges: readonly Range[]): Range[] {
  const sorted = ranges.toSorted((a, b) => a[0] - b[0]);
  const others: Range[] = [];
  let next = 0;
  for (const [from, to] of sorted) {
    if (from > next) others.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  if (next <= LAST_OF_ONE_UNIT) others.push([next, LAST_OF_ONE_UNIT]);
  return others;
}

/**
 * The property that `\p{name}` means, as JavaScript writes it: general categories, scripts and binary properties without
 * a prefix. Undefined if there is none of that name.
 */
export function propertySet(name: string, negated: boolean): CharacterSet | undefined {
  const posix = posixSet(name.toLowerCase(), negated, true);
  for (const spelled of [name, `Script=${name}`]) {
    const text = `\\${negated ? "P" : "p"}{${spelled}}`;
    try {
      new RegExp(text, "u");
      return namedSet(text, true);
    } catch { /* Not a name of this kind. */ }
  }
  return posix;
}

/** The ranges and the other case of what is in them. */
export function foldCase(ranges: readonly Range[]): Range[] {
  const folded = [...ranges];
  for (const [from, to] of ranges) {
    if (to - from > MOST_FOLDED) continue;
    for (let code = from; code <= to; code++) {
      const char = String.fromCodePoint(code);
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        const otherCode = other.codePointAt(0) ?? code;
        // What becomes two characters, as ß does, has no other case of its own.
        if (otherCode !== code && String.fromCodePoint(otherCode) === other) {
          folded.push([otherCode, otherCode]);
        }
      }
    }
  }
  return merge(folded);
}

/** The same characters in as few ranges as possible. */
function merge(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** A set as an element of a pattern: a character, a class. */
export function writeSet(sets: readonly CharacterSet[], negated: boolean): string {
  const only = sets.length === 1 ? sets[0] : undefined;
  if (only !== undefined && !negated) {
    const range = only.ranges.length === 1 && only.text === "" ? only.ranges[0] : undefined;
    if (range !== undefined && range[0] === range[1]) return writeCharacter(range[0], false);
    if (only.ranges.length === 0 && /^\\[a-zA-Z](?:\{[^}]*\})?$/.test(only.text)) return only.text;
  }
  const inside = sets.map(({ ranges, text }) => ranges.map(writeRange).join("") + text).join("");
  return `[${negated ? "^" : ""}${inside}]`;
}

function writeRange([from, to]: Range): string {
  const first = writeCharacter(from, true);
  if (from === to) return first;
  return `${first}${to === from + 1 ? "" : "-"}${writeCharacter(to, true)}`;
}

const SYNTAX = new Set("^$\\.*+?()[]{}|");
const CLASS_SYNTAX = new Set("\\]^-[");
const NAMED_CONTROLS: Readonly<Record<number, string>> = {
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
};

/** One character such that it means itself, with and without the flag u. */
function writeCharacter(code: number, inClass: boolean): string {
  if (code < 0x20 || code === 0x7f) {
    return NAMED_CONTROLS[code] ?? `\\x${code.toString(16).padStart(2, "0")}`;
  }
  // Line separators and lone halves of a pair are written by number.
  if (code === 0x2028 || code === 0x2029 || (code >= 0xd800 && code <= 0xdfff) || code === LAST_OF_ONE_UNIT) {
    return `\\u${code.toString(16).padStart(4, "0")}`;
  }
  const char = String.fromCodePoint(code);
  return (inClass ? CLASS_SYNTAX : SYNTAX).has(char) ? `\\${char}` : char;
}
