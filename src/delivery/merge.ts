import type { EncodedBatch } from "../batch.ts";
import type { BufferedBatch } from "../buffers/batch_buffer.ts";

const LINE_FEED = 10;

/**
 * How many of the batches, from the first on, may go out as one: of one partition and together at most `maxBytes` and
 * `maxEvents`.
 * A batch that does not end in a line feed (a partial line) is the last of its group: outputs that write bytes as
 * they are put the missing one after a batch, not inside it.
 */
export function mergeable(
  batches: readonly BufferedBatch[],
  maxBytes: number,
  maxEvents: number = Infinity,
): number {
  const first = batches[0];
  if (first === undefined) return 0;
  let bytes = first.batch.bytes.length;
  let events = first.batch.ends.length;
  let count = 1;
  let previous = first.batch;
  while (count < batches.length && previous.bytes.at(-1) === LINE_FEED) {
    const next = batches[count]?.batch;
    if (next === undefined || next.partition !== first.batch.partition) break;
    bytes += next.bytes.length;
    events += next.ends.length;
    if (bytes > maxBytes || events > maxEvents) break;
    previous = next;
    count++;
  }
  return count;
}

/** One batch with the records of all, in order. A single batch is returned as it is, without copying. */
export function merge(batches: readonly EncodedBatch[]): EncodedBatch {
  const first = batches[0];
  if (first === undefined) throw new RangeError("Cannot merge batches: there is none; give at least one");
  if (batches.length === 1) return first;
  let size = 0;
  let records = 0;
  for (const batch of batches) {
    size += batch.bytes.length;
    records += batch.ends.length;
  }
  const bytes = new Uint8Array(size);
  const ends = new Uint32Array(records);
  let offset = 0;
  let record = 0;
  for (const batch of batches) {
    bytes.set(batch.bytes, offset);
    for (const end of batch.ends) ends[record++] = offset + end;
    offset += batch.bytes.length;
  }
  return { bytes, ends, partition: first.partition };
}

/** A batch with only these records, in the order given. */
export function pick(batch: EncodedBatch, indices: readonly number[]): EncodedBatch {
  let size = 0;
  for (const index of indices) size += record(batch, index).length;
  const bytes = new Uint8Array(size);
  const ends = new Uint32Array(indices.length);
  let offset = 0;
  for (const [position, index] of indices.entries()) {
    const slice = record(batch, index);
    bytes.set(slice, offset);
    offset += slice.length;
    ends[position] = offset;
  }
  return { bytes, ends, partition: batch.partition };
}

function record(batch: EncodedBatch, index: number): Uint8Array {
  return batch.bytes.subarray(index === 0 ? 0 : batch.ends[index - 1] ?? 0, batch.ends[index] ?? 0);
}

/** The batch in pieces of at most so many records and bytes, in order; a single record may be larger. */
export function pieces(batch: EncodedBatch, maxEvents: number, maxBytes: number): EncodedBatch[] {
  const { bytes, ends, partition } = batch;
  if (ends.length <= maxEvents && bytes.length <= maxBytes) return [batch];
  const result: EncodedBatch[] = [];
  for (let first = 0; first < ends.length;) {
    const start = first === 0 ? 0 : ends[first - 1] ?? 0;
    let next = first + 1;
    while (next < ends.length && next - first < maxEvents && (ends[next] ?? 0) - start <= maxBytes) next++;
    const end = ends[next - 1] ?? bytes.length;
    result.push({
      bytes: bytes.subarray(start, end),
      ends: ends.slice(first, next).map((each) => each - start),
      partition,
    });
    first = next;
  }
  return result;
}
