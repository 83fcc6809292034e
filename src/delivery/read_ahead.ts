import type { BatchBuffer, BufferedBatch } from "../buffers/batch_buffer.ts";
import { mergeable } from "./merge.ts";

/** Where batches wait until they are sent. */
export interface WaitingBatches {
  readonly isEmpty: boolean;
  add(buffered: BufferedBatch): void;
}

/** Batches in the order they came. */
export class WaitingInOrder implements WaitingBatches {
  readonly #batches: BufferedBatch[] = [];
  readonly #limits: { readonly bytes: number; readonly splitsByEnds: boolean };

  /** At most so many bytes go out as one batch. */
  constructor(bytes: number, splitsByEnds: boolean) {
    this.#limits = { bytes, splitsByEnds };
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  add(buffered: BufferedBatch): void {
    this.#batches.push(buffered);
  }

  /** Takes what may go out as one batch. */
  take(): BufferedBatch[] {
    const count = mergeable(this.#batches, this.#limits);
    if (count !== 1) return this.#batches.splice(0, count);
    const first = this.#batches.shift();
    return first === undefined ? [] : [first];
  }
}

/** Takes batches from a buffer ahead of the send, so that the sender sees how many are waiting. */
export class ReadAhead<Waiting extends WaitingBatches> {
  readonly waiting: Waiting;
  readonly #buffer: BatchBuffer;
  readonly #maxBytes: number;
  #bytes = 0;
  #ended = false;
  #wakeOwner: (() => void) | undefined;
  #wakeReader: (() => void) | undefined;
  #paused: PromiseWithResolvers<void> | undefined;

  /** Reads ahead while less than `maxBytes` are waiting. */
  constructor(buffer: BatchBuffer, waiting: Waiting, maxBytes: number) {
    this.#buffer = buffer;
    this.waiting = waiting;
    this.#maxBytes = maxBytes;
  }

  /** Reads until the buffer ends or `stop` aborts. */
  async run(stop: AbortSignal): Promise<void> {
    const wake = () => this.#wakeReader?.();
    stop.addEventListener("abort", wake);
    try {
      for await (const buffered of this.#buffer.read(stop)) {
        this.waiting.add(buffered);
        this.#bytes += buffered.batch.bytes.length;
        this.#wakeOwner?.();
        if (this.#bytes < this.#maxBytes) continue;
        this.#paused?.resolve();
        if (stop.aborted) break;
        await new Promise<void>((resolve) => this.#wakeReader = resolve);
        this.#wakeReader = undefined;
      }
    } finally {
      stop.removeEventListener("abort", wake);
      this.#ended = true;
      this.#wakeOwner?.();
      this.#paused?.resolve();
    }
  }

  /** Resolves with true when something is waiting, with false when nothing will come any more. */
  async ready(): Promise<boolean> {
    while (this.waiting.isEmpty) {
      if (this.#ended) return false;
      await new Promise<void>((resolve) => this.#wakeOwner = resolve);
      this.#wakeOwner = undefined;
    }
    return true;
  }

  /** Whether more may come before something is taken. */
  get isReading(): boolean {
    return !this.#ended && this.#bytes < this.#maxBytes;
  }

  /** Resolves once nothing more comes before something is taken. */
  paused(): Promise<void> {
    if (!this.isReading) return Promise.resolve();
    this.#paused = Promise.withResolvers();
    return this.#paused.promise;
  }

  /** These batches were taken from what waits; answers them. */
  took(batches: BufferedBatch[]): BufferedBatch[] {
    for (const { batch } of batches) this.#bytes -= batch.bytes.length;
    if (this.#bytes < this.#maxBytes) this.#wakeReader?.();
    return batches;
  }
}
