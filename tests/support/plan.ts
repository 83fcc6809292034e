import type { ProcessingContext } from "../../src/component.ts";
import * as schema from "../../src/lib/schema.ts";
import { type ParserConfig, parserConfig } from "../../src/parsers/parser_config.ts";
import type { Job, OutputPlan, Processed, ProcessorPlan } from "../../src/processing/plan.ts";
import { type TransformConfig, transformConfig } from "../../src/transforms/transform_config.ts";
import { batchOf, recordsOf } from "../contracts/batches.ts";

/** What a plan is made of, as a user writes it; one output that writes event JSON unless told. */
export interface PlanParts {
  readonly parsers?: readonly object[];
  readonly transforms?: readonly object[];
  readonly outputs?: readonly Partial<OutputPlan>[];
}

export function parserOf(block: object): ParserConfig {
  return schema.parse(parserConfig as schema.Schema<unknown>, block) as ParserConfig;
}

export function transformOf(block: object): TransformConfig {
  return schema.parse(transformConfig as schema.Schema<unknown>, block) as TransformConfig;
}

/** A plan as the configuration makes it. */
export function planOf({ parsers = [], transforms = [], outputs = [{}] }: PlanParts): ProcessorPlan {
  return {
    input: "in",
    parsers: parsers.map(parserOf),
    transforms: transforms.map(transformOf),
    outputs: outputs.map((output, index) => ({
      name: `out-${index}`,
      type: "stdout",
      config: { encoding: "json" },
      routes: [],
      includeRaw: false,
      ...output,
    })),
  };
}

/** When the records of `planJob` arrived. */
export const RECEIVED = Date.UTC(2026, 10, 25, 10);

/** A job with these records, as they are. */
export function planJob(records: readonly string[], more: Partial<Job> = {}): Job {
  const { bytes, ends } = batchOf(records);
  return { bytes, ends, source: { input: "in", stream: "/log", labels: {} }, receivedAt: RECEIVED, ...more };
}

/** The records that an output gets. */
export function outputOf({ batches }: Processed, output = "out-0"): string[] {
  return batches.filter((each) => each.output === output).flatMap(({ batch }) => recordsOf(batch));
}

/** A context that keeps what it is told to warn of. */
export function warningContext(): { context: ProcessingContext; warnings: string[] } {
  const warnings: string[] = [];
  const nothing = (path: string): never => {
    throw new Error(`no ${path}`);
  };
  const context: ProcessingContext = {
    resources: { file: nothing, directory: nothing },
    now: () => RECEIVED,
    warn: (message) => void warnings.push(message),
  };
  return { context, warnings };
}
