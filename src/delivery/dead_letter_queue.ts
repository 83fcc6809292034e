import { join } from "node:path";
import type { RawBatch } from "../batch.ts";
import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";
import {
  deadLetterLine,
  type DeadLetters,
  type Letters,
  refusedLine,
  type RefusedRecords,
} from "./dead_letter.ts";

/** What a dead letter queue is made of; times in milliseconds. */
export interface DeadLetterQueueOptions {
  readonly directory: string;
  readonly max_size: { readonly events: number } | { readonly bytes: number };
  readonly max_age: number;
  readonly flush_interval: number;
  readonly log: Log;
  /** For tests: milliseconds since 1970. */
  readonly now?: () => number;
}

/** A file of dead letters. */
interface Segment {
  readonly name: string;
  events: number;
  bytes: number;
  /** When the first and the last letter were written, in ms since 1970. */
  readonly first: number;
  last: number;
}

/** The queue is bounded in steps of a segment: this part of what it may hold. */
const SEGMENTS = 8;
const SEGMENT_NAME = /^dead-letters-\d{8}T\d{9}Z(-\d+)?\.ndjson$/;

/**
 * Dead letters in a directory, as NDJSON. A letter counts as kept once it is written; it is forced to the disk within
 * `flush_interval`. What exceeds size or age is deleted, the oldest segment first, and said.
 */
export class DeadLetterQueue implements DeadLetters {
  readonly #options: DeadLetterQueueOptions;
  readonly #now: () => number;
  /** Oldest first; the last one is written to while `#file` is open. */
  #segments: Segment[] | undefined;
  #file: Deno.FsFile | undefined;
  #flush: ReturnType<typeof setTimeout> | undefined;
  /** One write at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DeadLetterQueueOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  keep(batch: RawBatch, letters: Letters): Promise<number> {
    const now = this.#now();
    return this.#append(letters.map((letter) => deadLetterLine(batch, letter, now)), now);
  }

  keepRefused(records: RefusedRecords): Promise<number> {
    const now = this.#now();
    return this.#append(records.refused.map((refused) => refusedLine(records, refused, now)), now);
  }

  #append(lines: readonly string[], now: number): Promise<number> {
    const bytes = new TextEncoder().encode(lines.join(""));
    const kept = this.#turn.then(() => this.#write(bytes, lines.length, now));
    this.#turn = kept.catch(() => {});
    return kept.catch((error: unknown) => {
      const { directory } = this.#options;
      throw new Error(`Cannot keep dead letters in "${directory}": ${reasonOf(error)}`, { cause: error });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    clearTimeout(this.#flush);
    this.#flush = undefined;
    await this.#close();
  }

  async #write(bytes: Uint8Array, events: number, now: number): Promise<number> {
    this.#segments ??= await this.#found();
    const { file, segment } = await this.#open(now);
    const before = segment.bytes;
    try {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    } catch (error) {
      // What is half written would spoil the line that follows.
      await file.truncate(before).catch(() => this.#close());
      throw error;
    }
    segment.bytes += bytes.length;
    segment.events += events;
    segment.last = now;
    this.#flushSoon();
    await this.#prune(now);
    return events;
  }

  /** The segment to write to; a full one is closed first. */
  async #open(now: number): Promise<{ file: Deno.FsFile; segment: Segment }> {
    const segments = this.#segments ??= [];
    const current = segments.at(-1);
    if (this.#file !== undefined && current !== undefined && !this.#isFull(current, now)) {
      // A file that somebody has deleted takes letters that nobody ever sees.
      if ((await this.#file.stat()).nlink !== 0) return { file: this.#file, segment: current };
      segments.pop();
    }
    await this.#close();
    const time = new Date(now).toISOString().replaceAll(/[-:.]/g, "");
    for (let number = 0;; number++) {
      const name = `dead-letters-${time}${number === 0 ? "" : `-${number}`}.ndjson`;
      try {
        const path = join(this.#options.directory, name);
        const file = this.#file = await Deno.open(path, { append: true, createNew: true, mode: 0o640 });
        const segment = { name, events: 0, bytes: 0, first: now, last: now };
        segments.push(segment);
        return { file, segment };
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  }

  #isFull({ events, bytes, first }: Segment, now: number): boolean {
    const { max_size: limit, max_age } = this.#options;
    const full = "events" in limit ? events >= limit.events / SEGMENTS : bytes >= limit.bytes / SEGMENTS;
    return full || now - first > max_age / SEGMENTS;
  }

  /** Segments that an earlier process left. */
  async #found(): Promise<Segment[]> {
    const { directory } = this.#options;
    await Deno.mkdir(directory, { recursive: true, mode: 0o750 });
    const segments: Segment[] = [];
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (!isFile || !SEGMENT_NAME.test(name)) continue;
      const bytes = await Deno.readFile(join(directory, name));
      const { mtime } = await Deno.stat(join(directory, name));
      const events = bytes.reduce((sum, byte) => sum + (byte === 0x0a ? 1 : 0), 0);
      const last = mtime?.getTime() ?? 0;
      segments.push({ name, events, bytes: bytes.length, first: last, last });
    }
    return segments.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Deletes whole segments while there are too many letters, or too old ones; never the one that is written to. */
  async #prune(now: number): Promise<void> {
    const { directory, max_size: limit, max_age, log } = this.#options;
    const segments = this.#segments ?? [];
    for (;;) {
      const [oldest] = segments;
      if (oldest === undefined || segments.length === 1) return;
      const size = segments.reduce((sum, { events, bytes }) => sum + ("events" in limit ? events : bytes), 0);
      const isTooMuch = size > ("events" in limit ? limit.events : limit.bytes);
      const isOld = now - oldest.last > max_age;
      if (!isTooMuch && !isOld) return;
      segments.shift();
      try {
        await Deno.remove(join(directory, oldest.name));
        log.error(
          `Deleted ${oldest.events} dead letters in "${oldest.name}": ${
            isOld ? "they are older than dead_letter.max_age" : "there are more than dead_letter.max_size"
          }`,
          { file: oldest.name, records: oldest.events },
        );
      } catch (error) {
        log.warn(`Cannot delete "${oldest.name}": ${reasonOf(error)}`, { file: oldest.name });
      }
    }
  }

  #flushSoon(): void {
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      this.#turn = this.#turn.then(() => this.#file?.syncData()).catch((error: unknown) => {
        this.#options.log.error(`Cannot force dead letters to the disk: ${reasonOf(error)}`, { error });
      });
    }, this.#options.flush_interval);
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    await file.syncData().catch(() => {});
    file.close();
  }
}
