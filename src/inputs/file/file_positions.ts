import { type Fingerprint, hashOf, HEAD_BYTES, readFully, TAIL_BYTES } from "./fingerprint.ts";
import type { ByteSource } from "./open_file.ts";
import type { ReadPosition } from "./reader.ts";

const SEARCH_BYTES = 64 * 1024;

/** The position at `off`, with what stands before it in the file now. */
export async function positionAt(source: ByteSource, off: number, skipping = false): Promise<ReadPosition> {
  const tailLength = Math.min(TAIL_BYTES, off);
  return {
    off,
    tail: await readFully(source, off - tailLength, tailLength),
    head: await readFully(source, 0, HEAD_BYTES),
    skipping,
  };
}

/**
 * The position behind what a fingerprint tells of; undefined where the contents are others. It is made of the very bytes
 * that are compared: a file may be truncated and written anew at any moment, also right after a comparison.
 */
export async function provenPosition(
  source: ByteSource,
  { off, headLen, head, tailLen, tail }: Fingerprint,
  skipping = false,
): Promise<ReadPosition | undefined> {
  const at = await positionAt(source, off, skipping);
  const same = at.head.length >= headLen && hashOf(at.head.subarray(0, headLen)) === head &&
    at.tail.length === tailLen && hashOf(at.tail) === tail;
  return same ? at : undefined;
}

/** The start of the last, unfinished line before `size`, or `size` itself where the last line is finished. */
export async function lastLineStart(source: ByteSource, size: number, unit: 1 | 2): Promise<number> {
  let end = size - size % unit;
  while (end > 0) {
    const start = Math.max(0, end - SEARCH_BYTES);
    const bytes = await readFully(source, start, end - start);
    for (let at = bytes.lastIndexOf(0x0a); at !== -1; at = at === 0 ? -1 : bytes.lastIndexOf(0x0a, at - 1)) {
      const after = start + at + 1;
      if (unit === 1) return after;
      if (after % 2 === 0 && bytes[at - 1] === 0) return after;
      if (after % 2 === 1 && bytes[at + 1] === 0) return after + 1;
    }
    end = start;
  }
  return 0;
}
