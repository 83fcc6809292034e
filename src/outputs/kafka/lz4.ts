import { findMatches, LARGEST_BLOCK } from "../../lib/matches.ts";

/** Magic number, version 1 with independent blocks of 64 KiB at most, and the check sum of that. */
const FRAME_START = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const NOT_COMPRESSED = 0x80000000;

/** An LZ4 frame of the bytes, as Kafka wants it. */
export function lz4Frame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil(bytes.length / LARGEST_BLOCK);
  const frame = new Uint8Array(
    FRAME_START.length + bytes.length + Math.ceil(bytes.length / 255) + 20 * blocks + 4,
  );
  const view = new DataView(frame.buffer);
  frame.set(FRAME_START);
  let at = FRAME_START.length;
  for (let start = 0; start < bytes.length; start += LARGEST_BLOCK) {
    const end = Math.min(start + LARGEST_BLOCK, bytes.length);
    const length = writeBlock(bytes, start, end, frame, at + 4);
    if (length < end - start) {
      view.setUint32(at, length, true);
      at += 4 + length;
    } else {
      view.setUint32(at, (end - start | NOT_COMPRESSED) >>> 0, true);
      frame.set(bytes.subarray(start, end), at + 4);
      at += 4 + end - start;
    }
  }
  view.setUint32(at, 0, true);
  return frame.subarray(0, at + 4);
}

/** Answers how many bytes were written. */
function writeBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outStart: number,
): number {
  const { numbers, count } = findMatches(bytes, start, end);
  let from = start;
  let at = outStart;
  for (let i = 0; i < count * 3; i += 3) {
    const literals = numbers[i] ?? 0;
    const length = numbers[i + 1] ?? 0;
    const distance = numbers[i + 2] ?? 0;
    const rest = length - 4;
    out[at++] = Math.min(literals, 15) << 4 | Math.min(rest, 15);
    at = writeLiterals(bytes, from, literals, out, at);
    out[at++] = distance & 0xff;
    out[at++] = distance >>> 8;
    if (rest >= 15) at = writeLength(rest - 15, out, at);
    from += literals + length;
  }
  out[at++] = Math.min(end - from, 15) << 4;
  return writeLiterals(bytes, from, end - from, out, at) - outStart;
}

function writeLiterals(
  bytes: Uint8Array,
  from: number,
  count: number,
  out: Uint8Array,
  outAt: number,
): number {
  const at = count >= 15 ? writeLength(count - 15, out, outAt) : outAt;
  out.set(bytes.subarray(from, from + count), at);
  return at + count;
}

function writeLength(length: number, out: Uint8Array, outAt: number): number {
  let at = outAt;
  let rest = length;
  for (; rest >= 255; rest -= 255) out[at++] = 255;
  out[at++] = rest;
  return at;
}
