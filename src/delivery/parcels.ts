import type { EncodedBatch, RawBatch, RecordIds } from "../batch.ts";
import type { BatchBuffer } from "../buffers/batch_buffer.ts";
import type { Output } from "../outputs/output.ts";
import type { Processed } from "../processing/plan.ts";
import { pick } from "./merge.ts";
import type { OffsetRange } from "./offset_ranges.ts";

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
  /** What it, or its log, has of a stream, in ascending order. */
  knownOf?(stream: string): readonly OffsetRange[] | undefined;
}

/** A batch for one output. */
export interface Parcel<Line> {
  readonly line: Line;
  readonly batch: EncodedBatch;
  /** Its bytes are in a buffer of their own, made by the processing. */
  readonly isMade: boolean;
}

/** What the outputs get of a batch. */
export interface Parcels<Line> {
  readonly parcels: readonly Parcel<Line>[];
  /** An output, or its log, has some records already, since they came before and that was not told or saved. */
  readonly hasKnown: boolean;
}

/** What each output gets of a batch and of what was made of it. */
export function parcelsOf<Line extends Addressee>(
  lines: readonly Line[],
  way: Way,
  raw: RawBatch,
  { batches }: Processed,
): Parcels<Line> {
  return gathered(lines, (line) => {
    const parcels: Unaddressed[] = way.raw.includes(line.name) ? [rawParcel(line, raw)] : [];
    for (const { output, batch, records } of batches) {
      if (output !== line.name) continue;
      // Where the encoder does not say what records share, it depends on the source and the time alone.
      const partition = batch.partition === ""
        ? line.output.partitionOf(raw.source, raw.receivedAt)
        : batch.partition;
      parcels.push({ batch: { ...batch, partition }, records, isMade: true });
    }
    return parcels;
  }, raw);
}

/** What each output gets of a batch that nothing is made of. */
export function rawParcelsOf<Line extends Addressee>(lines: readonly Line[], raw: RawBatch): Parcels<Line> {
  return gathered(lines, (line) => [rawParcel(line, raw)], raw);
}

/** A batch that has no ids yet; `records`: which ones of the raw batch it has, all if not told. */
interface Unaddressed {
  readonly batch: EncodedBatch;
  readonly records: Uint32Array | undefined;
  readonly isMade: boolean;
}

function rawParcel(line: Addressee, raw: RawBatch): Unaddressed {
  const { source, receivedAt } = raw;
  const partition = line.output.partitionOf(source, receivedAt);
  // The input uses its buffer again once it has its answer, which does not wait for an optional output.
  const bytes = line.optional ? raw.bytes.slice() : raw.bytes;
  const ends = line.optional ? raw.ends.slice() : raw.ends;
  return { batch: { bytes, ends, partition }, records: undefined, isMade: false };
}

function gathered<Line extends Addressee>(
  lines: readonly Line[],
  batchesFor: (line: Line) => readonly Unaddressed[],
  raw: RawBatch,
): Parcels<Line> {
  let hasKnown = false;
  const parcels = lines.flatMap((line) => {
    const known = knownOf(line, raw);
    const batches = batchesFor(line);
    const addressed = batches.map(({ batch, records, isMade }, index): Parcel<Line> => {
      // Only with the last of them the log has all of the raw batch.
      const ids = idsFor(line, raw, records, index === batches.length - 1);
      return { line, batch: ids === undefined ? batch : { ...batch, ids }, isMade };
    });
    if (known === undefined) return addressed;
    return addressed.flatMap((parcel, index) => {
      const fresh = freshOf(raw, batches[index]?.records, known);
      if (fresh.length === parcel.batch.ends.length) return [parcel];
      hasKnown = true;
      return fresh.length === 0 ? [] : [{ ...parcel, batch: pick(parcel.batch, fresh), isMade: false }];
    });
  });
  return { parcels, hasKnown };
}

/** What a line has of the stream of a batch, as far as it concerns the batch; undefined where it has nothing of it. */
function knownOf(line: Addressee, raw: RawBatch): readonly OffsetRange[] | undefined {
  const { origin, ends } = raw;
  if (origin === undefined) return undefined;
  const known = line.knownOf?.(origin.id);
  if (known === undefined) return undefined;
  const until = endOf(raw, ends.length - 1);
  const concerning = known.filter((range) => range.until > origin.offset && range.from < until);
  return concerning.length > 0 ? concerning : undefined;
}

/** Which records of a batch, by index, are not known as a whole. */
function freshOf(
  raw: RawBatch,
  records: Uint32Array | undefined,
  known: readonly OffsetRange[],
): number[] {
  const fresh: number[] = [];
  const count = records?.length ?? raw.ends.length;
  for (let index = 0; index < count; index++) {
    const record = records?.[index] ?? index;
    const [start, end] = [startOf(raw, record), endOf(raw, record)];
    if (!known.some(({ from, until }) => from <= start && end <= until)) fresh.push(index);
  }
  return fresh;
}

/** Where a record starts in its stream. */
function startOf({ origin, ends }: RawBatch, index: number): number {
  return origin?.offsets?.[index] ?? (origin?.offset ?? 0) + (index === 0 ? 0 : ends[index - 1] ?? 0);
}

/** Where a record ends in its stream; where that does not follow from its length, where the next one begins. */
function endOf({ origin, ends }: RawBatch, index: number): number {
  if (index === ends.length - 1 && origin?.end !== undefined) return origin.end;
  if (origin?.offsets === undefined) return (origin?.offset ?? 0) + (ends[index] ?? 0);
  return origin.offsets[index + 1] ?? Infinity;
}

/** Up to which offset a batch covers its stream. */
export function coveredUntil(raw: RawBatch): number | undefined {
  const last = raw.ends.length - 1;
  const end = endOf(raw, last);
  // Where nothing tells where the last record ends, it may be longer when it comes again.
  return end === Infinity ? raw.origin?.offsets?.[last] : end;
}

function idsFor(
  { output, buffer }: Addressee,
  raw: RawBatch,
  records: Uint32Array | undefined,
  isLast: boolean,
): RecordIds | undefined {
  // What goes to a server may become a dead letter, which is known by its id.
  if (!output.takesIds && output.batching === undefined && !buffer.durable) return undefined;
  return idsOf(raw, records, isLast);
}

/** The ids of the records of a batch, or of some of them by index. `isLast`: nothing more of the batch follows. */
export function idsOf(raw: RawBatch, records?: Uint32Array, isLast = true): RecordIds | undefined {
  const { origin, ends } = raw;
  if (origin === undefined) return undefined;
  const { id } = origin;
  const count = records?.length ?? ends.length;
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) offsets[i] = startOf(raw, records?.[i] ?? i);
  const until = coveredUntil(raw);
  return { origins: [{ id, end: count, ...(isLast && until !== undefined ? { until } : {}) }], offsets };
}
