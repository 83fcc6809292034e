import type { Arena } from "./block.ts";
import type { Entry } from "./entry.ts";

/** The batches that were written last, in memory, so that a reader that keeps up never reads the disk. */
export class RecentBatches {
  readonly #arena: Arena;
  readonly #limit: number;
  /** In order, with numbers that follow each other; those before `#start` are gone. */
  #entries: (Entry | undefined)[] = [];
  #start = 0;
  #bytes = 0;

  /** `limit`: bytes that are kept of what is on the disk already. */
  constructor(arena: Arena, limit: number) {
    this.#arena = arena;
    this.#limit = limit;
  }

  /** The oldest one. */
  get first(): Entry | undefined {
    return this.#entries[this.#start];
  }

  /** The batch of this number, if it is here. */
  get(batch: number): Entry | undefined {
    const { first } = this;
    return first === undefined || batch < first.batch
      ? undefined
      : this.#entries[this.#start + batch - first.batch];
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.memory;
    this.trim();
  }

  /** Those from a number until before another. */
  between(from: number, end: number): Entry[] {
    const found: Entry[] = [];
    for (let index = this.#start; index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      if (entry !== undefined && entry.batch >= from && entry.batch < end) found.push(entry);
    }
    return found;
  }

  /** Lets go of the oldest ones, as far as nobody needs them or there is no room; what is not safe stays. */
  trim(): void {
    for (let { first } = this; first?.isSafe; first = this.first) {
      if (!first.isReleased && this.#bytes <= this.#limit) break;
      this.#arena.release(first.payload.block);
      this.#bytes -= first.memory;
      this.#entries[this.#start++] = undefined;
    }
    if (this.#start > 256 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }
}
