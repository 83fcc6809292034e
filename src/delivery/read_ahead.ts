import type { BatchBuffer, BufferedBatch } from "../buffers/batch_buffer.ts";

/** Batches taken from a buffer ahead of the send, so that the sender sees how many are waiting. */
export class ReadAhead {
  /** Oldest first. The owner takes from the front, then calls `taken`. */
  readonly waiting: BufferedBatch[] = [];
  readonly #buffer: BatchBuffer;
  readonly #maxBytes: number;
  #bytes = 0;
  #ended = false;
  #wakeOwner: (() => void) | undefined;
  #wakeReader: (() => void) | undefined;
  #arrived: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Reads ahead while less than `maxBytes` are waiting. */
  constructor(buffer: BatchBuffer, maxBytes: number) {
    this.#buffer = buffer;
    this.#maxBytes = maxBytes;
  }

  /** Reads until the buffer ends or `stop` aborts. */
  async run(stop: AbortSignal): Promise<void> {
    try {
      for await (const buffered of this.#buffer.read(stop)) {
        this.waiting.push(buffered);
        this.#bytes += buffered.batch.bytes.length;
        this.#wakeOwner?.();
        this.#announce();
        if (this.#bytes >= this.#maxBytes) await new Promise<void>((resolve) => this.#wakeReader = resolve);
      }
    } finally {
      this.#ended = true;
      this.#wakeOwner?.();
      this.#announce();
    }
  }

  /** Resolves with true when something is waiting, with false when nothing will come any more. */
  async ready(): Promise<boolean> {
    while (this.waiting.length === 0) {
      if (this.#ended) return false;
      await new Promise<void>((resolve) => this.#wakeOwner = resolve);
      this.#wakeOwner = undefined;
    }
    return true;
  }

  /** Whether nothing more will come. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Resolves when the next batch has arrived, or nothing more will come. */
  arrival(): Promise<void> {
    return this.#ended ? Promise.resolve() : this.#arrived.promise;
  }

  #announce(): void {
    const { resolve } = this.#arrived;
    this.#arrived = Promise.withResolvers();
    resolve();
  }

  /** Removes the first `count` batches. */
  take(count: number): BufferedBatch[] {
    const batches = count === 1 ? [this.waiting.shift()] : this.waiting.splice(0, count);
    const taken: BufferedBatch[] = [];
    for (const buffered of batches) {
      if (buffered === undefined) continue;
      this.#bytes -= buffered.batch.bytes.length;
      taken.push(buffered);
    }
    const wake = this.#wakeReader;
    if (this.#bytes < this.#maxBytes && wake !== undefined) {
      this.#wakeReader = undefined;
      wake();
    }
    return taken;
  }
}
