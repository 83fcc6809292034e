import type { ProcessingContext } from "../component.ts";
import type { Encoder } from "../encoding/encoder.ts";
import { parseLevel } from "../lib/level.ts";
import { formatRfc3339 } from "../lib/rfc3339.ts";
import type { ParserConfig } from "../parsers/parser_config.ts";
import { parserTypes } from "../parsers/registry.ts";
import type { TransformConfig } from "../transforms/transform_config.ts";
import { extractedFields, timeParserOf } from "./extraction.ts";
import type { JsonSplicePlan, SpliceCondition, SpliceStep } from "./json_splice/json_splice.ts";
import type { ProcessorPlan } from "./plan.ts";

/** What these names mean as fields depends on the event, which splicing does not have. */
const EVENT_NAMES = ["message", "level", "timestamp"];
/** What conditions may name. */
const KNOWN_NAMES = ["level", "message", "source", "fields"];

/**
 * Whether event JSON can be made from the lines of a plan by splicing their bytes, and how; undefined where it takes
 * events: other parsers, templates, paths into nested fields, conditions on more than level, message, source and fields.
 */
export async function splicePlanOf(
  plan: ProcessorPlan,
  encoders: readonly Encoder[],
  context: ProcessingContext,
): Promise<JsonSplicePlan | undefined> {
  const parser = splicedParser(plan, encoders);
  if (parser?.type !== "json") return undefined;
  const { time, level, message } = extractedFields(parserTypes.json.known, parser);
  if (![...time, ...level, ...message].every(isPlain)) return undefined;
  const joining = plan.parsers.filter(({ type }) => type === "multiline");
  const added = [...joining, parser].flatMap(({ custom_fields }) => constants(custom_fields));
  const changes = await Promise.all(
    plan.transforms.map((transform, index) => stepsOf(transform, index, context)),
  );
  const steps = [...added, ...changes];
  if (steps.includes(undefined)) return undefined;
  const times = timeParserOf(parser, context);
  return {
    timeFields: time,
    levelFields: level,
    messageFields: message,
    steps: steps.flatMap((step) => step ?? []),
    parseTime: (value) => times.parse(value),
    formatTime: formatRfc3339,
    parseLevel,
  };
}

/**
 * The only parser of a plan whose only output takes event JSON of every record, and nothing else; undefined if the plan
 * is not like that.
 */
export function splicedParser(
  { parsers, outputs }: ProcessorPlan,
  [encoder]: readonly Encoder[],
): ParserConfig | undefined {
  const [parser, ...otherParsers] = parsers.filter(({ type }) => type !== "multiline");
  const [output, ...otherOutputs] = outputs;
  if (otherParsers.length > 0 || otherOutputs.length > 0 || output === undefined) return undefined;
  if (encoder?.kind !== "lines" || encoder.partitionOf !== undefined || output.includeRaw) return undefined;
  if (encoder.keyOf !== undefined) return undefined;
  return output.if === undefined && output.routes.length === 0 ? parser : undefined;
}

function constants(fields: Readonly<Record<string, unknown>>): (SpliceStep[] | undefined)[] {
  return Object.entries(fields).map(([name, value]) => addStep(name, value, true));
}

async function stepsOf(
  transform: TransformConfig,
  index: number,
  context: ProcessingContext,
): Promise<SpliceStep[] | undefined> {
  const { type, if: source } = transform;
  const isFilter = type === "drop" || type === "keep";
  const steps: SpliceStep[] | undefined = isFilter
    ? [{ kind: "drop", transform: index }]
    : changesOf(transform);
  if (steps === undefined || source === undefined) return steps;
  if (steps.some(({ kind }) => kind === "keep")) return undefined;
  const condition = await conditionOf(source, context);
  return condition && [{ kind: "if", condition, negated: type === "keep", steps }];
}

/** Undefined where it looks at more than a splice knows. The condition is known to be right. */
async function conditionOf(
  source: string,
  { warn }: ProcessingContext,
): Promise<SpliceCondition | undefined> {
  const { compileCondition, parseCondition } = await import("../sandbox/condition.ts");
  const { fields, names } = await parseCondition(source, "if");
  if (fields === undefined || !names.every((name) => KNOWN_NAMES.includes(name))) return undefined;
  // What every object has, fields do not have as fields.
  if (fields.some((name) => name in {})) return undefined;
  const holds = await compileCondition(source, { key: "if", warn });
  return { fields, readsMessage: names.includes("message"), holds };
}

/** What becomes of the members of a line, whatever the condition; undefined where that takes events. */
function changesOf({ type, config }: TransformConfig): SpliceStep[] | undefined {
  switch (type) {
    case "remove":
      return config.fields.every(isField) && config.patterns.length === 0
        ? [{ kind: "remove", names: config.fields }]
        : undefined;
    case "rename": {
      const pairs = Object.entries(config.rename);
      if (!config.overwrite || !pairs.flat().every(isField)) return undefined;
      return pairs.map(([from, to]) => ({ kind: "rename", from, to }));
    }
    case "add": {
      const steps = Object.entries(config.add).map(([name, value]) =>
        hasTemplate(value) ? undefined : addStep(name, value, config.overwrite)
      );
      return steps.includes(undefined) ? undefined : steps.flatMap((step) => step ?? []);
    }
    case "filter": {
      const kept = [...config.fields, ...config.include_fields];
      const { exclude_fields: removed, patterns } = config;
      if (patterns.length > 0 || ![...kept, ...removed].every(isField)) return undefined;
      return [
        ...(kept.length === 0 ? [] : [{ kind: "keep", names: kept } as const]),
        ...(removed.length === 0 ? [] : [{ kind: "remove", names: removed } as const]),
      ];
    }
    default:
      return undefined;
  }
}

function addStep(name: string, value: unknown, overwrite: boolean): SpliceStep[] | undefined {
  return isField(name) ? [{ kind: "add", name, json: JSON.stringify(value), overwrite }] : undefined;
}

/** A name that is no path and means nothing but a field. */
export function isField(name: string): boolean {
  return isPlain(name) && !EVENT_NAMES.includes(name);
}

function isPlain(name: string): boolean {
  return /^[^.[\]\\]+$/.test(name) && name !== "__proto__";
}

function hasTemplate(value: unknown): boolean {
  return JSON.stringify(value).includes("{{");
}
