import type { PlannedType } from "../../component.ts";
import * as schema from "../../lib/schema.ts";

/** Configuration of `output.kafka`. */
export const kafkaConfig = schema.object({
  brokers: schema.list(schema.string(), { min: 1 }).default(["localhost:9092"]).describe(
    "Brokers to start from, as host:port.",
  ),
  topic: schema.string().default("logs").describe("Topic of records that name none themselves."),
  topic_field: schema.string().describe("Field of the record that holds its topic."),
  partition_key: schema.string().describe("Field of the record that becomes the message key."),
  partition_strategy: schema.choice(["hash", "random", "round-robin", "manual"]).default("hash")
    .describe("How a message finds its partition."),
  required_acks: schema.choice(["all", -1, 0, 1]).default(-1)
    .describe(
      "Replicas that must have a message before it counts as delivered; -1 and all mean every one in sync.",
    ),
  compression_codec: schema.choice(["none", "gzip", "snappy", "lz4", "zstd"]).default("none").alias(
    "compression",
  )
    .describe("Compression of the messages."),
  max_message_bytes: schema.byteSize().default(1000000).describe("Largest message that the broker takes."),
  batch_size: schema.integer({ min: 1 }).default(100).describe("Records in a request at most."),
  batch_timeout: schema.duration().default("5s").describe("How long a record waits for a batch to fill."),
  flush_interval: schema.duration().default("1s").describe("How often unfinished batches are looked at."),
  sasl_enabled: schema.boolean().default(false).describe("Authenticate with SASL."),
  sasl_mechanism: schema.choice(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]).default("PLAIN").describe(
    "SASL mechanism.",
  ),
  sasl_username: schema.string().describe("User for SASL."),
  sasl_password: schema.string().secret().describe("Password for SASL."),
  enable_tls: schema.boolean().default(false).describe("Connect with TLS."),
  idempotent_writes: schema.boolean().default(true).describe(
    "Let the broker recognise repeated messages of this run.",
  ),
  client_id: schema.string().default("logaggregator").describe("Name that the brokers log for this client."),
});

/** Apache Kafka. */
export const kafkaOutput: PlannedType<schema.Infer<typeof kafkaConfig>> = {
  schema: kafkaConfig,
  example: { brokers: ["kafka:9092"], topic: "logs", compression_codec: "zstd" },
  planned: "outputs to servers",
};
