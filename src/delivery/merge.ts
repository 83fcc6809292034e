import type { Batch, EncodedBatch, RecordIds } from "../batch.ts";
import type { BufferedBatch } from "../buffers/batch_buffer.ts";

const LINE_FEED = 10;

/** How batches are merged. */
export interface MergeLimits {
  readonly bytes: number;
  readonly events?: number;
  /** Whether records are told apart by `ends` alone. */
  readonly splitsByEnds?: boolean | undefined;
}

/**
 * How many of the batches, from the first on, may go out as one: of one partition, all with ids and keys or all
 * without, and together within the limits.
 * Unless `splitsByEnds`, a batch that does not end in a line feed (a partial line) is the last of its group: outputs
 * that write bytes as they are put the missing one after a batch, not inside it.
 */
export function mergeable(
  batches: readonly BufferedBatch[],
  { bytes: maxBytes, events: maxEvents = Infinity, splitsByEnds = false }: MergeLimits,
): number {
  const first = batches[0]?.batch;
  if (first === undefined) return 0;
  let bytes = first.bytes.length;
  let events = first.ends.length;
  let count = 1;
  let previous = first;
  while (count < batches.length && (splitsByEnds || previous.bytes.at(-1) === LINE_FEED)) {
    const next = batches[count]?.batch;
    if (next === undefined || !isAlike(first, next)) break;
    bytes += next.bytes.length;
    events += next.ends.length;
    if (bytes > maxBytes || events > maxEvents) break;
    previous = next;
    count++;
  }
  return count;
}

function isAlike(a: EncodedBatch, b: EncodedBatch): boolean {
  return a.partition === b.partition && (a.ids === undefined) === (b.ids === undefined) &&
    (a.keys === undefined) === (b.keys === undefined);
}

/**
 * One batch with the records of all, in order, with their ids and keys, which all batches have or none. A single batch
 * is returned as it is, without copying. `take`: where the memory for the records comes from; it may be longer.
 */
export function merge(
  batches: readonly EncodedBatch[],
  take: (length: number) => ArrayBuffer = (length) => new ArrayBuffer(length),
): EncodedBatch {
  const first = batches[0];
  if (first === undefined) throw new RangeError("Cannot merge batches: there is none; give at least one");
  if (batches.length === 1) return first;
  const ids = batches.flatMap((batch) => batch.ids ?? []);
  const keys = batches.flatMap((batch) => batch.keys ?? []);
  return whole(
    joined(batches, take),
    first.partition,
    ids.length === batches.length ? joinedIds(ids) : undefined,
    keys.length === batches.length ? joined(keys, (length) => new ArrayBuffer(length)) : undefined,
  );
}

/** A batch with only these records, in the order given. */
export function pick(batch: EncodedBatch, indices: readonly number[]): EncodedBatch {
  const { partition, ids, keys } = batch;
  return whole(
    picked(batch, indices),
    partition,
    ids && pickedIds(ids, indices),
    keys && picked(keys, indices),
  );
}

/** The batch in pieces of at most so many records and bytes, in order; a single record may be larger. */
export function pieces(batch: EncodedBatch, maxEvents: number, maxBytes: number): EncodedBatch[] {
  const { bytes, ends, partition, ids, keys } = batch;
  if (ends.length <= maxEvents && bytes.length <= maxBytes) return [batch];
  const result: EncodedBatch[] = [];
  for (let first = 0; first < ends.length;) {
    const start = startOf(ends, first);
    let next = first + 1;
    while (next < ends.length && next - first < maxEvents && (ends[next] ?? 0) - start <= maxBytes) next++;
    result.push(
      whole(
        slice(batch, first, next),
        partition,
        ids && slicedIds(ids, first, next),
        keys && slice(keys, first, next),
      ),
    );
    first = next;
  }
  return result;
}

/** An absent part is left out rather than undefined, so that batches look as encoders make them. */
function whole(
  { bytes, ends }: Batch,
  partition: string,
  ids: RecordIds | undefined,
  keys: Batch | undefined,
): EncodedBatch {
  return {
    bytes,
    ends,
    partition,
    ...(ids === undefined ? {} : { ids }),
    ...(keys === undefined ? {} : { keys }),
  };
}

function startOf(ends: Uint32Array, index: number): number {
  return index === 0 ? 0 : ends[index - 1] ?? 0;
}

function joined(batches: readonly Batch[], take: (length: number) => ArrayBuffer): Batch {
  let size = 0;
  let records = 0;
  for (const batch of batches) {
    size += batch.bytes.length;
    records += batch.ends.length;
  }
  const bytes = new Uint8Array(take(size), 0, size);
  const ends = new Uint32Array(records);
  let offset = 0;
  let record = 0;
  for (const batch of batches) {
    bytes.set(batch.bytes, offset);
    for (const end of batch.ends) ends[record++] = offset + end;
    offset += batch.bytes.length;
  }
  return { bytes, ends };
}

function picked({ bytes, ends }: Batch, indices: readonly number[]): Batch {
  let size = 0;
  for (const index of indices) size += (ends[index] ?? 0) - startOf(ends, index);
  const pickedBytes = new Uint8Array(size);
  const pickedEnds = new Uint32Array(indices.length);
  let offset = 0;
  for (const [position, index] of indices.entries()) {
    const record = bytes.subarray(startOf(ends, index), ends[index] ?? 0);
    pickedBytes.set(record, offset);
    offset += record.length;
    pickedEnds[position] = offset;
  }
  return { bytes: pickedBytes, ends: pickedEnds };
}

/** The records from `first` up to, not including, `next`; the bytes are shared. */
function slice({ bytes, ends }: Batch, first: number, next: number): Batch {
  const start = startOf(ends, first);
  const sliced = ends.slice(first, next);
  for (let index = 0; index < sliced.length; index++) sliced[index] = (sliced[index] ?? 0) - start;
  return { bytes: bytes.subarray(start, startOf(ends, next)), ends: sliced };
}

/** Collects runs; those of one origin that follow each other become one. */
class Runs {
  readonly runs: { readonly id: string; end: number }[] = [];

  /** The records up to `end` have this origin. */
  add(id: string, end: number): void {
    const last = this.runs.at(-1);
    if (last?.id === id) last.end = end;
    else this.runs.push({ id, end });
  }
}

function joinedIds(all: readonly RecordIds[]): RecordIds {
  const offsets = new Float64Array(all.reduce((sum, each) => sum + each.offsets.length, 0));
  const runs = new Runs();
  let record = 0;
  for (const ids of all) {
    offsets.set(ids.offsets, record);
    for (const { id, end } of ids.origins) runs.add(id, record + end);
    record += ids.offsets.length;
  }
  return { origins: runs.runs, offsets };
}

function pickedIds({ origins, offsets }: RecordIds, indices: readonly number[]): RecordIds {
  const runs = new Runs();
  const pickedOffsets = new Float64Array(indices.length);
  for (const [position, index] of indices.entries()) {
    pickedOffsets[position] = offsets[index] ?? 0;
    const run = origins.find(({ end }) => index < end);
    if (run !== undefined) runs.add(run.id, position + 1);
  }
  // What was not picked is covered as well: it is known, or dropped on purpose.
  const until = origins.length === 1 ? origins[0]?.until : undefined;
  const covered = until === undefined ? runs.runs : runs.runs.map((run) => ({ ...run, until }));
  return { origins: covered, offsets: pickedOffsets };
}

function slicedIds({ origins, offsets }: RecordIds, first: number, next: number): RecordIds {
  const runs = new Runs();
  for (const { id, end } of origins) {
    if (end <= first) continue;
    runs.add(id, Math.min(end, next) - first);
    if (end >= next) break;
  }
  return { origins: runs.runs, offsets: offsets.slice(first, next) };
}
