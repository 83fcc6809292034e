import { crc32c } from "../../lib/crc32c.ts";
import { type Header, lengthOf, type MessageReader, type Slice } from "./message_reader.ts";

/** Whom brokers recognise repeated messages by. */
export interface ProducerId {
  readonly id: bigint;
  readonly epoch: number;
}

/** Without an identity, brokers recognise nothing. */
export const NO_PRODUCER: ProducerId = { id: -1n, epoch: -1 };

/** Bytes before the records. */
export const HEADER_BYTES = 61;
/** The length that stands in the header does not count itself and what is before it. */
const LENGTH_END = 12;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const PRODUCER_AT = 43;
const EPOCH_AT = 51;
const SEQUENCE_AT = 53;
/** What the numbers of a record take at most: lengths, differences, the count of headers. */
const MOST_NUMBERS = 32;
const FIRST_BYTES = 64 * 1024;
/** Up to so many bytes a loop is faster than making a view and copying that. */
const SHORT = 64;

/** At least the bytes that the message will have in a batch. */
function boundOf({ key, value, headers }: MessageReader): number {
  let size = MOST_NUMBERS + lengthOf(value) + Math.max(lengthOf(key), 0);
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    if (header !== undefined) size += 10 + header.name.length + Math.max(lengthOf(header.value), 0);
  }
  return size;
}

/** Records as one batch. */
export interface EncodedRecords {
  /** Kafka's record batch (format 2), without compression and without identity: `seal` completes it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The records in it, in order. */
  readonly records: readonly number[];
  /** Records that no batch may hold. */
  readonly tooLarge: readonly { readonly index: number; readonly size: number }[];
}

/** What is asked of `encodeRecords`. */
export interface EncodeOptions {
  /** Indices; those before `from` are left out. */
  readonly records: readonly number[];
  readonly from: number;
  /** Records in the batch at most. */
  readonly most: number;
  /** Bytes of the batch at most. */
  readonly limit: number;
  /** Bytes of a batch with a single record at most. */
  readonly largest: number;
  /** The time of messages without one, in milliseconds since 1970. */
  readonly now: number;
  /** Records whose own time the broker does not take. */
  readonly untimely: ReadonlySet<number>;
}

/** The first messages of these records, as many as one batch may hold, but one at least. */
export function encodeRecords(reader: MessageReader, options: EncodeOptions): EncodedRecords {
  const { records, from, most, limit, largest, now, untimely } = options;
  const writer = new RecordWriter(limit);
  const taken: number[] = [];
  const tooLarge: { index: number; size: number }[] = [];
  let first = Number.NaN;
  let latest = 0;
  for (let position = from; position < records.length && taken.length < most; position++) {
    const index = records[position] ?? 0;
    reader.move(index);
    reader.readHeaders(index);
    const size = boundOf(reader);
    if (size + HEADER_BYTES > largest) {
      tooLarge.push({ index, size });
      continue;
    }
    if (writer.length + size > limit && taken.length > 0) break;
    const time = reader.timestamp >= 0 && !untimely.has(index) ? reader.timestamp : now;
    if (taken.length === 0) first = time;
    latest = Math.max(latest, time);
    writer.append(reader, size, time - first, taken.length);
    taken.push(index);
  }
  return { bytes: writer.finish(taken.length, first, latest), records: taken, tooLarge };
}

/** Fills in whom the batch is from, how it is compressed, and the check sum. `sequence`: of its first message. */
export function seal(
  batch: Uint8Array<ArrayBuffer>,
  codec: number,
  producer: ProducerId,
  sequence: number,
): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  view.setInt32(8, batch.length - LENGTH_END);
  view.setInt16(ATTRIBUTES_AT, codec);
  view.setBigInt64(PRODUCER_AT, producer.id);
  view.setInt16(EPOCH_AT, producer.epoch);
  view.setInt32(SEQUENCE_AT, sequence);
  view.setUint32(CRC_AT, crc32c(batch.subarray(ATTRIBUTES_AT)));
}

/** Writes records into a buffer that grows. */
class RecordWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #at = HEADER_BYTES;

  /** `limit`: more bytes are not likely. */
  constructor(limit: number) {
    this.#bytes = new Uint8Array(Math.min(limit, FIRST_BYTES) + HEADER_BYTES);
  }

  get length(): number {
    return this.#at;
  }

  /** `bound`: bytes that the record takes at most. */
  append(
    { key, value, headers }: MessageReader,
    bound: number,
    timeDelta: number,
    offsetDelta: number,
  ): void {
    if (this.#bytes.length - this.#at < bound) this.#grow(bound);
    let count = 0;
    let size = 1 + sizeOf(timeDelta) + sizeOf(offsetDelta) + sliceSize(key) + sliceSize(value);
    for (let i = 0; i < headers.length; i++) {
      const header = headers[i];
      if (header === undefined || lengthOf(header.value) < 0) continue;
      count++;
      size += headerSize(header);
    }
    this.#number(size + sizeOf(count));
    this.#bytes[this.#at++] = 0;
    this.#number(timeDelta);
    this.#number(offsetDelta);
    this.#slice(key);
    this.#slice(value);
    this.#number(count);
    for (let i = 0; i < headers.length; i++) {
      const header = headers[i];
      if (header === undefined || lengthOf(header.value) < 0) continue;
      this.#number(header.name.length);
      this.#copy(header.name, 0, header.name.length);
      this.#slice(header.value);
    }
  }

  /** The batch with its header. */
  finish(count: number, first: number, latest: number): Uint8Array<ArrayBuffer> {
    const view = new DataView(this.#bytes.buffer);
    view.setBigInt64(0, 0n);
    view.setInt32(12, -1);
    view.setInt8(16, 2);
    view.setInt32(23, count - 1);
    view.setBigInt64(27, BigInt(count === 0 ? 0 : first));
    view.setBigInt64(35, BigInt(latest));
    view.setInt32(57, count);
    return this.#bytes.subarray(0, this.#at);
  }

  #slice(slice: Slice): void {
    const length = lengthOf(slice);
    this.#number(length);
    if (length > 0) this.#copy(slice.bytes, slice.start, slice.end);
  }

  #copy(from: Uint8Array, start: number, end: number): void {
    if (end - start > SHORT) this.#bytes.set(from.subarray(start, end), this.#at);
    else for (let i = start, at = this.#at; i < end; i++, at++) this.#bytes[at] = from[i] ?? 0;
    this.#at += end - start;
  }

  /** With the sign in the lowest bit, seven bits a byte. */
  #number(value: number): void {
    let rest = zigzag(value);
    while (rest > 0x7fffffff) {
      this.#bytes[this.#at++] = rest % 128 | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = rest & 0x7f | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}

/** How many bytes a number takes. */
function sizeOf(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest > 0x7f; size++) rest = Math.floor(rest / 128);
  return size;
}

function sliceSize(slice: Slice): number {
  const length = lengthOf(slice);
  return sizeOf(length) + Math.max(length, 0);
}

function headerSize({ name, value }: Header): number {
  return sizeOf(name.length) + name.length + sliceSize(value);
}
