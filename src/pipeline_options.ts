import type { RawBatch } from "./batch.ts";
import type { DeadLetters } from "./delivery/dead_letter.ts";
import type { OutputLine } from "./delivery/output_line.ts";
import type { Way } from "./delivery/parcels.ts";
import type { Log } from "./lib/log.ts";
import type { OutputClosedError } from "./outputs/output.ts";
import type { Processed } from "./processing/plan.ts";

/** What is made of records between inputs and outputs. */
export interface Processing extends AsyncDisposable {
  /** By input. */
  readonly ways: ReadonlyMap<string, Way>;
  /** Resolves when one more batch may be given to `process`. */
  waitForRoom(): Promise<void>;
  /** Parses, transforms and encodes. Rejects only when it is disposed first. */
  process(input: string, batch: RawBatch): Promise<Processed>;
}

/** How a pipeline works; a reload may change it. */
export interface PipelineSettings {
  /** Bytes that may be between inputs and outputs. */
  readonly budget: number;
  /** After this time, in ms, it is said that inputs wait for an output. */
  readonly blockTimeout: number;
  readonly deadLetters: DeadLetters;
  /** Whether all outputs get a batch at once; else one after the other, each when the one before it has it. */
  readonly parallel: boolean;
  /** While one output fails, the others get nothing new either. */
  readonly stopOnFailure: boolean;
}

/** What a pipeline is made of. */
export interface PipelineOptions {
  readonly log: Log;
  readonly settings: PipelineSettings;
  /** An output can never take anything again. */
  onOutputClosed(error: OutputClosedError): void;
}

/** What a reload replaces; what it does not name stays. */
export interface Replacement {
  /** Outputs that end, by name. */
  readonly leaving: ReadonlySet<string>;
  /** Called when the old outputs send nothing any more; the new ones, which it answers, send nothing yet. */
  successors(): Promise<readonly OutputLine[]>;
  readonly processing?: Processing | undefined;
  readonly settings?: PipelineSettings | undefined;
}
