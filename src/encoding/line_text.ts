import type { EncodedBatch } from "../batch.ts";

const LINE_FEED = 10;

/** Whether the last record has no line feed: a partial line that was flushed, or the end of a file. */
export function lacksLineFeed(batch: EncodedBatch): boolean {
  return batch.bytes.length > 0 && batch.bytes[batch.bytes.length - 1] !== LINE_FEED;
}

/**
 * The bytes of a batch for outputs that write lines as they came, with a line feed after a last record that has
 * none, so that the next record starts its own line. Copies only in that case.
 */
export function lineTextBytes(batch: EncodedBatch): Uint8Array<ArrayBuffer> {
  if (!lacksLineFeed(batch)) return batch.bytes;
  const bytes = new Uint8Array(batch.bytes.length + 1);
  bytes.set(batch.bytes);
  bytes[batch.bytes.length] = LINE_FEED;
  return bytes;
}
