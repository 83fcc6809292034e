import { isReleased, Released } from "./released.ts";
import type { Place, Segment } from "./segment.ts";

/** Records and their bytes. */
export interface Amount {
  readonly records: number;
  readonly bytes: number;
}

/** What stands in the log and is not released, by segment. */
export class Backlog {
  /** In order. The writer adds to them, the compaction takes those away that are delivered. */
  readonly segments: Segment[];
  readonly released: Released;
  #records = 0;
  #bytes = 0;
  /** What a reader has and has not released, by the number of the batch. */
  readonly #taken = new Map<number, Amount>();

  constructor(segments: Segment[] = [], released = new Released({ batch: 1, record: 1 })) {
    this.segments = segments;
    this.released = released;
    for (const { pendingRecords, pendingBytes } of segments) {
      this.#records += pendingRecords;
      this.#bytes += pendingBytes;
    }
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A batch was written; its segment counts it already. */
  add({ records, bytes }: Amount): void {
    this.#records += records;
    this.#bytes += bytes;
  }

  /** A reader has a batch. */
  take(batch: number, amount: Amount): void {
    this.#taken.set(batch, amount);
  }

  /** There is a new reader, which gets again what the one before it has not released. */
  takeBack(): void {
    this.#taken.clear();
  }

  /** Releases a batch; false if it is released already. */
  release(batch: number, end: Place, amount: Amount): boolean {
    if (this.released.has(batch)) return false;
    this.#taken.delete(batch);
    this.#subtract(this.#segmentOf(batch), amount);
    this.released.add(batch, end);
    return true;
  }

  /** A part of a batch cannot be read. */
  shrink(batch: number, lost: Amount): void {
    this.#subtract(this.#segmentOf(batch), lost);
  }

  /** What cannot be read counts as released: there is nothing to wait for. Answers how many records that are. */
  lose(from: Place, end: Place): number {
    const segment = this.#segmentOf(from.batch);
    const records = Math.max(0, end.record - from.record);
    if (segment !== undefined && segment.pendingRecords > 0) {
      // How many bytes they had is not known: as many as the others.
      const counted = Math.min(records, segment.pendingRecords);
      const bytes = Math.round(segment.pendingBytes * counted / segment.pendingRecords);
      this.#subtract(segment, { records: counted, bytes });
    }
    this.released.add(from.batch, end);
    return records;
  }

  /** Gives up what no reader has of the oldest segment that has any of it; undefined: there is nothing. */
  drop(
    from: Place,
  ): { readonly segment: Segment; readonly start: number; readonly records: number } | undefined {
    const next = this.released.next(from);
    const segment = this.segments.find(({ end }) => end.batch > next.batch);
    if (segment === undefined) return undefined;
    const { first, end } = segment;
    let { pendingRecords: records, pendingBytes: bytes } = segment;
    for (const [batch, taken] of this.#taken) {
      if (batch < first.batch || batch >= end.batch) continue;
      records -= taken.records;
      bytes -= taken.bytes;
    }
    this.#subtract(segment, { records, bytes });
    const start = Math.max(next.batch, first.batch);
    this.released.add(start, end);
    return { segment, start, records };
  }

  /** How many segments hold something that is not released. */
  get heldSegments(): number {
    let held = 0;
    for (const { first, end } of this.segments) {
      if (!isReleased(this.released, first.batch, end.batch)) held++;
    }
    return held;
  }

  #segmentOf(batch: number): Segment | undefined {
    return this.segments.find(({ first, end }) => first.batch <= batch && batch < end.batch);
  }

  #subtract(segment: Segment | undefined, { records, bytes }: Amount): void {
    this.#records -= records;
    this.#bytes -= bytes;
    if (segment === undefined) return;
    segment.pendingRecords -= records;
    segment.pendingBytes -= bytes;
  }
}
