import type { Batch, EncodedBatch, RecordIds, RecordOrigin } from "../../batch.ts";
import { type Block, pad8 } from "./block.ts";

/*
 * What a frame carries: one batch, whole. Numbers are little-endian, every part begins at a multiple of 8, so that a
 * batch is read as views of the memory it lies in, without copying.
 *
 *   0  u32  length of the names        12  u32  bytes of all records
 *   4  u32  1: with ids, 2: with keys  16  u32  bytes of all keys
 *   8  u32  records                    20  u32  0
 *  24  names: JSON in UTF-8, [partition, origin, end, until, origin, end, until, …]; until may be null
 *      f64 × records: where each stands in its stream       (with ids)
 *      u32 × records: where each ends
 *      u32 × records: where each key ends                   (with keys)
 *      the keys                                             (with keys)
 *      the records
 */
const FIXED = 24;
const WITH_IDS = 1;
const WITH_KEYS = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Partition and origins, as they stand in the payload. JSON keeps lone surrogates, which UTF-8 alone does not. */
export function namesOf({ partition, ids }: EncodedBatch): Uint8Array {
  const names: (string | number | null)[] = [partition];
  for (const { id, end, until } of ids?.origins ?? []) names.push(id, end, until ?? null);
  return encoder.encode(JSON.stringify(names));
}

/** Where the parts of a payload begin; `length` is where it ends. */
interface Layout {
  readonly offsets: number;
  readonly ends: number;
  readonly keyEnds: number;
  readonly keys: number;
  readonly records: number;
  readonly length: number;
}

function layout(names: number, flags: number, records: number, bytes: number, keyBytes: number): Layout {
  const offsets = FIXED + pad8(names);
  const ends = offsets + (flags & WITH_IDS ? 8 * records : 0);
  const keyEnds = ends + pad8(4 * records);
  const keys = keyEnds + (flags & WITH_KEYS ? pad8(4 * records) : 0);
  const start = keys + pad8(keyBytes);
  return { offsets, ends, keyEnds, keys, records: start, length: start + pad8(bytes) };
}

function flagsOf({ ids, keys }: EncodedBatch): number {
  return (ids === undefined ? 0 : WITH_IDS) | (keys === undefined ? 0 : WITH_KEYS);
}

/** Bytes that a batch takes as payload, a multiple of 8. */
export function payloadLength(batch: EncodedBatch, names: Uint8Array): number {
  const { bytes, ends, keys } = batch;
  return layout(names.length, flagsOf(batch), ends.length, bytes.length, keys?.bytes.length ?? 0).length;
}

/** Writes the payload of a batch, every byte of it, from `start`, a multiple of 8. */
export function writePayload(block: Block, start: number, batch: EncodedBatch, names: Uint8Array): void {
  const { bytes, ends, ids, keys } = batch;
  const { u8, u32, f64 } = block;
  const flags = flagsOf(batch);
  const at = layout(names.length, flags, ends.length, bytes.length, keys?.bytes.length ?? 0);
  const word = start / 4;
  u32[word] = names.length;
  u32[word + 1] = flags;
  u32[word + 2] = ends.length;
  u32[word + 3] = bytes.length;
  u32[word + 4] = keys?.bytes.length ?? 0;
  u32[word + 5] = 0;
  put(u8, names, start + FIXED);
  if (ids !== undefined) f64.set(ids.offsets.subarray(0, ends.length), (start + at.offsets) / 8);
  putWords(u32, ends, (start + at.ends) / 4);
  if (keys !== undefined) {
    putWords(u32, keys.ends.subarray(0, ends.length), (start + at.keyEnds) / 4);
    put(u8, keys.bytes, start + at.keys);
  }
  put(u8, bytes, start + at.records);
}

/** The bytes, and zeros up to the next multiple of 8: memory is used again, and what it held must not reach the disk. */
function put(target: Uint8Array, bytes: Uint8Array, start: number): void {
  target.set(bytes, start);
  const end = start + bytes.length;
  target.fill(0, end, pad8(end));
}

function putWords(target: Uint32Array, words: Uint32Array, start: number): void {
  target.set(words, start);
  if (words.length % 2 === 1) target[start + words.length] = 0;
}

/** A payload taken apart. The parts are views of the memory it lies in. */
export interface DecodedPayload {
  readonly batch: EncodedBatch;
  readonly layout: Layout;
}

/** Reads a payload, which begins at a multiple of 8 of its buffer; undefined where its parts do not fit together. */
export function readPayload(bytes: Uint8Array<ArrayBuffer>): DecodedPayload | undefined {
  if (bytes.length < FIXED) return undefined;
  const { buffer, byteOffset: start } = bytes;
  const fixed = new Uint32Array(buffer, start, FIXED / 4);
  const [nameBytes = 0, flags = 0, records = 0, recordBytes = 0, keyBytes = 0] = fixed;
  const at = layout(nameBytes, flags, records, recordBytes, keyBytes);
  if (at.length > bytes.length) return undefined;
  const names = parseNames(bytes.subarray(FIXED, FIXED + nameBytes));
  if (names === undefined) return undefined;
  const ids: RecordIds | undefined = flags & WITH_IDS
    ? { origins: names.origins, offsets: new Float64Array(buffer, start + at.offsets, records) }
    : undefined;
  const keys: Batch | undefined = flags & WITH_KEYS
    ? {
      bytes: new Uint8Array(buffer, start + at.keys, keyBytes),
      ends: new Uint32Array(buffer, start + at.keyEnds, records),
    }
    : undefined;
  const batch: EncodedBatch = {
    bytes: new Uint8Array(buffer, start + at.records, recordBytes),
    ends: new Uint32Array(buffer, start + at.ends, records),
    partition: names.partition,
    ...(ids === undefined ? {} : { ids }),
    ...(keys === undefined ? {} : { keys }),
  };
  return { batch, layout: at };
}

function parseNames(bytes: Uint8Array): { partition: string; origins: RecordIds["origins"] } | undefined {
  let names: unknown;
  try {
    names = JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
  if (!Array.isArray(names)) return undefined;
  const [partition, ...rest] = names;
  if (typeof partition !== "string" || rest.length % 3 !== 0) return undefined;
  const origins: RecordOrigin[] = [];
  for (let index = 0; index < rest.length; index += 3) {
    const id: unknown = rest[index];
    const end: unknown = rest[index + 1];
    const until: unknown = rest[index + 2];
    if (typeof id !== "string" || typeof end !== "number") return undefined;
    origins.push(typeof until === "number" ? { id, end, until } : { id, end });
  }
  return { partition, origins };
}

/**
 * The records of a damaged payload that are whole, given the damaged stretches of `blockBytes` each: those whose
 * bytes, ends, key and place all lie outside of them. Undefined if none can be told from the others.
 */
export function salvage(
  bytes: Uint8Array<ArrayBuffer>,
  damaged: ReadonlySet<number>,
  blockBytes: number,
): { readonly batch: EncodedBatch; readonly kept: readonly number[] } | undefined {
  const isWhole = (from: number, to: number) => {
    for (let block = Math.floor(from / blockBytes); block * blockBytes < to; block++) {
      if (damaged.has(block)) return false;
    }
    return true;
  };
  if (!isWhole(0, FIXED)) return undefined;
  const [nameBytes = 0] = new Uint32Array(bytes.buffer, bytes.byteOffset, 1);
  if (!isWhole(FIXED, FIXED + nameBytes)) return undefined;
  const decoded = readPayload(bytes);
  if (decoded === undefined) return undefined;
  const { batch, layout: at } = decoded;
  /** Whether record `index` of these lies where its ends say, and all of it is whole. */
  const isWholeIn = ({ bytes: content, ends }: Batch, endsAt: number, contentAt: number, index: number) => {
    const first = Math.max(0, index - 1);
    if (!isWhole(endsAt + 4 * first, endsAt + 4 * index + 4)) return false;
    const from = index === 0 ? 0 : ends[index - 1] ?? 0;
    const to = ends[index] ?? 0;
    return from <= to && to <= content.length && isWhole(contentAt + from, contentAt + to);
  };
  const kept: number[] = [];
  for (let index = 0; index < batch.ends.length; index++) {
    if (batch.ids !== undefined && !isWhole(at.offsets + 8 * index, at.offsets + 8 * index + 8)) continue;
    if (batch.keys !== undefined && !isWholeIn(batch.keys, at.keyEnds, at.keys, index)) continue;
    if (isWholeIn(batch, at.ends, at.records, index)) kept.push(index);
  }
  return { batch: only(batch, kept), kept };
}

/** A batch with only these records, in their order, on memory of its own. */
export function only(batch: EncodedBatch, kept: readonly number[]): EncodedBatch {
  const { ids, keys, partition } = batch;
  const origins: RecordOrigin[] = [];
  for (const origin of ids?.origins ?? []) {
    const first = kept.findIndex((index) => index >= origin.end);
    origins.push({ ...origin, end: first < 0 ? kept.length : first });
  }
  return {
    ...onlyOf(batch, kept),
    partition,
    ...(ids === undefined
      ? {}
      : { ids: { origins, offsets: Float64Array.from(kept, (index) => ids.offsets[index] ?? 0) } }),
    ...(keys === undefined ? {} : { keys: onlyOf(keys, kept) }),
  };
}

function onlyOf({ bytes, ends }: Batch, kept: readonly number[]): Batch {
  const parts = kept.map((index) => bytes.subarray(index === 0 ? 0 : ends[index - 1] ?? 0, ends[index] ?? 0));
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const allEnds = new Uint32Array(parts.length);
  let end = 0;
  for (const [position, part] of parts.entries()) {
    all.set(part, end);
    end += part.length;
    allEnds[position] = end;
  }
  return { bytes: all, ends: allEnds };
}
