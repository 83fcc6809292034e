import { parse } from "../config/yaml_library.ts";
import { KeyError, KeyErrors } from "../lib/key_error.ts";
import { reasonOf } from "../lib/reason.ts";
import * as schema from "../lib/schema.ts";
import { type ParserConfig, parserConfig } from "../parsers/parser_config.ts";
import { hazardsOf } from "../processing/hazards.ts";
import { Inspector } from "../processing/inspector.ts";
import { becomeSandbox, readSample, snapshotJson } from "./inspection.ts";
import { recordsOfText } from "./records_of_text.ts";

export interface ParseLinesOptions {
  /** Type of the parser. */
  readonly parser: string;
  /** Pattern of a regex or grok parser. */
  readonly pattern: string | undefined;
  /** Further keys, as a YAML block. */
  readonly keys: string | undefined;
}

/** Answers how far a pattern matches a line, for those who ask why it does not. */
type Mismatch = (line: string) => { readonly matched: string; readonly at: number } | undefined;

/**
 * Prints what a parser makes of the lines on standard input, an event a line, and which lines it does not take, with
 * the furthest point that matched where the parser is a pattern. Resolves with 0 if it takes all of them, else with 1;
 * with 2 for a wrong configuration.
 */
export async function parseLines(options: ParseLinesOptions): Promise<number> {
  let config: ParserConfig;
  let inspector: Inspector;
  let mismatch: Mismatch;
  let records: string[];
  let warnings: string[];
  try {
    config = configOf(options);
    const plan = { input: "stdin", parsers: [config], transforms: [], outputs: [] };
    inspector = await Inspector.for(plan, new Map());
    const hazards = (await hazardsOf(plan)).map(({ key, hint }) => `${key.replace(/^.*\]\./, "")} ${hint}`);
    warnings = [...inspector.planWarnings, ...hazards];
    mismatch = await mismatchOf(config);
    records = recordsOfText(await readSample("-"), [config]);
  } catch (error) {
    console.error(mistakeOf(error));
    return 2;
  }
  for (const warning of warnings) console.error(`warning: ${warning}`);
  await becomeSandbox();
  const source = { input: "stdin", stream: "stdin", labels: {} };
  let missed = 0;
  records.forEach((record, index) => {
    const { event } = inspector.inspect(record, source, Date.now());
    const isMissed = event === undefined || event.fields["parse_error"] !== undefined;
    if (!isMissed) return console.log(snapshotJson(event));
    missed++;
    console.log(`${index + 1}: no match: ${record}`);
    const furthest = mismatch(record);
    if (furthest === undefined) return;
    const prefix = `${index + 1}: no match: `;
    console.log(
      `${" ".repeat(prefix.length + furthest.at)}^ matched so far: ${furthest.matched || "nothing"}`,
    );
  });
  console.error(`${records.length} records, ${records.length - missed} parsed, ${missed} missed`);
  return missed === 0 ? 0 : 1;
}

/** What is wrong with the configuration; anything else is thrown on. */
function mistakeOf(error: unknown): string {
  if (error instanceof KeyError) return `${error.key}: ${error.message}`;
  if (error instanceof KeyErrors) return error.message.replaceAll(/^parsers\[0\]\.?/gm, "");
  if (error instanceof schema.SchemaError) return error.message;
  throw error;
}

function configOf({ parser, pattern, keys }: ParseLinesOptions): ParserConfig {
  const further = keys === undefined ? {} : yamlOf(keys);
  if (typeof further !== "object" || further === null || Array.isArray(further)) {
    throw new schema.SchemaError(`--set must be a block of keys, such as '{time_format: unix_ms}'`);
  }
  const own = pattern === undefined ? {} : { [parser === "grok" ? "grok_pattern" : "pattern"]: pattern };
  return schema.parse(parserConfig as schema.Schema<unknown>, {
    type: parser,
    ...own,
    ...further,
  }) as ParserConfig;
}

function yamlOf(keys: string): unknown {
  try {
    return parse(keys);
  } catch (error) {
    throw new schema.SchemaError(`--set is not YAML: ${reasonOf(error)}`, { cause: error });
  }
}

async function mismatchOf(config: ParserConfig): Promise<Mismatch> {
  if (config.type !== "grok") return () => undefined;
  const { explainGrok } = await import("../parsers/grok/explain.ts");
  return await explainGrok(config.config);
}
