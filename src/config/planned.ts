import { inputTypes } from "../inputs/registry.ts";
import { outputTypes } from "../outputs/registry.ts";
import { type LoadedConfig, locate } from "./load.ts";
import { type Problem, problemAt } from "./problem.ts";

/**
 * What the configuration asks for and this version does not have. Such a configuration is valid; to run it would do
 * less than it says.
 */
export function notBuiltYet({ file, config, positions }: LoadedConfig): Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: string, what: string, planned: string): void => {
    const message = `${what} is not built yet (planned: ${planned})`;
    problems.push(problemAt(file, locate(positions, path), path, message));
  };

  for (const { type, path } of config.inputs) {
    const planned = plannedOf(inputTypes, type);
    if (planned !== undefined) refuse(path, `the input type "${type}"`, planned);
  }

  for (const { type, path } of config.outputs) {
    const planned = plannedOf(outputTypes, type);
    if (planned !== undefined) refuse(`${path}.type`, `the output type "${type}"`, planned);
  }
  const { failure_strategy, parallel } = config.fan_out;
  if (failure_strategy !== "continue") {
    refuse("output.multi.failure_strategy", `the strategy "${failure_strategy}"`, DELIVERY);
  }
  if (!parallel) refuse("output.multi.parallel", "sending to one output after the other", DELIVERY);

  if (config.wal.enabled) refuse("wal.enabled", "the write-ahead log", DELIVERY);
  if (config.buffer.type !== "memory") {
    refuse("buffer.type", `the buffer type "${config.buffer.type}"`, DELIVERY);
  }
  const { backpressure_strategy: strategy } = config.buffer;
  if (strategy !== "block") refuse("buffer.backpressure_strategy", `the strategy "${strategy}"`, DELIVERY);
  for (const section of OBSERVATION) {
    if (config[section].enabled) refuse(`${section}.enabled`, `the section ${section}`, OBSERVING);
  }
  if (config.metrics.extraction.enabled) {
    refuse("metrics.extraction.enabled", "extraction of metrics", OBSERVING);
  }
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

const OBSERVATION = ["metrics", "health", "tracing", "profiling"] as const;

/** Sections that may be written, but not enabled. */
export const PLANNED_SECTIONS: readonly string[] = ["wal", ...OBSERVATION];

const OBSERVING = "metrics, health and traces of the agent";
const DELIVERY = "delivery that survives failing outputs";

function plannedOf(types: Readonly<Record<string, object>>, name: string): string | undefined {
  const type = types[name];
  return type !== undefined && "planned" in type && typeof type.planned === "string"
    ? type.planned
    : undefined;
}
