import type { Source } from "./event.ts";

/**
 * Records back to back: record `i` is `bytes[ends[i - 1] ?? 0 .. ends[i]]`, its line terminator included where the
 * input had one. Batches cross every boundary as bytes, since objects cost about seventy times as much.
 */
export interface Batch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Where the first record of a batch starts in its stream, so that every record has a stable id. */
export interface Origin {
  /** What makes offsets unique: for a file, its lineage and generation. */
  readonly id: string;
  /** Byte offset of the first record in the stream. */
  readonly offset: number;
  /** Offsets of all records, only where they do not follow from `ends` (transcoded or cut lines). */
  readonly offsets?: Float64Array<ArrayBuffer>;
}

/** What an input emits. The input may use the buffer again once the acknowledgement has settled, not earlier. */
export interface RawBatch extends Batch {
  readonly source: Source;
  /** When the bytes were read, in milliseconds since 1970. */
  readonly receivedAt: number;
  readonly origin?: Origin;
  /** Aborted once the input will offer the batch again: one that is still waiting for room is not taken then. */
  readonly withdrawn?: { readonly aborted: boolean };
}

/** What an output receives. */
export interface EncodedBatch extends Batch {
  /** What the records of one request share (a file's path, an index, a topic), or "". */
  readonly partition: string;
}
