import { oldestFirst } from "./open_file.ts";
import type { TailedFile } from "./tailed_file.ts";

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
  const { birth } = file.facts, { birth: otherBirth } = other.facts;
  if (file.isPlain && other.isPlain && birth > 0 && otherBirth > 0) return birth > otherBirth;
  return oldestFirst(timesOf(other), timesOf(file)) < 0;
}

function timesOf({ file, isPlain }: TailedFile) {
  const { birth, mtime } = file.facts();
  return { birth, mtime, gzip: !isPlain };
}

/** Whether a file waits for another, be it by way of others. */
function waitsFor(file: TailedFile, other: TailedFile, seen: Set<TailedFile>): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  for (const earlier of file.after) if (earlier === other || waitsFor(earlier, other, seen)) return true;
  return false;
}
