import type { EncodedBatch, RawBatch } from "../batch.ts";
import type { Log } from "../lib/log.ts";
import type { SendResult } from "../outputs/output.ts";
import type { Processed } from "../processing/plan.ts";
import { LossNotices } from "./loss_notices.ts";

/** Records of a job, by index, that cannot be processed, each with the reason. */
export type Letters = Processed["deadLetters"];

/** Records that an output gives up, since its destination refuses them or does not take them for too long. */
export interface RefusedRecords {
  readonly output: string;
  readonly batch: EncodedBatch;
  readonly refused: SendResult["rejected"];
  /** How often each of them was sent. */
  readonly attempts: number;
}

/** Keeps records that cannot be processed or delivered. */
export interface DeadLetters extends AsyncDisposable {
  /**
   * Resolves with how many of them are kept; the others are discarded. While they cannot be written it rejects, or with
   * `stop` waits until they can be, and rejects only once that aborts.
   */
  keep(batch: RawBatch, letters: Letters, stop?: AbortSignal): Promise<number>;
  /** The same for records that an output gives up. */
  keepRefused(records: RefusedRecords, stop?: AbortSignal): Promise<number>;
}

/** How many records there are of each reason. */
export function countReasons(letters: readonly { readonly reason: string }[]): Map<string, number> {
  const reasons = new Map<string, number>();
  for (const { reason } of letters) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return reasons;
}

/** Without a queue such records are lost, which is said. */
export class NoDeadLetters implements DeadLetters {
  readonly #log: Log;
  readonly #notices: LossNotices;

  /** `now`: for tests, in milliseconds. */
  constructor(log: Log, now?: () => number) {
    this.#log = log;
    this.#notices = new LossNotices(now);
  }

  keep({ source: { input, stream } }: RawBatch, letters: Letters): Promise<number> {
    for (const [reason, count] of countReasons(letters)) {
      this.#notices.add(`input ${input}`, reason, count, (records) =>
        this.#log.error(
          `Cannot process ${records} record(s) of "${stream}": ${reason}; discarded, since dead_letter is not enabled`,
          { input, stream, records, reason },
        ));
    }
    return Promise.resolve(0);
  }

  keepRefused({ output, refused }: RefusedRecords): Promise<number> {
    for (const [reason, count] of countReasons(refused)) {
      this.#notices.add(`output ${output}`, reason, count, (records) =>
        this.#log.error(
          `Cannot deliver ${records} record(s) to output "${output}": ${reason}; discarded, since dead_letter is not enabled`,
          { output, records, reason },
        ));
    }
    return Promise.resolve(0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#notices[Symbol.dispose]();
    return Promise.resolve();
  }
}
