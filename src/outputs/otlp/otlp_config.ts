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
  timeoutKey,
  tlsKey,
} from "../http/connection_config.ts";

/** What the user configures for `otlp`. */
export const otlpConfig = schema.object({
  endpoint: schema.string().required().check(endpointProblem).describe(
    "The http or https URL of a receiver, often with port 4318; /v1/logs is put behind it unless it ends so.",
  ),
  encoding: schema.choice(["json", "protobuf"]).default("json").describe(
    "How requests are written. Not every receiver takes JSON; JSON costs less here.",
  ),
  resource_attributes: schema.record(schema.string()).default({ "service.name": "unknown_service" })
    .check(attributesProblem).describe(
      "Attributes of what the records are about: fixed texts, or templates such as {{ fields.service }}. A request holds only records that share them all; absent values are left out.",
    ),
  attributes: schema.record(schema.string()).default({}).check(attributesProblem).describe(
    "Attributes of each record beside its fields, as templates.",
  ),
  trace_id_field: schema.string().default("trace_id").describe(
    "Field with the trace id: 32 hexadecimal digits; anything else stays an attribute. Empty: none.",
  ),
  span_id_field: schema.string().default("span_id").describe(
    "Field with the span id: 16 hexadecimal digits; anything else stays an attribute. Empty: none.",
  ),
  strict_retry: schema.boolean().default(false).describe(
    "Send again only after 429, 502, 503 and 504, as the specification says, and make dead letters after other errors of the server. Without it, any of its errors counts as passing.",
  ),
  compression: schema.choice(["none", "gzip"]).default("none").describe("Compresses the body."),
  ...batchKeys,
  concurrency: concurrencyKey(2),
  timeout: timeoutKey,
  ...credentialKeys,
  headers: headersKey,
  tls: tlsKey,
}).check(connectionProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type OtlpConfig = schema.Infer<typeof otlpConfig>;

function attributesProblem(attributes: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(attributes, "") ? "has an attribute without a name" : undefined;
}

/** The `otlp` output as the registry lists it. */
export const otlpOutput: ComponentType<OtlpConfig, Promise<Output>, OutputContext> = {
  schema: otlpConfig,
  example: {
    endpoint: "http://otel-collector:4318",
    resource_attributes: { "service.name": "shop", "deployment.environment.name": "production" },
    compression: "gzip",
  },
  permissions: (config) => connectionNeeds(config, "OTLP"),
  async create(config, context) {
    const { OtlpOutput } = await loadModule<typeof import("./otlp_output.ts")>(
      "./otlp_output.ts",
      import.meta.url,
    );
    return new OtlpOutput(config, context);
  },
};
