import type { EncodedBatch } from "../batch.ts";
import { formatDuration } from "../lib/duration.ts";
import { reasonOf } from "../lib/reason.ts";
import { OutputClosedError, RetryLaterError, type SendResult } from "../outputs/output.ts";
import { pick } from "./merge.ts";
import type { ReplayOptions, ReplayTarget } from "./replay_options.ts";
import { Backoff } from "./retry.ts";

/** A record that an output has taken, or refused with a reason. */
export interface SettledRecord {
  /** In the batch as it was given. */
  readonly index: number;
  readonly refused: string | undefined;
}

/** What could not be settled. */
export interface Unsettled {
  /** Indices in the batch as it was given. */
  readonly left: readonly number[];
  readonly cause: unknown;
}

/** A send is not broken off: it would be unknown then what has arrived. Outputs bound it by their timeouts. */
const NEVER = new AbortController().signal;

/** Longer waits are said. */
const NOTABLE_WAIT = 1000;

/**
 * Sends until every record is there or refused, the output has failed too often, or `stop` aborts. `settle` is called
 * after each answer; what it rejects with is thrown on.
 */
export async function sendUntilSettled(
  { output, commit }: ReplayTarget,
  whole: EncodedBatch,
  { retry, stop, sleep, complain }: Pick<ReplayOptions, "retry" | "stop" | "sleep" | "complain">,
  settle: (records: readonly SettledRecord[], attempts: number) => Promise<void>,
): Promise<Unsettled | undefined> {
  const backoff = new Backoff(retry);
  let batch = whole;
  let indices: readonly number[] = whole.ends.keys().toArray();
  const settleAll = async ({ retry: again, rejected }: SendResult, attempts: number) => {
    const left = new Set(again);
    const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]));
    const records = indices.flatMap((index, position): SettledRecord[] =>
      left.has(position) ? [] : [{ index, refused: reasons.get(position) }]
    );
    if (records.length > 0) {
      await commit?.();
      await settle(records, attempts);
    }
    indices = again.flatMap((position) => indices[position] ?? []);
  };
  for (let attempts = 1;; attempts++) {
    const { result, failure } = await attempt();
    if (result !== undefined) {
      await settleAll(result, attempts);
      if (indices.length === 0) return undefined;
      batch = pick(batch, result.retry);
    }
    const cause = failure ?? new Error(`${indices.length} of the records did not arrive`);
    if (!(cause instanceof OutputClosedError) && !stop.aborted && attempts <= retry.limit) {
      const usual = backoff.next();
      const wait = Math.round(cause instanceof RetryLaterError && cause.wait > 0 ? cause.wait : usual);
      if (wait >= NOTABLE_WAIT) complain(`${reasonOf(cause)}; trying again in ${formatDuration(wait)}`);
      if (await sleep(wait, stop)) continue;
    }
    const progress = result === undefined ? output.progressOf?.(batch) : undefined;
    if (progress !== undefined) await settleAll(progress, attempts);
    return indices.length === 0 ? undefined : { left: indices, cause };
  }

  async function attempt(): Promise<{ readonly result?: SendResult; readonly failure?: unknown }> {
    try {
      return { result: await output.send(batch, NEVER) };
    } catch (failure) {
      return { failure };
    }
  }
}
