import { crc32 } from "node:zlib";
import { type Block, pad8 } from "./block.ts";

/*
 * A frame: a header, the payload (one batch) and the checksums of its blocks. Numbers are little-endian; a frame
 * begins at a multiple of 8 in its file.
 *
 *   0  u32  "LOGR"                               32  f64  when it was written, ms since 1970
 *   4  u32  0: plain, 1: gzip, 2: zstd           40  u32  records
 *   8  u32  where it begins in the file, mod 2³² 44  u32  bytes of the records
 *  12  u32  length of the payload                48  u32  CRC-32 of the checksums
 *  16  u64  number of the batch                  52  u32  CRC-32 of bytes 0–51, seeded with the segment's id
 *  24  u64  number of its first record
 *  56  payload, then zeros up to a multiple of 8
 *      u32 × blocks: CRC-32 of each 1 KiB of the payload, then zeros up to a multiple of 8
 *
 * The header can be trusted without the payload, so a damaged payload does not cost what comes after it. The place in
 * the file is part of it: a copy of a frame inside a record, say of a log of this log, is not taken for a frame. The
 * blocks' checksums tell which records of a damaged payload are whole.
 */

/** Bytes before the payload. */
export const FRAME_HEADER = 56;
/** The payload is checked in blocks of so many bytes. */
export const CHECKED_BLOCK = 1024;
const MAGIC = 0x52474f4c;
/** How a frame begins, for the search after damage. */
export const MAGIC_BYTES: Uint8Array = new Uint8Array([0x4c, 0x4f, 0x47, 0x52]);

/** How payloads are stored. */
export type Compression = "none" | "gzip" | "zstd";
const COMPRESSIONS: readonly Compression[] = ["none", "gzip", "zstd"];

/** What a frame's header says. */
export interface FrameHeader {
  /** Number of the batch in its log, from 1. */
  readonly batch: number;
  /** Number of its first record in the log, from 1. */
  readonly record: number;
  readonly records: number;
  /** Bytes of the records alone. */
  readonly bytes: number;
  /** When it was written, in ms since 1970. */
  readonly time: number;
  readonly compression: Compression;
  /** Bytes of the payload as stored. */
  readonly length: number;
  /** CRC-32 of the blocks' checksums. */
  readonly checksum: number;
}

/** Bytes of the whole frame, a multiple of 8. */
export function frameLength(payload: number): number {
  const padded = pad8(payload);
  return FRAME_HEADER + padded + pad8(4 * Math.ceil(padded / CHECKED_BLOCK));
}

/** Writes header and checksums around a payload that is in place already, zeros after it included. */
export function writeFrame(
  block: Block,
  start: number,
  header: Omit<FrameHeader, "checksum">,
): void {
  const { u32, f64 } = block;
  const padded = pad8(header.length);
  const word = start / 4;
  u32[word] = MAGIC;
  u32[word + 1] = COMPRESSIONS.indexOf(header.compression);
  u32[word + 3] = header.length;
  putLong(u32, word + 4, header.batch);
  putLong(u32, word + 6, header.record);
  f64[start / 8 + 4] = header.time;
  u32[word + 10] = header.records;
  u32[word + 11] = header.bytes;
  const payload = start + FRAME_HEADER;
  const checksums = payload + padded;
  let next = checksums / 4;
  for (let at = payload; at < checksums; at += CHECKED_BLOCK) {
    u32[next++] = crc32(block.u8.subarray(at, Math.min(at + CHECKED_BLOCK, checksums)));
  }
  if (next % 2 === 1) u32[next++] = 0;
  u32[word + 12] = crc32(block.u8.subarray(checksums, next * 4));
}

/** Ties a frame to its place; to be repeated when the place changes. */
export function sealFrame(block: Block, start: number, segment: number, offset: number): void {
  const word = start / 4;
  block.u32[word + 2] = offset;
  block.u32[word + 13] = crc32(block.u8.subarray(start, start + FRAME_HEADER - 4), segment);
}

/** Reads the header at `at` of some bytes of a file; undefined where there is none that belongs there. */
export function readFrameHeader(
  bytes: Uint8Array,
  at: number,
  segment: number,
  offset: number,
): FrameHeader | undefined {
  if (at + FRAME_HEADER > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEADER);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(8, true) !== offset % 2 ** 32) return undefined;
  const sum = crc32(bytes.subarray(at, at + FRAME_HEADER - 4), segment);
  const compression = COMPRESSIONS[view.getUint32(4, true)];
  if (sum !== view.getUint32(52, true) || compression === undefined) return undefined;
  return {
    batch: long(view, 16),
    record: long(view, 24),
    records: view.getUint32(40, true),
    bytes: view.getUint32(44, true),
    time: view.getFloat64(32, true),
    compression,
    length: view.getUint32(12, true),
    checksum: view.getUint32(48, true),
  };
}

/** Bytes 0–51 of a header give its checksum; what it should be and what is there, for messages. */
export function headerChecksums(
  bytes: Uint8Array,
  at: number,
  segment: number,
): { readonly found: number; readonly expected: number } | undefined {
  if (at + FRAME_HEADER > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEADER);
  const found = crc32(bytes.subarray(at, at + FRAME_HEADER - 4), segment);
  return { found, expected: view.getUint32(52, true) };
}

/** What the check of a payload found. */
export interface PayloadCheck {
  /** CRC-32 of the checksums of the blocks as they are; equal to the header's if the payload is whole. */
  readonly checksum: number;
  /** The blocks that are not as they were written; none if the payload is whole. */
  readonly damaged: ReadonlySet<number>;
}

const WHOLE: ReadonlySet<number> = new Set();

/** Checks the payload of a frame that begins at `start` of these bytes and ends within them. */
export function checkPayload(bytes: Uint8Array, start: number, header: FrameHeader): PayloadCheck {
  const padded = pad8(header.length);
  const payload = start + FRAME_HEADER;
  const stored = payload + padded;
  const blocks = Math.ceil(padded / CHECKED_BLOCK);
  const sums = new Uint32Array(pad8(4 * blocks) / 4);
  for (let block = 0, at = payload; at < stored; block++, at += CHECKED_BLOCK) {
    sums[block] = crc32(bytes.subarray(at, Math.min(at + CHECKED_BLOCK, stored)));
  }
  const checksum = crc32(new Uint8Array(sums.buffer));
  if (checksum === header.checksum) return { checksum, damaged: WHOLE };
  const view = new DataView(bytes.buffer, bytes.byteOffset + stored, 4 * blocks);
  const damaged = new Set<number>();
  for (let block = 0; block < blocks; block++) {
    if (view.getUint32(4 * block, true) !== sums[block]) damaged.add(block);
  }
  return { checksum, damaged };
}

function putLong(words: Uint32Array, at: number, value: number): void {
  words[at] = value;
  words[at + 1] = Math.floor(value / 2 ** 32);
}

function long(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
