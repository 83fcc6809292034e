import type { Entry } from "./entry.ts";
import { sealFrame } from "./record.ts";
import type { Place, Segment } from "./segment.ts";

/** An entry on its way to the disk. */
export interface PendingEntry {
  readonly entry: Entry;
  /** When it was appended, in ms of `performance.now()`. */
  readonly since: number;
  segment: Segment;
  offset: number;
}

/** Entries whose frames lie side by side in memory and belong side by side in a file. */
export interface WriteGroup {
  readonly segment: Segment;
  readonly frames: Uint8Array<ArrayBuffer>;
  readonly count: number;
}

/** The entries that are not on the disk for certain, from being appended until they are safe. */
export class PendingEntries {
  readonly #needsNoReleased: boolean;
  readonly #onSafe: (entries: readonly Entry[]) => void;
  /** Not written, in order. */
  #queue: PendingEntry[] = [];
  #queuedBytes = 0;
  /** Written, in order; the first one is not safe. */
  #written: PendingEntry[] = [];
  #heldBytes = 0;

  /**
   * `needsNoReleased`: an entry that is written and released is safe without being forced to the disk. `onSafe`: nobody
   * reads from the frames of these any more.
   */
  constructor(needsNoReleased: boolean, onSafe: (entries: readonly Entry[]) => void) {
    this.#needsNoReleased = needsNoReleased;
    this.#onSafe = onSafe;
  }

  /** Bytes of frames that are not written. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Bytes of frames that stay in memory. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether there is something to write. */
  get hasQueued(): boolean {
    return this.#queue.length > 0;
  }

  /** The oldest entry that is written and not safe. */
  get oldestWritten(): Entry | undefined {
    return this.#written[0]?.entry;
  }

  /** When the oldest entry was appended that somebody waits for; undefined if there is none. */
  get awaitedSince(): number | undefined {
    const isAwaited = ({ entry }: PendingEntry) =>
      !entry.isSafe && !(this.#needsNoReleased && entry.isReleased);
    return (this.#written.find(isAwaited) ?? this.#queue.find(isAwaited))?.since;
  }

  /** The first place that is not safe; `end` if there is none. */
  firstUnsafe(end: Place): Place {
    const written = this.#written[0]?.entry ?? end;
    const queued = this.#queue[0]?.entry ?? end;
    // What had to be written again may stand in the queue before what is written already.
    const { batch, record } = queued.batch < written.batch ? queued : written;
    return { batch, record };
  }

  /** Gives an entry its place at the end of a segment. */
  append(entry: Entry, segment: Segment): void {
    const pending = { entry, since: performance.now(), segment, offset: 0 };
    place(pending, segment);
    segment.pendingRecords += entry.records;
    segment.pendingBytes += entry.bytes;
    segment.lastWrite = entry.time;
    this.#queue.push(pending);
    this.#queuedBytes += entry.frameLength;
    this.#heldBytes += entry.frameLength;
  }

  /** What to write next, of about `limit` bytes at most; undefined if there is nothing. */
  nextGroup(limit: number): WriteGroup | undefined {
    const [first] = this.#queue;
    if (first === undefined) return undefined;
    const { segment, entry: { frame: { block, start } } } = first;
    let count = 0;
    let end = start;
    for (const pending of this.#queue) {
      const { frame, frameLength } = pending.entry;
      if (pending.segment !== segment || frame.block !== block || frame.start !== end) break;
      if (count > 0 && end + frameLength - start > limit) break;
      end += frameLength;
      count++;
    }
    return { segment, frames: block.u8.subarray(start, end), count };
  }

  /** A group stands in its file. */
  wrote({ segment, frames, count }: WriteGroup): void {
    const group = this.#queue.splice(0, count);
    this.#queuedBytes -= frames.length;
    const isAgain = (this.#written.at(-1)?.entry.batch ?? 0) > (group[0]?.entry.batch ?? 0);
    this.#written.push(...group);
    // What had to be written again comes before what stands in later segments.
    if (isAgain) this.#written.sort((a, b) => a.entry.batch - b.entry.batch);
    for (const { entry } of group) {
      entry.isWritten = true;
      segment.writtenEnd = behind(entry);
    }
    if (!this.#needsNoReleased) return;
    this.#letGo(group.map(({ entry }) => entry).filter(({ isReleased }) => isReleased));
  }

  /** An entry was released. */
  released(entry: Entry): void {
    // What is being written is needed until that is over.
    if (this.#needsNoReleased && entry.isWritten && !entry.isSafe) this.#letGo([entry]);
  }

  /** A segment is on the disk up to `synced`. */
  synced(segment: Segment): void {
    const onDisk = this.#written.filter((pending) =>
      pending.segment === segment && pending.offset < segment.synced && !pending.entry.isSafe
    );
    this.#letGo(onDisk.map(({ entry }) => entry));
  }

  /** All of a segment that must be written again, in order: it is back in the queue. */
  takeBack(segment: Segment): PendingEntry[] {
    const again = this.#written.filter((pending) => pending.segment === segment && !pending.entry.isSafe);
    this.#written = this.#written.filter((pending) => pending.segment !== segment);
    for (const { entry } of again) {
      entry.isWritten = false;
      this.#queuedBytes += entry.frameLength;
    }
    this.#queue = [...again, ...this.#queue];
    this.#prune();
    return this.#queue.filter((pending) => pending.segment === segment);
  }

  /** Whether something of a segment is to be written, or forced to the disk. */
  has(segment: Segment): boolean {
    return this.#written.some((pending) => pending.segment === segment && !pending.entry.isSafe) ||
      this.#queue.some((pending) => pending.segment === segment);
  }

  /** Gives up all that there is, and answers it. */
  clear(): Entry[] {
    const given = [...this.#written, ...this.#queue].map(({ entry }) => entry);
    this.#written = [];
    this.#queue = [];
    this.#queuedBytes = this.#heldBytes = 0;
    return given.filter(({ isSafe }) => !isSafe);
  }

  #letGo(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) {
      entry.isSafe = true;
      this.#heldBytes -= entry.frameLength;
    }
    this.#prune();
    this.#onSafe(entries);
  }

  #prune(): void {
    const count = this.#written.findIndex(({ entry }) => !entry.isSafe);
    this.#written.splice(0, count === -1 ? this.#written.length : count);
  }
}

/** The place behind an entry. */
export function behind({ batch, record, records }: Entry): Place {
  return { batch: batch + 1, record: record + records };
}

/** Gives an entry a place in another segment, which has not been written to. */
export function move(pending: PendingEntry, to: Segment): void {
  const { records, bytes, isReleased } = pending.entry;
  if (!isReleased) {
    pending.segment.pendingRecords -= records;
    pending.segment.pendingBytes -= bytes;
    to.pendingRecords += records;
    to.pendingBytes += bytes;
  }
  place(pending, to);
}

function place(pending: PendingEntry, segment: Segment): void {
  const { frame, frameLength } = pending.entry;
  pending.segment = segment;
  pending.offset = segment.size;
  sealFrame(frame.block, frame.start, segment.id, segment.size);
  segment.size += frameLength;
  segment.end = behind(pending.entry);
}
