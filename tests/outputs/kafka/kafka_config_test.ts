import assert from "node:assert/strict";
import {
  brokerText,
  isIdempotent,
  kafkaOutput,
  parseBroker,
} from "../../../src/outputs/kafka/kafka_config.ts";
import { KafkaOutput } from "../../../src/outputs/kafka/kafka_output.ts";
import { RecordingLog } from "../../contracts/batches.ts";
import { type Block, configOf } from "./support.ts";

function problemsOf(block: Block): string {
  try {
    configOf(block);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error(`It is accepted: ${JSON.stringify(block)}`);
}

Deno.test("kafka has the documented defaults", () => {
  assert.deepEqual({ ...configOf({}) }, {
    brokers: ["localhost:9092"],
    topic: "logs",
    partition_strategy: "hash",
    required_acks: -1,
    compression_codec: "none",
    max_message_bytes: 1_000_000,
    batch_size: 100,
    batch_bytes: 1024 * 1024,
    batch_timeout: 5000,
    flush_interval: 1000,
    timeout: 30_000,
    headers: { id: "{{ id }}", source: "{{ source }}" },
    encoding: "json",
    missing_topic: "retry",
    sasl_enabled: false,
    sasl_mechanism: "PLAIN",
    enable_tls: false,
    tls: {},
    client_id: "logaggregator",
  });
  assert.equal(configOf({ compression: "lz4" }).compression_codec, "lz4");
});

Deno.test("kafka is idempotent with required_acks all unless told", () => {
  assert.equal(isIdempotent(configOf({})), true);
  assert.equal(isIdempotent(configOf({ required_acks: "all" })), true);
  assert.equal(isIdempotent(configOf({ required_acks: 1 })), false);
  assert.equal(isIdempotent(configOf({ idempotent_writes: false })), false);
  assert.equal(isIdempotent(configOf({ required_acks: "all", idempotent_writes: true })), true);
});

Deno.test("kafka gathers what batch_size and batch_bytes allow, and waits for the shorter one of batch_timeout and flush_interval", () => {
  const block = { batch_size: 7, batch_bytes: "3KiB", batch_timeout: "20ms" };
  const output = new KafkaOutput(configOf(block), { name: "k", log: new RecordingLog() });
  assert.deepEqual(output.batching, { events: 7, bytes: 3072, wait: 20 });
  const waitOf = (block: Block) =>
    new KafkaOutput(configOf(block), { name: "k", log: new RecordingLog() }).batching.wait;
  assert.equal(waitOf({}), 1000);
  assert.equal(waitOf({ batch_timeout: "20ms" }), 20);
  assert.equal(waitOf({ batch_timeout: "1h", flush_interval: "3s" }), 3000);
});

Deno.test("kafka refuses blocks that contradict themselves, and says why", () => {
  const cases: [Block, RegExp][] = [
    [{ brokers: [] }, /brokers/],
    [{ brokers: ["http://a:9092"] }, /is no broker; write a host and a port/],
    [{ brokers: ["a:99999"] }, /is no broker/],
    [{ partition_strategy: "manual" }, /has partition_strategy manual without partition/],
    [{ partition: "3" }, /has partition, which partition_strategy hash does not use/],
    [
      { required_acks: 1, idempotent_writes: true },
      /has idempotent_writes with required_acks other than all/,
    ],
    [{ sasl_enabled: true, sasl_username: "me" }, /has sasl_enabled without sasl_username and sasl_password/],
    [{ tls: { ca_file: "/a" } }, /has tls, while enable_tls is false/],
    [{ enable_tls: true, tls: { key_file: "/a" } }, /has key_file without cert_file/],
    [{ client_id: "a b" }, /must have letters, digits/],
    [{ headers: { "": "x" } }, /has a header without a name/],
    [{ headers: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`h${n}`, ""])) }, /has 21 headers/],
    [{ max_message_bytes: 10 }, /is too small; must be at least 1024 bytes/],
    [{ timeout: "0s" }, /is too small/],
    [{ required_acks: 2 }, /required_acks/],
  ];
  for (const [block, pattern] of cases) assert.match(problemsOf(block), pattern, JSON.stringify(block));
  assert.doesNotMatch(problemsOf({ brokers: ["user:pass@x"] }), /pass@/u, "values are not repeated");
});

Deno.test("brokers are hosts with a port, 9092 unless told", () => {
  assert.deepEqual(parseBroker("kafka-1.example"), { host: "kafka-1.example", port: 9092 });
  assert.deepEqual(parseBroker("10.0.0.1:1"), { host: "10.0.0.1", port: 1 });
  assert.deepEqual(parseBroker("[::1]:9093"), { host: "::1", port: 9093 });
  assert.equal(brokerText({ host: "::1", port: 9093 }), "[::1]:9093");
  for (const text of ["", ":9092", "a:", "a:0", "a b", "::1", "a:9092/x"]) {
    assert.equal(parseBroker(text), undefined);
  }
});

Deno.test("kafka needs its brokers and the files of tls", () => {
  const tls = { ca_file: "/a", cert_file: "/b", key_file: "/c" };
  const needs = kafkaOutput.permissions(configOf({ brokers: ["a", "[::1]:9093"], enable_tls: true, tls }));
  assert.deepEqual(needs.map((need) => need.name === "net" ? need.host : "path" in need ? need.path : ""), [
    "a:9092",
    "[::1]:9093",
    "/a",
    "/b",
    "/c",
  ]);
});
