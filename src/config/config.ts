import { type InputTypeName, inputTypes } from "../inputs/registry.ts";
import * as schema from "../lib/schema.ts";
import type { OutputTypeName, OutputTypes } from "../outputs/registry.ts";
import { type ParserConfig, parserConfig } from "../parsers/parser_config.ts";
import { type TransformConfig, transformConfig } from "../transforms/transform_config.ts";
import * as sections from "./sections.ts";

type InputConfig<Type extends InputTypeName> = schema.Infer<(typeof inputTypes)[Type]["schema"]>;
type OutputConfig<Type extends OutputTypeName> = schema.Infer<OutputTypes[Type]["schema"]>;

/** An input as configured. `path`: where it stands, for example `inputs.files[0]`. */
export type InputEntry = {
  readonly [Type in InputTypeName]: {
    readonly type: Type;
    /** Unique among inputs. */
    readonly name: string;
    readonly config: InputConfig<Type>;
    readonly path: string;
    /** Its own parsers, or those that the configuration sets for all; tried in turn. */
    readonly parsers: readonly ParserConfig[];
    /** Its own transforms, then those for all inputs. */
    readonly transforms: readonly TransformConfig[];
  };
}[InputTypeName];

/** An output as configured. `path`: where it stands, for example `output` or `outputs[1]`. */
export type OutputEntry = {
  readonly [Type in OutputTypeName]: {
    readonly type: Type;
    /** Unique among outputs. */
    readonly name: string;
    readonly config: OutputConfig<Type>;
    readonly path: string;
    /** Condition on the record. */
    readonly if?: string;
    /** Names of the routes that it takes; empty: all records. */
    readonly routes: readonly string[];
    readonly include_raw: boolean;
    /** It never holds back an input. */
    readonly optional: boolean;
    /** Its own instead of those of the top level. */
    readonly buffer?: RootConfig["buffer"];
    readonly reliability?: RootConfig["reliability"];
  };
}[OutputTypeName];

function parserKey(description: string) {
  return schema.oneOrMany(parserConfig).describe(`${description} Of several, the first that a line fits.`);
}

const transformList = schema.list(transformConfig).default([]);

/** Inputs that listen or ask others have a name in the original already; files may go without. */
function inputSchema(type: InputTypeName): schema.Schema<unknown> {
  const named = schema.string().check(notEmpty).describe("Name in logs, metrics and templates.");
  return schema.extend(inputTypes[type].schema as schema.Schema<unknown>, {
    name: type === "files" ? named : named.required(),
    parser: parserKey(
      "What makes fields of a line. Unset: the parser of the top level, if there is one.",
    ),
    transforms: transformList.describe("What changes or drops the records, in this order."),
  });
}

const inputLists = Object.fromEntries(
  Object.keys(inputTypes).map((
    type,
  ) => [
    type,
    schema.list(inputSchema(type as InputTypeName)).default([]).describe(`Inputs of the type ${type}.`),
  ]),
) as Record<InputTypeName, schema.SchemaBuilder<readonly unknown[], true>>;

const outputCommon = {
  name: schema.string().check(notEmpty).describe("Name in logs and metrics. Without it, the type."),
  if: schema.string().literal().describe("Only records for which this JavaScript expression is true."),
  routes: schema.list(schema.string()).default([]).describe("Only records of these routes."),
  include_raw: schema.boolean().default(false).describe("Add the line as it came to event JSON, as `raw`."),
  optional: schema.boolean().default(false).describe(
    "Never hold back an input for this output: what does not fit into its buffer is dropped, and positions are saved without it.",
  ),
  buffer: sections.buffer.describe("Its own buffer, instead of the one of the top level."),
  reliability: sections.reliability.describe("Its own settings, instead of those of the top level."),
};

/** What `type` of an output is where none is written. */
export const DEFAULT_OUTPUT = "stdout" satisfies OutputTypeName;

function outputVariants(types: Readonly<Record<string, schema.Schema<unknown>>>) {
  return schema.variants({ noun: "output type", fallback: DEFAULT_OUTPUT, common: outputCommon, types });
}

const failureStrategy = schema.choice(["continue", "stop"]).default("continue")
  .describe("Whether the other outputs get anything new while one fails.");
const parallel = schema.boolean().default(true).describe(
  "Send to all outputs at once; else to one after the other, to each when the one before it has the records.",
);

/** The whole configuration, as users write it, with outputs of these types. */
export function rootSchemaOf(outputTypes: Partial<OutputTypes>) {
  const types = Object.fromEntries(
    Object.entries(outputTypes).map(([name, type]) => [name, type.schema as schema.Schema<unknown>]),
  );
  const singleOutput = outputVariants(types);
  const output = outputVariants({
    ...types,
    multi: schema.object({
      outputs: schema.list(singleOutput, { min: 1 }).required().describe("The outputs."),
      failure_strategy: failureStrategy,
      parallel,
    }),
  });
  return schema.object({
    inputs: schema.object(inputLists).check(atLeastOneInput).default({}).describe("Where records come from."),
    parser: parserKey("The parser of all inputs that have none of their own."),
    transforms: transformList.describe(
      "What changes or drops the records of all inputs, after the inputs' own.",
    ),
    output: output.default({}).describe("Where records go."),
    outputs: schema.list(singleOutput, { min: 1 }).describe("Several outputs, instead of output."),
    logging: sections.logging.default({}),
    buffer: sections.buffer.default({}),
    wal: sections.wal.default({}),
    worker_pool: sections.workerPool.default({}),
    reliability: sections.reliability.default({}),
    dead_letter: sections.deadLetter.default({}),
    metrics: sections.metrics.default({}),
    health: sections.health.default({}),
    tracing: sections.tracing.default({}),
    profiling: sections.profiling.default({}),
    performance: sections.performance.default({}),
    shutdown_timeout: schema.duration().default("30s").describe(
      "How long a stop waits until all is delivered.",
    ),
    tests: schema.list(sections.test).default([]).describe(
      "Tests of parsers and transforms, which `logaggregator test` runs.",
    ),
  }).moved({ circuit_breaker: "reliability.circuit_breaker" });
}

/** The whole configuration, as validated. */
export type RootConfig = schema.Infer<ReturnType<typeof rootSchemaOf>>;

/** The configuration in the form that the program uses: names given, defaults filled in, one list of outputs. */
export interface Config extends Omit<RootConfig, "inputs" | "output" | "outputs" | "parser" | "transforms"> {
  readonly inputs: readonly InputEntry[];
  readonly outputs: readonly OutputEntry[];
  readonly fan_out: { readonly failure_strategy: "continue" | "stop"; readonly parallel: boolean };
}

function atLeastOneInput(inputs: Readonly<Record<InputTypeName, readonly unknown[]>>): string | undefined {
  const isEmpty = Object.values(inputs).every((list) => list.length === 0);
  return isEmpty ? "has no input; give at least one, for example under inputs.files" : undefined;
}

function notEmpty(name: string): string | undefined {
  return name === "" ? "must not be empty" : undefined;
}
