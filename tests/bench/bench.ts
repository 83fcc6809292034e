import { join } from "node:path";
import { measureDelivery } from "./delivery.ts";
import { measureIdle } from "./idle.ts";
import { measureLatency } from "./latency.ts";
import { measureProcessing } from "./processing.ts";
import { measureOutputs } from "./outputs.ts";
import { ProcessMeter } from "./process_meter.ts";
import type { Findings } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { makeStage, type Stage } from "./stage.ts";
import { measureStart } from "./start.ts";
import { findPrograms, prepareAgent } from "./subjects.ts";
import { measureThroughput } from "./throughput.ts";

/** The parts of the benchmark, in the order in which they run. */
export const PARTS = {
  start: measureStart,
  throughput: measureThroughput,
  processing: measureProcessing,
  delivery: measureDelivery,
  outputs: measureOutputs,
  latency: measureLatency,
  idle: measureIdle,
} satisfies Record<string, (stage: Stage) => Promise<Findings[]>>;

export type Part = keyof typeof PARTS;

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly sizes: Sizes;
  /** Another entry of the agent, or an executable. */
  readonly program: string | undefined;
  /** Whether rsyslog is measured where it is installed. */
  readonly withRsyslog: boolean;
  progress(text: string): void;
}

/** Measures, in a temporary directory that is gone afterwards. */
export async function bench(
  { parts, sizes, program, withRsyslog, progress }: BenchOptions,
): Promise<Findings[]> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "logaggregator-bench-" }));
  try {
    const programs = await findPrograms(directory, program, withRsyslog);
    if (withRsyslog && programs.rsyslog === undefined) {
      progress("rsyslog: skipped, since rsyslogd is not installed");
    }
    await prepareAgent(programs, join(directory, "prepare"));
    const stage = makeStage({
      meter: await ProcessMeter.create(directory),
      programs,
      sizes,
      directory,
      progress,
    });
    const findings: Findings[] = [];
    for (const part of parts) findings.push(...await PARTS[part](stage));
    return findings;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
