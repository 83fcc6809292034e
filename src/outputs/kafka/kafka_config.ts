import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import type { PermissionNeed } from "../../lib/permission.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";

/** What the user configures for `kafka`. */
export const kafkaConfig = schema.object({
  brokers: schema.list(schema.string().check(brokerProblem), { min: 1 }).default(["localhost:9092"]).describe(
    "Brokers to start from, as host:port; the others of the cluster are found through them.",
  ),
  topic: schema.string().default("logs").describe(
    "Topic of the records, also as a template such as logs-{{ fields.app }}; characters that no topic may have become _.",
  ),
  topic_field: schema.string().describe(
    "Field of the record that holds its topic; records without it go to topic.",
  ),
  partition_key: schema.string().describe(
    "Field of the record, or a template, that becomes the key of the message.",
  ),
  partition_strategy: schema.choice(["hash", "random", "round-robin", "manual"]).default("hash").describe(
    "How a message finds its partition: by the hash of its key (murmur2, as the Java client; without a key the records of one request share a partition), each at random, each to the next one, or by the key partition.",
  ),
  partition: schema.string().describe(
    "With partition_strategy manual: a partition's number, or the field or template that has it; records without it are spread as with hash.",
  ),
  required_acks: schema.choice(["all", -1, 0, 1]).default(-1).describe(
    "Replicas that must have a message before it counts as delivered; -1 and all mean every one in sync, 0 none: then messages can be lost.",
  ),
  compression_codec: schema.choice(["none", "gzip", "snappy", "lz4", "zstd"]).default("none")
    .alias("compression").describe("Compression of the messages."),
  max_message_bytes: schema.byteSize().default(1000000).check(atLeast(1024, "1024 bytes")).describe(
    "Largest message before compression, with key and headers; larger ones become dead letters. It must not be above the broker's message.max.bytes.",
  ),
  batch_size: schema.integer({ min: 1 }).default(100).describe(
    "Records in a request at most; more are faster, 1000 is a good value for much traffic.",
  ),
  batch_bytes: schema.byteSize().default("1MiB").check(atLeast(1, "1 byte")).describe(
    "Bytes of records in a request at most, before compression; a single record may be larger.",
  ),
  batch_timeout: schema.duration().default("5s").describe(
    "How long a record waits for a batch to fill, unless flush_interval is shorter.",
  ),
  flush_interval: schema.duration().default("1s").describe(
    "How often what waits is sent, full or not: the shorter one of this and batch_timeout counts.",
  ),
  timeout: schema.duration().default("30s").check(atLeast(1, "1ms")).describe(
    "How long a request may take until it is answered; then it is sent again.",
  ),
  headers: schema.record(schema.string()).default({ id: "{{ id }}", source: "{{ source }}" })
    .check(headersProblem).describe(
      "Headers of the messages, each with its value or template; {{ id }} is the record's stable id, by which consumers can drop copies.",
    ),
  encoding: schema.choice(["json", "text"]).default("json").describe(
    "The value of a message: an event as JSON, or the message alone (the line as it came where nothing makes messages of lines).",
  ),
  create_topics: schema.boolean().describe(
    "Asks for topics that do not exist, which brokers with auto.create.topics.enable make; unless set, only where no record chooses the topic.",
  ),
  missing_topic: schema.choice(["retry", "reject"]).default("retry").describe(
    "What becomes of records whose topic does not exist: they wait for it, and all behind them too, or they become dead letters.",
  ),
  sasl_enabled: schema.boolean().default(false).describe(
    "Authenticate with SASL; needs sasl_username and sasl_password.",
  ),
  sasl_mechanism: schema.choice(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]).default("PLAIN").describe(
    "SASL mechanism.",
  ),
  sasl_username: schema.string().describe("User for SASL."),
  sasl_password: schema.string().secret().describe("Password for SASL."),
  enable_tls: schema.boolean().default(false).describe("Connect with TLS."),
  tls: schema.object({
    ca_file: schema.string().check(notEmpty).describe(
      "File with certificates (PEM) that are trusted beside the usual ones.",
    ),
    cert_file: schema.string().check(notEmpty).describe("File with the client certificate chain (PEM)."),
    key_file: schema.string().check(notEmpty).describe(
      "File with the client certificate's private key (PEM).",
    ),
  }).default({}).check(tlsProblem).describe("Certificates for enable_tls."),
  idempotent_writes: schema.boolean().describe(
    "Has the brokers recognise messages that are sent again, so that only a crash of the agent can double some; needs required_acks all, where it is on unless set.",
  ),
  client_id: schema.string().default("logaggregator").check(clientIdProblem).describe(
    "Name that the brokers log for this client.",
  ),
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type KafkaConfig = schema.Infer<typeof kafkaConfig>;

/** Where a broker listens. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 9092;

/** Takes `host`, `host:port`, `[address]` and `[address]:port` apart; undefined for anything else. */
export function parseBroker(text: string): BrokerAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/u.exec(text) ??
    [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  return host === undefined || port < 1 || port > 65535 ? undefined : { host, port };
}

/** As `parseBroker` reads it. */
export function brokerText({ host, port }: BrokerAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether the brokers are asked to recognise messages that are sent again. */
export function isIdempotent({ idempotent_writes, required_acks }: KafkaConfig): boolean {
  return idempotent_writes ?? acksOf(required_acks) === -1;
}

/** As the protocol has it. */
export function acksOf(acks: KafkaConfig["required_acks"]): -1 | 0 | 1 {
  return acks === "all" ? -1 : acks;
}

// The rules never quote a value: it may have come from the environment.

function brokerProblem(broker: string): string | undefined {
  return parseBroker(broker) === undefined
    ? "is no broker; write a host and a port, such as kafka-1:9092"
    : undefined;
}

function clientIdProblem(id: string): string | undefined {
  return /^[\w.-]{1,200}$/u.test(id) ? undefined : "must have letters, digits and . _ - only, 200 at most";
}

const MOST_HEADERS = 20;

function headersProblem(headers: Readonly<Record<string, string>>): string | undefined {
  const names = Object.keys(headers);
  if (names.length > MOST_HEADERS) return `has ${names.length} headers; must be ${MOST_HEADERS} at most`;
  return names.includes("") ? "has a header without a name; give it one" : undefined;
}

function tlsProblem(
  { cert_file, key_file }: { cert_file?: string | undefined; key_file?: string | undefined },
): string | undefined {
  if ((cert_file === undefined) === (key_file === undefined)) return undefined;
  const [given, missing] = key_file === undefined ? ["cert_file", "key_file"] : ["key_file", "cert_file"];
  return `has ${given} without ${missing}; a client certificate needs both`;
}

/** What concerns several keys. Parts of the block are given, since others were checked for themselves. */
function blockProblem(config: {
  readonly partition_strategy: string;
  readonly partition?: string | undefined;
  readonly required_acks: KafkaConfig["required_acks"];
  readonly idempotent_writes?: boolean | undefined;
  readonly sasl_enabled: boolean;
  readonly sasl_username?: string | undefined;
  readonly sasl_password?: string | undefined;
  readonly enable_tls: boolean;
  readonly tls: object;
}): string | undefined {
  const { partition_strategy: strategy, partition, sasl_enabled: sasl } = config;
  if (strategy === "manual" && partition === undefined) {
    return "has partition_strategy manual without partition; say in partition which one";
  }
  if (strategy !== "manual" && partition !== undefined) {
    return `has partition, which partition_strategy ${strategy} does not use; write manual, or leave it out`;
  }
  if (config.idempotent_writes === true && acksOf(config.required_acks) !== -1) {
    return "has idempotent_writes with required_acks other than all; it needs all";
  }
  if (sasl && (config.sasl_username === undefined || config.sasl_password === undefined)) {
    return "has sasl_enabled without sasl_username and sasl_password; give both";
  }
  if (Object.keys(config.tls).length > 0 && !config.enable_tls) {
    return "has tls, while enable_tls is false; write enable_tls: true, or leave tls out";
  }
  return undefined;
}

function notEmpty(text: string): string | undefined {
  return text === "" ? "must not be empty" : undefined;
}

function atLeast(least: number, text: string): (value: number) => string | undefined {
  return (value) => (value < least ? `is too small; must be at least ${text}` : undefined);
}

/** Apache Kafka, as the registry lists it. */
export const kafkaOutput: ComponentType<KafkaConfig, Output | Promise<Output>, OutputContext> = {
  schema: kafkaConfig,
  example: {
    brokers: ["kafka-1:9092", "kafka-2:9092"],
    topic: "logs",
    partition_key: "host",
    compression_codec: "zstd",
    batch_size: 1000,
  },
  permissions({ brokers, tls }) {
    const files = [
      [tls.ca_file, "the certificates that the Kafka output trusts"],
      [tls.cert_file, "the client certificate of the Kafka output"],
      [tls.key_file, "the private key of the Kafka output"],
    ] as const;
    return [
      ...brokers.flatMap((text): PermissionNeed[] => {
        const broker = parseBroker(text);
        return broker === undefined
          ? []
          : [{ name: "net", host: brokerText(broker), why: "to send records to this broker" }];
      }),
      ...files.flatMap(([path, why]): PermissionNeed[] =>
        path === undefined ? [] : [{ name: "read", path, why }]
      ),
    ];
  },
  create: async (config, context) =>
    new (await loadModule<typeof import("./kafka_output.ts")>("./kafka_output.ts", import.meta.url))
      .KafkaOutput(config, context),
};
