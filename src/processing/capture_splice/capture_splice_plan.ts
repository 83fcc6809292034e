import type { ProcessingContext } from "../../component.ts";
import type { Encoder } from "../../encoding/encoder.ts";
import type { Level } from "../../event.ts";
import { parseLevel } from "../../lib/level.ts";
import { instantiate, textToLookFor } from "../../lib/regular_expression.ts";
import type { Alternatives } from "../../lib/regular_expression/node.ts";
import { parsePattern } from "../../lib/regular_expression/parse.ts";
import { compileTimeFormat } from "../../lib/time_format/compile_time_format.ts";
import type { TimeParser } from "../../lib/time_format/time_parser.ts";
import { ACCESS_TIME_FORMAT } from "../../parsers/access_log.ts";
import type { Capture } from "../../parsers/capture_fields.ts";
import { compileGrokConfig } from "../../parsers/grok/grok.ts";
import { chooseName, type FieldTarget, parseField } from "../../parsers/grok/reference.ts";
import type { ParserConfig } from "../../parsers/parser_config.ts";
import { type KnownFields, parserTypes } from "../../parsers/registry.ts";
import { NUMBER_GROUPS, usualAccessLines, type UsualLines } from "../../parsers/usual_access_lines.ts";
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

/** A pattern whose groups fill fields, and which of the fields are the event's own. */
interface Pattern {
  readonly source: string;
  readonly body: Alternatives;
  /** The field that a named group fills, if any. */
  fieldOf(name: string): Pick<Capture, "path" | "type"> | undefined;
  readonly keepEmpty: boolean;
  readonly singleLine: boolean;
  readonly extracted: KnownFields;
  readonly times: TimeParser;
  readonly isTimeExpected: boolean;
}

/** A parser whose fields are what the groups of a pattern match. */
type PatternParserConfig = ParserConfig & { readonly type: "regex" | "grok" | "apache" | "nginx" };

/** Names of groups that no field has. */
const TIME = "\0time";
const REQUEST = "\0request";

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
  const { extracted: { time, level, message }, times, isTimeExpected } = pattern;
  const roles = [time, level, message];
  if (!roles.flat().every(isPlain) || roles.flatMap(positions).some((index) => fields[index]?.isNumber)) {
    return undefined;
  }
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
    isTimeExpected,
    constants: [...constants].map(([name, json]) => `${JSON.stringify(name)}:${json}`),
    parseTime: (text) => times.parse(text),
    parseLevel,
  };
}

function isOfPattern(config: ParserConfig): config is PatternParserConfig {
  return ["regex", "grok", "apache", "nginx"].includes(config.type);
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
  if (config.type === "apache" || config.type === "nginx") {
    return accessLogPattern(config, usualAccessLines(config), context);
  }
  const common = {
    extracted: extractedFields(parserTypes[config.type].known, config),
    times: timeParserOf(config, context),
    isTimeExpected: config.time_field !== undefined,
  };
  if (config.type === "regex") {
    const { pattern: source } = config.config;
    const fieldOf = (name: string): Pick<Capture, "path" | "type"> => ({ path: [name], type: "string" });
    return { source, body: parsePattern(source), fieldOf, keepEmpty: true, singleLine: false, ...common };
  }
  const { pattern, keepEmpty } = await compileGrokConfig(config.config, context);
  if (pattern === undefined) return undefined;
  const { source, body, names } = pattern;
  const fieldOf = (name: string): FieldTarget | undefined => {
    const field = chooseName(name, names);
    return field === undefined ? undefined : parseField(field, "pattern");
  };
  return { source, body, fieldOf, keepEmpty, singleLine: true, ...common };
}

/** Undefined where the parser does not read access logs, or shall take time, level or message from a field. */
function accessLogPattern(
  { time_field: time, level_field: level, message_field: message }: ParserConfig,
  lines: UsualLines | undefined,
  { now }: ProcessingContext,
): Pattern | undefined {
  if (lines === undefined || (time ?? level ?? message) !== undefined) return undefined;
  const { pattern: source, fields } = lines;
  const fieldOf = (group: string): Pick<Capture, "path" | "type"> | undefined => {
    if (group === "time") return { path: [TIME], type: "string" };
    if (group === "request") return { path: [REQUEST], type: "string" };
    const name = fields[group];
    return name === undefined
      ? undefined
      : { path: [name], type: NUMBER_GROUPS.includes(group) ? "int" : "string" };
  };
  return {
    source,
    body: parsePattern(source),
    fieldOf,
    keepEmpty: false,
    singleLine: true,
    extracted: { time: [TIME], level: [], message: [REQUEST] },
    times: compileTimeFormat(ACCESS_TIME_FORMAT, { timezone: "UTC", now }),
    // A line with another time is none of an access log.
    isTimeExpected: true,
  };
}

/** In an object, such names come before the others. */
function isIndex(name: string): boolean {
  return /^\d+$/.test(name);
}

function isPlain(name: string): boolean {
  return /^[^.[\]\\]+$/.test(name);
}
