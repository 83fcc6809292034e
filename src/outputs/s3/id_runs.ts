import { Buffer } from "node:buffer";
import type { RecordIds } from "../../batch.ts";

/** Records of one origin: the offsets between the smallest and the largest of them are told by differences. */
export interface IdRun {
  readonly origin: string;
  readonly least: number;
  readonly most: number;
  /** How far each offset lies behind the one before it, the first one behind `least`: LEB128, in base64. */
  readonly gaps: string;
}

/** The ids of a batch's records, or of some of them, by origin. Records without an id are left out. */
export function idRuns({ origins, offsets }: RecordIds, records?: readonly number[]): IdRun[] {
  const chosen = records && new Set(records);
  const byOrigin = new Map<string, number[]>();
  let index = 0;
  for (const { id, end } of origins) {
    let known = byOrigin.get(id);
    if (known === undefined) byOrigin.set(id, known = []);
    for (; index < end; index++) {
      const offset = offsets[index] ?? -1;
      if (offset >= 0 && chosen?.has(index) !== false) known.push(offset);
    }
  }
  return Array.from(byOrigin, ([origin, all]) => runOf(origin, all.sort((a, b) => a - b)))
    .filter((run) => run !== undefined);
}

function runOf(origin: string, sorted: readonly number[]): IdRun | undefined {
  const least = sorted[0];
  if (least === undefined) return undefined;
  // Seven bits a byte; 53 bits need eight of them.
  const bytes = Buffer.allocUnsafe(sorted.length * 8);
  let length = 0;
  let before = least;
  for (const offset of sorted) {
    let gap = offset - before;
    for (; gap >= 0x80; gap = Math.floor(gap / 0x80)) bytes[length++] = (gap % 0x80) | 0x80;
    bytes[length++] = gap;
    before = offset;
  }
  return { origin, least, most: before, gaps: bytes.toString("base64", 0, length) };
}

/** Adds the offsets of a run to a set. */
export function collectOffsets({ least, gaps }: IdRun, into: Set<number>): void {
  let offset = least;
  let gap = 0;
  let factor = 1;
  for (const byte of Buffer.from(gaps, "base64")) {
    gap += (byte & 0x7f) * factor;
    factor *= 0x80;
    if (byte >= 0x80) continue;
    offset += gap;
    into.add(offset);
    gap = 0;
    factor = 1;
  }
}

/** Which records of a batch have an id that none of the runs has; undefined: all of them. */
export function recordsOutside(
  { origins, offsets }: RecordIds,
  runsOf: (origin: string) => Iterable<IdRun>,
): number[] | undefined {
  const outside: number[] = [];
  const known = new Map<string, ReadonlySet<number>>();
  let index = 0;
  for (const { id, end } of origins) {
    const first = index;
    let found = known.get(id);
    if (found === undefined) known.set(id, found = knownOffsets(runsOf(id), spanOf(origins, offsets, id)));
    if (found.size === 0) {
      for (; index < end; index++) outside.push(index);
      continue;
    }
    for (index = first; index < end; index++) if (!found.has(offsets[index] ?? -1)) outside.push(index);
  }
  return outside.length === offsets.length ? undefined : outside;
}

/** Whether a batch has a record of these runs. */
export function sharesRecords(ids: RecordIds, runs: readonly IdRun[]): boolean {
  const missing = recordsOutside(ids, (origin) => runs.filter((run) => run.origin === origin));
  return missing !== undefined;
}

/** The least and the largest offset that a batch has of an origin. */
function spanOf(origins: RecordIds["origins"], offsets: Float64Array, origin: string): [number, number] {
  let least = Infinity;
  let most = -Infinity;
  let index = 0;
  for (const { id, end } of origins) {
    for (; index < end; index++) {
      const offset = offsets[index] ?? -1;
      if (id !== origin || offset < 0) continue;
      if (offset < least) least = offset;
      if (offset > most) most = offset;
    }
  }
  return [least, most];
}

function knownOffsets(runs: Iterable<IdRun>, [least, most]: readonly [number, number]): Set<number> {
  const offsets = new Set<number>();
  for (const run of runs) if (run.least <= most && run.most >= least) collectOffsets(run, offsets);
  return offsets;
}
