import { MemoryBuffer } from "./buffers/memory.ts";
import type { ComponentType, PlannedType } from "./component.ts";
import { type DeadLetters, NoDeadLetters } from "./delivery/dead_letter.ts";
import { DeadLetterQueue } from "./delivery/dead_letter_queue.ts";
import type { Config, InputEntry, OutputEntry } from "./config/config.ts";
import type { Input, InputContext } from "./inputs/input.ts";
import { inputTypes } from "./inputs/registry.ts";
import type { Log } from "./lib/log.ts";
import type { Output, OutputClosedError, OutputContext } from "./outputs/output.ts";
import { outputTypes } from "./outputs/registry.ts";
import { type OutputLine, Pipeline } from "./pipeline.ts";

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
export function checkpointPlaces(config: Config): CheckpointPlace[] {
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
  return built(type, entry).create(entry.config, context);
}

/** Creates an output with the buffer before it. Throws for a kind that is not built yet. */
export function buildOutput(entry: OutputEntry, config: Config, log: Log): OutputLine {
  const type = outputTypes[entry.type] as
    | ComponentType<unknown, Output, OutputContext>
    | PlannedType<unknown>;
  const output = built(type, entry).create(entry.config, { name: entry.name, log });
  const buffer = new MemoryBuffer({ events: config.buffer.size, bytes: config.buffer.max_bytes });
  return { name: entry.name, output, buffer };
}

/** Creates the pipeline. `onOutputClosed`: an output can never take anything again. */
export function buildPipeline(
  config: Config,
  logger: { named(component: string): Log },
  onOutputClosed: (error: OutputClosedError) => void,
): Pipeline {
  const { retry, circuit_breaker: breaker } = config.reliability;
  return new Pipeline({
    log: logger.named("pipeline"),
    budget: config.buffer.max_bytes,
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
    blockTimeout: config.buffer.block_timeout,
    deadLetters: buildDeadLetters(config, logger.named("dead_letters")),
    onOutputClosed,
  });
}

/** Creates what keeps records that cannot be processed. */
function buildDeadLetters({ dead_letter: { enabled, dir, ...limits } }: Config, log: Log): DeadLetters {
  if (!enabled || dir === undefined) return new NoDeadLetters(log);
  return new DeadLetterQueue({ directory: dir, ...limits, log });
}

function built<Component, Context>(
  type: ComponentType<unknown, Component, Context> | PlannedType<unknown>,
  entry: { readonly type: string; readonly path: string },
): ComponentType<unknown, Component, Context> {
  if ("create" in type) return type;
  throw new Error(
    `Cannot create ${entry.path}: type "${entry.type}" is not built yet (planned: ${type.planned})`,
  );
}
