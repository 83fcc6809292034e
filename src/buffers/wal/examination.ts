import { Arena } from "./block.ts";
import { CURSOR_FILES, type FoundCursor, readCursor } from "./cursor.ts";
import { type Damage, payloadDamage, recordsText, tailDamage } from "./damage.ts";
import type { FileSystem } from "./file_system.ts";
import { decompress } from "./entry.ts";
import { readPayload, salvage } from "./payload.ts";
import { CHECKED_BLOCK, type FrameHeader, frameLength, type PayloadCheck } from "./record.ts";
import { Released } from "./released.ts";
import {
  decodeSegmentHeader,
  parseSegmentName,
  type Place,
  SEGMENT_HEADER,
  type SegmentHeader,
  VERSION,
} from "./segment.ts";
import { scan, SegmentReader } from "./segment_reader.ts";

/** A segment as it was found. */
export interface ExaminedSegment {
  readonly name: string;
  readonly id: number;
  /** Bytes of the file. */
  readonly size: number;
  /** Undefined: it cannot be used and is to be set aside, or, if it is empty, removed. */
  readonly header: SegmentHeader | undefined;
  first: Place;
  /** Behind its last batch. */
  end: Place;
  batches: number;
  records: number;
  bytes: number;
  /** What is not delivered. */
  pendingRecords: number;
  pendingBytes: number;
  /** Times of the first and last batch, in ms since 1970. */
  firstWrite: number | undefined;
  lastWrite: number | undefined;
  /** Where its last whole frame ends. */
  frameEnd: number;
  /** Everything in it is delivered; its frames were not looked at. */
  isDelivered: boolean;
  /** Why it cannot be used. */
  unusable: "empty" | "torn" | "newer" | undefined;
}

/** What stands in the directory of a log. */
export interface Examination {
  readonly cursor: FoundCursor;
  /** In order; those that cannot be used included. */
  readonly segments: readonly ExaminedSegment[];
  readonly damages: readonly Damage[];
  /** What is delivered, and what cannot be any more. */
  readonly released: Released;
  /** Behind the last batch that was found. */
  readonly end: Place;
  /** What the next batch will be numbered. */
  readonly next: Place;
}

/** How thoroughly to look. */
export interface ExaminationOptions {
  /** Checks all payloads that are not delivered; otherwise those of the last segment only. */
  readonly payloads: boolean;
  /** Also looks into segments that are delivered. */
  readonly delivered?: boolean;
}

const FIRST: Place = { batch: 1, record: 1 };

/** Looks at a log, changing nothing. Throws only when directory or files cannot be read at all. */
export async function examine(
  files: FileSystem,
  directory: string,
  options: ExaminationOptions,
): Promise<Examination> {
  const sizes = new Map((await files.list(directory)).map(({ name, size }) => [name, size]));
  const cursor = await readCursor(files, directory, sizes);
  const damages: Damage[] = cursor.damaged.map((name) => ({
    kind: "other",
    segment: name,
    offset: 0,
    message: `Cannot read the cursor "${directory}/${name}": it is damaged; ` +
      (cursor.cursor === undefined ? "what is in the log is sent again" : "the one saved before it is used"),
    lostRecords: 0,
  }));
  const segments = await findSegments(files, directory, sizes, damages);
  const usable = segments.filter(({ unusable }) => unusable === undefined);
  const released = new Released(cursor.cursor?.mark ?? usable[0]?.first ?? FIRST, cursor.cursor?.released);
  const examiner = new Examiner(files, directory, options, released, damages);
  for (const [index, segment] of usable.entries()) {
    await examiner.look(segment, usable[index + 1], index === usable.length - 1);
  }
  const end = examiner.expected;
  const last = usable.at(-1);
  if (last !== undefined && last.frameEnd < last.size) damages.push(tailDamage(directory, last));
  const { synced, next } = cursor.cursor ?? { synced: end, next: end };
  if (synced.batch > end.batch && released.next(end).batch < synced.batch) {
    damages.push({
      kind: "other",
      segment: last?.name ?? "",
      offset: last?.frameEnd ?? 0,
      message: `Cannot read ${recordsText(end, synced)} in "${directory}": ` +
        `the log ends ${
          last === undefined ? "" : `in "${last.name}" at byte ${last.frameEnd} `
        }before them, ` +
        "although they had been on the disk; skipped them",
      lostRecords: synced.record - end.record,
    });
  }
  return { cursor, segments, damages, released, end, next: next.batch > end.batch ? next : end };
}

async function findSegments(
  files: FileSystem,
  directory: string,
  sizes: ReadonlyMap<string, number>,
  damages: Damage[],
): Promise<ExaminedSegment[]> {
  const segments: ExaminedSegment[] = [];
  for (const [name, size] of sizes) {
    const named = parseSegmentName(name);
    if (named === undefined || CURSOR_FILES.some((cursor) => cursor === name)) continue;
    const header = decodeSegmentHeader(await readStart(files, `${directory}/${name}`, size));
    const unusable = size === 0
      ? "empty"
      : header !== undefined && header.version > VERSION
      ? "newer"
      : size < SEGMENT_HEADER
      ? "torn"
      : undefined;
    if (unusable === undefined && header === undefined) {
      damages.push({
        kind: "other",
        segment: name,
        offset: 0,
        message:
          `Cannot read the header of "${directory}/${name}": it is damaged; going on with what the name says`,
        lostRecords: 0,
      });
    }
    if (unusable === "newer") {
      damages.push({
        kind: "other",
        segment: name,
        offset: 8,
        message: `Cannot read "${directory}/${name}": its format is version ${header?.version}, ` +
          `this program knows ${VERSION}; set it aside, start the newer program to send what is in it`,
        lostRecords: 0,
      });
    }
    const first = { batch: header?.first ?? named.first, record: header?.firstRecord ?? 0 };
    segments.push({
      name,
      id: header?.id ?? named.id,
      size,
      header,
      first,
      end: first,
      batches: 0,
      records: 0,
      bytes: 0,
      pendingRecords: 0,
      pendingBytes: 0,
      firstWrite: undefined,
      lastWrite: undefined,
      frameEnd: Math.min(size, SEGMENT_HEADER),
      isDelivered: false,
      unusable,
    });
  }
  return segments.sort((a, b) =>
    a.first.batch - b.first.batch || (a.header?.created ?? 0) - (b.header?.created ?? 0)
  );
}

async function readStart(files: FileSystem, path: string, size: number): Promise<Uint8Array> {
  const file = await files.open(path);
  using reader = new SegmentReader(file, 0, size, new Arena(0));
  return await reader.bytes(0, Math.min(size, SEGMENT_HEADER));
}

/** Goes through the segments in order. */
class Examiner {
  /** Where the next batch should begin. */
  expected: Place;
  readonly #files: FileSystem;
  readonly #directory: string;
  readonly #options: ExaminationOptions;
  readonly #released: Released;
  readonly #damages: Damage[];
  readonly #arena = new Arena(0);
  /** The damage before the next frame. */
  #broken: { readonly segment: string; readonly offset: number; readonly reason: string } | undefined;

  constructor(
    files: FileSystem,
    directory: string,
    options: ExaminationOptions,
    released: Released,
    damages: Damage[],
  ) {
    this.#files = files;
    this.#directory = directory;
    this.#options = options;
    this.#released = released;
    this.#damages = damages;
    this.expected = released.mark;
  }

  async look(segment: ExaminedSegment, next: ExaminedSegment | undefined, isLast: boolean): Promise<void> {
    if (next !== undefined && next.first.batch <= this.#released.mark.batch) {
      segment.isDelivered = true;
      segment.end = next.first;
      if (this.#options.delivered !== true) return;
    }
    this.#skipUnused(segment);
    // What could not be forced to the disk was written again, to the segment that follows.
    const limit = next !== undefined && await this.#begins(next) ? next.first.batch : Infinity;
    using reader = await this.#open(segment);
    const checked = this.#options.payloads || isLast;
    for await (const found of scan(reader, SEGMENT_HEADER)) {
      if (found.kind === "damage") {
        this.#broken ??= { segment: segment.name, offset: found.offset, reason: found.reason };
        continue;
      }
      const { header, offset } = found;
      if (header.batch >= limit) break;
      this.#count(segment, header, offset);
      if (!checked) continue;
      const { block, start, check } = await reader.payload(offset, header);
      if (check.checksum !== header.checksum) {
        const kept = wholeRecords(block.u8.subarray(start, start + header.length), header, check);
        this.#damages.push(payloadDamage(this.#directory, segment.name, offset, header, check, kept));
      }
      this.#arena.release(block);
    }
    if (segment.isDelivered) this.#broken = undefined;
    // Nothing is missing if what comes next has the right number.
    if (!isLast && next !== undefined && next.first.batch === this.expected.batch) this.#broken = undefined;
  }

  /** Takes account of numbers before a segment that were never on the disk. */
  #skipUnused(segment: ExaminedSegment): void {
    const { first, header } = segment;
    const before = header?.before;
    if (before === undefined || before.batch >= first.batch || this.expected.batch >= first.batch) return;
    if (this.expected.batch < before.batch) this.#gap(segment, before, 0);
    this.#broken = undefined;
    this.#released.add(this.expected.batch, first);
    this.expected = first;
  }

  #count(segment: ExaminedSegment, header: FrameHeader, offset: number): void {
    const { batch, record, records, bytes, time } = header;
    segment.frameEnd = offset + frameLength(header.length);
    segment.batches++;
    segment.records += records;
    segment.bytes += bytes;
    segment.firstWrite ??= time;
    segment.lastWrite = time;
    if (segment.first.record === 0) segment.first = { batch: segment.first.batch, record };
    if (batch > this.expected.batch) this.#gap(segment, { batch, record }, offset);
    this.#broken = undefined;
    const end = { batch: batch + 1, record: record + records };
    if (!segment.isDelivered) segment.end = end;
    if (batch < this.expected.batch) return;
    this.expected = end;
    if (this.#released.has(batch)) return;
    segment.pendingRecords += records;
    segment.pendingBytes += bytes;
  }

  /** Batches are missing before a frame. */
  #gap(segment: ExaminedSegment, end: Place, offset: number): void {
    let from = this.expected;
    // Where the number of the first record is not known, every batch counts as one.
    if (from.record === 0) from = { batch: from.batch, record: end.record - (end.batch - from.batch) };
    const isMissed = this.#released.next(from).batch < end.batch;
    this.#released.add(from.batch, end);
    if (!isMissed) return;
    const { segment: name, offset: at, reason } = this.#broken ??
      { segment: segment.name, offset, reason: "what stood before this place is not there" };
    this.#damages.push({
      kind: "other",
      segment: name,
      offset: at,
      message:
        `Cannot read ${recordsText(from, end)} in "${this.#directory}/${name}" at byte ${at}: ${reason}; ` +
        "skipped what could not be read",
      lostRecords: end.record - from.record,
    });
  }

  async #begins(segment: ExaminedSegment): Promise<boolean> {
    using reader = await this.#open(segment);
    return (await reader.header(SEGMENT_HEADER))?.batch === segment.first.batch;
  }

  async #open({ name, id, size }: ExaminedSegment): Promise<SegmentReader> {
    return new SegmentReader(await this.#files.open(`${this.#directory}/${name}`), id, size, this.#arena);
  }
}

/** The batch of a whole payload; undefined if it cannot be taken apart all the same. */
export function batchOfPayload(payload: Uint8Array<ArrayBuffer>, header: FrameHeader) {
  const plain = decompress(payload, header.compression);
  return plain && readPayload(plain)?.batch;
}

/** How many records of a damaged payload are whole. */
function wholeRecords(payload: Uint8Array<ArrayBuffer>, header: FrameHeader, check: PayloadCheck): number {
  if (header.compression !== "none" || check.damaged.size === 0) return 0;
  return salvage(payload, check.damaged, CHECKED_BLOCK)?.kept.length ?? 0;
}
