import type { Outcome } from "../acknowledgement.ts";
import type { RawBatch } from "../batch.ts";
import { CheckpointTracker } from "../checkpoints/checkpoint_tracker.ts";
import type { Lead } from "./lead.ts";
import { coveredUntil } from "./parcels.ts";

/** What is to be known of an output. */
interface Leading {
  readonly buffer: { readonly durable: boolean };
  readonly lead: Lead;
}

/** Is told what becomes of a batch. */
export interface Follower {
  /** What became of a parcel, before the input is told of the batch. */
  wrote(index: number, outcome: Outcome): void;
  /** What the input will be told. */
  follow(outcome: Promise<Outcome>): void;
}

/** Keeps the leads of all outputs: what one has and others lack. */
export class Leads {
  readonly #tracker: CheckpointTracker<number>;

  /** `lines`: those that there are. */
  constructor(lines: () => readonly Leading[]) {
    this.#tracker = new CheckpointTracker({
      advance: (stream, until) => {
        for (const { lead } of lines()) lead.drop(stream, until);
      },
      // Its input goes back, and what it offers from there on is tracked anew.
      failed: (stream) => this.#tracker.forget(stream),
    });
  }

  /** Who follows a batch that is about to be written; undefined where no output can be ahead of another. */
  followerOf<Line extends Leading>(
    lines: readonly Line[],
    raw: RawBatch,
    parcels: readonly { readonly line: Line }[],
  ): Follower | undefined {
    const { origin } = raw;
    // A single one may still be ahead of the saved positions, from when there were others.
    if (origin === undefined || (lines.length === 1 && lines[0]?.lead.isEmpty)) return undefined;
    // Logs remember by themselves what they have.
    const leading = lines.filter(({ buffer }) => !buffer.durable);
    if (leading.length === 0) return undefined;
    return new BatchFollower(origin, coveredUntil(raw) ?? origin.offset, leading, parcels, this.#tracker);
  }
}

class BatchFollower implements Follower {
  /** How many parcels each output lacks. */
  readonly #missing = new Map<Leading, number>();
  #isDone = false;

  constructor(
    private readonly origin: { readonly id: string; readonly offset: number },
    private readonly until: number,
    lines: readonly Leading[],
    private readonly parcels: readonly { readonly line: Leading }[],
    private readonly tracker: CheckpointTracker<number>,
  ) {
    for (const line of lines) this.#missing.set(line, 0);
    for (const { line } of parcels) {
      const missing = this.#missing.get(line);
      if (missing !== undefined) this.#missing.set(line, missing + 1);
    }
    // Those that get nothing of it lack nothing.
    for (const [line, missing] of this.#missing) if (missing === 0) this.#has(line);
  }

  wrote(index: number, outcome: Outcome): void {
    const line = this.parcels[index]?.line;
    const missing = line && this.#missing.get(line);
    if (line === undefined || missing === undefined) return;
    if (outcome === "failed") this.#missing.delete(line);
    else if (missing > 1) this.#missing.set(line, missing - 1);
    // The position does not wait for optional outputs.
    else if (!this.#isDone) this.#has(line);
  }

  follow(outcome: Promise<Outcome>): void {
    outcome.then((outcome) => this.#isDone = outcome !== "failed");
    this.tracker.track(this.origin.id, this.until, { settled: outcome });
  }

  #has({ lead }: Leading): void {
    lead.add(this.origin.id, this.origin.offset, this.until);
  }
}
