import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";
import {
  atLeast,
  batchKeys,
  concurrencyKey,
  connectionNeeds,
  connectionProblem,
  endpointProblem,
  headersKey,
  notEmpty,
  timeoutKey,
  tlsKey,
  tokenProblem,
} from "../http/connection_config.ts";

/** What the user configures for `splunk_hec`. */
export const splunkHecConfig = schema.object({
  endpoint: schema.string().required().check(endpointProblem).alias("url").describe(
    "The http or https URL of the HTTP Event Collector, often with port 8088; /services/collector/event is put behind it unless it ends so.",
  ),
  token: schema.string().required().secret().check(tokenProblem).describe("Token of the collector."),
  index: schema.string().check(notEmpty).describe(
    "Index of the events, or a template such as {{ fields.team }}; without it, or where the value is absent, the token's own.",
  ),
  host: schema.string().check(notEmpty).describe("Host of the events, may be a template."),
  source: schema.string().check(notEmpty).default("{{ source }}").describe(
    "Source of the events, may be a template.",
  ),
  sourcetype: schema.string().check(notEmpty).describe("Source type of the events, may be a template."),
  indexed_fields: schema.record(schema.string()).default({}).describe(
    "Fields that Splunk indexes beside the event, as templates.",
  ),
  encoding: schema.choice(["auto", "text", "json"]).default("auto").describe(
    "The event: text is the message, json an object, auto is json where something is parsed or transformed.",
  ),
  acknowledgements: schema.boolean().default(false).describe(
    "Wait until Splunk says that the events are indexed. The token must have indexer acknowledgement enabled.",
  ),
  acknowledgement_interval: schema.duration().default("1s").check(atLeast(1, "1ms")).describe(
    "How often Splunk is asked for an acknowledgement.",
  ),
  acknowledgement_timeout: schema.duration().default("3m").check(atLeast(1, "1ms")).describe(
    "After this time without an acknowledgement the events are sent again.",
  ),
  compression: schema.choice(["none", "gzip"]).default("none").describe("Compresses the body."),
  ...batchKeys,
  concurrency: concurrencyKey(4),
  timeout: timeoutKey,
  headers: headersKey,
  tls: tlsKey,
}).check(connectionProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type SplunkHecConfig = schema.Infer<typeof splunkHecConfig>;

/** The `splunk_hec` output as the registry lists it. */
export const splunkHecOutput: ComponentType<SplunkHecConfig, Promise<Output>, OutputContext> = {
  schema: splunkHecConfig,
  example: {
    endpoint: "https://splunk.example.com:8088",
    token: "${SPLUNK_TOKEN}",
    index: "main",
    sourcetype: "app:json",
    acknowledgements: true,
  },
  permissions: (config) => connectionNeeds(config, "Splunk"),
  async create(config, context) {
    const { SplunkHecOutput } = await loadModule<typeof import("./splunk_hec_output.ts")>(
      "./splunk_hec_output.ts",
      import.meta.url,
    );
    return new SplunkHecOutput(config, context);
  },
};
