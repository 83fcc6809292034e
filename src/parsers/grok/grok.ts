import type { ProcessingContext } from "../../component.ts";
import { KeyError } from "../../lib/key_error.ts";
import { explosionHint } from "../../lib/regexp_hazard.ts";
import { createCaptureParser, FieldConflictError } from "../capture_fields.ts";
import type { Parser } from "../parser.ts";
import type { ParserOwn } from "../parser_config.ts";
import { type CompiledGrok, compileGrok } from "./compile_grok.ts";
import { Definitions } from "./definitions.ts";

export type { CompiledGrok } from "./compile_grok.ts";

/** A parser that makes fields of what a grok pattern captures. Throws KeyError. */
export async function createGrokParser(
  config: ParserOwn<"grok">,
  context: ProcessingContext,
): Promise<Parser> {
  const compiled = await compileGrokConfig(config, context);
  const { key, pattern } = patternOf(config);
  if (compiled.captures.length === 0) {
    context.warn(`The pattern "${pattern}" captures nothing, so it gives no field; write %{NAME:field}`);
  }
  const parts = compiled.pattern;
  const hint = await explosionHint(
    compiled.regexp,
    parts && { pattern: parts.body, trusted: ({ body }) => parts.library.has(body) },
  );
  if (hint !== undefined) context.warn(`The pattern "${pattern}" ${hint}`);
  try {
    return createCaptureParser(compiled);
  } catch (error) {
    if (error instanceof FieldConflictError) {
      throw new KeyError(key, `in "${pattern}" ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Compiles the pattern of a configuration without making a parser of it, for `explainMismatch`. Throws KeyError. */
export async function compileGrokConfig(
  config: ParserOwn<"grok">,
  { resources }: Pick<ProcessingContext, "resources">,
): Promise<CompiledGrok> {
  const { key, pattern } = patternOf(config);
  const names = config.ecs_compatibility === "disabled" ? "legacy" : "ecs";
  const definitions = new Definitions(names);
  for (const path of config.patterns_dir) addDirectory(definitions, path, resources);
  for (const [name, definition] of Object.entries(config.pattern_definitions)) {
    definitions.add(name, definition, `pattern_definitions.${name}`);
  }
  return await compileGrok(await spellOut(pattern, key, definitions), {
    definitions,
    names,
    namedOnly: config.named_captures_only,
    keepEmpty: config.keep_empty_captures,
    key,
  });
}

function patternOf({ grok_pattern, pattern }: ParserOwn<"grok">): { key: string; pattern: string } {
  return grok_pattern === undefined
    ? { key: "pattern", pattern: pattern ?? "" }
    : { key: "grok_pattern", pattern: grok_pattern };
}

function addDirectory(
  definitions: Definitions,
  path: string,
  resources: ProcessingContext["resources"],
): void {
  const key = "patterns_dir";
  try {
    definitions.addDirectory(path, key, resources);
  } catch (error) {
    if (error instanceof KeyError || !(error instanceof Error)) throw error;
    throw new KeyError(key, error.message, { cause: error });
  }
}

/** A bare name, in any case, is the pattern of that name. */
async function spellOut(pattern: string, key: string, definitions: Definitions): Promise<string> {
  if (!/^[A-Za-z]\w*$/.test(pattern)) return pattern;
  for (const name of [pattern, pattern.toLowerCase(), pattern.toUpperCase()]) {
    if (await definitions.find(name) !== undefined) return `%{${name}}`;
  }
  throw new KeyError(key, await definitions.unknown(pattern));
}
