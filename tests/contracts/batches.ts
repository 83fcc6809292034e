import type { EncodedBatch } from "../../src/batch.ts";
import type { Source } from "../../src/event.ts";
import type { Log } from "../../src/lib/log.ts";

/** A batch of these records as they are; terminators are the caller's. */
export function batchOf(records: readonly string[], partition = ""): EncodedBatch {
  const encoded = records.map((record) => new TextEncoder().encode(record));
  const bytes = new Uint8Array(encoded.reduce((sum, record) => sum + record.length, 0));
  const ends = new Uint32Array(encoded.length);
  let offset = 0;
  for (const [index, record] of encoded.entries()) {
    bytes.set(record, offset);
    offset += record.length;
    ends[index] = offset;
  }
  return { bytes, ends, partition };
}

/** The records of a batch as text. */
export function recordsOf(batch: EncodedBatch): string[] {
  return Array.from(batch.ends, (end, index) => {
    const start = batch.ends[index - 1] ?? 0;
    return new TextDecoder().decode(batch.bytes.subarray(start, end));
  });
}

/** A source with these values. */
export function sourceOf(stream: string, labels: Record<string, string> = {}, input = "files-0"): Source {
  return { input, stream, labels };
}

/** A log that keeps its messages as "level message". */
export class RecordingLog implements Log {
  readonly lines: string[] = [];

  debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(message: string): void {
    this.lines.push(`error ${message}`);
  }

  /** The message of one level at an index, from the end if negative; "" if there is none. */
  at(level: "debug" | "info" | "warn" | "error", index: number): string {
    return this.of(level).at(index) ?? "";
  }

  /** Messages of one level. */
  of(level: "debug" | "info" | "warn" | "error"): string[] {
    return this.lines.filter((line) => line.startsWith(`${level} `)).map((line) =>
      line.slice(level.length + 1)
    );
  }
}

/** Lets everything that waits for promises alone run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
