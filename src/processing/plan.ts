import type { EncodedBatch, Origin } from "../batch.ts";
import type { Source } from "../event.ts";
import type { ParserConfig } from "../parsers/parser_config.ts";
import type { TransformConfig } from "../transforms/transform_config.ts";

/** What becomes of the records of one input; plain data, so that it can be sent to workers. */
export interface ProcessorPlan {
  /** Name of the input. */
  readonly input: string;
  /** Tried in turn; none: the line is the message. */
  readonly parsers: readonly ParserConfig[];
  readonly transforms: readonly TransformConfig[];
  readonly outputs: readonly OutputPlan[];
}

/** How records are encoded for one output, and which of them it takes. */
export interface OutputPlan {
  /** Its name in the configuration. */
  readonly name: string;
  /** The output's type, which names its encoder, and its configuration. */
  readonly type: string;
  readonly config: unknown;
  /** Condition on the record. */
  readonly if?: string;
  /** Only records of these routes; empty: all records. */
  readonly routes: readonly string[];
  readonly includeRaw: boolean;
}

/** Contents of the files that parsers and transforms work with, by path; files of a directory stand under its path. */
export type PlanFiles = ReadonlyMap<string, Uint8Array>;

/** Records that one call of a processor takes. */
export interface Job {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly source: Source;
  /** In milliseconds since 1970. */
  readonly receivedAt: number;
  readonly origin?: Origin;
}

/** Records that were encoded for an output. */
export interface CollectedBatch {
  readonly batch: EncodedBatch;
  /** Their indices in the job; absent: they are all records of the job. */
  readonly records?: Uint32Array<ArrayBuffer>;
}

/** Records of a job for one output, by name. */
export interface ProcessedBatch extends CollectedBatch {
  readonly output: string;
}

/** What became of the records of a job. */
export interface Processed {
  /** What each output, by name, gets, in the order of its records; an output may get several batches, or none. */
  readonly batches: readonly ProcessedBatch[];
  /** Records that no output gets, by reason. */
  readonly discarded: Readonly<Record<string, number>>;
  /** Records, by index in the job, that are to be kept as dead letters; no output gets them. */
  readonly deadLetters: readonly { readonly index: number; readonly reason: string }[];
  /** Records that no parser took, whatever became of them then. */
  readonly unparsed: number;
  /** What to tell the user; the same text comes at most once a minute from one processor. */
  readonly warnings: readonly string[];
}

/** Whether nothing is parsed or transformed: messages are records as they came. */
export function isPlain({ parsers, transforms }: Pick<ProcessorPlan, "parsers" | "transforms">): boolean {
  return transforms.length === 0 &&
    parsers.every(({ type, custom_fields }) =>
      type === "multiline" && Object.keys(custom_fields).length === 0
    );
}

/** Whether conditions or scripts of the user's run in a plan. */
export function hasUserCode({ transforms, outputs }: ProcessorPlan): boolean {
  return outputs.some((output) => output.if !== undefined) ||
    transforms.some((step) => step.if !== undefined || step.type === "script" || step.type === "route");
}
