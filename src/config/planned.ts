import { type InputTypeName, inputTypes } from "../inputs/registry.ts";
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
    const planned = plannedOf(type);
    if (planned !== undefined) refuse(path, `the input type "${type}"`, planned);
  }

  for (const section of PLANNED_SECTIONS) {
    if (config[section].enabled) refuse(`${section}.enabled`, `the section ${section}`, OBSERVING);
  }
  if (config.metrics.extraction.enabled) {
    refuse("metrics.extraction.enabled", "extraction of metrics", OBSERVING);
  }
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Sections that may be written, but not enabled. */
export const PLANNED_SECTIONS = ["metrics", "health", "tracing", "profiling"] as const;

const OBSERVING = "metrics, health and traces of the agent";

function plannedOf(name: InputTypeName): string | undefined {
  const type = inputTypes[name];
  return "planned" in type ? type.planned : undefined;
}
