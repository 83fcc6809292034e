/** Bytes of the lines in a buffer for whose ends there is memory that is used again. */
const USUAL_LINE = 64;

/**
 * Read buffers that are used again, since fresh ones cost zeroing and leave the garbage collector behind. Bounded in
 * what it keeps, not in what it hands out.
 */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #ends = new WeakMap<Uint8Array, Uint32Array<ArrayBuffer>>();

  /** `size`: bytes of the usual buffer. `keep`: how many free ones are held. */
  constructor(readonly size: number, private readonly keep: number) {}

  /** A buffer of at least the usual size; its contents are arbitrary. */
  take(size: number = this.size): Uint8Array<ArrayBuffer> {
    return (size <= this.size ? this.#free.pop() : undefined) ?? new Uint8Array(Math.max(size, this.size));
  }

  /** Memory for the ends of the lines in a buffer, which is as long in use as the buffer itself. */
  endsOf(buffer: Uint8Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    const known = this.#ends.get(buffer);
    if (known !== undefined) return known;
    const ends = new Uint32Array(buffer.length / USUAL_LINE);
    this.#ends.set(buffer, ends);
    return ends;
  }

  /** Whether the next usual buffer costs nothing. */
  get hasFree(): boolean {
    return this.#free.length > 0;
  }

  /** Takes a buffer back. Larger and detached ones are left to the garbage collector. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length === this.size && this.#free.length < this.keep) this.#free.push(buffer);
  }
}
