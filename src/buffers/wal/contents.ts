import type { EncodedBatch } from "../../batch.ts";
import { Arena } from "./block.ts";
import { batchOfPayload, type Examination, type ExaminedSegment } from "./examination.ts";
import type { FileSystem } from "./file_system.ts";
import { salvage } from "./payload.ts";
import { CHECKED_BLOCK, type FrameHeader } from "./record.ts";
import { SEGMENT_HEADER } from "./segment.ts";
import { scan, SegmentReader } from "./segment_reader.ts";

/** A batch as it stands in a log. */
export interface StoredBatch {
  readonly segment: ExaminedSegment;
  readonly header: FrameHeader;
  /** On memory of its own; only the records that can be read. */
  readonly batch: EncodedBatch;
}

/** All batches of a log that can be read, in order, whether they are delivered or not; nothing is changed. */
export async function* storedBatches(
  files: FileSystem,
  directory: string,
  { segments }: Examination,
): AsyncGenerator<StoredBatch> {
  const arena = new Arena(0);
  let next = 0;
  const usable = segments.filter(({ unusable }) => unusable === undefined);
  for (const segment of usable) {
    const { name, id, size } = segment;
    using reader = new SegmentReader(await files.open(`${directory}/${name}`), id, size, arena);
    for await (const found of scan(reader, SEGMENT_HEADER)) {
      // What had to be written again stands in two segments.
      if (found.kind === "damage" || found.header.batch < next) continue;
      const { header, offset } = found;
      const { block, start, check } = await reader.payload(offset, header);
      const payload = block.u8.slice(start, start + header.length);
      arena.release(block);
      const isWhole = check.checksum === header.checksum;
      const batch = isWhole
        ? batchOfPayload(payload, header)
        : header.compression === "none" && check.damaged.size > 0
        ? salvage(payload, check.damaged, CHECKED_BLOCK)?.batch
        : undefined;
      if (batch === undefined) continue;
      next = header.batch + 1;
      yield { segment, header, batch };
    }
  }
}
