import type { NameTable } from "./name_table.ts";

/** How many keys are remembered; a power of two. */
const KEYS = 256;
/** How many entries are looked at for one key, before the first of them is given up for it. */
const PROBES = 8;
/** Longest key that is remembered, with its quotes and its colon. */
const LONGEST = 64;
/** The shortest one: keys are compared by words of four bytes. */
const SHORTEST = 4;

/** Numbers of an entry: length of the key with quotes and colon (0: none), its slot or -1, the entry that followed. */
export const KEY = { length: 0, slot: 1, next: 2, size: 4 } as const;
/** The entry that stands for the beginning of a line. */
export const FIRST_KEY: number = KEYS * KEY.size;
/** The entry of keys that are not remembered. */
const OTHER_KEY = FIRST_KEY + KEY.size;

/**
 * The keys of the lines so far and which one followed which. Lines of one stream mostly have the same keys in the same
 * order, and a guess is confirmed by a few comparisons of words, where an unknown key is looked at byte by byte.
 */
export class KeyMemory {
  /** `KEY.size` numbers for each key; an entry is known by the index of its first number. */
  readonly entries: Int32Array = new Int32Array(OTHER_KEY + KEY.size);
  /** The keys with quotes and colons, each where `keyStart` says. */
  readonly view: DataView;
  readonly #bytes = new Uint8Array(KEYS * LONGEST);
  readonly #names: NameTable;

  constructor(names: NameTable) {
    this.#names = names;
    this.view = new DataView(this.#bytes.buffer);
    // What follows is not known yet; no line has room for a key of that length.
    for (let entry = 0; entry <= OTHER_KEY; entry += KEY.size) this.entries[entry + KEY.next] = OTHER_KEY;
    this.entries[OTHER_KEY + KEY.length] = 0x7fffffff;
  }

  /** Remembers the key in bytes[from..to), without its quotes, as the one that follows `previous`; answers its entry. */
  learn(bytes: Uint8Array, from: number, to: number, previous: number): number {
    const length = to - from + 3;
    if (length < SHORTEST || length > LONGEST) {
      this.entries[OTHER_KEY + KEY.slot] = this.#names.find(bytes, from, to);
      return OTHER_KEY;
    }
    const entry = this.#place(bytes, from, to);
    if (this.entries[entry + KEY.length] === 0) {
      this.entries[entry + KEY.length] = length;
      this.entries[entry + KEY.slot] = this.#names.find(bytes, from, to);
      const start = keyStart(entry);
      this.#bytes[start] = 0x22;
      for (let index = from; index < to; index++) {
        this.#bytes[start + 1 + index - from] = bytes[index] as number;
      }
      this.#bytes[start + length - 2] = 0x22;
      this.#bytes[start + length - 1] = 0x3a;
    }
    this.entries[previous + KEY.next] = entry;
    return entry;
  }

  /** The entry that holds this key, or one of length 0 for it. */
  #place(bytes: Uint8Array, from: number, to: number): number {
    let hash = 0;
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    for (let probe = 0; probe < PROBES; probe++) {
      const entry = ((hash + probe) & (KEYS - 1)) * KEY.size;
      if (this.entries[entry + KEY.length] === 0 || this.#holds(entry, bytes, from, to)) return entry;
    }
    const entry = (hash & (KEYS - 1)) * KEY.size;
    this.entries[entry + KEY.length] = 0;
    return entry;
  }

  #holds(entry: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.entries[entry + KEY.length] !== to - from + 3) return false;
    const start = keyStart(entry) + 1;
    for (let index = from; index < to; index++) {
      if (bytes[index] !== this.#bytes[start + index - from]) return false;
    }
    return true;
  }
}

function keyStart(entry: number): number {
  return Math.imul(entry, LONGEST / KEY.size);
}

/** Whether the key of `entry`, of this length, stands at `at`. Reads `length` bytes of the line. */
export function isKeyAt(keys: DataView, entry: number, length: number, line: DataView, at: number): boolean {
  const start = keyStart(entry);
  const last = (length - 4) | 0;
  for (let index = 0; index < last; index = (index + 4) | 0) {
    if (keys.getInt32((start + index) | 0, true) !== line.getInt32((at + index) | 0, true)) return false;
  }
  return keys.getInt32((start + last) | 0, true) === line.getInt32((at + last) | 0, true);
}
