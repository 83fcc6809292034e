import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { EncodedBatch } from "../../batch.ts";
import { lineTextBytes } from "../../encoding/line_text.ts";

/** How records stand in a body. */
export type BodyFormat = "ndjson" | "json" | "text";
export type Compression = "none" | "gzip" | "zstd";

/** Records of a batch: from `first` up to, not including, `end`. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

export const CONTENT_TYPES: Readonly<Record<BodyFormat, string>> = {
  ndjson: "application/x-ndjson",
  json: "application/json",
  text: "text/plain; charset=utf-8",
};

const LINE_FEED = 10;
const COMMA = 44;
const OPENING = 91;
const CLOSING = 93;

/** How many bytes the records of a range have. */
export function sizeOf(batch: EncodedBatch, { first, end }: Range): number {
  return offsetOf(batch, end) - offsetOf(batch, first);
}

/** The body for some records. Those of a whole batch are copied only where that changes them. */
export function requestBody(batch: EncodedBatch, range: Range, format: BodyFormat): Uint8Array<ArrayBuffer> {
  const start = offsetOf(batch, range.first);
  const bytes = batch.bytes.subarray(start, offsetOf(batch, range.end));
  const ends = batch.ends.subarray(range.first, range.end);
  return format === "json" ? jsonArray(bytes, ends, start) : lineTextBytes({ ...batch, bytes, ends });
}

/** Each line feed between two records becomes a comma, so nothing is parsed. `start`: where `bytes` begin. */
function jsonArray(bytes: Uint8Array, ends: Uint32Array, start: number): Uint8Array<ArrayBuffer> {
  const whole = bytes.at(-1) === LINE_FEED ? bytes.length - 1 : bytes.length;
  const array = new Uint8Array(whole + 2);
  array[0] = OPENING;
  array.set(bytes.subarray(0, whole), 1);
  for (let record = 0; record < ends.length - 1; record++) array[(ends[record] ?? 0) - start] = COMMA;
  array[whole + 1] = CLOSING;
  return array;
}

const gzip = promisify(zlib.gzip);
const zstd = promisify(zlib.zstdCompress);

/** The body as it is sent. */
export async function compressed(
  body: Uint8Array<ArrayBuffer>,
  compression: Compression,
): Promise<Uint8Array<ArrayBuffer>> {
  switch (compression) {
    case "none":
      return body;
    case "gzip":
      return new Uint8Array(await gzip(body));
    case "zstd":
      return new Uint8Array(await zstd(body));
  }
}

function offsetOf(batch: EncodedBatch, record: number): number {
  return record === 0 ? 0 : batch.ends[record - 1] ?? 0;
}
