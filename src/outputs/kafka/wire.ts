const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Writes what Kafka's protocol is made of, big-endian. */
export class WireWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;

  /** `size`: bytes to begin with. */
  constructor(size = 256) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  int8(value: number): this {
    this.#reserve(1);
    this.#view.setInt8(this.#at++, value);
    return this;
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
    return this;
  }

  int64(value: bigint): this {
    this.#reserve(8);
    this.#view.setBigInt64(this.#at, value);
    this.#at += 8;
    return this;
  }

  /** Undefined becomes null. */
  string(value: string | undefined): this {
    if (value === undefined) return this.int16(-1);
    const bytes = ENCODER.encode(value);
    return this.int16(bytes.length).raw(bytes);
  }

  /** With its length in front. */
  bytes(value: Uint8Array): this {
    return this.int32(value.length).raw(value);
  }

  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** How many there are, then each of them. */
  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Reads what Kafka's protocol is made of. Throws RangeError where the bytes end too early. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  int8(): number {
    return this.#view.getInt8(this.#move(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#move(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#move(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#move(8));
  }

  /** Null becomes undefined. */
  nullableString(): string | undefined {
    const length = this.int16();
    return length < 0 ? undefined : DECODER.decode(this.#take(length));
  }

  string(): string {
    return this.nullableString() ?? "";
  }

  bytes(): Uint8Array {
    return this.#take(Math.max(this.int32(), 0));
  }

  array<T>(read: () => T): T[] {
    const items: T[] = [];
    // One by one: a count from the network must not decide how much memory is taken.
    for (let rest = this.int32(); rest > 0; rest--) items.push(read());
    return items;
  }

  #take(length: number): Uint8Array {
    const at = this.#move(length);
    return this.#bytes.subarray(at, at + length);
  }

  #move(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError("the answer is shorter than it says");
    this.#at += length;
    return at;
  }
}
