import type { EncodedBatch } from "../../batch.ts";
import type { Arena, Block } from "./block.ts";
import { type Damage, payloadDamage } from "./damage.ts";
import { batchOfPayload } from "./examination.ts";
import { reasonOf } from "../../lib/reason.ts";
import type { FileSystem } from "./file_system.ts";
import { salvage } from "./payload.ts";
import { CHECKED_BLOCK, type FrameHeader, frameLength, type PayloadCheck } from "./record.ts";
import { type Place, type Segment, SEGMENT_HEADER } from "./segment.ts";
import { damageAt, SegmentReader } from "./segment_reader.ts";

/** A batch that was read, or what cannot be read where one should be. */
export type FromDisk = BatchFromDisk | Missing;

export interface BatchFromDisk {
  readonly kind: "batch";
  readonly batch: EncodedBatch;
  /** Tells of the batch as it was written. */
  readonly header: FrameHeader;
  /** The memory it lies in, with one use more; undefined if it has its own. */
  readonly block: Block | undefined;
  /** Only a part of its records could be read. */
  readonly damage?: Damage;
}

export interface Missing {
  readonly kind: "missing";
  /** Where reading goes on. */
  readonly end: Place;
  /** What is known of a payload that cannot be read. */
  readonly damage?: Damage;
  readonly segment: string;
  readonly offset: number;
  readonly reason: string;
}

/** What the reader is made of. */
export interface DiskReaderOptions {
  readonly files: FileSystem;
  readonly directory: string;
  readonly arena: Arena;
  /** In order; the writer and the deletion of segments change it. */
  readonly segments: readonly Segment[];
}

/** A segment that is read. */
interface OpenSegment {
  readonly segment: Segment;
  readonly reader: SegmentReader;
  offset: number;
  /** All batches before `offset` have smaller numbers than this one. */
  before: number;
}

/** Reads batches one after the other from the segments. Not for concurrent use. */
export class DiskReader implements Disposable {
  readonly #options: DiskReaderOptions;
  #open: OpenSegment | undefined;

  constructor(options: DiskReaderOptions) {
    this.#options = options;
  }

  /**
   * The batch at `place`, which stands before `limit` and so in a file. Whatever is wrong with the files, it answers,
   * with what stands before `limit`.
   */
  async next(place: Place, limit: Place): Promise<FromDisk> {
    const found = await this.#find(place, limit);
    return found.kind === "batch" || found.end.batch <= limit.batch ? found : { ...found, end: limit };
  }

  /** Closes the file that is open. */
  [Symbol.dispose](): void {
    this.#open?.reader[Symbol.dispose]();
    this.#open = undefined;
  }

  async #find(place: Place, limit: Place): Promise<FromDisk> {
    const segment = this.#options.segments.find(({ end }) => end.batch > place.batch);
    if (segment === undefined || segment.first.batch > place.batch) {
      const reason = "the file that they were in is gone";
      return {
        kind: "missing",
        end: segment?.first ?? limit,
        segment: segment?.name ?? "",
        offset: 0,
        reason,
      };
    }
    try {
      return await this.#read(segment, place);
    } catch (error) {
      this[Symbol.dispose]();
      return { kind: "missing", end: segment.end, segment: segment.name, offset: 0, reason: reasonOf(error) };
    }
  }

  async #read(segment: Segment, place: Place): Promise<FromDisk> {
    const open = await this.#opened(segment, place);
    const { reader } = open;
    reader.size = segment.written;
    let damage: { readonly offset: number; readonly reason: string } | undefined;
    const missing = (end: Place): Missing => {
      const { offset, reason } = damage ??
        { offset: open.offset, reason: "what stood before it is not there" };
      return { kind: "missing", end, segment: segment.name, offset, reason };
    };
    for (;;) {
      const { offset } = open;
      const header = await reader.header(offset);
      if (header === undefined) {
        damage ??= { offset, reason: await damageAt(reader, offset) };
        const found = await reader.search(offset + 1);
        if (found === undefined) return missing(segment.end);
        open.offset = found;
      } else if (header.batch > place.batch) {
        return missing(header.batch < segment.end.batch ? header : segment.end);
      } else {
        open.offset += frameLength(header.length);
        open.before = header.batch + 1;
        if (header.batch === place.batch) return await this.#batch(segment, offset, header, reader);
      }
    }
  }

  async #opened(segment: Segment, place: Place): Promise<OpenSegment> {
    if (this.#open?.segment === segment && this.#open.before <= place.batch) return this.#open;
    this[Symbol.dispose]();
    const { files, directory, arena } = this.#options;
    const file = await files.open(`${directory}/${segment.name}`);
    const reader = new SegmentReader(file, segment.id, segment.written, arena);
    return this.#open = { segment, reader, offset: SEGMENT_HEADER, before: 0 };
  }

  async #batch(
    segment: Segment,
    offset: number,
    header: FrameHeader,
    reader: SegmentReader,
  ): Promise<FromDisk> {
    const { arena, directory } = this.#options;
    const { block, start, check } = await reader.payload(offset, header);
    const payload = block.u8.subarray(start, start + header.length);
    const isWhole = check.checksum === header.checksum;
    const batch = isWhole ? batchOfPayload(payload, header) : undefined;
    if (batch !== undefined) return { kind: "batch", batch, header, block };
    const part = isWhole ? undefined : partOf(payload, header, check);
    arena.release(block);
    const damage = payloadDamage(directory, segment.name, offset, header, check, part?.ends.length ?? 0);
    if (part !== undefined) return { kind: "batch", batch: part, header, block: undefined, damage };
    const end = { batch: header.batch + 1, record: header.record + header.records };
    return { kind: "missing", end, damage, segment: segment.name, offset, reason: damage.message };
  }
}

/** The records of a damaged payload that are whole, if there are any. */
function partOf(
  payload: Uint8Array<ArrayBuffer>,
  header: FrameHeader,
  { damaged }: PayloadCheck,
): EncodedBatch | undefined {
  if (header.compression !== "none" || damaged.size === 0) return undefined;
  const saved = salvage(payload, damaged, CHECKED_BLOCK);
  return saved === undefined || saved.kept.length === 0 ? undefined : saved.batch;
}
