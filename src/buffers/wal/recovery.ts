import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import type { FoundCursor } from "./cursor.ts";
import type { Damage } from "./damage.ts";
import { examine, type ExaminedSegment } from "./examination.ts";
import type { FileSystem } from "./file_system.ts";
import type { Released } from "./released.ts";
import type { Place, Segment } from "./segment.ts";

/** Torn ends that are kept for those who want to know; older ones are removed. */
const TORN_KEPT = 4;
/** More of a torn end is not kept: a power cut may leave a long stretch of zeros. */
const TORN_BYTES = 16 * 1024 * 1024;
const TORN_NAME = /\.torn$/;

/** What a log can go on with. */
export interface Recovered {
  readonly cursor: FoundCursor;
  readonly segments: Segment[];
  readonly released: Released;
  /** Where the log ends. */
  readonly end: Place;
  /** What the next batch is numbered. */
  readonly next: Place;
  /** Records that were in the log and cannot be read any more. */
  readonly lostRecords: number;
  /** Nothing that was to be delivered is damaged or missing. */
  readonly isIntact: boolean;
  /** The last segment can be appended to. */
  readonly continuesLast: boolean;
}

/** What recovery is given. */
export interface RecoveryOptions {
  readonly files: FileSystem;
  readonly directory: string;
  /** Checks all payloads that are not delivered, so that `isIntact` can be relied on. */
  readonly payloads: boolean;
  readonly log: Log;
}

/**
 * Brings the directory of a log into a state to go on with, whatever it holds: cuts off torn ends, removes empty
 * files, sets aside what it does not understand, and says what is lost. Throws only when files cannot be read at all.
 */
export async function recover({ files, directory, payloads, log }: RecoveryOptions): Promise<Recovered> {
  const found = await examine(files, directory, { payloads });
  // Of a damaged payload the reader tells when it gets there, of a torn end the cut.
  const damages = found.damages.filter(({ kind }) => kind === "other");
  for (const damage of damages) tell(damage, log);
  const segments: Segment[] = [];
  let continuesLast = false;
  const usable = found.segments.filter(({ unusable }) => unusable === undefined);
  for (const segment of found.segments) {
    if (segment.unusable !== undefined) {
      await setAside(files, directory, segment, log);
      continue;
    }
    let { size } = segment;
    if (segment === usable.at(-1)) {
      continuesLast = true;
      if (segment.frameEnd < size) {
        if (await cut(files, directory, segment, log)) size = segment.frameEnd;
        else continuesLast = false;
      }
      // The numbers go on behind what was delivered; a hole inside a segment would look like damage.
      if (segment.end.batch !== found.next.batch) continuesLast = false;
    }
    segments.push({
      name: segment.name,
      id: segment.id,
      first: segment.first,
      before: segment.header?.before ?? segment.first,
      end: segment.end,
      created: segment.header?.created ?? segment.firstWrite ?? 0,
      lastWrite: segment.lastWrite ?? segment.header?.created ?? 0,
      size,
      written: size,
      writtenEnd: segment.end,
      synced: size,
      syncedEnd: segment.end,
      pendingRecords: segment.pendingRecords,
      pendingBytes: segment.pendingBytes,
    });
  }
  await forceAll(files, directory, segments, log);
  // What had not reached the disk was never acknowledged, unless it was delivered.
  found.released.add(found.end.batch, found.next);
  return {
    cursor: found.cursor,
    segments,
    released: found.released,
    end: found.end,
    next: found.next,
    lostRecords: damages.reduce((sum, { lostRecords }) => sum + lostRecords, 0),
    isIntact: found.damages.every(({ lostRecords }) => lostRecords === 0),
    continuesLast,
  };
}

/**
 * Forces to the disk what is to be delivered. A process that was killed may not have done so, and what its inputs offer
 * again is acknowledged because it is here.
 */
async function forceAll(
  files: FileSystem,
  directory: string,
  segments: readonly Segment[],
  log: Log,
): Promise<void> {
  const held = segments.filter(({ pendingRecords }) => pendingRecords > 0);
  for (const { name } of held) {
    try {
      const file = await files.append(`${directory}/${name}`);
      try {
        await file.sync();
      } finally {
        file.close();
      }
    } catch (error) {
      log.warn(
        `Cannot force "${directory}/${name}" to the disk: ${reasonOf(error)}; a power cut may cost it`,
        {
          segment: name,
        },
      );
    }
  }
  if (held.length > 0) await files.syncDirectory(directory);
}

function tell({ message, lostRecords, segment, offset }: Damage, log: Log): void {
  const fields = { segment, offset, records: lostRecords };
  if (lostRecords > 0) log.error(message, fields);
  else log.warn(message, fields);
}

async function setAside(
  files: FileSystem,
  directory: string,
  { name, unusable }: ExaminedSegment,
  log: Log,
): Promise<void> {
  try {
    if (unusable === "empty") await files.remove(`${directory}/${name}`);
    else if (unusable === "newer") await files.rename(`${directory}/${name}`, `${directory}/${name}.newer`);
    else await files.rename(`${directory}/${name}`, `${directory}/${name}.torn`);
  } catch (error) {
    log.warn(`Cannot set aside "${directory}/${name}": ${reasonOf(error)}; it is not used`, {
      segment: name,
    });
  }
}

/** Cuts off what stands behind the last whole frame, and keeps a copy. False if that is not possible. */
async function cut(
  files: FileSystem,
  directory: string,
  { name, size, frameEnd }: ExaminedSegment,
  log: Log,
): Promise<boolean> {
  const path = `${directory}/${name}`;
  const fields = { segment: name, offset: frameEnd, bytes: size - frameEnd };
  let copy: string | undefined = `${name}.torn`;
  try {
    await keepTorn(files, directory, name, frameEnd, size);
  } catch (error) {
    copy = undefined;
    log.debug(`Cannot keep the torn end of "${path}": ${reasonOf(error)}`, fields);
  }
  try {
    const file = await files.append(path);
    try {
      await file.truncate(frameEnd);
      await file.sync();
    } finally {
      file.close();
    }
  } catch (error) {
    log.warn(
      `Cannot cut "${path}" at byte ${frameEnd}: ${reasonOf(error)}; going on in a new segment`,
      fields,
    );
    return false;
  }
  log.warn(
    `Cut ${size - frameEnd} bytes off "${path}" at byte ${frameEnd}: the last write had not been finished` +
      (copy === undefined ? "" : `; they are kept in "${copy}"`),
    fields,
  );
  return true;
}

async function keepTorn(
  files: FileSystem,
  directory: string,
  name: string,
  from: number,
  to: number,
): Promise<void> {
  const source = await files.open(`${directory}/${name}`);
  let bytes = new Uint8Array(Math.min(to - from, TORN_BYTES));
  try {
    bytes = bytes.subarray(0, await source.read(bytes, from));
  } finally {
    source.close();
  }
  await files.overwrite(`${directory}/${name}.torn`, bytes);
  const names = (await files.list(directory)).map((file) => file.name).filter((each) => TORN_NAME.test(each));
  for (const old of names.sort().slice(0, -TORN_KEPT)) await files.remove(`${directory}/${old}`);
}
