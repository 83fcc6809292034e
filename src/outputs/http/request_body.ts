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
  if (format === "json") return jsonList(batch, range, BRACKETS);
  const bytes = batch.bytes.subarray(offsetOf(batch, range.first), offsetOf(batch, range.end));
  return lineTextBytes({ ...batch, bytes, ends: batch.ends.subarray(range.first, range.end) });
}

/** What stands before and behind a list of JSON values. */
export interface Frame {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

const BRACKETS: Frame = { before: new Uint8Array([OPENING]), after: new Uint8Array([CLOSING]) };

/**
 * The records of a range as a list of JSON values. Each line feed between two records becomes a comma, so nothing is
 * parsed.
 */
export function jsonList(
  batch: EncodedBatch,
  { first, end }: Range,
  { before, after }: Frame,
): Uint8Array<ArrayBuffer> {
  const start = offsetOf(batch, first);
  const bytes = batch.bytes.subarray(start, offsetOf(batch, end));
  const whole = bytes.at(-1) === LINE_FEED ? bytes.length - 1 : bytes.length;
  const list = new Uint8Array(before.length + whole + after.length);
  list.set(before);
  list.set(bytes.subarray(0, whole), before.length);
  for (let record = first + 1; record < end; record++) {
    list[before.length + offsetOf(batch, record) - start - 1] = COMMA;
  }
  list.set(after, before.length + whole);
  return list;
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

/** A body as it is sent, with the headers that say so. */
export interface SentBody {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Compresses a body. */
export async function sentBody(body: Uint8Array<ArrayBuffer>, compression: Compression): Promise<SentBody> {
  if (compression === "none") return { body, headers: {} };
  return { body: await compressed(body, compression), headers: { "content-encoding": compression } };
}

/** Where a record begins in the bytes of its batch. */
export function offsetOf(batch: EncodedBatch, record: number): number {
  return record === 0 ? 0 : batch.ends[record - 1] ?? 0;
}
