import type { EncodedBatch, RawBatch } from "../batch.ts";
import type { Output } from "../outputs/output.ts";
import type { Processed } from "../processing/plan.ts";

/** Which outputs, by name, get the records of an input as they came, and which get what is made of them. */
export interface Way {
  readonly raw: readonly string[];
  readonly processed: readonly string[];
}

/** A batch for one output. */
export interface Parcel<Line> {
  readonly line: Line;
  readonly batch: EncodedBatch;
}

/** What each output gets of a batch and of what was made of it. */
export function parcelsOf<Line extends { readonly name: string; readonly output: Output }>(
  lines: readonly Line[],
  { raw }: Way,
  { bytes, ends, source, receivedAt }: RawBatch,
  { batches }: Processed,
): Parcel<Line>[] {
  return lines.flatMap((line) => {
    const made = batches.filter(({ output }) => output === line.name).map(({ batch }) => batch);
    const all = raw.includes(line.name) ? [{ bytes, ends, partition: "" }, ...made] : made;
    // Where the encoder does not say what records share, it depends on the source and the time alone.
    return all.map((batch) => ({
      line,
      batch: batch.partition === ""
        ? { ...batch, partition: line.output.partitionOf(source, receivedAt) }
        : batch,
    }));
  });
}
