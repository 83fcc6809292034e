import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { KafkaConfig } from "./kafka_config.ts";
import { lz4Frame } from "./lz4.ts";
import { HEADER_BYTES } from "./record_batch.ts";
import { snappyFrame } from "../../lib/snappy.ts";

const gzip = promisify(zlib.gzip);
const zstd = promisify(zlib.zstdCompress);

/** How messages are compressed. */
export type Codec = KafkaConfig["compression_codec"];

/** As the attributes of a record batch have it. */
export const CODEC_NUMBERS: Readonly<Record<Codec, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
};

/** The batch with its records compressed; its header is as it was. */
export async function compressBatch(
  batch: Uint8Array<ArrayBuffer>,
  codec: Codec,
): Promise<Uint8Array<ArrayBuffer>> {
  if (codec === "none") return batch;
  const records = await compressed(batch.subarray(HEADER_BYTES), codec);
  const result = new Uint8Array(HEADER_BYTES + records.length);
  result.set(batch.subarray(0, HEADER_BYTES));
  result.set(records, HEADER_BYTES);
  return result;
}

function compressed(records: Uint8Array<ArrayBuffer>, codec: Codec): Uint8Array | Promise<Uint8Array> {
  switch (codec) {
    case "none":
      return records;
    case "gzip":
      return gzip(records);
    case "snappy":
      return snappyFrame(records);
    case "lz4":
      return lz4Frame(records);
    case "zstd":
      return zstd(records);
  }
}
