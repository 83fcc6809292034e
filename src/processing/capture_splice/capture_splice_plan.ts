import type { ProcessingContext } from "../../component.ts";
import type { Encoder } from "../../encoding/encoder.ts";
import type { Level } from "../../event.ts";
import { parseLevel } from "../../lib/level.ts";
import { instantiate, textToLookFor } from "../../lib/regular_expression.ts";
import type { Alternatives } from "../../lib/regular_expression/node.ts";
import { parsePattern } from "../../lib/regular_expression/parse.ts";
import type { Capture } from "../../parsers/capture_fields.ts";
import { compileGrokConfig } from "../../parsers/grok/grok.ts";
import { chooseName, type FieldTarget, parseField } from "../../parsers/grok/reference.ts";
import type { ParserConfig } from "../../parsers/parser_config.ts";
import { parserTypes } from "../../parsers/registry.ts";
import { extractedFields, timeParserOf } from "../extraction.ts";
import type { ProcessorPlan } from "../plan.ts";
import { isField, splicedParser } from "../splice_plan.ts";
import { type CaptureLayout, layOutCaptures } from "./capture_layout.ts";

/** A field that a group fills. */
export interface CaptureField {
  readonly name: string;
  /** The number of the group. */
  readonly group: number;
  /** As in the layout. */
  readonly place: string;
  /** Whether it is written as a number, without quotes. */
  readonly isNumber: boolean;
}

/** What becomes of the groups of a pattern. Fields of the lists that follow them are written to the event itself. */
export interface CaptureSplicePlan {
  readonly regexp: RegExp;
  readonly declarations: CaptureLayout["declarations"];
  /** Whether lines with line breaks in them need another expression. */
  readonly singleLine: boolean;
  /** A text that every line has that matches; empty if none is known. */
  readonly required: string;
  readonly fields: readonly CaptureField[];
  /** Whether a group that matched nothing gives an empty text instead of no field. */
  readonly keepEmpty: boolean;
  /** Positions in `fields`, first one first. */
  readonly timeFields: readonly number[];
  readonly levelFields: readonly number[];
  readonly messageFields: readonly number[];
  /** Whether a text that is no time needs the general path, which says so. */
  readonly isTimeExpected: boolean;
  /** Members that every event has behind the others, `"name":value` each. */
  readonly constants: readonly string[];
  /** The milliseconds since 1970 that a text stands for, or NaN if it is no time. */
  parseTime(text: string): number;
  parseLevel(word: string): Level | undefined;
}

/** A pattern whose groups fill fields. */
interface Pattern {
  readonly source: string;
  readonly body: Alternatives;
  /** The field that a named group fills, if any. */
  fieldOf(name: string): Pick<Capture, "path" | "type"> | undefined;
  readonly keepEmpty: boolean;
  readonly singleLine: boolean;
}

/** A parser whose fields are what the groups of a pattern match. */
type PatternParserConfig = ParserConfig & { readonly type: "regex" | "grok" };

/**
 * How event JSON is spliced from the lines of a plan with a pattern; undefined where it takes events: transforms,
 * fields that are not simply the texts of groups. The plan is known to be right.
 */
export async function captureSplicePlanOf(
  plan: ProcessorPlan,
  encoders: readonly Encoder[],
  context: ProcessingContext,
): Promise<CaptureSplicePlan | undefined> {
  const config = splicedParser(plan, encoders);
  const constants = constantsOf(plan);
  if (config === undefined || !isOfPattern(config)) return undefined;
  if (constants === undefined || plan.transforms.length > 0) return undefined;
  const pattern = await patternOf(config, context);
  const layout = pattern && layOutCaptures(pattern.body, { singleLine: pattern.singleLine });
  if (pattern === undefined || layout === undefined) return undefined;
  const fields: CaptureField[] = [];
  for (const { name, number, place } of layout.groups) {
    const target = pattern.fieldOf(name);
    if (target === undefined) continue;
    const [field, ...inner] = target.path;
    if (field === undefined || inner.length > 0 || target.type === "bool" || isIndex(field)) return undefined;
    if (constants.has(field) || fields.some((other) => other.name === field)) return undefined;
    fields.push({ name: field, group: number, place, isNumber: target.type !== "string" });
  }
  const positions = (names: readonly string[]): number[] =>
    names.map((name) => fields.findIndex((field) => field.name === name)).filter((index) => index >= 0);
  const { time, level, message } = extractedFields(parserTypes[config.type].known, config);
  const roles = [time, level, message];
  if (!roles.flat().every(isPlain) || roles.flatMap(positions).some((index) => fields[index]?.isNumber)) {
    return undefined;
  }
  const times = timeParserOf(config, context);
  const [timeFields = [], levelFields = [], messageFields = []] = roles.map(positions);
  return {
    regexp: instantiate(pattern.source, layout.written),
    declarations: layout.declarations,
    singleLine: pattern.singleLine,
    required: textToLookFor(pattern.body),
    fields,
    keepEmpty: pattern.keepEmpty,
    timeFields,
    levelFields,
    messageFields,
    isTimeExpected: config.time_field !== undefined,
    constants: [...constants].map(([name, json]) => `${JSON.stringify(name)}:${json}`),
    parseTime: (text) => times.parse(text),
    parseLevel,
  };
}

function isOfPattern(config: ParserConfig): config is PatternParserConfig {
  return config.type === "regex" || config.type === "grok";
}

/** The fields that are added to every record, as JSON; undefined if some are no plain fields. */
function constantsOf({ parsers }: ProcessorPlan): Map<string, string> | undefined {
  const constants = new Map<string, string>();
  const joining = parsers.filter(({ type }) => type === "multiline");
  const others = parsers.filter(({ type }) => type !== "multiline");
  for (const { custom_fields: fields } of [...joining, ...others]) {
    for (const [name, value] of Object.entries(fields)) {
      if (!isField(name) || isIndex(name)) return undefined;
      constants.set(name, JSON.stringify(value));
    }
  }
  return constants;
}

async function patternOf(
  config: PatternParserConfig,
  context: ProcessingContext,
): Promise<Pattern | undefined> {
  if (config.type === "regex") {
    const { pattern: source } = config.config;
    const fieldOf = (name: string): Pick<Capture, "path" | "type"> => ({ path: [name], type: "string" });
    return { source, body: parsePattern(source), fieldOf, keepEmpty: true, singleLine: false };
  }
  const { pattern, keepEmpty } = await compileGrokConfig(config.config, context);
  if (pattern === undefined) return undefined;
  const { source, body, names } = pattern;
  const fieldOf = (name: string): FieldTarget | undefined => {
    const field = chooseName(name, names);
    return field === undefined ? undefined : parseField(field, "pattern");
  };
  return { source, body, fieldOf, keepEmpty, singleLine: true };
}

/** In an object, such names come before the others. */
function isIndex(name: string): boolean {
  return /^\d+$/.test(name);
}

function isPlain(name: string): boolean {
  return /^[^.[\]\\]+$/.test(name);
}
