import * as fs from "node:fs";
import type { Outcome } from "../../../src/acknowledgement.ts";
import type { RawBatch } from "../../../src/batch.ts";
import type { CheckpointStore, JsonObject } from "../../../src/checkpoints/checkpoint_store.ts";
import { BufferPool } from "../../../src/inputs/file/buffer_pool.ts";
import type { FileInputConfig } from "../../../src/inputs/file/file_input_config.ts";
import type { ByteSource } from "../../../src/inputs/file/open_file.ts";
import type { ReaderOptions } from "../../../src/inputs/file/reader.ts";
import { TailRegistry } from "../../../src/inputs/file/tail_registry.ts";
import { Transcoder } from "../../../src/inputs/file/transcoder.ts";
import { RecordingLog, recordsOf } from "../../contracts/batches.ts";

export { RecordingLog };

const encoder = new TextEncoder();

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** A file in memory, which can grow, shrink and fail. */
export class MemorySource implements ByteSource {
  failure: Error | undefined;
  closed = false;

  constructor(public bytes: Uint8Array = new Uint8Array(0)) {}

  append(more: Uint8Array): void {
    const joined = new Uint8Array(this.bytes.length + more.length);
    joined.set(this.bytes);
    joined.set(more, this.bytes.length);
    this.bytes = joined;
  }

  read(buffer: Uint8Array, length: number, position: number): number {
    if (this.failure !== undefined) throw this.failure;
    if (length > buffer.length) throw new RangeError("reads past its buffer");
    const part = this.bytes.subarray(position, position + length);
    buffer.set(part);
    return part.length;
  }

  close(): void {
    this.closed = true;
  }
}

/** Settings of a reader with a small buffer, so that every boundary is met. */
export function readerOptions(
  options: { maxLineBytes?: number; bufferBytes?: number; encoding?: string } = {},
): ReaderOptions {
  return {
    maxLineBytes: options.maxLineBytes ?? 1 << 20,
    transcoder: Transcoder.for(options.encoding ?? "utf-8"),
    pool: new BufferPool(64 + (options.bufferBytes ?? 256), 2),
  };
}

/** Checkpoints in memory; `full`: saving fails like on a full disk. */
export class FakeStore implements CheckpointStore {
  readonly directory = "/nowhere";
  condition: CheckpointStore["condition"] = "new";
  full = false;
  readonly persisted: string[] = [];
  readonly #records = new Map<string, JsonObject | (() => JsonObject)>();

  get(key: string): JsonObject | undefined {
    const value = this.#records.get(key);
    return typeof value === "function" ? value() : value;
  }
  *entries(): Iterable<readonly [string, JsonObject]> {
    for (const key of this.#records.keys()) yield [key, this.get(key)!];
  }
  set(key: string, value: JsonObject | (() => JsonObject)): void {
    this.#records.set(key, value);
  }
  delete(key: string): void {
    this.#records.delete(key);
  }
  persist(keys: readonly string[]): Promise<void> {
    if (this.full) return Promise.reject(new Error("database or disk is full"));
    this.persisted.push(...keys);
    return Promise.resolve();
  }
  flush(): Promise<void> {
    return this.persist([]);
  }
  join(): void {}
  leave(): void {}
  forgetOthers(): void {}
  stateOf(): JsonObject | undefined {
    return undefined;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A configuration with these values, the rest by default. */
export function configOf(config: Partial<FileInputConfig>): FileInputConfig {
  return {
    paths: [],
    exclude_paths: [],
    checkpoint_path: "/nowhere",
    checkpoint_interval: 5000,
    start_at: "beginning",
    max_line_bytes: 1 << 20,
    encoding: "utf-8",
    poll_interval: 5,
    rotated_wait: 60_000,
    ...config,
  } as FileInputConfig;
}

/** What the parts of an input share, in a directory of its own. */
export class Bench {
  readonly directory = fs.realpathSync(Deno.makeTempDirSync({ prefix: "tail-" }));
  readonly log = new RecordingLog();
  readonly store = new FakeStore();
  readonly claims = new Map<string, string>();
  time = Date.now();

  path(name: string): string {
    return `${this.directory}/${name}`;
  }
  write(name: string, text: string | Uint8Array): string {
    fs.writeFileSync(this.path(name), text);
    return this.path(name);
  }
  append(name: string, text: string): void {
    fs.appendFileSync(this.path(name), text);
  }
  registry(config: Partial<FileInputConfig> = {}, input = "in"): TailRegistry {
    return new TailRegistry({
      input,
      config: configOf({ paths: [this.path("*.log*")], ...config }),
      log: this.log,
      checkpoints: this.store,
      claims: this.claims,
      reader: readerOptions(),
      now: () => this.time,
    });
  }
  [Symbol.dispose](): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Collects what is emitted; every batch settles with `outcome`. */
export class Collector {
  readonly records: string[] = [];
  readonly batches: RawBatch[] = [];
  outcome: Outcome = "delivered";
  /** While it is set, emits wait for it. */
  gate: Promise<void> | undefined;

  readonly emit = async (batch: RawBatch) => {
    await this.gate;
    const { outcome } = this;
    if (batch.withdrawn?.aborted) return { settled: Promise.resolve("failed" as const) };
    this.batches.push(batch);
    if (outcome !== "failed") this.records.push(...recordsOf({ ...batch, partition: "" }));
    return { settled: Promise.resolve(outcome) };
  };
}

/** Waits until `condition` holds; rejects after ten seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
