import {
  compare,
  type Comparison,
  type FileCheckpoint,
  type Fingerprint,
  HEAD_BYTES,
  keyOf,
  readFully,
  sameBytes,
  TAIL_BYTES,
} from "./fingerprint.ts";
import { GzipFile } from "./gzip_file.ts";
import type { HeadIndex } from "./head_index.ts";
import { type ByteSource, type FileFacts, OpenFile, quietFacts } from "./open_file.ts";
import type { ReadPosition } from "./reader.ts";
import { isGzipName, likely, type Sibling } from "./siblings.ts";

/** A file with its plain contents. */
export interface OpenedFile {
  readonly path: string;
  readonly file: OpenFile;
  readonly facts: FileFacts;
  /** The file itself, or what is compressed in it. Closing it closes the file. */
  readonly contents: ByteSource;
}

/** A file that holds a position which was searched. */
export interface Located extends OpenedFile {
  /** `changed`: it is the same file, and it no longer holds what was read. */
  readonly comparison: "same" | "changed";
}

/** The result of a search for the copy of a truncated generation. */
export type CopySearch =
  | { readonly kind: "found"; readonly copy: Located }
  /** A copy ends before what was read already, or cannot be read to its end: it may still grow. */
  | { readonly kind: "unfinished" }
  | { readonly kind: "none" };

/** Where generations may stand beside their own name. */
export interface SearchPlaces {
  /** Files that may be generations of `path`, newest first; with `anyName` whatever they are called. */
  siblings(path: string, anyName?: boolean): Sibling[];
  /** How the files there begin, as far as is known. */
  readonly heads: HeadIndex;
  /** Files that are known to be something else, by key. */
  isTaken(key: string): boolean;
}

/** Opens a file with its plain contents. Throws what opening throws. */
export function openContents(path: string): OpenedFile {
  const { file, facts } = OpenFile.open(path);
  return { path, file, facts, contents: isGzipName(path) ? new GzipFile(file) : file };
}

/**
 * Finds the file that a checkpoint speaks of, whatever it is called now: first by its identity, then by its contents.
 * Two files that begin alike must not be taken for one, so contents alone count only where they prove enough.
 */
export async function locate(
  checkpoint: FileCheckpoint,
  pathsByKey: ReadonlyMap<string, string>,
  places: SearchPlaces,
): Promise<Located | undefined> {
  const byIdentity = await locateByIdentity(checkpoint, pathsByKey, places);
  if (byIdentity !== undefined) return byIdentity;
  const full = checkpoint.headLen >= HEAD_BYTES;
  const facts = quietFacts(checkpoint.path);
  if (facts?.kind === "file" && !places.isTaken(facts.key) && checkpoint.headLen > 0) {
    // The same inode and birth under another device number: the file system was mounted again.
    const remounted = facts.ino === checkpoint.ino && facts.birth === checkpoint.birth &&
      facts.dev !== checkpoint.dev;
    if (remounted || full) {
      const same = await openIfSame(checkpoint.path, checkpoint);
      if (same !== undefined) return same;
    }
  }
  if (checkpoint.headLen === 0) return undefined;
  const siblings = places.siblings(checkpoint.path, full);
  // Where only the beginning tells, the first one written after it was seen is the most likely.
  const ordered = checkpoint.off > 0
    ? siblings
    : siblings.filter(({ facts }) => facts.mtime >= checkpoint.mtime).reverse();
  for (const sibling of likely(ordered)) {
    if (places.isTaken(sibling.facts.key)) continue;
    const { comparison, opened } = await compareSibling(sibling, checkpoint, places.heads);
    if (comparison === "same" && opened !== undefined) return { ...opened, comparison };
  }
  return undefined;
}

async function locateByIdentity(
  checkpoint: FileCheckpoint,
  pathsByKey: ReadonlyMap<string, string>,
  places: SearchPlaces,
): Promise<Located | undefined> {
  const key = keyOf(checkpoint);
  if (places.isTaken(key)) return undefined;
  const isSibling = ({ facts }: Sibling) => facts.key === key;
  const opened = openAs(key, pathsByKey.get(key)) ?? openAs(key, checkpoint.path) ??
    openAs(key, places.siblings(checkpoint.path, true).find(isSibling)?.path);
  if (opened === undefined) return undefined;
  const comparison = await compareQuietly(opened.contents, checkpoint);
  return { ...opened, comparison: comparison === "same" ? "same" : "changed" };
}

/** Opens the file at `path` if it is the one with this key. */
function openAs(key: string, path: string | undefined): OpenedFile | undefined {
  if (path === undefined || quietFacts(path)?.key !== key) return undefined;
  const opened = openQuietly(path);
  if (opened?.facts.key === key) return opened;
  opened?.contents.close();
  return undefined;
}

/**
 * Searches the copy that a rotation made before it truncated `path`: a file beside it with the same beginning and the
 * same bytes before the position.
 */
export async function findCopy(path: string, wanted: Fingerprint, places: SearchPlaces): Promise<CopySearch> {
  let unfinished = false;
  // A short beginning proves little; then the name must be one that a rotation gives.
  const anyName = wanted.headLen >= HEAD_BYTES;
  for (const sibling of likely(places.siblings(path, anyName))) {
    if (places.isTaken(sibling.facts.key)) continue;
    const { comparison, opened } = await compareSibling(sibling, wanted, places.heads);
    if (comparison === "same" && opened !== undefined) {
      return { kind: "found", copy: { ...opened, comparison } };
    }
    if (comparison !== "different" && sibling.named) unfinished = true;
  }
  return { kind: unfinished ? "unfinished" : "none" };
}

/**
 * Generations of `path` that nobody has read, oldest first: they came and were renamed, or copied, while nobody
 * looked. Only those count that came after `since`, in ms, so that the history from before the first start stays
 * unread. `by`: a renamed generation is told by its birth, a copy by its last write.
 */
export function unseenGenerations(
  path: string,
  since: number,
  by: "birth" | "mtime",
  places: SearchPlaces,
): Sibling[] {
  const siblings = places.siblings(path);
  const plain = new Set(siblings.filter(({ gzip }) => !gzip).map((sibling) => sibling.path));
  return siblings
    .filter(({ path, facts, gzip }) => {
      if (places.isTaken(facts.key) || (gzip && plain.has(path.replace(/\.[^.]*$/, "")))) return false;
      return by === "mtime" || gzip || facts.birth === 0 ? facts.mtime > since : facts.birth >= since;
    })
    .reverse();
}

/** Where an open file stands in what it reads. */
export interface ReadFile {
  readonly file: OpenFile;
  readonly position: ReadPosition;
}

/**
 * Whether `candidate` is a copy, whole or in the making, of a file that is being read. `unclear`: that file was
 * truncated a moment ago, and this may be the copy that holds its rest.
 */
export async function isCopyOf(
  candidate: { contents: ByteSource; facts: FileFacts },
  { file, position }: ReadFile,
): Promise<"copy" | "unclear" | "other"> {
  if (!await isIntact({ file, position })) return "unclear";
  const { off, head } = position;
  const { contents, facts: { size } } = candidate;
  const start = head.subarray(0, size);
  if (start.length === 0 || !sameBytes(await readFully(contents, 0, start.length), start)) return "other";
  for (const end of [Math.min(size, off), Math.min(size, file.facts().size)]) {
    const length = Math.min(TAIL_BYTES, end);
    if (!await agree(contents, end, await readFully(file, end - length, length))) return "other";
  }
  return "copy";
}

/** Whether a file still holds what was read of it. */
export async function isIntact({ file, position: { off, tail, head } }: ReadFile): Promise<boolean> {
  return await agree(file, off, tail) && sameBytes(await readFully(file, 0, head.length), head);
}

/** Whether `bytes` stand before `end` in a file. */
async function agree(contents: ByteSource, end: number, bytes: Uint8Array): Promise<boolean> {
  return sameBytes(await readFully(contents, end - bytes.length, bytes.length), bytes);
}

/** Compares a sibling with what is wanted; answers it open where it is that. */
async function compareSibling(
  { facts, path }: Sibling,
  wanted: Fingerprint,
  heads: HeadIndex,
): Promise<{ comparison: Comparison | "unreadable"; opened?: OpenedFile }> {
  const opened = heads.mayHold(facts, wanted) ? openQuietly(path) : undefined;
  if (opened === undefined) return { comparison: "different" };
  const comparison = await compareQuietly(opened.contents, wanted);
  if (comparison === "same") return { comparison, opened };
  // What cannot be read now may be whole at the next look. The name may be another file's by now.
  if (comparison === "different") await heads.note(opened.facts, opened.contents).catch(() => {});
  opened.contents.close();
  return { comparison };
}

async function openIfSame(path: string, wanted: Fingerprint): Promise<Located | undefined> {
  const opened = openQuietly(path);
  if (opened === undefined) return undefined;
  if (await compareQuietly(opened.contents, wanted) === "same") return { ...opened, comparison: "same" };
  opened.contents.close();
  return undefined;
}

async function compareQuietly(contents: ByteSource, wanted: Fingerprint) {
  try {
    return await compare(contents, wanted);
  } catch {
    // A compressed file that is not whole yet, or unreadable.
    return "unreadable";
  }
}

function openQuietly(path: string): OpenedFile | undefined {
  try {
    return openContents(path);
  } catch {
    return undefined;
  }
}
