import type { Node, Position } from "../lib/schema_node.ts";
import * as schema from "../lib/schema.ts";
import { loadAllOutputTypes, loadOutputTypes, type OutputTypes } from "../outputs/registry.ts";
import { type Config, DEFAULT_OUTPUT, rootSchemaOf } from "./config.ts";
import { type Environment, expander } from "./environment.ts";
import { hintsOf } from "./hints.ts";
import { normalise } from "./normalise.ts";
import { ConfigError, type Problem, problemAt } from "./problem.ts";
import { WITHOUT_EFFECT } from "./sections.ts";
import { readYaml } from "./yaml_node.ts";

export { ConfigError, formatProblem, type Problem } from "./problem.ts";

/** A configuration file that was read and found right. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
  /** What is allowed but has no effect. */
  readonly warnings: readonly Problem[];
  /** The effective configuration as a user would write it; secrets and what came from the environment are masked. */
  readonly shown: unknown;
  /** Environment variables that the file asks for. */
  readonly variables: readonly string[];
  /** Where each written value stands, by path. */
  readonly positions: ReadonlyMap<string, Position>;
}

/**
 * Reads, expands and validates a configuration file. Throws ConfigError with every mistake at once.
 * `env` answers environment variables; by default the process's own.
 */
export async function loadConfig(
  file: string,
  env: Environment = (name) => Deno.env.get(name),
): Promise<LoadedConfig> {
  return parseConfig(await readText(file), file, env);
}

/** The same for a text that is at hand; `file` is the name to show. */
export async function parseConfig(text: string, file: string, env: Environment): Promise<LoadedConfig> {
  const yaml = readYaml(text);
  const syntax = yaml.mistakes.map(({ at, message }) => problemAt(file, at, "", message));
  if (yaml.mistakes.some(({ fatal }) => fatal)) throw new ConfigError(syntax);
  const { value, shown, mistakes, notices, positions, variables } = await validate(yaml.node, env);
  const problems = [
    ...syntax,
    ...mistakes.map(({ at, path, message }) => problemAt(file, at, path, message)),
  ];
  if (value === undefined || problems.length > 0) throw new ConfigError(inOrder(problems));
  const { config, conflicts } = normalise(value, (path) => positions.has(path));
  if (positions.has("output") && positions.has("outputs")) {
    conflicts.push({ path: "outputs", message: "stands beside output; keep one of them" });
  }
  if (conflicts.length > 0) {
    throw new ConfigError(
      inOrder(conflicts.map(({ path, message }) => problemAt(file, locate(positions, path), path, message))),
    );
  }
  const warnings = [
    ...notices.map(({ at, path, message }) => problemAt(file, at, path, message)),
    ...withoutEffect(file, positions),
    ...hintsOf(config, positions).map(({ path, message }) =>
      problemAt(file, locate(positions, path), path, message)
    ),
  ];
  const { output, ...rest } = shown as Readonly<Record<string, unknown>>;
  return {
    file,
    config,
    warnings: inOrder(warnings),
    // The default output would stand beside the list.
    shown: value.outputs === undefined ? { ...rest, output } : rest,
    variables,
    positions,
  };
}

/**
 * Validates with the output types that the text names. A key of another type is a mistake to these, and so is a type
 * that the environment names: if there is any mistake, all types take part, and what they say counts.
 */
async function validate(node: Node, env: Environment) {
  const words = new Set<string>([DEFAULT_OUTPUT]);
  if (node.kind === "map") {
    node.entries.filter(({ key }) => key === "output" || key === "outputs")
      .forEach(({ value }) => addWords(words, value));
  }
  const found = validateWith(await loadOutputTypes(words), node, env);
  return found.mistakes.length === 0 ? found : validateWith(await loadAllOutputTypes(), node, env);
}

function validateWith(types: Partial<OutputTypes>, node: Node, env: Environment) {
  const asked = new Set<string>();
  const result = schema.validate(rootSchemaOf(types), node, expander(env, asked));
  return { ...result, variables: [...asked] };
}

/** Adds all keys and values in a tree. */
function addWords(words: Set<string>, node: Node): void {
  if (node.kind === "list") node.items.forEach((item) => addWords(words, item));
  else if (node.kind === "scalar") words.add(String(node.value));
  else {
    for (const { key, value } of node.entries) {
      words.add(key);
      addWords(words, value);
    }
  }
}

/** Where `path` is written, or else the nearest part above it that is. */
export function locate(positions: ReadonlyMap<string, Position>, path: string): Position {
  for (let part = path; part !== ""; part = part.replace(/(?:\.[^.[\]]+|\[[^[\]]*\]|^[^.[\]]+)$/, "")) {
    const position = positions.get(part);
    if (position !== undefined) return position;
  }
  return { line: 1, column: 1 };
}

function withoutEffect(file: string, positions: ReadonlyMap<string, Position>): Problem[] {
  return WITHOUT_EFFECT.flatMap((key) => {
    const path = `performance.${key}`;
    const at = positions.get(path);
    return at === undefined ? [] : [problemAt(file, at, path, "has no effect in this runtime")];
  });
}

function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(file));
  } catch (error) {
    throw new ConfigError([problemAt(file, { line: 1, column: 1 }, "", whyUnreadable(error, file))], {
      cause: error,
    });
  }
}

function whyUnreadable(error: unknown, file: string): string {
  const cannot = "Cannot read the configuration:";
  if (error instanceof Deno.errors.NotFound) {
    return `${cannot} there is no such file; name one with --config, or copy config.yaml.example`;
  }
  if (error instanceof Deno.errors.NotCapable) {
    return `${cannot} permission denied; start with --allow-read=${file}`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${cannot} the system denies it to this user; make the file readable`;
  }
  if (error instanceof Deno.errors.IsADirectory) return `${cannot} it is a directory; name a YAML file`;
  if (error instanceof TypeError) return `${cannot} it is not UTF-8; save it in that encoding`;
  return `${cannot} ${error instanceof Error ? error.message : String(error)}`;
}
