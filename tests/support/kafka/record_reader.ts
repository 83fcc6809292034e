import { Buffer } from "node:buffer";
import { gunzipSync, zstdDecompressSync } from "node:zlib";

/** A message as a broker stores it. */
export interface StoredMessage {
  readonly key: string | undefined;
  readonly value: string;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record batch of format 2, taken apart. */
export interface StoredBatch {
  readonly codec: number;
  readonly producer: bigint;
  readonly epoch: number;
  readonly sequence: number;
  readonly messages: readonly StoredMessage[];
  /** As it was sent. */
  readonly bytes: number;
}

/** Reads one record batch and checks all that a broker checks. Throws an Error that says what is wrong. */
export function readRecordBatch(bytes: Uint8Array): StoredBatch {
  const batch = Buffer.from(bytes);
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (actual !== expected) throw new Error(`record batch: ${what} is ${actual}, not ${expected}`);
  };
  expect("base offset", batch.readBigInt64BE(0), 0n);
  expect("length", batch.readInt32BE(8), batch.length - 12);
  expect("magic", batch.readInt8(16), 2);
  expect("check sum", batch.readUInt32BE(17), checkSum(batch.subarray(21)));
  const codec = batch.readInt16BE(21);
  const last = batch.readInt32BE(23);
  const first = Number(batch.readBigInt64BE(27));
  const latest = Number(batch.readBigInt64BE(35));
  const count = batch.readInt32BE(57);
  expect("last offset", last, count - 1);
  const reader = new VarintReader(decompress(batch.subarray(61), codec));
  const messages: StoredMessage[] = [];
  for (let index = 0; index < count; index++) {
    const end = reader.number() + reader.at;
    expect("attributes of a record", reader.byte(), 0);
    const timestamp = first + reader.number();
    expect("offset of a record", reader.number(), index);
    const key = reader.text();
    const value = reader.text();
    if (value === undefined) throw new Error("record batch: a record has no value");
    const headers: Record<string, string> = {};
    for (let rest = reader.number(); rest > 0; rest--) {
      const name = reader.text() ?? "";
      headers[name] = reader.text() ?? "null";
    }
    expect("end of a record", reader.at, end);
    messages.push({ key, value, timestamp, headers });
  }
  expect("end of the records", reader.at, reader.bytes.length);
  expect("latest time", latest, Math.max(...messages.map(({ timestamp }) => timestamp)));
  return {
    codec,
    producer: batch.readBigInt64BE(43),
    epoch: batch.readInt16BE(51),
    sequence: batch.readInt32BE(53),
    messages,
    bytes: batch.length,
  };
}

class VarintReader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  byte(): number {
    return this.bytes.readInt8(this.at++);
  }

  number(): number {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = this.bytes.readUInt8(this.at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return Number((value >> 1n) ^ -(value & 1n));
  }

  text(): string | undefined {
    const length = this.number();
    if (length < 0) return undefined;
    this.at += length;
    return this.bytes.toString("utf8", this.at - length, this.at);
  }
}

/** CRC-32C, bit by bit. */
function checkSum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function decompress(bytes: Buffer, codec: number): Buffer {
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return gunzipSync(bytes);
    case 2:
      return snappyContents(bytes);
    case 3:
      return lz4Contents(bytes);
    case 4:
      return zstdDecompressSync(bytes);
    default:
      throw new Error(`record batch: codec ${codec} is none`);
  }
}

/** What is in a frame of Snappy's blocks as the Java client writes it. */
export function snappyContents(frame: Buffer): Buffer {
  if (frame.toString("latin1", 0, 8) !== "\x82SNAPPY\0") throw new Error("snappy: the frame has no magic");
  const blocks: Buffer[] = [];
  for (let at = 16; at < frame.length;) {
    const size = frame.readUInt32BE(at);
    blocks.push(snappyBlock(frame.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

function snappyBlock(block: Buffer): Buffer {
  let at = 0;
  let length = 0;
  for (let shift = 0;; shift += 7) {
    const byte = block.readUInt8(at++);
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const out: number[] = [];
  while (at < block.length) {
    const tag = block.readUInt8(at++);
    if ((tag & 3) === 0) {
      let count = tag >>> 2;
      if (count >= 60) {
        const size = count - 59;
        count = block.readUIntLE(at, size);
        at += size;
      }
      for (let i = 0; i <= count; i++) out.push(block.readUInt8(at++));
    } else if ((tag & 3) === 2) {
      copy(out, block.readUInt16LE(at), (tag >>> 2) + 1);
      at += 2;
    } else {
      throw new Error("snappy: an element that is not written here");
    }
  }
  if (out.length !== length) throw new Error(`snappy: ${out.length} bytes, not ${length}`);
  return Buffer.from(out);
}

/** What is in an LZ4 frame of independent blocks without check sums. */
export function lz4Contents(frame: Buffer): Buffer {
  if (frame.toString("hex", 0, 7) !== "04224d18604082") throw new Error("lz4: another head of the frame");
  const blocks: Buffer[] = [];
  let at = 7;
  for (;;) {
    const size = frame.readUInt32LE(at);
    at += 4;
    if (size === 0) break;
    const length = size & 0x7fffffff;
    const block = frame.subarray(at, at + length);
    blocks.push(size > 0x7fffffff ? block : lz4Block(block));
    at += length;
  }
  if (at !== frame.length) throw new Error("lz4: bytes behind the end of the frame");
  return Buffer.concat(blocks);
}

function lz4Block(block: Buffer): Buffer {
  const out: number[] = [];
  let at = 0;
  const more = (start: number): number => {
    let length = start;
    if (start === 15) { for (let byte = 255; byte === 255; length += byte) byte = block.readUInt8(at++); }
    return length;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    for (let rest = more(token >>> 4); rest > 0; rest--) out.push(block.readUInt8(at++));
    if (at === block.length) break;
    const distance = block.readUInt16LE(at);
    at += 2;
    copy(out, distance, more(token & 15) + 4);
  }
  return Buffer.from(out);
}

function copy(out: number[], distance: number, length: number): void {
  if (distance < 1 || distance > out.length) throw new Error(`distance ${distance} leads before the start`);
  for (let i = 0; i < length; i++) out.push(out[out.length - distance]!);
}
