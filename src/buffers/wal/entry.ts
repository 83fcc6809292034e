import zlib from "node:zlib";
import type { Outcome } from "../../acknowledgement.ts";
import type { EncodedBatch } from "../../batch.ts";
import { type Arena, pad8, type Slice } from "./block.ts";
import { namesOf, payloadLength, readPayload, writePayload } from "./payload.ts";
import { type Compression, FRAME_HEADER, frameLength, writeFrame } from "./record.ts";
import type { Place } from "./segment.ts";

/** A batch in memory that was written to the log a short while ago. */
export interface Entry {
  readonly batch: number;
  readonly record: number;
  readonly records: number;
  /** Bytes of the records. */
  readonly bytes: number;
  /** When it was written, in ms since 1970. */
  readonly time: number;
  /** The frame, as it stands in the file; used until the entry is safe. */
  readonly frame: Slice;
  readonly frameLength: number;
  /** The payload without compression; used as long as the entry is kept for the reader. */
  readonly payload: Slice;
  readonly payloadLength: number;
  /** Bytes of memory that it takes. */
  readonly memory: number;
  /** It stands in a file. */
  isWritten: boolean;
  /** It is on the disk, or need not be: its frame is not used any more. */
  isSafe: boolean;
  isReleased: boolean;
  /** Answers the write, once. */
  settle: ((outcome: Outcome) => void) | undefined;
}

/** Makes the frame of a batch; it has no place in a file yet. */
export function encodeEntry(
  batch: EncodedBatch,
  place: Place,
  time: number,
  compression: Compression,
  arena: Arena,
): Entry {
  const names = namesOf(batch);
  const plainLength = payloadLength(batch, names);
  const common = {
    batch: place.batch,
    record: place.record,
    records: batch.ends.length,
    bytes: batch.bytes.length,
    time,
    payloadLength: plainLength,
    isWritten: false,
    isSafe: false,
    isReleased: false,
    settle: undefined,
  };
  if (compression !== "none") {
    const plain = arena.take(plainLength);
    writePayload(plain.block, plain.start, batch, names);
    const stored = compress(plain.block.u8.subarray(plain.start, plain.start + plainLength), compression);
    if (stored.length < plainLength) {
      const length = frameLength(stored.length);
      const frame = arena.take(length);
      const at = frame.start + FRAME_HEADER;
      frame.block.u8.set(stored, at);
      frame.block.u8.fill(0, at + stored.length, at + pad8(stored.length));
      writeFrame(frame.block, frame.start, { ...common, compression, length: stored.length });
      return { ...common, frame, frameLength: length, payload: plain, memory: length + plainLength };
    }
    // What does not become smaller is stored as it is.
    arena.release(plain.block);
  }
  const length = frameLength(plainLength);
  const frame = arena.take(length);
  const { block, start } = frame;
  writePayload(block, start + FRAME_HEADER, batch, names);
  writeFrame(block, start, { ...common, compression: "none", length: plainLength });
  block.uses++;
  return {
    ...common,
    frame,
    frameLength: length,
    payload: { block, start: start + FRAME_HEADER },
    memory: length,
  };
}

/** The batch as it was written: views of the entry's memory. */
export function batchOf({ payload, payloadLength }: Entry): EncodedBatch {
  const { block, start } = payload;
  const decoded = readPayload(block.u8.subarray(start, start + payloadLength));
  if (decoded === undefined) {
    throw new Error("Cannot read a batch from memory: its parts do not fit together");
  }
  return decoded.batch;
}

function compress(bytes: Uint8Array, compression: Compression): Uint8Array {
  return compression === "gzip" ? zlib.gzipSync(bytes, { level: 1 }) : zlib.zstdCompressSync(bytes);
}

/** The payload without compression, at a multiple of 8 of its buffer; undefined if it cannot be decompressed. */
export function decompress(
  bytes: Uint8Array<ArrayBuffer>,
  compression: Compression,
): Uint8Array<ArrayBuffer> | undefined {
  if (compression === "none") return bytes;
  try {
    const plain = compression === "gzip" ? zlib.gunzipSync(bytes) : zlib.zstdDecompressSync(bytes);
    // Results of Node may lie anywhere in shared memory.
    return new Uint8Array(plain);
  } catch {
    return undefined;
  }
}
