import type { Place } from "./segment.ts";

/** Released batches behind the mark: from `first` until before `end`. `record`: where the records of `end` begin. */
export interface ReleasedRange {
  readonly first: number;
  readonly end: number;
  readonly record: number;
}

/** The batches that were released at one moment. */
export interface ReleasedBatches {
  /** All before it are released. */
  readonly mark: Place;
  /** Those behind the mark, in order, apart from each other. */
  readonly ranges: readonly ReleasedRange[];
}

/** Whether all batches from `first` until before `end` are released. */
export function isReleased({ mark, ranges }: ReleasedBatches, first: number, end: number): boolean {
  return end <= mark.batch || ranges.some((range) => range.first <= first && end <= range.end);
}

/**
 * Which batches are released: all before the mark, and some behind it. As many ranges are kept as there are gaps
 * between them, so no more than batches are in flight.
 */
export class Released implements ReleasedBatches {
  #mark: Place;
  /** In order, apart from each other and from the mark. */
  #ranges: ReleasedRange[] = [];

  constructor(mark: Place, ranges: readonly ReleasedRange[] = []) {
    this.#mark = mark;
    for (const { first, end, record } of ranges) this.add(first, { batch: end, record });
  }

  /** The oldest batch that is not released. */
  get mark(): Place {
    return this.#mark;
  }

  get ranges(): readonly ReleasedRange[] {
    return this.#ranges;
  }

  has(batch: number): boolean {
    return batch < this.#mark.batch || this.#ranges.some(({ first, end }) => first <= batch && batch < end);
  }

  /** The first place from `from` on whose batch is not released. */
  next(from: Place): Place {
    let next = from.batch < this.#mark.batch ? this.#mark : from;
    for (const { first, end, record } of this.#ranges) {
      if (first <= next.batch && next.batch < end) next = { batch: end, record };
    }
    return next;
  }

  /** Releases the batches from `first` until before `end`; those that are released already stay so. */
  add(first: number, end: Place): void {
    if (end.batch <= this.#mark.batch || end.batch <= first) return;
    if (first <= this.#mark.batch) {
      this.#mark = end;
      this.#absorb();
      return;
    }
    let range: ReleasedRange = { first, end: end.batch, record: end.record };
    const apart: ReleasedRange[] = [];
    for (const other of this.#ranges) {
      if (other.end < range.first || range.end < other.first) apart.push(other);
      else {
        const last = other.end > range.end ? other : range;
        range = { first: Math.min(other.first, range.first), end: last.end, record: last.record };
      }
    }
    const at = apart.findIndex((other) => other.first > range.first);
    apart.splice(at < 0 ? apart.length : at, 0, range);
    this.#ranges = apart;
  }

  #absorb(): void {
    let range = this.#ranges[0];
    while (range !== undefined && range.first <= this.#mark.batch) {
      if (range.end > this.#mark.batch) this.#mark = { batch: range.end, record: range.record };
      this.#ranges.shift();
      range = this.#ranges[0];
    }
  }
}
