import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";
import {
  batchKeys,
  concurrencyKey,
  connectionNeeds,
  connectionProblem,
  credentialKeys,
  endpointProblem,
  headersKey,
  notEmpty,
  timeoutKey,
  tlsKey,
} from "../http/connection_config.ts";

/** What Loki takes for the name of a label. */
const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/u;
/** Loki's own default for a stream. */
const MOST_LABELS = 15;

/** What the user configures for `loki`. */
export const lokiConfig = schema.object({
  endpoint: schema.string().required().check(endpointProblem).alias("url").describe(
    "The http or https URL of Loki; /loki/api/v1/push is put behind it unless it ends so.",
  ),
  labels: schema.record(schema.string()).default({ job: "logaggregator" }).check(namesProblem).check(
    labelsProblem,
  ).describe(
    "Labels of the stream that a record belongs to: fixed texts, or templates such as {{ fields.app }}. A label whose value is absent is left out. Few values each: a stream costs Loki memory.",
  ),
  structured_metadata: schema.record(schema.string()).default({}).check(namesProblem).describe(
    "What a record carries beside its line without making another stream, as templates: {{ fields.trace_id }}.",
  ),
  encoding: schema.choice(["auto", "text", "json"]).default("auto").describe(
    "The line: text is the message, json the event as JSON, auto is json where something is parsed or transformed.",
  ),
  tenant_id: schema.string().check(notEmpty).describe(
    "Tenant, sent as X-Scope-OrgID; may be a template such as {{ fields.tenant }}.",
  ),
  max_streams: schema.integer({ min: 1 }).default(1000).describe(
    "Different sets of labels an hour that each worker makes at most; what goes beyond has `other` for the values of templates.",
  ),
  unique_timestamps: schema.boolean().default(true).describe(
    "Fill the digits that a time does not have down to the nanosecond from the record's place in its stream. Loki keeps only one of equal lines of one moment.",
  ),
  compression: schema.choice(["none", "gzip"]).default("none").describe("Compresses the body."),
  ...batchKeys,
  concurrency: concurrencyKey(2),
  timeout: timeoutKey,
  ...credentialKeys,
  headers: headersKey,
  tls: tlsKey,
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type LokiConfig = schema.Infer<typeof lokiConfig>;

function namesProblem(names: Readonly<Record<string, string>>): string | undefined {
  const wrong = Object.keys(names).find((name) => !LABEL_NAME.test(name));
  if (wrong === undefined) return undefined;
  return `has "${wrong}", which Loki takes for no name; letters, digits and "_" are allowed, no digit at the start`;
}

function labelsProblem(labels: Readonly<Record<string, string>>): string | undefined {
  const count = Object.keys(labels).length;
  if (count === 0) return "must have at least one label";
  return count > MOST_LABELS
    ? `has ${count} labels; Loki takes ${MOST_LABELS} at most, put others into structured_metadata`
    : undefined;
}

function blockProblem(
  config: Parameters<typeof connectionProblem>[0] & { readonly tenant_id?: string | undefined },
): string | undefined {
  const { headers, tenant_id } = config;
  if (
    tenant_id !== undefined && Object.keys(headers).some((name) => name.toLowerCase() === "x-scope-orgid")
  ) {
    return "has headers.X-Scope-OrgID as well as tenant_id; keep one of them";
  }
  return connectionProblem(config);
}

/** The `loki` output as the registry lists it. */
export const lokiOutput: ComponentType<LokiConfig, Promise<Output>, OutputContext> = {
  schema: lokiConfig,
  example: {
    endpoint: "http://loki:3100",
    labels: { job: "app", level: "{{ level }}" },
    structured_metadata: { trace_id: "{{ fields.trace_id }}" },
    tenant_id: "team-a",
  },
  permissions: (config) => connectionNeeds(config, "Loki"),
  async create(config, context) {
    const { LokiOutput } = await loadModule<typeof import("./loki_output.ts")>(
      "./loki_output.ts",
      import.meta.url,
    );
    return new LokiOutput(config, context);
  },
};
