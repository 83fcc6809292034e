import { Buffer } from "node:buffer";

/** Types of the wire, the lower bits of a tag. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** In characters; a call of the system takes as long as so many in a loop. */
const LONGEST_LOOP = 1000;

/**
 * Writes protobuf from the end to the beginning: whoever writes a message knows its length then, since what is inside
 * it stands already. So fields, and the items of lists, are written in reverse.
 */
export class ReverseWriter {
  #bytes: Buffer<ArrayBuffer>;
  /** Where what is written begins. */
  #start: number;

  constructor(size = 64 * 1024) {
    this.#bytes = Buffer.alloc(size);
    this.#start = size;
  }

  /** How many bytes are written; what `message` needs to know of the moment before its contents. */
  get length(): number {
    return this.#bytes.length - this.#start;
  }

  /** A message whose contents are what was written since `before`. */
  message(field: number, before: number): void {
    this.#small(this.length - before);
    this.#tag(field, BYTES);
  }

  string(field: number, text: string): void {
    const length = this.#ascii(text) ? text.length : this.#utf8(text);
    this.#small(length);
    this.#tag(field, BYTES);
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#start -= bytes.length;
    this.#bytes.set(bytes, this.#start);
    this.#small(bytes.length);
    this.#tag(field, BYTES);
  }

  /** An integer of any type that is written as a varint. */
  integer(field: number, value: bigint): void {
    this.#varint(BigInt.asUintN(64, value));
    this.#tag(field, VARINT);
  }

  fixed64(field: number, value: bigint): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#start);
    this.#tag(field, FIXED64);
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#bytes.writeDoubleLE(value, this.#start);
    this.#tag(field, FIXED64);
  }

  /** All that was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#start, this.length);
  }

  /** Writes a text of ASCII characters; false: it has others, or is so long that the system is faster. */
  #ascii(text: string): boolean {
    const { length } = text;
    if (length > LONGEST_LOOP) return false;
    this.#reserve(length);
    const bytes = this.#bytes;
    const start = this.#start - length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      bytes[start + i] = code;
    }
    this.#start = start;
    return true;
  }

  /** Writes any text; answers how many bytes it has. */
  #utf8(text: string): number {
    const length = Buffer.byteLength(text);
    this.#reserve(length);
    this.#start -= length;
    this.#bytes.write(text, this.#start);
    return length;
  }

  #tag(field: number, type: number): void {
    this.#small(field << 3 | type);
  }

  /** Lengths and tags: bit operations hold for them. */
  #small(value: number): void {
    this.#reserve(5);
    const length = value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : value < 1 << 28 ? 4 : 5;
    this.#start -= length;
    for (let at = 0, rest = value; at < length; at++, rest >>>= 7) {
      this.#bytes[this.#start + at] = at === length - 1 ? rest : rest & 127 | 128;
    }
  }

  #varint(value: bigint): void {
    if (value < 1n << 28n) return this.#small(Number(value));
    this.#reserve(10);
    let length = 1;
    for (let rest = value >> 7n; rest > 0n; rest >>= 7n) length++;
    this.#start -= length;
    for (let at = 0, rest = value; at < length; at++, rest >>= 7n) {
      this.#bytes[this.#start + at] = Number(rest & 127n) | (at === length - 1 ? 0 : 128);
    }
  }

  #reserve(more: number): void {
    if (this.#start >= more) return;
    const { length } = this;
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, length + more));
    larger.set(this.#bytes.subarray(this.#start), larger.length - length);
    this.#bytes = larger;
    this.#start = larger.length - length;
  }
}

/** A field of a message: a number, or bytes. */
export interface ProtobufField {
  readonly field: number;
  readonly value: bigint | Uint8Array;
}

/** The fields of a message; what is no protobuf ends them. */
export function fieldsOf(bytes: Uint8Array): ProtobufField[] {
  const fields: ProtobufField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; at < bytes.length && shift < 70n; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const type = tag & 7;
    if (type === VARINT) fields.push({ field: tag >>> 3, value: varint() });
    else if (type === BYTES || type === FIXED64) {
      const length = type === FIXED64 ? 8 : Number(varint());
      if (at + length > bytes.length) break;
      fields.push({ field: tag >>> 3, value: bytes.subarray(at, at + length) });
      at += length;
    } else break;
  }
  return fields;
}
