import type { EncodedBatch } from "../../batch.ts";
import { lineTextBytes } from "../../encoding/line_text.ts";

/**
 * How records are told apart in a stream: by a line feed or a zero byte behind each, or by the number of its bytes
 * and a space before it (RFC 6587).
 */
export type Framing = "newline" | "null" | "octet_counting";

const LINE_FEED = 10;
const ZERO = 48;
const SPACE = 32;

/** The bytes of a stream for a batch. The line feed that ends a record does not count as part of it. */
export function framed(batch: EncodedBatch, framing: Framing): Uint8Array<ArrayBuffer> {
  switch (framing) {
    case "newline":
      // Records of encoders that write lines are framed already.
      return endsInLineFeeds(batch) ? lineTextBytes(batch) : delimited(batch, LINE_FEED);
    case "null":
      return delimited(batch, 0);
    case "octet_counting":
      return counted(batch);
  }
}

/** Where the record ends without the line feed behind it. */
export function contentEnd({ bytes, ends }: EncodedBatch, index: number): number {
  const start = index === 0 ? 0 : ends[index - 1] ?? 0;
  const end = ends[index] ?? 0;
  return end > start && bytes[end - 1] === LINE_FEED ? end - 1 : end;
}

/** Only the last record of a batch of lines may lack its line feed. */
function endsInLineFeeds({ bytes, ends }: EncodedBatch): boolean {
  for (let index = 0; index < ends.length - 1; index++) {
    if (bytes[(ends[index] ?? 0) - 1] !== LINE_FEED) return false;
  }
  return true;
}

function delimited(batch: EncodedBatch, delimiter: number): Uint8Array<ArrayBuffer> {
  const { bytes, ends } = batch;
  const frames = new Uint8Array(bytes.length + ends.length);
  let at = 0;
  let start = 0;
  for (let index = 0; index < ends.length; index++) {
    const end = contentEnd(batch, index);
    frames.set(bytes.subarray(start, end), at);
    at += end - start;
    frames[at++] = delimiter;
    start = ends[index] ?? start;
  }
  return frames.subarray(0, at);
}

function counted(batch: EncodedBatch): Uint8Array<ArrayBuffer> {
  const { bytes, ends } = batch;
  // A count has at most ten digits.
  const frames = new Uint8Array(bytes.length + ends.length * 11);
  let at = 0;
  let start = 0;
  for (let index = 0; index < ends.length; index++) {
    const end = contentEnd(batch, index);
    at = writeNumber(frames, at, end - start);
    frames[at++] = SPACE;
    frames.set(bytes.subarray(start, end), at);
    at += end - start;
    start = ends[index] ?? start;
  }
  return frames.subarray(0, at);
}

/** Writes a whole number in decimal; answers where it ends. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    bytes[place] = ZERO + rest % 10;
    rest = Math.floor(rest / 10);
  }
  return at + digits;
}
