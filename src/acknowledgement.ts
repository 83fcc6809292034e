/**
 * What became of a batch.
 * - `delivered`: every output has it, or has it durably.
 * - `discarded`: filtered or shed, as configured.
 * - `failed`: the input must offer it again.
 */
export type Outcome = "delivered" | "discarded" | "failed";

/** The answer to an emitted batch. An object around the promise, since `await` would flatten a bare promise. */
export interface Acknowledgement {
  /** Never rejects. */
  readonly settled: Promise<Outcome>;
}

const GRAVITY: Record<Outcome, number> = { discarded: 0, delivered: 1, failed: 2 };

/** The outcome of a batch that went to several outputs: `failed` outweighs `delivered` outweighs `discarded`. */
export function gravest(outcomes: readonly Outcome[]): Outcome {
  let worst: Outcome = "discarded";
  for (const outcome of outcomes) if (GRAVITY[outcome] > GRAVITY[worst]) worst = outcome;
  return worst;
}

/** An acknowledgement that has settled already. */
export function settledAs(outcome: Outcome): Acknowledgement {
  return { settled: Promise.resolve(outcome) };
}
