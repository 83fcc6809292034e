import type { Batch } from "../batch.ts";
import type { Job, Processed, ProcessedBatch } from "../processing/plan.ts";

/** One record of a job as a job of its own, without a copy. */
export function recordOf(job: Job, index: number): Job {
  const { source, receivedAt, origin } = job;
  const begin = job.ends[index - 1] ?? 0;
  const end = job.ends[index] ?? begin;
  const bytes = job.bytes.subarray(begin, end);
  const ends = Uint32Array.of(end - begin);
  const offset = offsetOf(job, index);
  if (origin === undefined || offset === undefined) return { bytes, ends, source, receivedAt };
  return { bytes, ends, source, receivedAt, origin: { id: origin.id, offset } };
}

/** Where a record of a job begins in its stream, in bytes; undefined if nobody knows. */
export function offsetOf({ ends, origin }: Job, index: number): number | undefined {
  return origin === undefined ? undefined : origin.offsets?.[index] ?? origin.offset + (ends[index - 1] ?? 0);
}

/** Batches with the same output and partition. */
interface Group {
  readonly output: string;
  readonly partition: string;
  readonly batches: ProcessedBatch["batch"][];
  /** Index in the job of the record in each of the batches. */
  readonly records: number[];
}

/** Puts together what became of the records of one job that were processed one by one, in their order. */
export class SingleRecordResults {
  readonly #groups = new Map<string, Map<string, Group>>();
  readonly #discarded = new Map<string, number>();
  readonly #deadLetters: { index: number; reason: string }[] = [];
  readonly #warnings = new Set<string>();
  #unparsed = 0;

  /** Adds what became of the record `index`. */
  add(index: number, processed: Processed): void {
    for (const { output, batch } of processed.batches) {
      const { batches, records } = this.#groupOf(output, batch.partition);
      batches.push(batch);
      records.push(index);
    }
    for (const [reason, count] of Object.entries(processed.discarded)) {
      this.#discarded.set(reason, (this.#discarded.get(reason) ?? 0) + count);
    }
    for (const { reason } of processed.deadLetters) this.#deadLetters.push({ index, reason });
    for (const warning of processed.warnings) this.#warnings.add(warning);
    this.#unparsed += processed.unparsed;
  }

  /** Says that the record `index` was given up. */
  giveUp(index: number, reason: string): void {
    this.#deadLetters.push({ index, reason });
  }

  /** As if the job had been processed at once. */
  merge(): Processed {
    const groups = [...this.#groups.values()].flatMap((partitions) => [...partitions.values()]);
    return {
      batches: groups.map(merged),
      discarded: Object.fromEntries(this.#discarded),
      deadLetters: this.#deadLetters,
      unparsed: this.#unparsed,
      warnings: [...this.#warnings],
    };
  }

  #groupOf(output: string, partition: string): Group {
    const partitions = this.#groups.get(output) ?? new Map<string, Group>();
    this.#groups.set(output, partitions);
    const group = partitions.get(partition) ?? { output, partition, batches: [], records: [] };
    partitions.set(partition, group);
    return group;
  }
}

function merged({ output, partition, batches, records }: Group): ProcessedBatch {
  const keys = batches.flatMap(({ keys }) => keys ?? []);
  const batch = { ...joined(batches), partition, ...(keys.length === 0 ? {} : { keys: joined(keys) }) };
  return { output, batch, records: Uint32Array.from(records) };
}

function joined(batches: readonly Batch[]): Batch {
  const bytes = new Uint8Array(batches.reduce((sum, batch) => sum + batch.bytes.length, 0));
  const ends = new Uint32Array(batches.reduce((sum, batch) => sum + batch.ends.length, 0));
  let at = 0;
  let record = 0;
  for (const batch of batches) {
    bytes.set(batch.bytes, at);
    for (const end of batch.ends) ends[record++] = at + end;
    at += batch.bytes.length;
  }
  return { bytes, ends };
}
