import { join } from "node:path";
import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";
import {
  deleteSegment,
  listSegments,
  progressName,
  readLines,
  removeIfThere,
  segmentName,
  settledLetters,
  syncDirectory,
  tryLock,
} from "./dead_letter_files.ts";

/** Bounds of what a directory holds; times in milliseconds. */
export interface LetterSegmentsOptions {
  readonly directory: string;
  readonly max_size: { readonly events: number } | { readonly bytes: number };
  readonly max_age: number;
  readonly log: Log;
}

/** A file of dead letters. */
interface Segment {
  readonly name: string;
  events: number;
  bytes: number;
  /** Letters that are not in the queue any more. */
  settled: number;
  /** When the first and the last letter were written, in ms since 1970. */
  readonly first: number;
  last: number;
}

/** The directory is bounded in steps of a segment: this part of what it may hold. */
const SEGMENTS = 8;

/**
 * The segments of a directory, which several processes may share: each writes to one of its own, and what exceeds size
 * or age is deleted, the oldest segment first, and said. One call at a time.
 */
export class LetterSegments {
  readonly #options: LetterSegmentsOptions;
  /** Oldest first, of all processes, as they were seen last. */
  #segments: Segment[] = [];
  /** The one that is written to. */
  #current: { readonly file: Deno.FsFile; readonly segment: Segment } | undefined;

  constructor(options: LetterSegmentsOptions) {
    this.#options = options;
  }

  /** Looks what is there; `seen` is called with every letter that is not settled, oldest first. */
  async look(seen: (line: Uint8Array) => void = () => {}): Promise<void> {
    const { directory } = this.#options;
    const before = new Map(this.#segments.map((segment) => [segment.name, segment]));
    const segments: Segment[] = [];
    for (const name of await listSegments(directory)) {
      const known = before.get(name);
      const isOwn = known !== undefined && known === this.#current?.segment;
      const segment = isOwn ? known : await this.#read(name, known, seen);
      if (segment !== undefined) segments.push(segment);
    }
    this.#segments = segments;
  }

  /** Appends whole lines. What is half written when that fails is taken back. `now`: ms since 1970. */
  async append(bytes: Uint8Array, events: number, now: number): Promise<void> {
    const { file, segment } = await this.#open(now);
    try {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    } catch (error) {
      // What is half written would spoil the line that follows.
      await file.truncate(segment.bytes).catch(() => this.close());
      throw error;
    }
    segment.bytes += bytes.length;
    segment.events += events;
    segment.last = now;
    await this.#prune(now);
  }

  /** Deletes what is too old, whoever wrote it, and what has nothing left in it. */
  async expire(now: number): Promise<void> {
    const current = this.#current?.segment;
    if (current !== undefined && now - current.last > this.#options.max_age) await this.close();
    await this.look();
    await this.#prune(now);
  }

  /** Forces what was written to the disk. */
  async sync(): Promise<void> {
    await this.#current?.file.syncData();
  }

  async close(): Promise<void> {
    const file = this.#current?.file;
    this.#current = undefined;
    if (file === undefined) return;
    await file.syncData().catch(() => {});
    file.close();
  }

  /** The segment to write to; a full one is closed first. */
  async #open(now: number): Promise<{ file: Deno.FsFile; segment: Segment }> {
    const current = this.#current;
    // A file that somebody has deleted takes letters that nobody ever sees.
    if (
      current !== undefined && !this.#isFull(current.segment, now) && (await current.file.stat()).nlink !== 0
    ) {
      return current;
    }
    await this.close();
    const { directory } = this.#options;
    await Deno.mkdir(directory, { recursive: true, mode: 0o750 });
    await this.look();
    for (let number = 0;; number++) {
      const name = segmentName(now, number);
      try {
        const path = join(directory, name);
        const file = await Deno.open(path, { append: true, createNew: true, mode: 0o640 });
        await tryLock(file);
        const segment = { name, events: 0, bytes: 0, settled: 0, first: now, last: now };
        this.#segments.push(segment);
        this.#current = { file, segment };
        // It would tell of letters that have not come yet, if a clock was set back.
        await removeIfThere(join(directory, progressName(name)));
        syncDirectory(directory);
        return this.#current;
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

  /** A segment that this process does not write to; undefined when it is gone. */
  async #read(
    name: string,
    known: Segment | undefined,
    seen: (line: Uint8Array) => void,
  ): Promise<Segment | undefined> {
    const { directory } = this.#options;
    const path = join(directory, name);
    try {
      const { size: bytes, mtime } = await Deno.stat(path);
      const settled = await settledLetters(directory, name);
      if (known?.bytes === bytes) return { ...known, settled: settled.size };
      let events = 0;
      for await (const { at, line } of readLines(path)) {
        events++;
        if (!settled.has(at)) seen(line);
      }
      const last = mtime?.getTime() ?? 0;
      return { name, events, bytes, settled: settled.size, first: last, last };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Deletes whole segments, oldest first; never the one that is written to, nor those of other processes. */
  async #prune(now: number): Promise<void> {
    const { max_size: limit, max_age } = this.#options;
    let size = this.#segments.reduce((sum, segment) => sum + sizeIn(limit, segment), 0);
    for (const segment of [...this.#segments]) {
      if (segment === this.#current?.segment) continue;
      const isEmpty = segment.settled >= segment.events;
      const isOld = now - segment.last > max_age;
      const isTooMuch = size > ("events" in limit ? limit.events : limit.bytes);
      if (!isEmpty && !isOld && !isTooMuch) continue;
      if (!(await this.#delete(segment, isOld ? "they are older than dead_letter.max_age" : TOO_MANY))) {
        continue;
      }
      size -= sizeIn(limit, segment);
      this.#segments = this.#segments.filter((other) => other !== segment);
    }
  }

  async #delete({ name, events, settled }: Segment, why: string): Promise<boolean> {
    const { directory, log } = this.#options;
    try {
      if (!(await deleteSegment(directory, name))) return false;
    } catch (error) {
      log.warn(`Cannot delete "${name}": ${reasonOf(error)}`, { file: name });
      return false;
    }
    const records = events - settled;
    if (records > 0) {
      log.error(`Deleted ${records} dead letters in "${name}": ${why}`, { file: name, records });
    }
    return true;
  }
}

const TOO_MANY = "there are more than dead_letter.max_size";

function sizeIn(limit: LetterSegmentsOptions["max_size"], { events, bytes }: Segment): number {
  return "events" in limit ? events : bytes;
}
