import type { BufferedBatch } from "../buffers/batch_buffer.ts";
import type { Batching } from "../outputs/output.ts";
import { mergeable, type MergeLimits } from "./merge.ts";

/** How batches are gathered: what goes out as one is within the limits of merging. */
export type LotLimits = Batching & MergeLimits;

/** Batches of one partition that wait to go out together. */
interface Lot {
  readonly key: string;
  readonly batches: BufferedBatch[];
  /** When each of them came, in ms. */
  readonly arrivals: number[];
  bytes: number;
  events: number;
}

/**
 * Batches that wait for others of their partition. What belongs to several partitions comes mixed; each fills up on its
 * own, in the order of its batches.
 */
export class Lots {
  readonly #limits: LotLimits;
  readonly #now: () => number;
  readonly #lots = new Map<string, Lot>();
  /** Those that have enough, in the order in which they got it. */
  readonly #full = new Set<Lot>();
  #filled: PromiseWithResolvers<void> = Promise.withResolvers();

  /** `now`: in milliseconds; only differences count. */
  constructor(limits: LotLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#lots.size === 0;
  }

  add(buffered: BufferedBatch): void {
    const { partition, ids, keys, bytes, ends } = buffered.batch;
    // Only what can be merged shares a lot.
    const key = `${ids === undefined ? "" : "i"}${keys === undefined ? "" : "k"} ${partition}`;
    let lot = this.#lots.get(key);
    if (lot === undefined) {
      lot = { key, batches: [], arrivals: [], bytes: 0, events: 0 };
      this.#lots.set(key, lot);
    }
    lot.batches.push(buffered);
    lot.arrivals.push(this.#now());
    lot.bytes += bytes.length;
    lot.events += ends.length;
    if (!this.#isFull(lot)) return;
    this.#full.add(lot);
    this.#filled.resolve();
    this.#filled = Promise.withResolvers();
  }

  /** Whether waiting would not make the next batch larger. */
  get hasFull(): boolean {
    return this.#full.size > 0;
  }

  /** Resolves when a lot gets full. */
  filled(): Promise<void> {
    return this.#filled.promise;
  }

  /** How long the oldest batch may still wait, in ms. */
  patience(): number {
    let oldest = Infinity;
    for (const { arrivals } of this.#lots.values()) oldest = Math.min(oldest, arrivals[0] ?? Infinity);
    return Math.max(0, oldest + this.#limits.wait - this.#now());
  }

  /** Takes what goes out next: of a full lot, else of the one that has waited too long, else of the largest. */
  take(): BufferedBatch[] {
    const [full] = this.#full;
    const lot = full ?? this.#pick();
    if (lot === undefined) return [];
    const count = mergeable(lot.batches, this.#limits);
    const taken = lot.batches.splice(0, count);
    lot.arrivals.splice(0, count);
    for (const { batch } of taken) {
      lot.bytes -= batch.bytes.length;
      lot.events -= batch.ends.length;
    }
    if (!this.#isFull(lot)) this.#full.delete(lot);
    if (lot.batches.length === 0) this.#lots.delete(lot.key);
    return taken;
  }

  #isFull({ bytes, events }: Lot): boolean {
    return events >= this.#limits.events || bytes >= this.#limits.bytes;
  }

  #pick(): Lot | undefined {
    const due = this.#now() - this.#limits.wait;
    let oldest: Lot | undefined;
    let largest: Lot | undefined;
    for (const lot of this.#lots.values()) {
      if ((lot.arrivals[0] ?? Infinity) < (oldest?.arrivals[0] ?? Infinity)) oldest = lot;
      if (lot.bytes > (largest?.bytes ?? -1)) largest = lot;
    }
    return (oldest?.arrivals[0] ?? Infinity) <= due ? oldest : largest;
  }
}
