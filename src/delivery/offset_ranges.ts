import type { JsonObject, JsonValue } from "../checkpoints/checkpoint_store.ts";

/** Offsets of a stream, from the first record's start to the last one's end. */
export interface OffsetRange {
  readonly from: number;
  readonly until: number;
}

/** How many ranges are remembered; what is in flight makes far fewer, since those that touch become one. */
const MOST = 4096;

/** Ranges of offsets by stream. Their number is bounded: the stream that was added to longest ago makes room. */
export class OffsetRanges {
  /** In ascending order, none touches another. */
  readonly #streams = new Map<string, readonly OffsetRange[]>();
  readonly #most: number;
  #count = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Undefined where there are none. */
  of(stream: string): readonly OffsetRange[] | undefined {
    return this.#streams.get(stream);
  }

  add(stream: string, from: number, until: number): void {
    if (!(from < until)) return;
    const before = this.#streams.get(stream) ?? [];
    const touching = before.filter((range) => range.from <= until && range.until >= from);
    const whole = {
      from: Math.min(from, touching[0]?.from ?? from),
      until: Math.max(until, touching.at(-1)?.until ?? until),
    };
    this.#replace(stream, [
      ...before.filter((range) => range.until < from),
      whole,
      ...before.filter((range) => range.from > until),
    ]);
    for (const oldest of this.#streams.keys()) {
      if (this.#count <= this.#most) break;
      this.#replace(oldest, []);
    }
  }

  /** Forgets what lies before `until`. */
  drop(stream: string, until: number): void {
    const before = this.#streams.get(stream);
    if (before === undefined || (before[0]?.from ?? Infinity) >= until) return;
    const left = before.filter((range) => range.until > until);
    const [first] = left;
    // It does not count as added to.
    this.#replace(
      stream,
      first === undefined || first.from >= until ? left : [
        { from: until, until: first.until },
        ...left.slice(1),
      ],
      false,
    );
  }

  /** By stream, the two ends of each range. */
  toState(): JsonObject {
    return Object.fromEntries(
      Array.from(this.#streams, ([stream, ranges]) => [
        stream,
        ranges.flatMap(({ from, until }) => [from, until]),
      ]),
    );
  }

  /** Takes what was saved in the place of what there is; what makes no sense is left out. */
  restore(state: JsonValue | undefined): void {
    this.#streams.clear();
    this.#count = 0;
    if (typeof state !== "object" || state === null || Array.isArray(state)) return;
    for (const [stream, ends] of Object.entries(state)) {
      if (!Array.isArray(ends)) continue;
      for (let index = 0; index + 1 < ends.length; index += 2) {
        const [from, until] = [ends[index], ends[index + 1]];
        if (typeof from === "number" && typeof until === "number") this.add(stream, from, until);
      }
    }
  }

  #replace(stream: string, ranges: readonly OffsetRange[], isNews = true): void {
    this.#count += ranges.length - (this.#streams.get(stream)?.length ?? 0);
    if (isNews || ranges.length === 0) this.#streams.delete(stream);
    if (ranges.length > 0) this.#streams.set(stream, ranges);
  }
}
