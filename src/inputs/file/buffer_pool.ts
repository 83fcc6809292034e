/**
 * Read buffers that are used again, since fresh ones cost zeroing and leave the garbage collector behind. Bounded in
 * what it keeps, not in what it hands out.
 */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** `size`: bytes of the usual buffer. `keep`: how many free ones are held. */
  constructor(readonly size: number, private readonly keep: number) {}

  /** A buffer of at least the usual size; its contents are arbitrary. */
  take(size: number = this.size): Uint8Array<ArrayBuffer> {
    return (size <= this.size ? this.#free.pop() : undefined) ?? new Uint8Array(Math.max(size, this.size));
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
