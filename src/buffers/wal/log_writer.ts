import type { Log } from "../../lib/log.ts";
import type { Entry } from "./entry.ts";
import { type FileSystem, isDiskFull } from "./file_system.ts";
import { sealFrame } from "./record.ts";
import { newSegment, type Place, type Segment, SEGMENT_HEADER } from "./segment.ts";
import { SegmentFiles } from "./segment_files.ts";
import { Trouble } from "./trouble.ts";

/** What is gathered before it is written, in bytes and ms: many small batches share a write. */
const GATHER_BYTES = 256 * 1024;
const GATHER_TIME = 5;
/** One write is no larger than this. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** What a writer is made of. */
export interface LogWriterOptions {
  readonly files: FileSystem;
  readonly directory: string;
  /** A segment that has this many bytes is followed by a new one. */
  readonly segmentBytes: number;
  /** All segments in order; the writer adds those that it begins. */
  readonly segments: Segment[];
  /** Where the log ends. */
  readonly end: Place;
  /** What the first batch will be numbered. */
  readonly next: Place;
  /** Batches are forced to the disk at most this many ms after they were appended; 0: at once. */
  readonly syncInterval: number;
  /** They are forced earlier when they are this many bytes. */
  readonly syncBytes: number;
  readonly log: Log;
  readonly now: () => number;
  /** These are on the disk now. */
  onSynced(entries: readonly Entry[]): void;
}

/** An entry on its way to the disk. */
interface Item {
  readonly entry: Entry;
  segment: Segment;
  offset: number;
}

/**
 * Appends entries to segments and forces them to the disk, many with one write and one sync. One write and one sync
 * are under way at a time, side by side.
 *
 * After a failed write or sync nobody knows what of the file is on the disk, and a second sync would say that all is
 * well. So the segment is cut to what is certain, and what stood behind that is written to a new segment. On a full
 * disk everything waits, and goes on by itself.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #files: SegmentFiles;
  readonly #trouble: Trouble;
  /** Not written, in order. */
  #queue: Item[] = [];
  #queuedBytes = 0;
  /** Written, but not on the disk for certain, in order. */
  #written: Item[] = [];
  #unsyncedBytes = 0;
  #next: Place;
  /** Where the log had ended, until there is a segment that tells of it. */
  #end: Place | undefined;
  #current: Segment | undefined;
  #isWorking = false;
  #working: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  /** Batches before this number are to reach the disk now. */
  #dueBefore = 0;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #interval: ReturnType<typeof setTimeout> | undefined;
  /** Segments that a write or a sync failed on, with the error. */
  readonly #suspects = new Map<Segment, unknown>();
  #flushed: { readonly before: number; readonly resolve: () => void }[] = [];
  #isClosed = false;
  /** What was on the disk when it was closed; what came after that was given up. */
  #syncedAtEnd: Place | undefined;

  /** `last`: a segment to go on with. */
  constructor(options: LogWriterOptions, last?: Segment) {
    const { files, directory, log, now, next, end } = options;
    this.#options = options;
    this.#files = new SegmentFiles(files, directory, log);
    this.#trouble = new Trouble(directory, log, now);
    this.#next = next;
    this.#end = end;
    this.#current = last;
  }

  /** What the next batch will be numbered. */
  get next(): Place {
    return this.#next;
  }

  /** Everything before it is on the disk. */
  get synced(): Place {
    if (this.#syncedAtEnd !== undefined) return this.#syncedAtEnd;
    const written = this.#written[0]?.entry ?? this.#next;
    const queued = this.#queue[0]?.entry ?? this.#next;
    // What had to be written again may stand in the queue before what is written already.
    const { batch, record } = queued.batch < written.batch ? queued : written;
    return { batch, record };
  }

  /** Bytes that are not on the disk yet. */
  get unsyncedBytes(): number {
    return this.#unsyncedBytes;
  }

  /** The segment that batches are appended to now. */
  get current(): Segment | undefined {
    return this.#current;
  }

  /** Nothing can be written for the moment: the disk is full, or fails. */
  get isInTrouble(): boolean {
    return this.#trouble.isThere;
  }

  /** Takes the next entry, which has the number `next`. It is answered by `onSynced`, or returned by `close`. */
  append(entry: Entry): void {
    const { now, syncInterval, segments } = this.#options;
    let segment = this.#current;
    if (segment === undefined || this.isFull(segment, entry.frameLength)) {
      const first = { batch: entry.batch, record: entry.record };
      segment = this.#current = newSegment(first, this.#end ?? first, now());
      segments.push(segment);
    }
    this.#end = undefined;
    const item = { entry, segment, offset: 0 };
    place(item, segment);
    segment.pendingRecords += entry.records;
    segment.pendingBytes += entry.bytes;
    this.#next = segment.end = { batch: entry.batch + 1, record: entry.record + entry.records };
    segment.lastWrite = entry.time;
    this.#queue.push(item);
    this.#queuedBytes += entry.frameLength;
    this.#unsyncedBytes += entry.frameLength;
    if (syncInterval > 0) this.#interval ??= setTimeout(() => this.#force(), syncInterval);
    if (syncInterval === 0 || this.#queuedBytes >= GATHER_BYTES) this.#work();
    else this.#gathering ??= setTimeout(() => this.#work(), GATHER_TIME);
  }

  /** Whether a frame of this length would go to a new segment. */
  isFull({ size }: Segment, length: number): boolean {
    return size > SEGMENT_HEADER && size + length > this.#options.segmentBytes;
  }

  /** The next batch begins a new segment. */
  roll(): void {
    this.#current = undefined;
  }

  /** Whether nothing will be written to a segment any more; its file is closed then. */
  finish(segment: Segment): boolean {
    if (this.#isNeeded(segment)) return false;
    this.#files.close(segment);
    return true;
  }

  /** Resolves once everything appended so far is on the disk, or was given up by `close`. */
  flush(): Promise<void> {
    if (this.#unsyncedBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushed.push({ before: this.#next.batch, resolve });
      this.#force();
    });
  }

  /** Writes what there is; tries once where that fails. Resolves with the entries that are not on the disk. */
  async close(): Promise<Entry[]> {
    this.#trouble.hurry();
    do {
      this.#force();
      await this.#working;
      await this.#syncing;
    } while (this.#unsyncedBytes > 0 && !(this.#trouble.isThere && !this.#isWorking));
    this.#isClosed = true;
    clearTimeout(this.#gathering);
    clearTimeout(this.#interval);
    this.#files.closeAll();
    this.#syncedAtEnd = this.synced;
    const lost = [...this.#written, ...this.#queue].map(({ entry }) => entry);
    this.#written = [];
    this.#queue = [];
    this.#unsyncedBytes = 0;
    for (const { resolve } of this.#flushed.splice(0)) resolve();
    return lost;
  }

  #force(): void {
    clearTimeout(this.#interval);
    this.#interval = undefined;
    this.#dueBefore = this.#next.batch;
    this.#work();
    // Also while writing waits for a full disk: what is written is to be safe, and its segments are to go some time.
    this.#sync();
  }

  #work(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#isWorking || this.#isClosed) return;
    this.#isWorking = true;
    this.#working = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      for (;;) {
        const [suspect] = this.#suspects;
        if (suspect !== undefined) await this.#abandon(...suspect);
        else if (this.#queue.length > 0) await this.#writeGroup();
        else break;
        if (this.#trouble.isThere && !(await this.#trouble.pause())) return;
      }
    } finally {
      // In the same turn as the look at the queue: what is appended from now on begins anew.
      this.#isWorking = false;
    }
    this.#sync();
  }

  /** Writes what lies side by side in memory and belongs side by side in a file. */
  async #writeGroup(): Promise<void> {
    const { segment, entry: { frame: { block, start } } } = this.#queue[0] as Item;
    let count = 0;
    let end = start;
    for (const item of this.#queue) {
      const { frame, frameLength } = item.entry;
      if (item.segment !== segment || frame.block !== block || frame.start !== end) break;
      if (count > 0 && end + frameLength - start > WRITE_BYTES) break;
      end += frameLength;
      count++;
    }
    try {
      await this.#files.write(segment, block.u8.subarray(start, end));
    } catch (error) {
      return await this.#writeFailed(segment, error);
    }
    const items = this.#queue.splice(0, count);
    this.#queuedBytes -= end - start;
    const isAgain = (this.#written.at(-1)?.entry.batch ?? 0) > (items[0]?.entry.batch ?? 0);
    this.#written.push(...items);
    // What had to be written again comes before what stands in later segments.
    if (isAgain) this.#written.sort((a, b) => a.entry.batch - b.entry.batch);
    this.#trouble.written();
    this.#sync();
  }

  async #writeFailed(segment: Segment, error: unknown): Promise<void> {
    if (!isDiskFull(error)) {
      this.#suspects.set(segment, error);
      return;
    }
    this.#trouble.full(segment.name, error);
    try {
      await this.#files.takeBack(segment);
    } catch (cause) {
      this.#suspects.set(segment, cause);
    }
  }

  /** Begins a sync if one is wanted and none is under way. */
  #sync(): void {
    if (this.#syncing !== undefined || this.#suspects.size > 0 || this.#isClosed) return;
    const [oldest] = this.#written;
    if (oldest === undefined) return;
    const { syncInterval, syncBytes } = this.#options;
    const isDue = oldest.entry.batch < this.#dueBefore || this.#unsyncedBytes >= syncBytes;
    if (syncInterval > 0 && !isDue) return;
    this.#syncing = this.#syncSegment(oldest.segment).finally(() => {
      this.#syncing = undefined;
      if (this.#suspects.size > 0) this.#work();
      else this.#sync();
    });
  }

  async #syncSegment(segment: Segment): Promise<void> {
    try {
      await this.#files.sync(segment);
    } catch (error) {
      this.#suspects.set(segment, error);
      return;
    }
    const synced: Entry[] = [];
    const rest: Item[] = [];
    for (const item of this.#written) {
      if (item.segment !== segment || item.offset >= segment.synced) rest.push(item);
      else {
        item.entry.isSynced = true;
        synced.push(item.entry);
        this.#unsyncedBytes -= item.entry.frameLength;
      }
    }
    this.#written = rest;
    this.#trouble.synced();
    this.#files.closeAllBut((each) => this.#isNeeded(each));
    const before = this.synced.batch;
    this.#flushed = this.#flushed.filter((flush) => {
      if (flush.before <= before) flush.resolve();
      return flush.before > before;
    });
    const { syncInterval } = this.#options;
    clearTimeout(this.#interval);
    this.#interval = this.#unsyncedBytes === 0 || syncInterval === 0
      ? undefined
      : setTimeout(() => this.#force(), syncInterval);
    this.#options.onSynced(synced);
  }

  /** Writes to a new segment what may not have reached the disk. */
  async #abandon(segment: Segment, error: unknown): Promise<void> {
    await this.#syncing;
    this.#trouble.failed(segment.name, error);
    const isEmpty = segment.synced <= SEGMENT_HEADER;
    const moved = this.#takeBack(segment);
    const { segments, now } = this.#options;
    const first = moved[0]?.entry;
    if (first !== undefined) {
      const place = { batch: first.batch, record: first.record };
      const fresh = newSegment(place, isEmpty ? segment.before : place, now());
      for (const item of moved) move(item, fresh);
      fresh.end = segment.end;
      fresh.lastWrite = segment.lastWrite;
      segment.end = fresh.first;
      segments.splice(segments.indexOf(segment) + 1, 0, fresh);
      if (this.#current === segment) this.#current = fresh;
    } else if (this.#current === segment) {
      this.#current = undefined;
    }
    if (isEmpty) segments.splice(segments.indexOf(segment), 1);
    await this.#files.abandon(segment, isEmpty);
    this.#suspects.delete(segment);
  }

  /** Puts what is written to a segment, but not on the disk, back into the queue; answers all of it that is there. */
  #takeBack(segment: Segment): Item[] {
    const again = this.#written.filter((item) => item.segment === segment);
    this.#written = this.#written.filter((item) => item.segment !== segment);
    for (const { entry } of again) this.#queuedBytes += entry.frameLength;
    this.#queue = [...again, ...this.#queue];
    return this.#queue.filter((item) => item.segment === segment);
  }

  #isNeeded(segment: Segment): boolean {
    return segment === this.#current || this.#suspects.has(segment) ||
      this.#written.some((item) => item.segment === segment) ||
      this.#queue.some((item) => item.segment === segment);
  }
}

/** Gives an entry its place at the end of a segment. */
function place(item: Item, segment: Segment): void {
  const { frame, frameLength } = item.entry;
  item.segment = segment;
  item.offset = segment.size;
  sealFrame(frame.block, frame.start, segment.id, segment.size);
  segment.size += frameLength;
}

function move(item: Item, to: Segment): void {
  const { records, bytes, isReleased } = item.entry;
  if (!isReleased) {
    item.segment.pendingRecords -= records;
    item.segment.pendingBytes -= bytes;
    to.pendingRecords += records;
    to.pendingBytes += bytes;
  }
  place(item, to);
}
