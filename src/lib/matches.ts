/** The largest block that `findMatches` takes: all distances fit into 16 bits. */
export const LARGEST_BLOCK = 64 * 1024;
/** Neither LZ4 nor its readers allow matches closer to the end of a block. */
const MATCH_LIMIT = 12;
const LAST_LITERALS = 5;
const SHORTEST_MATCH = 4;
const HASH_BITS = 14;

const table = new Int32Array(1 << HASH_BITS);
/** Three numbers a match: literals before it, its length, its distance. */
const found = new Int32Array(3 * (LARGEST_BLOCK / SHORTEST_MATCH + 1));

/** What repeats in a block. Valid until the next call of `findMatches`. */
export interface Matches {
  /** For each match: how many literals stand before it, its length (4 at least), its distance. */
  readonly numbers: Int32Array;
  readonly count: number;
}

/** Finds what repeats in a block of 64 KiB at most, as LZ4 and Snappy want it: the first match found is taken. */
export function findMatches(bytes: Uint8Array, start: number, end: number): Matches {
  table.fill(-1);
  const lastMatch = end - MATCH_LIMIT;
  const lastByte = end - LAST_LITERALS;
  let count = 0;
  let literals = start;
  let at = start;
  // Where nothing repeats, ever larger steps are taken.
  let misses = 0;
  while (at <= lastMatch) {
    const word = wordAt(bytes, at);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = table[slot] ?? -1;
    table[slot] = at;
    if (candidate < 0 || wordAt(bytes, candidate) !== word) {
      at += 1 + (misses++ >>> 6);
      continue;
    }
    misses = 0;
    let length = SHORTEST_MATCH;
    while (at + length < lastByte && bytes[candidate + length] === bytes[at + length]) length++;
    found[count] = at - literals;
    found[count + 1] = length;
    found[count + 2] = at - candidate;
    count += 3;
    at += length;
    literals = at;
  }
  return { numbers: found, count: count / 3 };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 |
    (bytes[at + 3] ?? 0) << 24;
}
