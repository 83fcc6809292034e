/** Buffers grow in powers of two from here, so that jobs of similar size share them. */
const SMALLEST = 64 * 1024;
/** Larger ones are for the rare giant record; they are not kept. */
const LARGEST_KEPT = 4 * 1024 * 1024;

/**
 * Buffers to be used again. A fresh one costs more than filling it: the system hands its pages out one by one. And V8
 * lets many that nobody needs lie until it collects garbage, since it hardly counts what is outside its heap.
 */
export class SpareBuffers {
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

  /** A buffer that is there, whatever its size. */
  takeAny(): ArrayBuffer | undefined {
    return this.#free.pop();
  }

  /** Takes back a buffer that nobody uses any more; what is not kept is freed at once. */
  give(buffer: ArrayBuffer): void {
    if (buffer.detached) return;
    if (buffer.byteLength <= LARGEST_KEPT && this.#free.length < this.#limit) this.#free.push(buffer);
    else buffer.transfer(0);
  }
}

/** For what processors make: the buffers come back once every output has the records. */
export const outputBuffers: SpareBuffers = new SpareBuffers(8);

/** A copy of bytes in a buffer of {@link outputBuffers}, which may be larger. */
export function outputCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(outputBuffers.take(bytes.length), 0, bytes.length);
  copy.set(bytes);
  return copy;
}
