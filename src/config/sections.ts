import { formatByteSize, parseByteSize } from "../lib/byte_size.ts";
import { formatDuration } from "../lib/duration.ts";
import * as schema from "../lib/schema.ts";

const { object, list, record, string, integer, number, boolean, choice, duration, byteSize, anything } =
  schema;

export const logging = object({
  level: choice(["debug", "info", "warn", "error", "fatal"]).default("info").describe(
    "Least severe messages to write.",
  ),
  format: choice(["json", "console"]).default("json").describe("Form of the messages."),
}).describe("The agent's own log, on stderr.");

export const buffer = object({
  type: choice(["memory", "disk"]).default("memory").describe(
    "Where records wait for their output: disk is the write-ahead log, in wal.dir.",
  ),
  size: integer({ min: 1 }).default(1024).describe(
    "Events that may wait for one output, beside those that are being sent.",
  ),
  max_bytes: byteSize().default("16MiB").describe(
    "Bytes that may wait for one output, with those that are being sent.",
  )
    .check((bytes) => bytes < 1024 ? "must be at least 1KiB" : undefined),
  backpressure_strategy: choice(["block", "drop", "drop_newest", "drop_oldest", "sample"]).default("block")
    .describe(
      "What happens when the buffer is full: inputs wait; records that come are dropped (drop, drop_newest); those that wait longest make room (drop_oldest); or one of so many waits and the others are dropped (sample).",
    ),
  sample_rate: integer({ min: 1 }).default(10).describe("With sample, one of so many records is kept."),
  block_timeout: duration().default("5s").describe("How long inputs wait before the wait is logged."),
}).describe("What waits between inputs and an output.");

/** `true` chooses zstd: the examples of the original switch compression on and off. */
const walCompression = schema.scalar<"none" | "gzip" | "zstd">({
  name: "none | gzip | zstd",
  expected: "one of none, gzip, zstd, true, false",
  json: { enum: ["none", "gzip", "zstd", true, false] },
  parse: (text) => {
    if (text === "none" || text === "gzip" || text === "zstd") return text;
    return text === "true" ? "zstd" : text === "false" ? "none" : undefined;
  },
  format: (value) => value,
});

export const wal = object({
  enabled: boolean().default(false).describe("Acknowledge records once they are in the log."),
  dir: string().alias("directory").describe(
    "Directory of the log, in which every output has one of its own; required when it is enabled.",
  ),
  segment_size: byteSize().default("64MiB").describe("Size at which a new segment begins.")
    .check((bytes) => bytes < 64 * 1024 ? "must be at least 64KiB" : undefined),
  max_segments: integer({ min: 1 }).default(100).describe(
    "Segments that an output may have at most; then buffer.backpressure_strategy says what happens.",
  ),
  max_bytes: byteSize().describe("Bytes that an output's log may take at most, beside max_segments.")
    .check((bytes) => bytes < 1024 * 1024 ? "must be at least 1MiB" : undefined),
  sync_interval: duration().default("1s").describe("How often records are forced to the disk."),
  sync_on_write: boolean().default(false).describe("Force every batch to the disk at once."),
  compaction_policy: choice(["size", "time", "manual"]).default("size")
    .describe(
      "When delivered segments are removed: at once (size), after `retention` (time), or by `logaggregator wal compact` only (manual). What is not delivered stays under each of them.",
    ),
  retention: duration().default("1h").describe(
    "With compaction_policy time, how long delivered segments stay.",
  ),
  compression: walCompression.default("none").describe("Compression of the records."),
}).check(directoryIfEnabled).describe("Write-ahead log, for inputs that cannot be asked again.");

export const workerPool = object({
  num_workers: integer({ min: 1 }).alias("worker_count").describe(
    "Workers that parse and transform. Unset: by the cores.",
  ),
  queue_size: integer({ min: 1 }).default(1000).describe("Batches that may wait for a worker."),
  job_timeout: duration().default("30s").describe("How long a batch may take before its worker is replaced."),
  enable_stealing: boolean().default(false).describe(
    "Accepted. Workers share one queue, so that an idle one always takes over what waits.",
  ),
}).describe("Workers that parse and transform records.");

const retry = object({
  max_retries: integer({ min: 0 }).describe(
    "Attempts before a record becomes a dead letter. Unset: no limit.",
  ),
  initial_backoff: duration().default("100ms").describe("Wait before the first retry."),
  max_backoff: duration().default("30s").describe("Longest wait between retries."),
  multiplier: number({ min: 1 }).default(2).describe("Growth of the wait from one retry to the next."),
  jitter: boolean().default(true).describe("Vary the wait by chance, so that agents do not retry together."),
}).check(({ initial_backoff, max_backoff }) =>
  initial_backoff > max_backoff
    ? `has an initial_backoff of ${formatDuration(initial_backoff)}, which is longer than max_backoff`
    : undefined
);

const circuitBreaker = object({
  enabled: boolean().default(true).describe(
    "Stop sending for a while when an output to a server fails again and again.",
  ),
  max_requests: integer({ min: 1 }).default(1).alias("success_threshold")
    .describe("Trial requests that must succeed before sending goes on."),
  interval: duration().default("60s").describe("Failures older than this are forgotten."),
  timeout: duration().default("60s").describe("How long nothing is sent before a trial."),
  failure_threshold: integer({ min: 1 }).default(5).describe("Failures in a row that stop the sending."),
});

export const reliability = object({
  retry: retry.default({}).describe("How failed requests are sent again."),
  circuit_breaker: circuitBreaker.default({}).describe("When sending to a failing output pauses."),
}).moved({
  max_retries: "retry.max_retries",
  initial_backoff: "retry.initial_backoff",
  max_backoff: "retry.max_backoff",
  backoff_multiplier: "retry.multiplier",
  jitter: "retry.jitter",
}).describe("What happens when an output fails.");

/** A plain number is a number of events, a number with a unit is a size. */
const eventsOrBytes = schema.scalar<{ readonly events: number } | { readonly bytes: number }>({
  name: "events or size",
  expected: 'a number of events such as 10000, or a size such as "64MiB"',
  json: {
    anyOf: [{ type: "integer", minimum: 1 }, { type: "string", pattern: "^[0-9]+(\\.[0-9]+)? ?[A-Za-z]+$" }],
  },
  parse: (text) => {
    if (/^[1-9]\d{0,14}$/.test(text)) return { events: Number(text) };
    const bytes = /[a-z]$/i.test(text) ? parseByteSize(text) : undefined;
    return bytes === undefined || bytes < 1 ? undefined : { bytes };
  },
  format: (value) => "events" in value ? value.events : formatByteSize(value.bytes),
});

export const deadLetter = object({
  enabled: boolean().default(false).describe("Keep records that cannot be delivered."),
  dir: string().alias("directory").describe("Directory for them; required when enabled."),
  max_size: eventsOrBytes.default(10000).describe("How many are kept: events, or bytes with a unit."),
  max_age: duration().default("24h").describe("How long they are kept."),
  flush_interval: duration().default("5s").describe("How often they are forced to the disk."),
}).check(directoryIfEnabled).describe("Records that no output takes.");

const extractionRule = object({
  name: string().required().describe("Name of the metric, after `logaggregator_extracted_`."),
  type: choice(["counter", "gauge", "histogram"]).required().describe("Kind of the metric."),
  field: string().describe("Field that holds the value."),
  pattern: string().describe("Regular expression whose first group holds the value."),
  labels: record(string()).default({}).describe("Fixed labels."),
  label_fields: record(string()).default({}).describe("Label: field that holds its value."),
  help: string().describe("Text that explains the metric."),
  buckets: list(number()).default([]).describe("Upper bounds of a histogram's buckets."),
});

export const metrics = object({
  enabled: boolean().default(false).describe("Serve metrics for Prometheus."),
  address: string().describe("Where to listen, as host:port."),
  path: string().default("/metrics").describe("Path of the metrics."),
  extraction: object({
    enabled: boolean().default(false).describe("Make metrics of records."),
    rules: list(extractionRule).default([]).describe("What is measured."),
  }).default({}).describe("Metrics made of the records themselves."),
}).describe("Metrics for Prometheus.");

export const health = object({
  enabled: boolean().default(false).describe("Serve health checks."),
  address: string().describe("Where to listen, as host:port."),
  liveness_path: string().default("/health/live").describe("Answers whether the agent runs."),
  readiness_path: string().default("/health/ready").describe("Answers whether it can deliver."),
  timeout: duration().default("5s").describe("How long a check may take."),
}).describe("Health checks over HTTP.");

export const tracing = object({
  enabled: boolean().default(false).describe("Send traces of the agent's own work."),
  endpoint: string().describe("OTLP endpoint."),
  sample_rate: number({ min: 0, max: 1 }).default(1).describe("Share of the batches that are traced."),
  enable_stdout: boolean().default(false).describe("Also write the traces to the agent's log."),
}).describe("Traces of the agent's own work.");

export const test = object({
  name: string().required().describe("What the test is about."),
  input: string().describe("Name of the input whose parser and transforms are tested. Unset: the first one."),
  source: string().default("test.log").describe("Where the lines pretend to come from."),
  lines: list(string().literal(), { min: 1 }).required().describe(
    "Records, each as the input would give it.",
  ),
  expect: list(anything()).default([]).describe(
    "The events that come out, in order: timestamp, message, level, source, fields, routes, as far as they matter. `dropped` stands for a record that does not come out.",
  ),
  exact: boolean().default(false).describe("Fields that are not expected are mistakes."),
});

export const profiling = object({
  enabled: boolean().default(false).describe("Serve profiles of the running agent."),
  address: string().default("localhost:6060").describe("Where to listen, as host:port."),
  cpu_profile: string().describe("CPU profile: a file, or true."),
  mem_profile: string().describe("Memory profile: a file, or true."),
  block_profile: string().describe("Profile of waiting: a file, or true."),
  mutex_profile: string().describe("Profile of locks: a file, or true."),
  goroutine_threshold: integer({ min: 0 }).describe(
    "Number of tasks under way above which a warning is logged.",
  ),
}).describe("Profiles of the running agent.");

export const performance = object({
  max_concurrent_reads: integer({ min: 1 }).default(2).describe("Files read at once."),
  enable_pooling: boolean().describe("Accepted, without effect in this runtime."),
  gomaxprocs: integer().describe("Accepted, without effect in this runtime."),
  gc_percent: integer().describe("Accepted, without effect in this runtime."),
  channel_buffer_size: integer().describe("Accepted, without effect in this runtime."),
}).describe("Tuning.");

/** Keys of `performance` that mean nothing here. */
export const WITHOUT_EFFECT = ["enable_pooling", "gomaxprocs", "gc_percent", "channel_buffer_size"] as const;

function directoryIfEnabled(
  section: { readonly enabled: boolean; readonly dir?: string | undefined },
): string | undefined {
  return section.enabled && section.dir === undefined ? "needs the key dir when it is enabled" : undefined;
}
