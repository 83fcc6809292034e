import { type Damage, recordsText } from "../buffers/wal/damage.ts";
import type { Examination } from "../buffers/wal/examination.ts";
import { formatDuration } from "../lib/duration.ts";

/** What stands in a log, in lines. `now`: ms since 1970. */
export function describeLog(
  directory: string,
  { segments, cursor, damages, end, next }: Examination,
  now: number,
): string[] {
  const pending = segments.reduce((sum, { pendingRecords }) => sum + pendingRecords, 0);
  const pendingBytes = segments.reduce((sum, segment) => sum + segment.pendingBytes, 0);
  const size = segments.reduce((sum, segment) => sum + segment.size, 0);
  const oldest = segments.find(({ pendingRecords }) => pendingRecords > 0)?.firstWrite;
  const waiting = oldest === undefined ? "" : `, in a segment begun ${age(oldest, now)} ago`;
  const lines = [directory];
  if (segments.length > 0) {
    lines.push(...table([
      ["SEGMENT", "FIRST RECORD", "RECORDS", "TO DELIVER", "SIZE", "LAST WRITE"],
      ...segments.map(({ name, first, records, pendingRecords, size, lastWrite }) => [
        name,
        String(first.record),
        String(records),
        String(pendingRecords),
        sizeText(size),
        lastWrite === undefined ? "-" : new Date(lastWrite).toISOString().slice(0, 19) + "Z",
      ]),
    ]));
  }
  lines.push(
    `${count(segments.length, "segment")}, ${sizeText(size)}; ` +
      `${count(pending, "record")} (${sizeText(pendingBytes)}) to deliver${waiting}`,
  );
  const saved = cursor.cursor;
  lines.push(
    saved === undefined
      ? "No cursor is saved: everything is sent"
      : `Cursor: delivered before record ${saved.mark.record}, saved ${age(saved.savedAt, now)} ago`,
  );
  const unsynced = end.batch < next.batch ? `; ${recordsText(end, next)} never reached the disk` : "";
  lines.push(`Next: record ${next.record}${unsynced}`);
  if (damages.length > 0) lines.push(`${damageText(damages)}: "wal verify" lists it`);
  return lines;
}

/** What stands in a log, for programs. */
export function logToJson(
  directory: string,
  { segments, cursor: { cursor }, damages, next }: Examination,
): unknown {
  const time = (ms: number | undefined) => ms === undefined ? null : new Date(ms).toISOString();
  return {
    directory,
    segments: segments.map((segment) => ({
      name: segment.name,
      first_batch: segment.first.batch,
      first_record: segment.first.record,
      batches: segment.batches,
      records: segment.records,
      pending_records: segment.pendingRecords,
      pending_bytes: segment.pendingBytes,
      size: segment.size,
      first_write: time(segment.firstWrite),
      last_write: time(segment.lastWrite),
    })),
    cursor: cursor === undefined
      ? null
      : { batch: cursor.mark.batch, record: cursor.mark.record, saved_at: time(cursor.savedAt) },
    next_record: next.record,
    damages: damages.map(({ segment, offset, message, lostRecords }) => ({
      segment,
      offset,
      message,
      lost_records: lostRecords,
    })),
  };
}

/** How much damage that is. */
export function damageText(damages: readonly Damage[]): string {
  if (damages.length === 0) return "no damage";
  const lost = damages.reduce((sum, { lostRecords }) => sum + lostRecords, 0);
  return `${count(damages.length, "damage")}, ${count(lost, "record")} lost`;
}

/** Columns as wide as their widest cell; all but the first and the last to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 || column === columns - 1 ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ").trimEnd()
  );
}

function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)}${units[unit]}`;
}

function age(time: number, now: number): string {
  return formatDuration(Math.max(0, Math.round((now - time) / 1000) * 1000));
}

/** "1 record", "2 records". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
