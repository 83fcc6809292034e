import type { Outcome } from "../acknowledgement.ts";
import type { EncodedBatch } from "../batch.ts";

/** A batch on its way out. */
export interface BufferedBatch {
  readonly batch: EncodedBatch;
  /** Called before it is sent. False: the buffer has dropped it meanwhile. Without it, what was read stays. */
  claim?(): boolean;
  /** Called once, when the output has the batch or it was discarded on purpose. */
  release(outcome: "delivered" | "discarded"): void;
}

/** What stands between the pipeline and an output's sender. */
export interface BatchBuffer extends AsyncDisposable {
  /** Whether what is written survives the process; batches settle once they are safe then, not once they are released. */
  readonly durable: boolean;
  /** Events that are written, or were recovered, and are not released. */
  readonly events: number;
  /** Bytes of these events, as far as the buffer's bounds count them. */
  readonly bytes: number;
  /** Recovers what an earlier process left. */
  open(): Promise<void>;
  /** Whether `waitForRoom` would not have to wait. */
  hasRoom(events: number, bytes: number): boolean;
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
  /**
   * Makes room for so many events and bytes by letting go of the oldest batches that are not being sent. Their outcome
   * is `discarded`. Answers how many events that were, by batch; there may be too few of them to make enough room.
   */
  dropOldest(events: number, bytes: number): number;
  /** Memory: settles once released, or `failed` when the buffer is disposed first. Disk: once synced. */
  write(batch: EncodedBatch): Promise<Outcome>;
  /** Batches in the order they were written; ends when the buffer is closed and empty, or `stop` aborts. */
  read(stop: AbortSignal): AsyncIterable<BufferedBatch>;
  /**
   * Up to which offset a stream has been written, as far as `until` of the batches told; undefined if nothing is known.
   * What is offered again, since the input was not told or did not save it, is known by that, also after a restart.
   */
  knownUntil?(origin: string): number | undefined;
  /** No more writes. Readers get what is left, then end. */
  close(): void;
}
