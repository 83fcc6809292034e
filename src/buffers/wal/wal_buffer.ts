import type { Outcome } from "../../acknowledgement.ts";
import type { EncodedBatch } from "../../batch.ts";
import type { CheckpointParticipant } from "../../checkpoints/checkpoint_store.ts";
import type { Log } from "../../lib/log.ts";
import type { BatchBuffer, BufferedBatch } from "../batch_buffer.ts";
import { Backlog } from "./backlog.ts";
import { Arena } from "./block.ts";
import { Compaction, type CompactionPolicy } from "./compaction.ts";
import { CoveredStreams } from "./covered_streams.ts";
import { CursorKeeper } from "./cursor_keeper.ts";
import { DiskReader } from "./disk_reader.ts";
import { encodeEntry, type Entry } from "./entry.ts";
import { diskFileSystem, type FileSystem } from "./file_system.ts";
import { LogReader } from "./log_reader.ts";
import { LogWriter } from "./log_writer.ts";
import { RecentBatches } from "./recent_batches.ts";
import type { Compression } from "./record.ts";
import { recover } from "./recovery.ts";
import { Room } from "../room.ts";

/** What a write-ahead log is made of. Times in milliseconds. */
export interface WalBufferOptions {
  /** Of this log alone: one for each output. */
  readonly directory: string;
  /** A segment that has reached this size is followed by a new one. */
  readonly segmentBytes: number;
  /** Segments with records that are not delivered; when there are so many, there is no room. */
  readonly maxSegments: number;
  /** Bytes of records, and records, that may wait to be delivered. Unset: as many as the segments hold. */
  readonly maxBytes?: number | undefined;
  readonly maxEvents?: number | undefined;
  /** Records are on the disk, and so acknowledged, after this time at the latest; 0: every write at once. */
  readonly syncInterval: number;
  readonly compression: Compression;
  readonly compaction: CompactionPolicy;
  /** How long delivered segments stay where `compaction` is `time`. */
  readonly retention?: number | undefined;
  /** Memory for batches that are not on the disk yet, or were written a short while ago. */
  readonly memoryBytes?: number | undefined;
  /** How often it is saved how far the log has been delivered. */
  readonly cursorInterval?: number | undefined;
  /** An output whose state is saved with the position, so that nothing is delivered twice to it. */
  readonly participant?: CheckpointParticipant | undefined;
  readonly log: Log;
  /** For tests: milliseconds since 1970. */
  readonly now?: () => number;
  /** For tests. */
  readonly files?: FileSystem;
}

const MEMORY_BYTES = 16 * 1024 * 1024;
const CURSOR_INTERVAL = 1000;
const RETENTION = 3_600_000;
/** What `dropOldest` gives up is whole segments, so with a bound in bytes there must be several. */
const SEGMENTS_IN_BOUND = 8;
const SMALLEST_SEGMENT = 64 * 1024;

/** What a log has done since it was created. */
export interface WalCounters {
  /** Bytes of frames that were appended. */
  writtenBytes: number;
  /** Records that were in the log and could not be read any more. */
  lostRecords: number;
  /** Records that `dropOldest` gave up. */
  droppedRecords: number;
  /** Segments that were deleted. */
  deletedSegments: number;
}

/** What there is while the log is open. */
interface OpenLog {
  readonly lock: Disposable;
  readonly arena: Arena;
  readonly recent: RecentBatches;
  readonly backlog: Backlog;
  readonly covered: CoveredStreams;
  readonly writer: LogWriter;
  readonly reader: LogReader;
  readonly disk: DiskReader;
  readonly compaction: Compaction;
  readonly keeper: CursorKeeper;
}

/**
 * A buffer on the disk: `write` settles once the batch is forced to the disk, or delivered if that comes first. What
 * is not released is there again after a restart, also after a power cut. See docs/wal.md for what is promised.
 *
 * A sender that keeps up gets every batch from memory; one that lags behind reads it from the disk. One reader at a
 * time; a new one begins with the oldest batch that is not released. After it was disposed it can be opened again.
 */
export class WalBuffer implements BatchBuffer {
  readonly durable = true;
  readonly counters: WalCounters = { writtenBytes: 0, lostRecords: 0, droppedRecords: 0, deletedSegments: 0 };
  readonly #options: WalBufferOptions;
  readonly #segmentBytes: number;
  readonly #memoryBytes: number;
  readonly #now: () => number;
  #room = this.#newRoom();
  #open: OpenLog | undefined;
  #isClosed = false;

  constructor(options: WalBufferOptions) {
    const { segmentBytes, maxBytes = Infinity, memoryBytes = MEMORY_BYTES, now = Date.now } = options;
    this.#options = options;
    this.#memoryBytes = memoryBytes;
    this.#segmentBytes = Math.min(segmentBytes, Math.max(maxBytes / SEGMENTS_IN_BOUND, SMALLEST_SEGMENT));
    this.#now = now;
  }

  get events(): number {
    return this.#open?.backlog.records ?? 0;
  }

  get bytes(): number {
    return this.#open?.backlog.bytes ?? 0;
  }

  /** Segments that exist now. */
  get segments(): number {
    return this.#open?.backlog.segments.length ?? 0;
  }

  /** Takes the directory and finds out what is in it. Throws if another process has it, or it cannot be used. */
  async open(): Promise<void> {
    if (this.#open !== undefined) return;
    const { directory, files = diskFileSystem } = this.#options;
    await files.makeDirectory(directory);
    const lock = await files.lock(directory);
    try {
      await this.#recover(files, lock);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
    if (!this.#isClosed) return;
    this.#isClosed = false;
    this.#room = this.#newRoom();
  }

  hasRoom(events: number, bytes: number): boolean {
    return this.#room.has(events, bytes);
  }

  waitForRoom(events: number, bytes: number): Promise<boolean> {
    return this.#room.wait(events, bytes);
  }

  whenFull(stop: AbortSignal): Promise<void> {
    return this.#room.whenFull(stop);
  }

  write(batch: EncodedBatch): Promise<Outcome> {
    const open = this.#open;
    if (this.#isClosed || open === undefined) return Promise.resolve("failed");
    const { writer, recent, backlog, arena, reader, covered } = open;
    const entry = encodeEntry(batch, writer.next, this.#now(), this.#options.compression, arena);
    this.counters.writtenBytes += entry.frameLength;
    backlog.add(entry);
    covered.wrote(entry.batch, batch.ids?.origins ?? []);
    return new Promise((settle) => {
      entry.settle = settle;
      writer.append(entry);
      recent.add(entry);
      reader.wake(false);
    });
  }

  read(stop: AbortSignal): AsyncIterable<BufferedBatch> {
    return {
      [Symbol.asyncIterator]: () => {
        if (this.#open === undefined) throw new Error("Cannot read the write-ahead log: it is not open");
        return this.#open.reader.read(stop);
      },
    };
  }

  /** Resolves once everything that was written is on the disk. */
  async flush(): Promise<void> {
    await this.#open?.writer.flush();
  }

  /** Gives up whole segments, so it may make more room than was asked for. */
  dropOldest(events: number, bytes: number): number {
    const open = this.#open;
    if (open === undefined) return 0;
    const { backlog, writer, reader, recent } = open;
    let dropped = 0;
    // A disk that is full or fails does not get better by giving up records.
    while (!writer.isInTrouble && !this.#fits(events, bytes, 0, 0)) {
      const found = backlog.drop(reader.place);
      if (found === undefined) break;
      const { segment, start, records } = found;
      if (segment === writer.current) writer.roll();
      dropped += records;
      for (const entry of recent.between(start, segment.end.batch)) this.#settle(entry, "discarded");
    }
    this.counters.droppedRecords += dropped;
    if (dropped > 0) {
      recent.trim();
      open.keeper.changed();
    }
    return dropped;
  }

  knownUntil(origin: string): number | undefined {
    return this.#open?.covered.until(origin);
  }

  close(): void {
    this.#isClosed = true;
    this.#room.close();
    this.#open?.reader.wake(true);
  }

  /** Writes and saves what there is. What cannot be written has failed; all that is written is there again later. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const { reader, writer, keeper, compaction, backlog, disk, lock } = open;
    reader.stop();
    for (const entry of await writer.close()) answer(entry, "failed");
    // Where nothing is left to deliver, no file is left either.
    if (backlog.released.mark.batch >= writer.next.batch) writer.roll();
    await keeper.close(() => compaction.isWaiting(backlog.released));
    disk[Symbol.dispose]();
    lock[Symbol.dispose]();
  }

  async #recover(files: FileSystem, lock: Disposable): Promise<void> {
    const {
      directory,
      participant,
      log,
      syncInterval,
      maxSegments,
      cursorInterval: interval = CURSOR_INTERVAL,
    } = this.#options;
    const { compaction: policy, retention = RETENTION } = this.#options;
    const now = this.#now;
    const found = await recover({ files, directory, payloads: participant !== undefined, log });
    participant?.restore(found.cursor.cursor?.state, found.isIntact);
    this.counters.lostRecords += found.lostRecords;
    const { segments } = found;
    const backlog = new Backlog(segments, found.released);
    const arena = new Arena(this.#memoryBytes / 4);
    const recent = new RecentBatches(arena, this.#memoryBytes);
    const writer = new LogWriter({
      files,
      directory,
      segmentBytes: this.#segmentBytes,
      segments,
      end: found.end,
      next: found.next,
      syncInterval,
      syncBytes: this.#memoryBytes / 4,
      needsNoReleased: participant === undefined,
      log,
      now,
      onSafe: (entries) => this.#safe(entries, arena, recent),
    }, found.continuesLast ? segments.at(-1) : undefined);
    const disk = new DiskReader({ files, directory, arena, segments });
    const covered = new CoveredStreams(found.cursor.cursor?.streams ?? []);
    const seen = found.cursor.cursor?.synced ?? segments[0]?.first;
    if (seen !== undefined) await covered.read(disk, arena, seen, found.end);
    const compaction = new Compaction({
      files,
      directory,
      segments,
      policy,
      retention,
      maxSegments,
      writer,
      log,
      now,
    });
    const keeper = new CursorKeeper({
      files,
      directory,
      found: found.cursor,
      interval,
      participant,
      log,
      now,
      position: () => {
        const { mark, ranges } = backlog.released;
        return { mark, released: [...ranges], synced: writer.synced, next: writer.next };
      },
      streams: (before) => covered.safe(before),
      flush: () => writer.flush(),
      wantsMore: () => compaction.isWaiting(backlog.released),
      onSaved: async (saved) => {
        this.counters.deletedSegments += await compaction.run(saved);
        this.#room.serve();
      },
    });
    await keeper.prepare();
    const reader = new LogReader({
      directory,
      backlog,
      recent,
      disk,
      writer,
      arena,
      log,
      onReleased: (entry, outcome) => {
        if (entry !== undefined) this.#settle(entry, outcome);
        recent.trim();
        keeper.changed();
        this.#room.serve();
      },
      onLost: (records) => this.counters.lostRecords += records,
    });
    this.#open = { lock, arena, recent, backlog, covered, writer, reader, disk, compaction, keeper };
    if (backlog.records > 0) {
      const { records, bytes } = backlog;
      log.info(`Found ${records} records in "${directory}" that are still to be delivered`, {
        records,
        bytes,
      });
    }
    if (compaction.isWaiting(backlog.released)) keeper.changed();
  }

  /**
   * Delivered before it is on the disk: that is as good. Not so if the output's state is saved here, since what it has
   * got may be gone after a power cut until then.
   */
  #settle(entry: Entry, outcome: Outcome): void {
    entry.isReleased = true;
    if (this.#options.participant !== undefined) return;
    answer(entry, outcome);
    this.#open?.writer.released(entry);
  }

  #safe(entries: readonly Entry[], arena: Arena, recent: RecentBatches): void {
    for (const entry of entries) {
      arena.release(entry.frame.block);
      answer(entry, "delivered");
    }
    recent.trim();
    this.#open?.keeper.changed();
    this.#room.serve();
  }

  #newRoom(): Room {
    return new Room((...asked) => this.#fits(...asked));
  }

  #fits(events: number, bytes: number, grantedEvents: number, grantedBytes: number): boolean {
    if (this.#open === undefined) return true;
    const { writer, backlog } = this.#open;
    const { maxBytes = Infinity, maxEvents = Infinity, maxSegments } = this.#options;
    const held = writer.heldBytes + grantedBytes;
    if (writer.isInTrouble || (held > 0 && held + bytes > this.#memoryBytes / 2)) return false;
    const isEmpty = backlog.released.mark.batch >= writer.next.batch;
    if (isEmpty && grantedEvents === 0 && grantedBytes === 0) return true;
    if (backlog.records + grantedEvents + events > maxEvents) return false;
    if (backlog.bytes + grantedBytes + bytes > maxBytes) return false;
    const { current } = writer;
    if (current !== undefined && !writer.isFull(current, grantedBytes + bytes)) return true;
    return backlog.heldSegments < maxSegments;
  }
}

function answer(entry: Entry, outcome: Outcome): void {
  const { settle } = entry;
  entry.settle = undefined;
  settle?.(outcome);
}
