import type { Log } from "../../lib/log.ts";
import type { Entry } from "./entry.ts";
import { type FileSystem, isDiskFull } from "./file_system.ts";
import { behind, move, PendingEntries, type WriteGroup } from "./pending_entries.ts";
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
  /** Whether a batch that is released need not reach the disk any more. */
  readonly needsNoReleased: boolean;
  readonly log: Log;
  readonly now: () => number;
  /** These are on the disk now, or need not be: their frames are not used any more. */
  onSafe(entries: readonly Entry[]): void;
}

/**
 * Appends entries to segments and forces them to the disk, many with one write and one sync. One write and one sync
 * are under way at a time, side by side.
 *
 * What is delivered soon is written, but never forced to the disk: nobody would miss it. So as long as the output keeps
 * up, a disk that is slow to sync holds nothing up, and segments are often deleted before they have cost it anything.
 *
 * After a failed write or sync nobody knows what of the file is on the disk, and a second sync would say that all is
 * well. So the segment is cut to what is certain, and what stood behind that is written to a new segment. On a full
 * disk everything waits, and goes on by itself.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #files: SegmentFiles;
  readonly #trouble: Trouble;
  readonly #pending: PendingEntries;
  #next: Place;
  /** Where the log had ended, until there is a segment that tells of it. */
  #end: Place | undefined;
  #current: Segment | undefined;
  #isWorking = false;
  #working: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #inSync: Segment | undefined;
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
    const { files, directory, log, now, next, end, needsNoReleased } = options;
    this.#options = options;
    this.#files = new SegmentFiles(files, directory, log);
    this.#trouble = new Trouble(directory, log, now);
    this.#pending = new PendingEntries(needsNoReleased, (entries) => options.onSafe(entries));
    this.#next = next;
    this.#end = end;
    this.#current = last;
  }

  /** What the next batch will be numbered. */
  get next(): Place {
    return this.#next;
  }

  /** Everything before it is on the disk, or need not be. */
  get synced(): Place {
    if (this.#syncedAtEnd !== undefined) return this.#syncedAtEnd;
    return this.#pending.firstUnsafe(this.#next);
  }

  /** Bytes that stay in memory, since they are to reach the disk and may not be there yet. */
  get heldBytes(): number {
    return this.#pending.heldBytes;
  }

  /** The segment that batches are appended to now. */
  get current(): Segment | undefined {
    return this.#current;
  }

  /** Nothing can be written for the moment: the disk is full, or fails. */
  get isInTrouble(): boolean {
    return this.#trouble.isThere;
  }

  /** Takes the next entry, which has the number `next`. It is answered by `onSafe`, or returned by `close`. */
  append(entry: Entry): void {
    const { now, syncInterval, segments } = this.#options;
    let segment = this.#current;
    if (segment === undefined || this.isFull(segment, entry.frameLength)) {
      const first = { batch: entry.batch, record: entry.record };
      segment = this.#current = newSegment(first, this.#end ?? first, now());
      segments.push(segment);
      this.#files.closeAllBut((each) => this.#isNeeded(each));
    }
    this.#end = undefined;
    this.#pending.append(entry, segment);
    this.#next = behind(entry);
    if (syncInterval > 0) this.#interval ??= setTimeout(() => this.#forceOverdue(), syncInterval);
    if (syncInterval === 0 || this.#pending.queuedBytes >= GATHER_BYTES) this.#work();
    else this.#gathering ??= setTimeout(() => this.#work(), GATHER_TIME);
  }

  /** An entry has been released. */
  released(entry: Entry): void {
    this.#pending.released(entry);
    this.#answerFlushes();
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

  /** Resolves once everything appended so far is on the disk, need not be, or was given up by `close`. */
  flush(): Promise<void> {
    if (this.heldBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushed.push({ before: this.#next.batch, resolve });
      this.#force();
    });
  }

  /** Writes what there is; tries once where that fails. Resolves with the entries that should be on the disk and are not. */
  async close(): Promise<Entry[]> {
    this.#trouble.hurry();
    do {
      this.#force();
      await this.#working;
      await this.#syncing;
    } while (this.heldBytes > 0 && !(this.#trouble.isThere && !this.#isWorking));
    this.#isClosed = true;
    clearTimeout(this.#gathering);
    clearTimeout(this.#interval);
    this.#files.closeAll();
    this.#syncedAtEnd = this.synced;
    const lost = this.#pending.clear();
    for (const { resolve } of this.#flushed.splice(0)) resolve();
    return lost;
  }

  /** Forces all to the disk if something has waited for that long enough; else looks again when it will have. */
  #forceOverdue(): void {
    clearTimeout(this.#interval);
    this.#interval = undefined;
    const { awaitedSince } = this.#pending;
    if (awaitedSince === undefined) return;
    const rest = awaitedSince + this.#options.syncInterval - performance.now();
    if (rest < 1) this.#force();
    else this.#interval = setTimeout(() => this.#forceOverdue(), rest);
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
        else {
          const group = this.#pending.nextGroup(WRITE_BYTES);
          if (group === undefined) break;
          await this.#write(group);
        }
        if (this.#trouble.isThere && !(await this.#trouble.pause())) return;
      }
    } finally {
      // In the same turn as the look at the queue: what is appended from now on begins anew.
      this.#isWorking = false;
    }
    this.#sync();
  }

  async #write(group: WriteGroup): Promise<void> {
    const { segment, frames } = group;
    try {
      await this.#files.write(segment, frames);
    } catch (error) {
      return await this.#writeFailed(segment, error);
    }
    this.#trouble.written();
    this.#pending.wrote(group);
    this.#answerFlushes();
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
    const { syncInterval, syncBytes, segments } = this.#options;
    // Those before it too, though all they hold is delivered: after a power cut there must be no gap in the numbers.
    const segment = segments.find(({ synced, written }) => synced < written);
    const oldest = this.#pending.oldestWritten;
    if (segment === undefined) {
      // All is delivered, so only what comes next can show whether the disk has recovered.
      if (!this.#pending.hasQueued && this.#trouble.hasNothing()) this.#options.onSafe([]);
      return;
    }
    const isDue = oldest !== undefined &&
      (syncInterval === 0 || oldest.batch < this.#dueBefore || this.heldBytes >= syncBytes);
    if (!isDue && !this.#trouble.isFailing) return;
    this.#inSync = segment;
    this.#syncing = this.#syncSegment(segment).finally(() => {
      this.#syncing = undefined;
      this.#inSync = undefined;
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
    this.#trouble.synced();
    this.#pending.synced(segment);
    this.#answerFlushes();
    this.#files.closeAllBut((each) => this.#isNeeded(each));
    if (this.#options.syncInterval > 0) this.#forceOverdue();
  }

  #answerFlushes(): void {
    if (this.#flushed.length === 0) return;
    const before = this.synced.batch;
    this.#flushed = this.#flushed.filter((flush) => {
      if (flush.before <= before) flush.resolve();
      return flush.before > before;
    });
  }

  /** Writes to a new segment what may not have reached the disk. */
  async #abandon(segment: Segment, error: unknown): Promise<void> {
    await this.#syncing;
    this.#trouble.failed(segment.name, error);
    const isEmpty = segment.synced <= SEGMENT_HEADER;
    const moved = this.#pending.takeBack(segment);
    const { segments, now } = this.#options;
    const isCurrent = this.#current === segment;
    let at = segments.indexOf(segment) + 1;
    let end = segment.end = isEmpty ? segment.before : segment.syncedEnd;
    let fresh: Segment | undefined;
    for (const pending of moved) {
      const { batch, record } = pending.entry;
      // What is delivered is not written again, and a hole inside a segment would look like damage.
      if (fresh === undefined || end.batch !== batch) {
        fresh = newSegment({ batch, record }, end, now());
        fresh.lastWrite = segment.lastWrite;
        segments.splice(at++, 0, fresh);
      }
      move(pending, fresh);
      end = fresh.end;
    }
    if (isCurrent) {
      this.#current = end.batch === this.#next.batch ? fresh : undefined;
      this.#end = this.#current === undefined ? end : undefined;
    }
    if (isEmpty) segments.splice(segments.indexOf(segment), 1);
    await this.#files.abandon(segment, isEmpty);
    this.#suspects.delete(segment);
  }

  #isNeeded(segment: Segment): boolean {
    return segment === this.#current || segment === this.#inSync || this.#suspects.has(segment) ||
      this.#pending.has(segment);
  }
}
