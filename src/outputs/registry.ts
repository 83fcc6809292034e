import type { ComponentType } from "../component.ts";
import { loadModule } from "../lib/load_module.ts";
import { nullOutput } from "./null.ts";
import type { Output, OutputContext } from "./output.ts";
import { stdoutOutput } from "./stdout.ts";

/** An output type, whatever its configuration. */
export type AnyOutputType = ComponentType<unknown, Output | Promise<Output>, OutputContext>;

/** How each output type is loaded, by the name that stands in `output.type`: a configuration needs few of them. */
const loaders = {
  stdout: () => stdoutOutput,
  file: async () =>
    (await loadModule<typeof import("./file/file_output_config.ts")>(
      "./file/file_output_config.ts",
      import.meta.url,
    )).fileOutput,
  http: async () =>
    (await loadModule<typeof import("./http/http_output_config.ts")>(
      "./http/http_output_config.ts",
      import.meta.url,
    )).httpOutput,
  loki: async () =>
    (await loadModule<typeof import("./loki/loki_config.ts")>("./loki/loki_config.ts", import.meta.url))
      .lokiOutput,
  otlp: async () =>
    (await loadModule<typeof import("./otlp/otlp_config.ts")>("./otlp/otlp_config.ts", import.meta.url))
      .otlpOutput,
  splunk_hec: async () =>
    (await loadModule<typeof import("./splunk_hec/splunk_hec_config.ts")>(
      "./splunk_hec/splunk_hec_config.ts",
      import.meta.url,
    )).splunkHecOutput,
  kafka: async () =>
    (await loadModule<typeof import("./kafka/kafka_config.ts")>("./kafka/kafka_config.ts", import.meta.url))
      .kafkaOutput,
  elasticsearch: async () =>
    (await loadModule<typeof import("./elasticsearch/elasticsearch_config.ts")>(
      "./elasticsearch/elasticsearch_config.ts",
      import.meta.url,
    )).elasticsearchOutput,
  s3: async () =>
    (await loadModule<typeof import("./s3/s3_config.ts")>("./s3/s3_config.ts", import.meta.url)).s3Output,
  syslog: async () =>
    (await loadModule<typeof import("./syslog/syslog_config.ts")>(
      "./syslog/syslog_config.ts",
      import.meta.url,
    )).syslogOutput,
  nats: async () =>
    (await loadModule<typeof import("./nats/nats_config.ts")>("./nats/nats_config.ts", import.meta.url))
      .natsOutput,
  redis: async () =>
    (await loadModule<typeof import("./redis/redis_config.ts")>("./redis/redis_config.ts", import.meta.url))
      .redisOutput,
  socket: async () =>
    (await loadModule<typeof import("./socket/socket_config.ts")>(
      "./socket/socket_config.ts",
      import.meta.url,
    )).socketOutput,
  null: () => nullOutput,
} satisfies Record<string, () => AnyOutputType | Promise<AnyOutputType>>;

export type OutputTypeName = keyof typeof loaders;

/** Every output type, by its name. */
export type OutputTypes = {
  readonly [Name in OutputTypeName]: Awaited<ReturnType<(typeof loaders)[Name]>>;
};

const NAMES = Object.keys(loaders) as OutputTypeName[];

const loaded = new Map<string, AnyOutputType>();

/** Loads the output types whose names are among `words`. */
export async function loadOutputTypes(words: ReadonlySet<string>): Promise<Partial<OutputTypes>> {
  const types = await Promise.all(
    NAMES.filter((name) => words.has(name)).map(async (name) => [name, await loaders[name]()] as const),
  );
  for (const [name, type] of types) loaded.set(name, type);
  return Object.fromEntries(types);
}

/** Loads all of them: for what speaks of all, as the reference does. */
export function loadAllOutputTypes(): Promise<OutputTypes> {
  return loadOutputTypes(new Set(NAMES)) as Promise<OutputTypes>;
}

/** An output type that was loaded with the configuration that names it. */
export function outputType(name: string): AnyOutputType {
  const type = loaded.get(name);
  if (type === undefined) throw new Error(`Cannot use the output type "${name}": it was not loaded`);
  return type;
}
