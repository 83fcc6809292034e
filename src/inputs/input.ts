import type { Acknowledgement } from "../acknowledgement.ts";
import type { RawBatch } from "../batch.ts";
import type { CheckpointStore } from "../checkpoints/checkpoint_store.ts";
import type { Framer } from "../framing/framer.ts";
import type { Log } from "../lib/log.ts";

/**
 * Hands a batch to the pipeline. Resolves when the pipeline has room (backpressure) and has taken the batch; the
 * acknowledgement settles later. While the pipeline stops, the acknowledgement is `failed` at once.
 */
export type Emit = (batch: RawBatch) => Promise<Acknowledgement>;

/** Something that reads records and offers them to the pipeline. */
export interface Input {
  /**
   * Reads until `stop` aborts, or until there is nothing more to read where the input has an end. Resolves once every
   * batch it emitted has settled and its positions are handed to the checkpoint store. Rejects only on a defect.
   */
  run(emit: Emit, stop: AbortSignal): Promise<void>;
  /**
   * Whether everything behind the saved positions can be read again, asked once before `run`. Only then may an
   * output cut back what it wrote after the last checkpoint.
   */
  canReplay?(): Promise<boolean>;
}

/** What an input is created with. */
export interface InputContext {
  readonly name: string;
  readonly log: Log;
  readonly checkpoints: CheckpointStore;
  /** Read to the end of what is there, then return from `run` (`--once`). */
  readonly once: boolean;
  /** Never use file system notifications, only polling (a switch for platforms without them, and for tests). */
  readonly pollOnly: boolean;
  /** How lines are joined to records; absent where every line is one. */
  readonly framer?: Framer | undefined;
  /** How many files are read at the same time. */
  readonly concurrentReads: number;
  /** Files that an input of this agent reads already: (device, inode) → input name. Shared by all inputs. */
  readonly claims: Map<string, string>;
}
