import type { Slice } from "./message_reader.ts";

/** The hash by which Kafka's Java client spreads keys, as a signed number. */
export function murmur2(bytes: Uint8Array, start: number, end: number): number {
  const m = 0x5bd1e995;
  const length = end - start;
  let hash = 0x9747b28c ^ length;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    let word = (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 |
      (bytes[at + 3] ?? 0) << 24;
    word = Math.imul(word, m);
    word ^= word >>> 24;
    hash = Math.imul(hash, m) ^ Math.imul(word, m);
  }
  const rest = end - at;
  if (rest > 2) hash ^= (bytes[at + 2] ?? 0) << 16;
  if (rest > 1) hash ^= (bytes[at + 1] ?? 0) << 8;
  if (rest > 0) hash = Math.imul(hash ^ (bytes[at] ?? 0), m);
  hash = Math.imul(hash ^ hash >>> 13, m);
  return hash ^ hash >>> 15;
}

/** The partition of a key among so many. */
export function partitionOfKey({ bytes, start, end }: Slice, partitions: number): number {
  return (murmur2(bytes, start, end) & 0x7fffffff) % partitions;
}
