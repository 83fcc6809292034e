import assert from "node:assert/strict";
import { type LoadedConfig, parseConfig } from "../../src/config/load.ts";

const EVERY_KEY = await Deno.readTextFile(new URL("fixtures/every_key.yaml", import.meta.url));
const INPUT = "inputs: {files: [{paths: [/a]}]}\n";

function load(text: string): Promise<LoadedConfig> {
  return parseConfig(text, "config.yaml", () => undefined);
}

/** The value at a path such as "reliability.retry.max_retries" or "outputs.0.config.topic". */
function valueAt(config: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    config,
  );
}

Deno.test("parseConfig accepts every key of the original", async () => {
  const { config } = await load(EVERY_KEY);
  assert.deepEqual(config.inputs.map(({ type, name }) => `${type} ${name}`), [
    "files files-0",
    "syslog syslog",
    "http http",
    "kubernetes pods",
  ]);
  assert.deepEqual(config.outputs.map(({ type, name }) => `${type} ${name}`), [
    "stdout out",
    "file disk",
    "kafka kafka",
    "elasticsearch es",
    "s3 s3",
  ]);
  assert.deepEqual(config.fan_out, { failure_strategy: "stop", parallel: false });
});

/** One line a value of the fixture; what is written as a default would prove nothing. */
const VALUES: readonly (readonly [path: string, value: unknown])[] = [
  ["inputs.0.parsers.0.multiline.max_lines", 100],
  ["inputs.0.parsers.0.multiline.timeout", 2000],
  ["inputs.0.transforms.3.config.field_split", ";"],
  ["inputs.0.transforms.2.config.add.nested.a", true],
  ["inputs.1.config.format", "5424"],
  ["inputs.1.config.rate_limit", 1000],
  ["inputs.2.config.max_body_size", 10485760],
  ["inputs.2.config.read_timeout", 30000],
  ["inputs.3.config.tail_lines", 100],
  ["outputs.2.config.required_acks", 1],
  ["outputs.2.config.compression_codec", "snappy"],
  ["outputs.2.config.idempotent_writes", false],
  ["outputs.3.config.index_rotation", "monthly"],
  ["outputs.4.config.server_side_encryption", "aws:kms"],
  ["buffer.sample_rate", 5],
  ["wal.segment_size", 67108864],
  ["worker_pool.num_workers", 4],
  ["reliability.retry.jitter", false],
  ["dead_letter.max_size.events", 10000],
  ["metrics.extraction.rules.0.buckets.1", 1],
  ["health.liveness_path", "/live"],
  ["tracing.sample_rate", 0.5],
  ["profiling.block_profile", "true"],
  ["performance.max_concurrent_reads", 4],
];

Deno.test("parseConfig gives every key its value", async () => {
  const { config } = await load(EVERY_KEY);
  assert.deepEqual(VALUES.map(([path]) => [path, valueAt(config, path)]), VALUES.map((row) => [...row]));
});

const DEFAULTS: readonly (readonly [path: string, value: unknown])[] = [
  ["inputs.0.config.checkpoint_path", "/var/lib/logaggregator/checkpoints"],
  ["inputs.0.config.checkpoint_interval", 5000],
  ["logging.level", "info"],
  ["logging.format", "json"],
  ["outputs.0.type", "stdout"],
  ["buffer.type", "memory"],
  ["buffer.size", 1024],
  ["buffer.max_bytes", 16777216],
  ["buffer.backpressure_strategy", "block"],
  ["buffer.block_timeout", 5000],
  ["wal.enabled", false],
  ["wal.max_segments", 100],
  ["worker_pool.num_workers", undefined],
  ["worker_pool.job_timeout", 30000],
  ["reliability.retry.max_retries", undefined],
  ["reliability.retry.initial_backoff", 100],
  ["reliability.retry.max_backoff", 30000],
  ["reliability.retry.multiplier", 2],
  ["reliability.retry.jitter", true],
  ["reliability.circuit_breaker.failure_threshold", 5],
  ["dead_letter.max_age", 86400000],
  ["metrics.path", "/metrics"],
  ["health.readiness_path", "/health/ready"],
  ["profiling.address", "localhost:6060"],
  ["performance.max_concurrent_reads", 2],
  ["shutdown_timeout", 30000],
];

Deno.test("parseConfig knows the defaults of the original", async () => {
  const { config } = await load(INPUT);
  assert.deepEqual(DEFAULTS.map(([path]) => [path, valueAt(config, path)]), DEFAULTS.map((row) => [...row]));
});

/** What the example files of the original write, and the key that it means. */
const ALIASES: readonly (readonly [yaml: string, path: string, value: unknown])[] = [
  ["worker_pool: {worker_count: 3}", "worker_pool.num_workers", 3],
  ["wal: {enabled: true, directory: /w}", "wal.dir", "/w"],
  ["wal: {sync_on_write: true}", "wal.sync_on_write", true],
  ["wal: {compression: true}", "wal.compression", "zstd"],
  ["wal: {compression: false}", "wal.compression", "none"],
  ["wal: {compression: gzip}", "wal.compression", "gzip"],
  ["reliability: {max_retries: 7}", "reliability.retry.max_retries", 7],
  ["reliability: {initial_backoff: 1s}", "reliability.retry.initial_backoff", 1000],
  ["reliability: {max_backoff: 1m}", "reliability.retry.max_backoff", 60000],
  ["reliability: {backoff_multiplier: 1.5}", "reliability.retry.multiplier", 1.5],
  ["reliability: {jitter: false, retry: {max_retries: 1}}", "reliability.retry.jitter", false],
  ["circuit_breaker: {enabled: false}", "reliability.circuit_breaker.enabled", false],
  ["circuit_breaker: {success_threshold: 2}", "reliability.circuit_breaker.max_requests", 2],
  ["reliability: {circuit_breaker: {success_threshold: 2}}", "reliability.circuit_breaker.max_requests", 2],
  ["output: {type: kafka, kafka: {compression: lz4}}", "outputs.0.config.compression_codec", "lz4"],
  ["output: {type: kafka, compression: lz4}", "outputs.0.config.compression_codec", "lz4"],
  ["dead_letter: {max_size: 64MiB}", "dead_letter.max_size.bytes", 67108864],
];

Deno.test("parseConfig accepts the aliases of the original's examples", async () => {
  assert.deepEqual(
    await Promise.all(
      ALIASES.map(async ([yaml, path]) => [yaml, path, valueAt((await load(INPUT + yaml)).config, path)]),
    ),
    ALIASES.map((row) => [...row]),
  );
});
