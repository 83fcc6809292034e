/** Buffers grow in powers of two from here, so that jobs of similar size share them. */
const SMALLEST = 64 * 1024;
/** Larger ones are for the rare giant record; they are not kept. */
const LARGEST_KEPT = 4 * 1024 * 1024;

/** Buffers that travel to a worker with a job and come back with its answer, to be used again. */
export class TransferBuffers {
  readonly #limit: number;
  readonly #free: ArrayBuffer[] = [];

  /** `limit`: how many are kept at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A buffer of at least `length` bytes, with anything in it. */
  take(length: number): ArrayBuffer {
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const buffer = this.#free[i];
      if (buffer === undefined || buffer.byteLength < length) continue;
      this.#free.splice(i, 1);
      return buffer;
    }
    // What is there has become too small for the jobs of these days: make room for what fits.
    this.#free.pop();
    let size = SMALLEST;
    while (size < length) size *= 2;
    return new ArrayBuffer(size > LARGEST_KEPT ? length : size);
  }

  /** Takes back a buffer that nobody uses any more. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength <= LARGEST_KEPT && this.#free.length < this.#limit) this.#free.push(buffer);
  }
}
