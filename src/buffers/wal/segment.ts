import { crc32 } from "node:zlib";

/*
 * A segment is a file of frames, `<number of its first batch>-<id>.wal`, both in hexadecimal. It begins with:
 *
 *   0  "LAGGWAL" and a line feed        32  u64  number of its first record
 *   8  u32  version of the format, 1    40  f64  when it was created, ms since 1970
 *  12  u32  length of this header, 64   48  u32  batches that are not missing before it
 *  16  u32  id, random                  52  u32  records that are not missing before it
 *  20  u32  0                           56  u32  0
 *  24  u64  number of its first batch   60  u32  CRC-32 of bytes 0–59
 *
 * The id seeds the checksums of all frames, so that what an earlier file left on the disk is not taken for part of
 * this one. It stands in the name too: a damaged header costs nothing.
 *
 * Batches that were delivered before they reached the disk may be gone after a power cut. Their numbers are not used
 * again, since a cursor may name them; the segment that comes next says that they are not missing.
 */

/** Bytes before the first frame. */
export const SEGMENT_HEADER = 64;
/** The version of the format that is written, and the newest that is read. */
export const VERSION = 1;
const MAGIC = "LAGGWAL\n";

/** What the name of a segment says. */
export interface SegmentName {
  readonly id: number;
  /** Number of its first batch. */
  readonly first: number;
}

/** What the header of a segment says. */
export interface SegmentHeader extends SegmentName {
  readonly version: number;
  /** Number of its first record. */
  readonly firstRecord: number;
  /** Where the log had ended when this segment began: the numbers from there on were never on the disk. */
  readonly before: Place;
  /** In ms since 1970. */
  readonly created: number;
}

/** The name of a segment's file. */
export function segmentName({ id, first }: SegmentName): string {
  return `${first.toString(16).padStart(16, "0")}-${id.toString(16).padStart(8, "0")}.wal`;
}

/** What a file's name says; undefined if it is no segment's. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{8})\.wal$/.exec(name);
  if (match === null) return undefined;
  const first = Number.parseInt(match[1] ?? "", 16);
  return Number.isSafeInteger(first) ? { first, id: Number.parseInt(match[2] ?? "", 16) } : undefined;
}

/** The header of a segment as bytes. */
export function encodeSegmentHeader({ id, first, firstRecord, created, before }: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(MAGIC, bytes);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, SEGMENT_HEADER, true);
  view.setUint32(16, id, true);
  view.setBigUint64(24, BigInt(first), true);
  view.setBigUint64(32, BigInt(firstRecord), true);
  view.setFloat64(40, created, true);
  view.setUint32(48, first - before.batch, true);
  view.setUint32(52, firstRecord - before.record, true);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/** Reads a header, of whatever version; undefined if it is damaged. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER);
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) return undefined;
  if (crc32(bytes.subarray(0, 60)) !== view.getUint32(60, true)) return undefined;
  const first = Number(view.getBigUint64(24, true));
  const firstRecord = Number(view.getBigUint64(32, true));
  return {
    version: view.getUint32(8, true),
    id: view.getUint32(16, true),
    first,
    firstRecord,
    created: view.getFloat64(40, true),
    before: { batch: first - view.getUint32(48, true), record: firstRecord - view.getUint32(52, true) },
  };
}

/** A random id. */
export function randomId(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** A place between two batches, and so between two records. */
export interface Place {
  /** Number of the batch that comes next. */
  readonly batch: number;
  /** Number of its first record. */
  readonly record: number;
}

/** A segment as the running log knows it. */
export interface Segment {
  readonly name: string;
  readonly id: number;
  readonly first: Place;
  /** Where the log had ended when it began. */
  readonly before: Place;
  /** Behind its last batch. */
  end: Place;
  readonly created: number;
  /** When its last batch was written, in ms since 1970. */
  lastWrite: number;
  /** Bytes of header and frames, those included that are not written yet. */
  size: number;
  /** Bytes that stand in the file for certain. */
  written: number;
  /** Where the batches end that stand in the file for certain. */
  writtenEnd: Place;
  /** Bytes that were forced to the disk. */
  synced: number;
  /** Where the batches end that were forced to the disk. */
  syncedEnd: Place;
  /** Records and bytes of records that are not released. */
  pendingRecords: number;
  pendingBytes: number;
}

/** A segment without any batch, which has no file yet. */
export function newSegment(first: Place, before: Place, created: number): Segment {
  const id = randomId();
  return {
    name: segmentName({ id, first: first.batch }),
    id,
    first,
    before,
    end: first,
    created,
    lastWrite: created,
    size: SEGMENT_HEADER,
    written: 0,
    writtenEnd: first,
    synced: 0,
    syncedEnd: first,
    pendingRecords: 0,
    pendingBytes: 0,
  };
}
