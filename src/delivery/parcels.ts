import type { EncodedBatch, RawBatch, RecordIds } from "../batch.ts";
import type { BatchBuffer } from "../buffers/batch_buffer.ts";
import type { Output } from "../outputs/output.ts";
import type { Processed } from "../processing/plan.ts";

/** Which outputs, by name, get the records of an input as they came, and which get what is made of them. */
export interface Way {
  readonly raw: readonly string[];
  readonly processed: readonly string[];
}

/** What is to be known of an output. */
export interface Addressee {
  readonly name: string;
  readonly output: Output;
  readonly buffer: Pick<BatchBuffer, "durable">;
  readonly optional?: boolean;
}

/** A batch for one output. */
export interface Parcel<Line> {
  readonly line: Line;
  readonly batch: EncodedBatch;
  /** Its bytes are in a buffer of their own, made by the processing. */
  readonly isMade: boolean;
}

/** What each output gets of a batch and of what was made of it. */
export function parcelsOf<Line extends Addressee>(
  lines: readonly Line[],
  way: Way,
  raw: RawBatch,
  { batches }: Processed,
): Parcel<Line>[] {
  return lines.flatMap((line) => {
    const parcels: Parcel<Line>[] = way.raw.includes(line.name) ? [rawParcel(line, raw)] : [];
    for (const { output, batch, records } of batches) {
      if (output !== line.name) continue;
      // Where the encoder does not say what records share, it depends on the source and the time alone.
      const partition = batch.partition === ""
        ? line.output.partitionOf(raw.source, raw.receivedAt)
        : batch.partition;
      parcels.push({ line, batch: withIds({ ...batch, partition }, line, raw, records), isMade: true });
    }
    return parcels;
  });
}

/** What each output gets of a batch that nothing is made of. */
export function rawParcelsOf<Line extends Addressee>(lines: readonly Line[], raw: RawBatch): Parcel<Line>[] {
  return lines.map((line) => rawParcel(line, raw));
}

function rawParcel<Line extends Addressee>(line: Line, raw: RawBatch): Parcel<Line> {
  const { source, receivedAt } = raw;
  const partition = line.output.partitionOf(source, receivedAt);
  // The input uses its buffer again once it has its answer, which does not wait for an optional output.
  const bytes = line.optional ? raw.bytes.slice() : raw.bytes;
  const ends = line.optional ? raw.ends.slice() : raw.ends;
  return { line, batch: withIds({ bytes, ends, partition }, line, raw), isMade: false };
}

function withIds(
  batch: EncodedBatch,
  { output, buffer }: Addressee,
  raw: RawBatch,
  records?: Uint32Array,
): EncodedBatch {
  // What goes to a server may become a dead letter, which is known by its id.
  if (!output.takesIds && output.batching === undefined && !buffer.durable) return batch;
  const ids = idsOf(raw, records);
  return ids === undefined ? batch : { ...batch, ids };
}

/** The ids of the records of a batch, or of some of them by index. */
export function idsOf({ origin, ends }: RawBatch, records?: Uint32Array): RecordIds | undefined {
  if (origin === undefined) return undefined;
  const { id, offset, offsets: given } = origin;
  const count = records?.length ?? ends.length;
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const index = records?.[i] ?? i;
    offsets[i] = given?.[index] ?? offset + (index === 0 ? 0 : ends[index - 1] ?? 0);
  }
  return { origins: [{ id, end: count }], offsets };
}
