import type { FrameHeader, PayloadCheck } from "./record.ts";
import type { Place } from "./segment.ts";

/** Something that is not as it was written. */
export interface Damage {
  /**
   * `payload`: of a frame whose header is whole, so that a reader comes upon it, and tells of it, again. `tail`: the
   * last write was cut short, which costs nothing that was acknowledged.
   */
  readonly kind: "payload" | "tail" | "other";
  readonly segment: string;
  readonly offset: number;
  /** A whole sentence, as it is logged. */
  readonly message: string;
  /** Records that are gone; 0 if the damage costs nothing. */
  readonly lostRecords: number;
}

/** "record 5", or "records 5 to 9": from the first place until before the second. */
export function recordsText(from: Place, end: Place): string {
  const last = end.record - 1;
  if (last < from.record) return `batch ${from.batch}`;
  return from.record === last ? `record ${last}` : `records ${from.record} to ${last}`;
}

/** How a damaged place is described. */
export function checksumReason(found: number, expected: number): string {
  return `checksum is ${hex(found)}, expected ${hex(expected)}`;
}

/** Describes a payload that is not as it was written, of which `kept` records are whole. */
export function payloadDamage(
  directory: string,
  segment: string,
  offset: number,
  header: FrameHeader,
  check: PayloadCheck,
  kept: number,
): Damage {
  const { batch, record, records } = header;
  const lost = records - kept;
  const all = recordsText({ batch, record }, { batch: batch + 1, record: record + records });
  const what = kept === 0 ? all : `${lost} of ${all}`;
  return {
    kind: "payload",
    segment,
    offset,
    message: `Cannot read ${what} in "${directory}/${segment}" at byte ${offset}: ` +
      `${checksumReason(check.checksum, header.checksum)}; skipped ${lost === 1 ? "it" : "them"}`,
    lostRecords: lost,
  };
}

/** Describes bytes behind the last whole frame of a log. */
export function tailDamage(
  directory: string,
  { name, frameEnd, size }: { readonly name: string; readonly frameEnd: number; readonly size: number },
): Damage {
  return {
    kind: "tail",
    segment: name,
    offset: frameEnd,
    message: `Cannot read the last ${size - frameEnd} bytes of "${directory}/${name}" at byte ${frameEnd}: ` +
      "they are no whole record; a start cuts them off and keeps them in a file",
    lostRecords: 0,
  };
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
