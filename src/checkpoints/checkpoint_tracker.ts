import type { Acknowledgement, Outcome } from "../acknowledgement.ts";

/** Who hears of the marks. Both are called in the turn in which a batch settles. */
export interface CheckpointTrackerOptions<P> {
  /** Every batch up to this position is delivered or discarded. */
  advance(stream: string, position: P): void;
  /** A batch failed: the mark will not pass it, and the input has to rewind. Called once until `forget`. */
  failed(stream: string): void;
}

interface Tracked<P> {
  readonly position: P;
  settled: boolean;
}

interface Stream<P> {
  /** In the order they were read, up to the first failed one; the mark has passed those before `first`. */
  batches: Tracked<P>[];
  first: number;
  unsettled: number;
  failed: boolean;
}

/**
 * Turns acknowledgements, which come in any order, into one mark a stream: it moves only over an unbroken run of
 * settled batches and never over a failed one.
 */
export class CheckpointTracker<P> {
  readonly #options: CheckpointTrackerOptions<P>;
  readonly #streams = new Map<string, Stream<P>>();
  #unsettled = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: CheckpointTrackerOptions<P>) {
    this.#options = options;
  }

  /** Takes the next batch of a stream. `position`: where to go on once this batch and all before it are settled. */
  track(stream: string, position: P, acknowledgement: Acknowledgement): void {
    let state = this.#streams.get(stream);
    if (state === undefined) {
      state = { batches: [], first: 0, unsettled: 0, failed: false };
      this.#streams.set(stream, state);
    }
    const batch: Tracked<P> = { position, settled: false };
    if (!state.failed) state.batches.push(batch);
    state.unsettled++;
    this.#unsettled++;
    const owner = state;
    const settle = (outcome: Outcome) => this.#settle(stream, owner, batch, outcome);
    acknowledgement.settled.then(settle, () => settle("failed"));
  }

  /** Batches that have not settled; of one stream, those since it was last forgotten. */
  pending(stream?: string): number {
    return stream === undefined ? this.#unsettled : this.#streams.get(stream)?.unsettled ?? 0;
  }

  /** Resolves once every batch has settled, also those of forgotten and failed streams. */
  idle(): Promise<void> {
    if (this.#unsettled === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Drops what is known of a stream, whose input goes back to its mark or ends. Batches still out change nothing. */
  forget(stream: string): void {
    this.#streams.delete(stream);
  }

  #settle(stream: string, state: Stream<P>, batch: Tracked<P>, outcome: Outcome): void {
    batch.settled = true;
    state.unsettled--;
    this.#unsettled--;
    try {
      if (this.#streams.get(stream) === state) this.#move(stream, state, batch, outcome);
    } finally {
      if (this.#unsettled === 0) {
        this.#idle?.resolve();
        this.#idle = undefined;
      }
    }
  }

  #move(stream: string, state: Stream<P>, batch: Tracked<P>, outcome: Outcome): void {
    if (outcome === "failed") {
      // What was read before it may still move the mark; what was read after it will be read again.
      const index = state.batches.indexOf(batch, state.first);
      if (index >= 0) state.batches.length = index;
      if (state.failed) return;
      state.failed = true;
      this.#options.failed(stream);
      return;
    }
    let passed: Tracked<P> | undefined;
    for (let next = state.batches[state.first]; next?.settled === true; next = state.batches[++state.first]) {
      passed = next;
    }
    if (state.first === state.batches.length && !state.failed) {
      this.#streams.delete(stream);
    } else if (state.first > 1_000) {
      state.batches = state.batches.slice(state.first);
      state.first = 0;
    }
    if (passed !== undefined) this.#options.advance(stream, passed.position);
  }
}
