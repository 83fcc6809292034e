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
  /** Where the last record ends in the stream, where that does not follow from its length. */
  readonly end?: number;
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

/** What the records of a run have in common. */
export interface RecordOrigin {
  readonly id: string;
  /** The run ends before this record. */
  readonly end: number;
  /**
   * With this run its stream is covered up to this offset, what was left out included: what begins before it and comes
   * again is not new. Absent where more of it may follow.
   */
  readonly until?: number;
}

/**
 * The stable ids of records: the same after a retry, a rotation and a restart. Numbers rather than texts, since most
 * records never need theirs; `recordId` makes the text.
 */
export interface RecordIds {
  /** What makes offsets unique, for runs of records: each run begins where the one before it ends, at record `end`. */
  readonly origins: readonly RecordOrigin[];
  /** Of every record in its stream. */
  readonly offsets: Float64Array<ArrayBuffer>;
}

/** What an output receives. */
export interface EncodedBatch extends Batch {
  /** What the records of one request share (a file's path, an index, a topic), or "". */
  readonly partition: string;
  /** Absent where inputs give their records no ids, or the output does not ask for them. */
  readonly ids?: RecordIds;
  /** The key of every record, only of encoders that make keys; without bytes where a record has none. */
  readonly keys?: Batch;
}

/** The id of a record by its place: 7 bits ASCII, without spaces, slashes and quotes. */
export function idText(origin: string, offset: number): string {
  return `${origin}.${offset.toString(36)}`;
}

/** The id of record `index`; undefined where the batch has no ids. */
export function recordId({ ids }: EncodedBatch, index: number): string | undefined {
  const offset = ids?.offsets[index];
  const run = ids?.origins.find(({ end }) => index < end);
  return run === undefined || offset === undefined ? undefined : idText(run.id, offset);
}
