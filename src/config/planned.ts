import { inputTypes } from "../inputs/registry.ts";
import { outputTypes } from "../outputs/registry.ts";
import { parsers } from "../parsers/registry.ts";
import { transforms } from "../transforms/registry.ts";
import { type LoadedConfig, locate } from "./load.ts";
import { type Problem, problemAt } from "./problem.ts";

/**
 * What the configuration asks for and this version does not have. Such a configuration is valid; to run it would do
 * less than it says.
 */
export function notBuiltYet({ file, config, positions }: LoadedConfig): Problem[] {
  const problems: Problem[] = [];
  const isWritten = (path: string): boolean => positions.has(path);
  const refuse = (path: string, what: string, planned: string): void => {
    const message = `${what} is not built yet (planned: ${planned})`;
    problems.push(problemAt(file, locate(positions, path), path, message));
  };

  for (const { type, path, parser, transforms: steps } of config.inputs) {
    const planned = plannedOf(inputTypes, type);
    if (planned !== undefined) refuse(path, `the input type "${type}"`, planned);
    const parserPath = isWritten(`${path}.parser`) ? `${path}.parser` : "parser";
    if (parser !== undefined) refuse(parserPath, "parsing", parsers.planned);
    if (steps.length > 0) {
      refuse(
        isWritten(`${path}.transforms`) ? `${path}.transforms` : "transforms",
        "transforming",
        transforms.planned,
      );
    }
  }

  for (const output of config.outputs) {
    const { type, path, if: condition, routes, include_raw } = output;
    const planned = plannedOf(outputTypes, type);
    if (planned !== undefined) refuse(`${path}.type`, `the output type "${type}"`, planned);
    if ("encoding" in output.config && output.config.encoding === "json") {
      const block = `${path}.${type}.encoding`;
      refuse(isWritten(block) ? block : `${path}.encoding`, "event JSON", parsers.planned);
    }
    if (condition !== undefined) refuse(`${path}.if`, "a condition of an output", ROUTING);
    if (routes.length > 0) refuse(`${path}.routes`, "a route to an output", ROUTING);
    if (include_raw) refuse(`${path}.include_raw`, "the line as it came in event JSON", "event JSON");
  }
  const second = config.outputs[1];
  if (second !== undefined) refuse(second.path, "a second output", ROUTING);

  if (config.wal.enabled) refuse("wal.enabled", "the write-ahead log", DELIVERY);
  if (config.buffer.type !== "memory") {
    refuse("buffer.type", `the buffer type "${config.buffer.type}"`, DELIVERY);
  }
  const { backpressure_strategy: strategy } = config.buffer;
  if (strategy !== "block") refuse("buffer.backpressure_strategy", `the strategy "${strategy}"`, DELIVERY);
  if (config.dead_letter.enabled) {
    refuse("dead_letter.enabled", "keeping dead letters", DELIVERY);
  }
  for (const section of OBSERVATION) {
    if (config[section].enabled) refuse(`${section}.enabled`, `the section ${section}`, OBSERVING);
  }
  if (config.metrics.extraction.enabled) {
    refuse("metrics.extraction.enabled", "extraction of metrics", OBSERVING);
  }
  if (config.tests.length > 0) refuse("tests", "testing in the configuration", transforms.planned);
  return withoutRepeats(problems);
}

const OBSERVATION = ["metrics", "health", "tracing", "profiling"] as const;

/** Sections that may be written, but not enabled. */
export const PLANNED_SECTIONS: readonly string[] = ["wal", "dead_letter", ...OBSERVATION];

const OBSERVING = "metrics, health and traces of the agent";
const ROUTING = "several outputs, with conditions and routes";
const DELIVERY = "delivery that survives failing outputs";

function plannedOf(types: Readonly<Record<string, object>>, name: string): string | undefined {
  const type = types[name];
  return type !== undefined && "planned" in type && typeof type.planned === "string"
    ? type.planned
    : undefined;
}

/** A parser for all inputs is one thing to say, however many inputs there are. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()]
    .sort((a, b) => a.line - b.line || a.column - b.column);
}
