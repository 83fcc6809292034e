import { join } from "node:path";
import type { BatchBuffer } from "./buffers/batch_buffer.ts";
import { MemoryBuffer } from "./buffers/memory.ts";
import type { ComponentType, PlannedType } from "./component.ts";
import { type DeadLetters, NoDeadLetters } from "./delivery/dead_letter.ts";
import type { Config, InputEntry, OutputEntry } from "./config/config.ts";
import type { Input, InputContext } from "./inputs/input.ts";
import { inputTypes } from "./inputs/registry.ts";
import { loadModule } from "./lib/load_module.ts";
import type { Log } from "./lib/log.ts";
import type { OutputClosedError } from "./outputs/output.ts";
import { outputType } from "./outputs/registry.ts";
import { safeFileName } from "./lib/safe_file_name.ts";
import { Lead } from "./delivery/lead.ts";
import { LoggedState } from "./delivery/logged_state.ts";
import type { OutputLine } from "./delivery/output_line.ts";
import { Pipeline } from "./pipeline.ts";
import type { PipelineSettings } from "./pipeline_options.ts";

/** Where an input keeps its positions, and how often they are saved, in ms. */
export interface CheckpointPlace {
  readonly directory: string;
  readonly interval: number;
}

/** The checkpoint directory of an input; undefined for kinds that keep no positions. */
export function checkpointPlace(entry: InputEntry): CheckpointPlace | undefined {
  if (entry.type !== "files") return undefined;
  return { directory: entry.config.checkpoint_path, interval: entry.config.checkpoint_interval };
}

/** Every checkpoint directory of a configuration, each with the shortest interval that an input asks for. */
export function checkpointPlaces(config: Pick<Config, "inputs">): CheckpointPlace[] {
  const places = new Map<string, CheckpointPlace>();
  for (const entry of config.inputs) {
    const place = checkpointPlace(entry);
    if (place === undefined) continue;
    const interval = Math.min(place.interval, places.get(place.directory)?.interval ?? Infinity);
    places.set(place.directory, { ...place, interval });
  }
  return [...places.values()];
}

/** Creates an input. Throws for a kind that is not built yet. */
export function buildInput(entry: InputEntry, context: InputContext): Input {
  const type = inputTypes[entry.type] as ComponentType<unknown, Input, InputContext> | PlannedType<unknown>;
  if ("create" in type) return type.create(entry.config, context);
  throw new Error(
    `Cannot create ${entry.path}: type "${entry.type}" is not built yet (planned: ${type.planned})`,
  );
}

/** Creates an output with the buffer before it. */
export async function buildOutput(entry: OutputEntry, config: Config, log: Log): Promise<OutputLine> {
  const [place] = checkpointPlaces(config);
  const { name, optional } = entry;
  const output = await outputType(entry.type).create(entry.config, {
    name,
    log,
    directory: place?.directory ?? logDirectory(entry, config),
  });
  const { buffer, reliability } = settingsOf(entry, config);
  const { retry, circuit_breaker: breaker } = reliability;
  const lead = new Lead(name, output.participant);
  const hasLog = output.participant !== undefined && logDirectory(entry, config) !== undefined;
  const logged = hasLog ? new LoggedState(lead) : undefined;
  return {
    name,
    output,
    optional,
    buffer: await buildBuffer(entry, config, logged, log),
    lead,
    logged,
    full: {
      strategy: buffer.backpressure_strategy === "drop" ? "drop_newest" : buffer.backpressure_strategy,
      sampleRate: buffer.sample_rate,
    },
    retry: {
      initial: retry.initial_backoff,
      max: retry.max_backoff,
      multiplier: retry.multiplier,
      jitter: retry.jitter,
      limit: retry.max_retries,
    },
    breaker: breaker.enabled
      ? {
        failureThreshold: breaker.failure_threshold,
        interval: breaker.interval,
        timeout: breaker.timeout,
        maxRequests: breaker.max_requests,
      }
      : undefined,
  };
}

/** What holds for an output: its own settings, else those of the top level. */
function settingsOf(entry: OutputEntry, config: Config): Pick<Config, "buffer" | "reliability"> {
  return { buffer: entry.buffer ?? config.buffer, reliability: entry.reliability ?? config.reliability };
}

/** The directory of an output's write-ahead log; undefined where it has none. */
export function logDirectory(entry: OutputEntry, { wal, buffer }: Config): string | undefined {
  const onDisk = entry.buffer === undefined
    ? wal.enabled || buffer.type === "disk"
    : entry.buffer.type === "disk";
  return onDisk && wal.dir !== undefined ? join(wal.dir, safeFileName(entry.name)) : undefined;
}

async function buildBuffer(
  entry: OutputEntry,
  config: Config,
  participant: LoggedState | undefined,
  log: Log,
): Promise<BatchBuffer> {
  const directory = logDirectory(entry, config);
  const { size: events, max_bytes: bytes } = settingsOf(entry, config).buffer;
  if (directory === undefined) return new MemoryBuffer({ events, bytes });
  const { WalBuffer } = await loadModule<typeof import("./buffers/wal/wal_buffer.ts")>(
    "./buffers/wal/wal_buffer.ts",
    import.meta.url,
  );
  const { wal } = config;
  return new WalBuffer({
    directory,
    segmentBytes: wal.segment_size,
    maxSegments: wal.max_segments,
    maxBytes: wal.max_bytes,
    syncInterval: wal.sync_on_write ? 0 : wal.sync_interval,
    compression: wal.compression,
    compaction: wal.compaction_policy,
    retention: wal.retention,
    participant,
    log,
  });
}

/** Creates the pipeline. `onOutputClosed`: an output can never take anything again. */
export async function buildPipeline(
  config: Config,
  logger: { named(component: string): Log },
  onOutputClosed: (error: OutputClosedError) => void,
): Promise<Pipeline> {
  return new Pipeline({
    log: logger.named("pipeline"),
    settings: await pipelineSettings(config, logger),
    onOutputClosed,
  });
}

/** How the pipeline works with a configuration. */
export async function pipelineSettings(
  config: Config,
  logger: { named(component: string): Log },
): Promise<PipelineSettings> {
  const { buffer, fan_out: { parallel, failure_strategy } } = config;
  return {
    budget: buffer.max_bytes,
    blockTimeout: buffer.block_timeout,
    parallel,
    stopOnFailure: failure_strategy === "stop",
    deadLetters: await buildDeadLetters(config, logger.named("dead_letters")),
  };
}

/** Creates what keeps records that cannot be processed or delivered. */
async function buildDeadLetters(
  { dead_letter: { enabled, dir, ...limits } }: Config,
  log: Log,
): Promise<DeadLetters> {
  if (!enabled || dir === undefined) return new NoDeadLetters(log);
  const { DeadLetterQueue } = await loadModule<typeof import("./delivery/dead_letter_queue.ts")>(
    "./delivery/dead_letter_queue.ts",
    import.meta.url,
  );
  return new DeadLetterQueue({ directory: dir, ...limits, log });
}
