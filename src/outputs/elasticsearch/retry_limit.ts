import type { FailedItem } from "./bulk_result.ts";

/** Records that are sent again are few; more than so many are not counted, and so not given up. */
const MOST = 100_000;

/** Gives up records that were refused for the moment too often, across the batches that they were sent in. */
export class RetryLimit {
  readonly #limit: number;
  /** How often a record was sent in vain, by its key. */
  readonly #attempts = new Map<string, number>();

  /** `limit`: how often a record is sent again. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The failures of a request, of which some records have now failed too often. `keys`: what tells all records of the
   * request apart; made only where it is needed.
   */
  apply(failed: readonly FailedItem[], keys: () => readonly string[]): readonly FailedItem[] {
    const counts = this.#attempts;
    if (counts.size === 0 && failed.every(({ verdict }) => verdict === "rejected")) return failed;
    const all = keys();
    const before = all.map((key) => counts.get(key) ?? 0);
    // What is not counted again below has arrived, or is refused for good.
    for (const key of all) counts.delete(key);
    return failed.map((item) => {
      if (item.verdict === "rejected") return item;
      const attempts = (before[item.index] ?? 0) + 1;
      if (attempts > this.#limit) {
        return {
          ...item,
          verdict: "rejected",
          reason: `${item.reason}; given up after ${attempts} attempt(s)`,
        };
      }
      if (counts.size < MOST) counts.set(all[item.index] ?? "", attempts);
      return item;
    });
  }
}
