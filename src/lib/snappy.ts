import { findMatches, LARGEST_BLOCK } from "./matches.ts";

/** The frame that the Java client puts around Snappy's blocks, version 1. */
const FRAME_START = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1];
/** One element of a block copies no more. */
const LONGEST_COPY = 64;

/** Blocks of Snappy in a frame, as Kafka's own clients write them. */
export function snappyFrame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil(bytes.length / LARGEST_BLOCK);
  const frame = new Uint8Array(FRAME_START.length + bytes.length + Math.ceil(bytes.length / 6) + 48 * blocks);
  const view = new DataView(frame.buffer);
  frame.set(FRAME_START);
  let at = FRAME_START.length;
  for (let start = 0; start < bytes.length; start += LARGEST_BLOCK) {
    const end = Math.min(start + LARGEST_BLOCK, bytes.length);
    const length = writeBlock(bytes, start, end, frame, at + 4);
    view.setUint32(at, length);
    at += 4 + length;
  }
  return frame.subarray(0, at);
}

/** Answers how many bytes were written. */
function writeBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outStart: number,
): number {
  let at = outStart;
  for (let rest = end - start;; rest >>>= 7) {
    out[at++] = rest > 0x7f ? rest & 0x7f | 0x80 : rest;
    if (rest <= 0x7f) break;
  }
  const { numbers, count } = findMatches(bytes, start, end);
  let from = start;
  for (let i = 0; i < count * 3; i += 3) {
    const literals = numbers[i] ?? 0;
    const length = numbers[i + 1] ?? 0;
    at = writeLiterals(bytes, from, literals, out, at);
    at = writeCopies(length, numbers[i + 2] ?? 0, out, at);
    from += literals + length;
  }
  return writeLiterals(bytes, from, end - from, out, at) - outStart;
}

function writeLiterals(
  bytes: Uint8Array,
  from: number,
  count: number,
  out: Uint8Array,
  outAt: number,
): number {
  if (count === 0) return outAt;
  let at = outAt;
  const length = count - 1;
  if (length < 60) {
    out[at++] = length << 2;
  } else if (length < 256) {
    out[at++] = 60 << 2;
    out[at++] = length;
  } else {
    out[at++] = 61 << 2;
    out[at++] = length & 0xff;
    out[at++] = length >>> 8;
  }
  out.set(bytes.subarray(from, from + count), at);
  return at + count;
}

function writeCopies(length: number, distance: number, out: Uint8Array, outAt: number): number {
  let at = outAt;
  for (let rest = length; rest > 0;) {
    const part = Math.min(rest, LONGEST_COPY);
    out[at++] = part - 1 << 2 | 2;
    out[at++] = distance & 0xff;
    out[at++] = distance >>> 8;
    rest -= part;
  }
  return at;
}
