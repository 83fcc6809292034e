import type { EncodedBatch, RawBatch } from "../batch.ts";
import type { Log } from "../lib/log.ts";
import type { SendResult } from "../outputs/output.ts";
import type { Processed } from "../processing/plan.ts";

/** Records of a job, by index, that cannot be processed, each with the reason. */
export type Letters = Processed["deadLetters"];

/** Records that an output gives up, since its destination refuses them or does not take them for too long. */
export interface RefusedRecords {
  readonly output: string;
  readonly batch: EncodedBatch;
  readonly refused: SendResult["rejected"];
  /** How often they were sent. */
  readonly attempts: number;
}

/** Keeps records that cannot be processed or delivered. */
export interface DeadLetters extends AsyncDisposable {
  /** Resolves with how many of them are kept; the others are discarded. Rejects when they could not be written. */
  keep(batch: RawBatch, letters: Letters): Promise<number>;
  /** The same for records that an output gives up. */
  keepRefused(records: RefusedRecords): Promise<number>;
}

/** Without a queue such records are lost, which is said. */
export class NoDeadLetters implements DeadLetters {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  keep({ source }: RawBatch, letters: Letters): Promise<number> {
    const reasons = new Map<string, number>();
    for (const { reason } of letters) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    for (const [reason, records] of reasons) {
      this.#log.error(
        `Cannot process ${records} record(s) of "${source.stream}": ${reason}; discarded, since dead_letter is not enabled`,
        { input: source.input, stream: source.stream, records, reason },
      );
    }
    return Promise.resolve(0);
  }

  keepRefused({ output, refused }: RefusedRecords): Promise<number> {
    const reasons = new Map<string, number>();
    for (const { reason } of refused) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    for (const [reason, records] of reasons) {
      this.#log.error(
        `Cannot deliver ${records} record(s) to output "${output}": ${reason}; discarded, since dead_letter is not enabled`,
        { output, records, reason },
      );
    }
    return Promise.resolve(0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** One dead letter as a line of NDJSON. A record that is no text stands in base64. `time`: ms since 1970. */
export function deadLetterLine(
  { bytes, ends, source, origin }: RawBatch,
  { index, reason }: Letters[number],
  time: number,
): string {
  const start = index === 0 ? 0 : ends[index - 1] ?? 0;
  const record = bytes.subarray(start, ends[index]);
  const offset = origin === undefined ? undefined : origin.offsets?.[index] ?? origin.offset + start;
  return `${
    JSON.stringify({
      time: new Date(time).toISOString(),
      reason,
      input: source.input,
      source: source.stream,
      ...(origin === undefined ? {} : { id: `${origin.id}.${(offset ?? 0).toString(36)}`, offset }),
      ...recordOf(record),
    })
  }\n`;
}

/** The same for a record that an output gives up, as it would have been sent. */
export function refusedLine(
  { output, batch: { bytes, ends, partition }, attempts }: RefusedRecords,
  { index, reason }: SendResult["rejected"][number],
  time: number,
): string {
  const record = bytes.subarray(index === 0 ? 0 : ends[index - 1] ?? 0, ends[index]);
  return `${
    JSON.stringify({
      time: new Date(time).toISOString(),
      reason,
      output,
      attempts,
      ...(partition === "" ? {} : { partition }),
      ...recordOf(record),
    })
  }\n`;
}

function recordOf(record: Uint8Array): { readonly record: string } | { readonly record_base64: string } {
  const end = record.at(-1) === 0x0a ? record.length - 1 : record.length;
  try {
    return {
      record: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(record.subarray(0, end)),
    };
  } catch {
    return { record_base64: record.subarray(0, end).toBase64() };
  }
}
