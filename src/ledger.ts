import type { OutputCounts } from "./delivery/output_line.ts";
import type { Processed } from "./processing/plan.ts";

/** Records of one input by what became of them; `received` equals the sum of the others. */
export interface Counts {
  received: number;
  delivered: number;
  /** Left out on purpose: dropped by a transform, or taken by no output. */
  discarded: number;
  /** Kept as dead letters. */
  deadLettered: number;
  /** Not delivered by this process; their inputs offer them again. */
  failed: number;
  inFlight: number;
}

/** What became of all records, by input and by output, and why some were left out. */
export class Ledger {
  readonly #outputs = new Map<string, () => OutputCounts>();
  readonly #inputs = new Map<string, Counts>();
  readonly #reasons = new Map<string, number>();
  /** Records that no parser took, whatever became of them then. */
  unparsed = 0;

  /** The counts of every input that was ever asked for. */
  get inputs(): ReadonlyMap<string, Readonly<Counts>> {
    return this.#inputs;
  }

  /** The counts of every output that there ever was, as they are now. */
  get outputs(): ReadonlyMap<string, OutputCounts> {
    return new Map(Array.from(this.#outputs, ([name, counts]) => [name, counts()]));
  }

  /**
   * Takes over the counts of an output; those of an earlier one with its name stay in. `takesOver`: it goes on with
   * what that one has left on disk.
   */
  followOutput(name: string, counts: () => OutputCounts, takesOver: boolean): void {
    const before = this.#outputs.get(name)?.();
    if (before === undefined) return void this.#outputs.set(name, counts);
    // What the earlier one still held on disk is received once more.
    const ended = takesOver
      ? { ...before, received: before.received - before.inFlight, inFlight: 0 }
      : before;
    this.#outputs.set(name, () => added(ended, counts()));
  }

  /** Discarded records by reason. */
  get reasons(): ReadonlyMap<string, number> {
    return this.#reasons;
  }

  /** The counts of an input, to be changed by the pipeline. */
  of(input: string): Counts {
    let counts = this.#inputs.get(input);
    if (counts === undefined) {
      counts = { received: 0, delivered: 0, discarded: 0, deadLettered: 0, failed: 0, inFlight: 0 };
      this.#inputs.set(input, counts);
    }
    return counts;
  }

  /**
   * Moves the records of a settled batch that no output was given from `outcome` to where they belong. `kept`: how
   * many of the dead letters are kept.
   */
  leaveOut(
    counts: Counts,
    outcome: "delivered" | "discarded",
    { discarded, deadLetters, unparsed }: Processed,
    kept: number,
  ): void {
    const lost = deadLetters.length - kept;
    const reasons = lost === 0 ? discarded : { ...discarded, no_dead_letter_queue: lost };
    this.unparsed += unparsed;
    counts[outcome] -= kept;
    counts.deadLettered += kept;
    for (const [reason, records] of Object.entries(reasons)) {
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + records);
      counts[outcome] -= records;
      counts.discarded += records;
    }
  }

  /** The sum over all inputs. */
  sum(): Counts {
    const sum = { received: 0, delivered: 0, discarded: 0, deadLettered: 0, failed: 0, inFlight: 0 };
    for (const counts of this.#inputs.values()) {
      for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += counts[key];
    }
    return sum;
  }
}

function added(one: OutputCounts, other: OutputCounts): OutputCounts {
  const sum: Record<string, number> = {};
  for (const key of Object.keys(one) as (keyof OutputCounts)[]) sum[key] = one[key] + other[key];
  return sum as unknown as OutputCounts;
}

/** Lines by what became of them, over all inputs, as the agent logs it. */
export interface Summary {
  readonly lines_received: number;
  readonly lines_delivered: number;
  readonly lines_discarded: number;
  /** Why they were discarded. */
  readonly discarded_by?: Readonly<Record<string, number>>;
  readonly lines_dead_lettered: number;
  /** That no parser took, whatever became of them then. */
  readonly lines_unparsed: number;
  readonly lines_failed: number;
  readonly lines_in_flight: number;
  /** The same by output, in records: what is zero is left out but for `received` and `delivered`. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The sum of a ledger. */
export function summaryOf(ledger: Ledger): Summary {
  const sum = ledger.sum();
  return {
    lines_received: sum.received,
    lines_delivered: sum.delivered,
    lines_discarded: sum.discarded,
    ...(ledger.reasons.size === 0 ? {} : { discarded_by: Object.fromEntries(ledger.reasons) }),
    lines_dead_lettered: sum.deadLettered,
    lines_unparsed: ledger.unparsed,
    lines_failed: sum.failed,
    lines_in_flight: sum.inFlight,
    ...(ledger.outputs.size === 0 ? {} : { outputs: outputsOf(ledger) }),
  };
}

function outputsOf(ledger: Ledger): Record<string, Record<string, number>> {
  const summaries: Record<string, Record<string, number>> = {};
  for (const [name, counts] of ledger.outputs) {
    const { received, delivered, dropped, deadLettered, lost, failed, inFlight } = counts;
    const rest = { dropped, dead_lettered: deadLettered, lost, failed, in_flight: inFlight };
    summaries[name] = {
      received,
      delivered,
      ...Object.fromEntries(Object.entries(rest).filter(([, records]) => records > 0)),
    };
  }
  return summaries;
}
