import { oldestFirst, type Times } from "./open_file.ts";
import type { TailedFile } from "./tailed_file.ts";

/** No generation is written for so short a time, in ms; copies are. */
const COPY_MS = 10;

/**
 * Has `later` wait for `earlier`, which may have waited for it until now; not where it would then wait for itself by way
 * of others: in a circle none would ever be read.
 */
export function putBehind(later: TailedFile, earlier: TailedFile): void {
  if (later.after.has(earlier) && !earlier.after.has(later)) return;
  // There may be hundreds, each waiting for all before it: what was visited once is not visited again.
  const seen = new Set<TailedFile>();
  const isCircle = [...earlier.after].some((other) => other !== later && waitsFor(other, later, seen));
  if (!isCircle) later.waitForInstead(earlier);
}

/** Whether a file is a later generation of a path than another one, as the file system tells. */
export function isLater(file: TailedFile, other: TailedFile): boolean {
  const [times, otherTimes] = [timesOf(file), timesOf(other)];
  if (file.isPlain && other.isPlain && times.birth > 0 && otherTimes.birth > 0) {
    if (isCopy(times, otherTimes)) return false;
    return isCopy(otherTimes, times) || times.birth > otherTimes.birth;
  }
  return oldestFirst(otherTimes, times) < 0;
}

/** Whether one seems to be a copy of another one, made at once while that was there, which was written again later. */
function isCopy({ birth, mtime }: Times, other: Times): boolean {
  return birth > other.birth && mtime < other.mtime && mtime - birth <= COPY_MS;
}

function timesOf({ file, isPlain }: TailedFile): Times {
  const { birth, mtime } = file.facts();
  return { birth, mtime, gzip: !isPlain };
}

/** Whether a file waits for another, be it by way of others. */
export function waitsFor(
  file: TailedFile,
  other: TailedFile,
  seen: Set<TailedFile> = new Set(),
): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  for (const earlier of file.after) if (earlier === other || waitsFor(earlier, other, seen)) return true;
  return false;
}
