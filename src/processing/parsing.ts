import type { ProcessingContext } from "../component.ts";
import type { Fields, FieldValue, LogEvent } from "../event.ts";
import { setField } from "../lib/field_path.ts";
import { KeyMistakes } from "../lib/key_error.ts";
import type { ParserConfig } from "../parsers/parser_config.ts";
import type { Parser } from "../parsers/parser.ts";
import { type KnownFields, type ParserFactory, parserTypes } from "../parsers/registry.ts";
import { compileExtraction, type Extraction } from "./extraction.ts";

/** What becomes of a line that no parser takes. */
export type ParseFailure = "pass" | "drop" | "dead_letter";

/** All parsers of an input. */
export interface Parsing {
  /** Makes an event of the line; false when no parser takes it: the event is then the line with a `parse_error`. */
  parse(line: string, event: LogEvent): boolean;
  readonly onFailure: ParseFailure;
  /** What is said of a line that no parser takes. */
  readonly failure: string;
}

const NOTHING_KNOWN: KnownFields = { time: [], level: [], message: [] };

interface Stage {
  readonly parser: Parser;
  readonly extract: Extraction;
  readonly constants: readonly (readonly [name: string, value: FieldValue])[];
}

/** Builds the parsers of an input. Throws KeyErrors with keys such as `parsers[0].pattern`. */
export async function buildParsing(
  configs: readonly ParserConfig[],
  context: ProcessingContext,
): Promise<Parsing | undefined> {
  const mistakes = new KeyMistakes();
  const stages: Stage[] = [];
  const names: string[] = [];
  let last: ParserConfig | undefined;
  // A parser that only joins lines may still have fields to add, whichever of the others takes the record.
  const common = configs.filter(({ type }) => type === "multiline").flatMap(constantsOf);
  for (const [index, config] of configs.entries()) {
    if (config.type === "multiline") continue;
    const stage = await mistakes.try(`parsers[${index}]`, () => buildStage(config, common, context));
    if (stage !== undefined) stages.push(stage);
    names.push(`"${config.type}"`);
    last = config;
  }
  mistakes.throwIfAny();
  if (last === undefined) return constantsOnly(common);
  const failure = `not in the format${names.length > 1 ? "s" : ""} ${names.join(", ")}`;
  const constants = [...common, ...constantsOf(last)];
  return { parse: parseWith(stages, constants, failure), onFailure: last.on_error, failure };
}

async function buildStage(
  config: Exclude<ParserConfig, { type: "multiline" }>,
  common: Stage["constants"],
  context: ProcessingContext,
): Promise<Stage> {
  const type = parserTypes[config.type];
  // The table ties each factory to its own configuration; a union of them cannot be called.
  const create = await type.load() as unknown as ParserFactory<"syslog">;
  const own = { ...config.config, timezone: config.timezone } as unknown as Parameters<typeof create>[0];
  const parser = await create(own, context);
  const extract = compileExtraction(type.known, config, context);
  const configured = compileExtraction(NOTHING_KNOWN, config, context);
  return {
    parser,
    // Where the format says it all, only what the configuration names is taken from the fields.
    extract: parser.isComplete === undefined
      ? extract
      : (event) => parser.isComplete ? configured(event) : extract(event),
    constants: [...common, ...constantsOf(config)],
  };
}

/** Joining lines makes no fields, but custom fields may still be asked for. */
function constantsOnly(constants: Stage["constants"]): Parsing | undefined {
  if (constants.length === 0) return undefined;
  const parse = (line: string, event: LogEvent): boolean => {
    event.message = line;
    event.fields = {};
    addConstants(event.fields, constants);
    return true;
  };
  return { parse, onFailure: "pass", failure: "" };
}

function parseWith(
  stages: readonly Stage[],
  constants: Stage["constants"],
  failure: string,
): Parsing["parse"] {
  const fail = (line: string, event: LogEvent): boolean => {
    event.message = line;
    event.fields = { parse_error: failure };
    addConstants(event.fields, constants);
    return false;
  };
  const [only] = stages;
  if (stages.length === 1 && only !== undefined) {
    const { parser, extract, constants } = only;
    if (constants.length === 0) {
      return (line, event) => {
        if (!parser.parse(line, event)) return fail(line, event);
        extract(event);
        return true;
      };
    }
    return (line, event) => {
      if (!parser.parse(line, event)) return fail(line, event);
      extract(event);
      addConstants(event.fields, constants);
      return true;
    };
  }
  return (line, event) => {
    for (const { parser, extract, constants } of stages) {
      if (!parser.parse(line, event)) continue;
      extract(event);
      addConstants(event.fields, constants);
      return true;
    }
    return fail(line, event);
  };
}

function constantsOf(config: ParserConfig): Stage["constants"] {
  return Object.entries(config.custom_fields as Record<string, FieldValue>);
}

/** Nested values are copied, since whatever comes later may change them. */
function addConstants(fields: Fields, constants: Stage["constants"]): void {
  for (const [name, value] of constants) {
    setField(fields, name, typeof value === "object" && value !== null ? structuredClone(value) : value);
  }
}
