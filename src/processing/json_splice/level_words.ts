import type { Level } from "../../event.ts";

/** The levels by their index, as `LevelWords` answers them. */
export const LEVELS: readonly Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Longest word that may stand for a level. */
const LONGEST = 12;
const ENTRIES = 64;
const NO_LEVEL = -1;
const NOT_ASCII = -2;

/**
 * Reads level words from bytes. Which word stands for which level is asked once for each spelling and remembered, so
 * that a line makes no string.
 */
export class LevelWords {
  readonly #parseLevel: (word: string) => Level | undefined;
  /** The spelling of each entry, filled up with zeros, four bytes in each number; no word: all 0. */
  readonly #words = new Int32Array(3 * ENTRIES);
  readonly #levels = new Int8Array(ENTRIES);

  constructor(parseLevel: (word: string) => Level | undefined) {
    this.#parseLevel = parseLevel;
  }

  /** The index of the level that bytes[from..to) stands for, -1 if it is none, -2 if it is not plain ASCII. */
  read(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    const length = to - from;
    if (length === 0) return NO_LEVEL;
    if (length > LONGEST) return isPlain(bytes, from, to) ? NO_LEVEL : NOT_ASCII;
    let word0: number;
    let word1: number;
    let word2 = 0;
    if (length <= 8 && from + 8 <= bytes.length) {
      word0 = length >= 4
        ? view.getInt32(from, true)
        : view.getInt32(from, true) & ((1 << (length << 3)) - 1);
      word1 = length === 8
        ? view.getInt32(from + 4, true)
        : length > 4
        ? view.getInt32(from + 4, true) & ((1 << ((length - 4) << 3)) - 1)
        : 0;
    } else {
      word0 = pack(bytes, from, Math.min(to, from + 4));
      word1 = pack(bytes, from + 4, Math.min(to, from + 8));
      word2 = pack(bytes, from + 8, to);
    }
    const entry = (word0 ^ (word0 >>> 11) ^ (word0 >>> 22) ^ word1) & (ENTRIES - 1);
    const words = this.#words;
    if (words[3 * entry] === word0 && words[3 * entry + 1] === word1 && words[3 * entry + 2] === word2) {
      return this.#levels[entry] as number;
    }
    if (!isPlain(bytes, from, to)) return NOT_ASCII;
    const level = this.#parseLevel(String.fromCharCode(...bytes.subarray(from, to)));
    const index = level === undefined ? NO_LEVEL : LEVELS.indexOf(level);
    words[3 * entry] = word0;
    words[3 * entry + 1] = word1;
    words[3 * entry + 2] = word2;
    this.#levels[entry] = index;
    return index;
  }
}

/** Up to four bytes in a number, the first one lowest. */
function pack(bytes: Uint8Array, from: number, to: number): number {
  let word = 0;
  for (let at = from; at < to; at++) word |= (bytes[at] as number) << ((at - from) << 3);
  return word;
}

/** Whether all bytes are ASCII and none begins an escape sequence. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = bytes[at] as number;
    if (code >= 0x80 || code === 0x5c) return false;
  }
  return true;
}
