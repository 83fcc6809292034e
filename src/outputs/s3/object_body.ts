import type { EncodedBatch } from "../../batch.ts";
import { lineTextBytes } from "../../encoding/line_text.ts";
import { compressed } from "../http/request_body.ts";
import { crc32c } from "../../lib/crc32c.ts";
import { snappyFrame } from "../../lib/snappy.ts";
import type { S3Config } from "./s3_config.ts";

type Compression = S3Config["compression"];

/** What compression adds to names, as tools expect it. */
export const EXTENSIONS: Readonly<Record<Compression, string>> = {
  none: "",
  gzip: ".gz",
  snappy: ".sz",
  zstd: ".zst",
};

/** How Content-Encoding calls it. */
export const CONTENT_ENCODINGS: Readonly<Record<Compression, string | undefined>> = {
  none: undefined,
  gzip: "gzip",
  snappy: "x-snappy-framed",
  zstd: "zstd",
};

/** The contents of an object with all records of a batch, or with some of them. */
export async function objectBody(
  batch: EncodedBatch,
  records: readonly number[] | undefined,
  compression: Compression,
): Promise<Uint8Array<ArrayBuffer>> {
  const body = lineTextBytes(records === undefined ? batch : { ...batch, bytes: picked(batch, records) });
  return compression === "snappy" ? snappyStream(body) : await compressed(body, compression);
}

function picked({ bytes, ends }: EncodedBatch, records: readonly number[]): Uint8Array<ArrayBuffer> {
  const spans = records.map((index) =>
    bytes.subarray(index === 0 ? 0 : ends[index - 1] ?? 0, ends[index] ?? 0)
  );
  const all = new Uint8Array(spans.reduce((sum, span) => sum + span.length, 0));
  let at = 0;
  for (const span of spans) {
    all.set(span, at);
    at += span.length;
  }
  return all;
}

/**
 * Snappy's framing format: after the stream's identifier come chunks of at most 64 KiB, each with its type (0), its
 * length (3 bytes), a masked CRC-32C of what it holds, and a block. All numbers begin with their lowest byte.
 */
const STREAM_START = [0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];
const CHUNK = 32 * 1024;
/** Before the only block of a frame of Kafka's: its header and the block's length. */
const KAFKA_HEADER = 20;

/** Compresses in Snappy's framing format. */
export function snappyStream(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [Uint8Array.from(STREAM_START)];
  for (let start = 0; start < bytes.length; start += CHUNK) {
    const chunk = bytes.subarray(start, start + CHUNK);
    const block = snappyFrame(chunk).subarray(KAFKA_HEADER);
    const head = new DataView(new ArrayBuffer(8));
    head.setUint32(0, (block.length + 4) << 8, true);
    const crc = crc32c(chunk);
    head.setUint32(4, (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, true);
    parts.push(new Uint8Array(head.buffer), block);
  }
  const stream = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    stream.set(part, at);
    at += part.length;
  }
  return stream;
}
