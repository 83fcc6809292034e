import { Buffer } from "node:buffer";
import { Arena } from "./block.ts";
import { storedBatches } from "./contents.ts";
import { CURSOR_FILES, encodeCursor } from "./cursor.ts";
import { encodeEntry, type Entry } from "./entry.ts";
import type { Damage } from "./damage.ts";
import { type Examination, examine } from "./examination.ts";
import type { FileSystem } from "./file_system.ts";
import { sealFrame } from "./record.ts";
import { encodeSegmentHeader, newSegment, type Place, segmentName, VERSION } from "./segment.ts";

/** What a repair did. */
export interface Repair {
  readonly damages: readonly Damage[];
  /** Where the files are as they were; undefined if nothing was done. */
  readonly copy: string | undefined;
  /** Records that are in the log now. */
  readonly records: number;
}

/**
 * Writes a log anew that is damaged, with all that can be read, under the same numbers; the files as they were are
 * moved to a directory inside. The caller has the lock.
 */
export async function repair(
  files: FileSystem,
  directory: string,
  segmentBytes: number,
  now: number,
): Promise<Repair> {
  const found = await examine(files, directory, { payloads: true });
  // What a newer program wrote is not ours to change; a start sets it aside.
  const segments = found.segments.filter(({ unusable }) => unusable !== "newer");
  const isSound = found.damages.length === 0 && segments.every(({ unusable }) => unusable === undefined);
  const records = found.segments.reduce((sum, segment) => sum + segment.records, 0);
  if (isSound) return { damages: [], copy: undefined, records };
  const time = new Date(now).toISOString().replaceAll(/[-:.]/g, "");
  const copy = `${directory}/before-repair-${time}`;
  await files.makeDirectory(copy);
  const fresh = await rewrite(files, directory, found, segmentBytes, now);
  await settleCursor(files, directory, found);
  // The new files come first: where both stand, the newer ones count, so a repair that is cut off can be done again.
  for (const name of fresh.names) await files.rename(`${directory}/${name}.new`, `${directory}/${name}`);
  await files.syncDirectory(directory);
  for (const { name } of segments) await files.rename(`${directory}/${name}`, `${copy}/${name}`);
  await files.syncDirectory(copy);
  await files.syncDirectory(directory);
  return { damages: found.damages, copy, records: fresh.records };
}

/** What is missing at the end is told now, and not again at the next start. */
async function settleCursor(files: FileSystem, directory: string, { cursor: { cursor }, end }: Examination) {
  if (cursor === undefined || cursor.synced.batch <= end.batch) return;
  for (const [index, name] of CURSOR_FILES.entries()) {
    const generation = cursor.generation + 1 + index;
    await files.overwrite(`${directory}/${name}`, encodeCursor({ ...cursor, generation, synced: end }));
  }
}

async function rewrite(
  files: FileSystem,
  directory: string,
  found: Examination,
  segmentBytes: number,
  now: number,
): Promise<{ readonly names: string[]; readonly records: number }> {
  const arena = new Arena(0);
  const mark = found.cursor.cursor?.mark ?? found.released.mark;
  const names: string[] = [];
  let records = 0;
  let entries: Entry[] = [];
  let size = 0;
  let expected: Place | undefined;
  const write = async (before: Place) => {
    const [first] = entries;
    if (first === undefined) return;
    const segment = newSegment({ batch: first.batch, record: first.record }, before, now);
    const { id, created } = segment;
    const header = { id, first: first.batch, firstRecord: first.record, before, created, version: VERSION };
    const parts = [encodeSegmentHeader(header)];
    let offset = segment.size;
    for (const { frame: { block, start }, frameLength } of entries) {
      sealFrame(block, start, id, offset);
      parts.push(block.u8.slice(start, start + frameLength));
      offset += frameLength;
    }
    names.push(segmentName({ id, first: first.batch }));
    await files.overwrite(`${directory}/${names.at(-1)}.new`, new Uint8Array(Buffer.concat(parts)));
    entries = [];
    size = 0;
  };
  let before: Place | undefined;
  for await (const { header, batch } of storedBatches(files, directory, found)) {
    const place = { batch: header.batch, record: header.record };
    const entry = encodeEntry(batch, place, header.time, header.compression, arena);
    const isGap = expected !== undefined && expected.batch !== place.batch;
    if (entries.length > 0 && (isGap || size + entry.frameLength > segmentBytes)) {
      await write(before ?? place);
    }
    if (entries.length === 0) before = expected ?? (mark.batch < place.batch ? mark : place);
    entries.push(entry);
    size += entry.frameLength;
    records += batch.ends.length;
    expected = { batch: header.batch + 1, record: header.record + header.records };
  }
  await write(before ?? { batch: 1, record: 1 });
  return { names, records };
}
