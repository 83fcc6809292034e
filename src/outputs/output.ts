import type { EncodedBatch } from "../batch.ts";
import type { CheckpointParticipant } from "../checkpoints/checkpoint_store.ts";
import type { Source } from "../event.ts";
import type { Log } from "../lib/log.ts";

/** What an output answers for one batch: record indices, empty lists when all arrived. */
export interface SendResult {
  /** Records to send again. */
  readonly retry: readonly number[];
  /** Records that the destination will never take. */
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

/** Everything arrived. */
export const ALL_SENT: SendResult = { retry: [], rejected: [] };

/** Thrown by `send` when trying again cannot help, for example a standard output whose reader is gone. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/** Thrown by `send` when the destination said when to come back, for example with `Retry-After`. */
export class RetryLaterError extends Error {
  override readonly name = "RetryLaterError";

  /** `wait`: not before this time, in milliseconds from now. */
  constructor(message: string, readonly wait: number, options?: ErrorOptions) {
    super(message, options);
  }
}

/** How an output likes its batches. A single record may be larger. */
export interface Batching {
  /** Records at most. */
  readonly events: number;
  /** Bytes at most. */
  readonly bytes: number;
  /** How long the first record waits for others, in milliseconds. */
  readonly wait: number;
}

/**
 * A destination. `send` is called with one batch at a time unless the output says that it takes more, and again with
 * the same object when it threw.
 */
export interface Output extends AsyncDisposable {
  /** Called again, with backoff, until it resolves. */
  open(signal: AbortSignal): Promise<void>;
  /**
   * Throws if it is unknown what arrived: then all is sent again. `OutputClosedError`: the agent stops. Once it has
   * resolved, the batch's memory may be used for another one.
   */
  send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult>;
  /**
   * For lines as they came, without parser and transforms: the partition that all lines of a batch share.
   * `time` is in milliseconds since 1970.
   */
  partitionOf(source: Source, time: number): string;
  /** What the sender gathers before it calls `send`; without it, whatever is there, in pieces of moderate size. */
  readonly batching?: Batching;
  /** Sends that may be under way at once; absent: one. Batches may then arrive in another order. */
  readonly concurrency?: number;
  /** Whether batches come with the ids of their records, where inputs give them. */
  readonly takesIds?: boolean;
  /**
   * Whether `ends` alone tells records apart. Without it a batch whose last record has no line feed is not merged with
   * what follows, since the output would have to put one between them.
   */
  readonly splitsByEnds?: boolean;
  /**
   * Of a batch whose last send threw: the records that have not arrived (`retry`), and those refused so far. Asked only
   * before the batch is given up, so that what has arrived is not counted as lost.
   */
  progressOf?(batch: EncodedBatch): SendResult | undefined;
  /**
   * Asks the destination whether it is there and takes what it would be sent, without sending any record. Rejects with
   * what is wrong. Called once the output is open; sending does not depend on it.
   */
  probe?(signal: AbortSignal): Promise<void>;
  /** State that is saved in the same commit as the inputs' positions. */
  readonly participant?: CheckpointParticipant;
}

/** What an output is created with. */
export interface OutputContext {
  readonly name: string;
  readonly log: Log;
  /**
   * Where small files of the output's own may stand, beside the checkpoints; undefined where nothing is kept. It exists
   * once the output is opened.
   */
  readonly directory?: string | undefined;
}
