import type { Source } from "../../src/event.ts";
import type { Log, LogFields } from "../../src/lib/log.ts";
import type { Job, Processed, ProcessorPlan } from "../../src/processing/plan.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../src/workers/worker_pool.ts";

/** Where the workers of the tests begin. */
export const ENTRY = new URL("./test_worker.ts", import.meta.url);

/** One file's source. */
export function sourceOf(stream: string, input = "app"): Source {
  return { input, stream, labels: { file: stream } };
}

const SOURCE = sourceOf("/var/log/app.log");

/** A job with these records. */
export function jobOf(records: readonly string[], more: Partial<Job> = {}): Job {
  const parts = records.map((record) => new TextEncoder().encode(record));
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  const ends = new Uint32Array(parts.length);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    bytes.set(part, at);
    ends[index] = at += part.length;
  }
  return { bytes, ends, source: SOURCE, receivedAt: 1, ...more };
}

/** The records of an output, by partition. */
export function recordsOf(processed: Processed, output = "a"): Record<string, string[]> {
  const records: Record<string, string[]> = {};
  for (const { output: name, batch: { bytes, ends, partition } } of processed.batches) {
    if (name !== output) continue;
    const list = records[partition] ??= [];
    for (let i = 0; i < ends.length; i++) {
      list.push(new TextDecoder().decode(bytes.subarray(ends[i - 1] ?? 0, ends[i])));
    }
  }
  return records;
}

/** A plan for the test processor, which knows only its input. */
export function planOf(input: string): ProcessorPlan {
  return { input, parsers: [], transforms: [], outputs: [] } as unknown as ProcessorPlan;
}

/** A log that keeps what it is told. */
export class KeptLog implements Log {
  readonly entries: { level: string; message: string; fields: LogFields | undefined }[] = [];
  readonly #waiting: { text: string; resolve: () => void }[] = [];
  debug = (message: string, fields?: LogFields) => this.#keep("debug", message, fields);
  info = (message: string, fields?: LogFields) => this.#keep("info", message, fields);
  warn = (message: string, fields?: LogFields) => this.#keep("warn", message, fields);
  error = (message: string, fields?: LogFields) => this.#keep("error", message, fields);

  /** The messages of a level. */
  of(level: string): string[] {
    return this.entries.filter((entry) => entry.level === level).map(({ message }) => message);
  }

  /** Resolves when a message with `text` has come. */
  async until(text: string): Promise<void> {
    if (this.entries.some(({ message }) => message.includes(text))) return;
    await new Promise<void>((resolve) => this.#waiting.push({ text, resolve }));
  }

  #keep(level: string, message: string, fields: LogFields | undefined): void {
    this.entries.push({ level, message, fields });
    for (const { text, resolve } of this.#waiting) if (message.includes(text)) resolve();
  }
}

/** A started pool of test workers with one input "app". */
export async function startedPool(options: Partial<WorkerPoolOptions> = {}): Promise<WorkerPool> {
  const pool = poolOf(options);
  await pool.start();
  return pool;
}

/** A pool of test workers with one input "app". */
export function poolOf(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  return new WorkerPool({
    size: 2,
    plans: [planOf("app")],
    files: new Map(),
    jobTimeout: 30_000,
    queueSize: 1000,
    log: new KeptLog(),
    entry: ENTRY,
    ...options,
  });
}
