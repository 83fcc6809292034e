import type { Outcome } from "../acknowledgement.ts";
import type { EncodedBatch } from "../batch.ts";

/** A batch on its way out. */
export interface BufferedBatch {
  readonly batch: EncodedBatch;
  /** Called once, when the output has the batch or it was discarded on purpose. */
  release(outcome: "delivered" | "discarded"): void;
}

/** What stands between the pipeline and an output's sender. */
export interface BatchBuffer extends AsyncDisposable {
  /** Recovers what an earlier process left. */
  open(): Promise<void>;
  /**
   * Resolves when there is room for a batch of this many events and bytes (an empty buffer has room for any), true;
   * or false once the buffer is closed.
   */
  waitForRoom(events: number, bytes: number): Promise<boolean>;
  /**
   * Resolves once somebody waits for room, or the buffer is closed: what is read should not be kept back then. Also when
   * `stop` aborts.
   */
  whenFull(stop: AbortSignal): Promise<void>;
  /** Memory: settles once released, or `failed` when the buffer is disposed first. Disk: once synced. */
  write(batch: EncodedBatch): Promise<Outcome>;
  /** Batches in the order they were written; ends when the buffer is closed and empty, or `stop` aborts. */
  read(stop: AbortSignal): AsyncIterable<BufferedBatch>;
  /** No more writes. Readers get what is left, then end. */
  close(): void;
}
