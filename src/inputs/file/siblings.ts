import { basename, dirname, extname, join } from "node:path";
import { type DirectoryListing, listDirectory } from "./directory_listing.ts";
import { type FileFacts, oldestFirst } from "./open_file.ts";

/** A file beside a tailed one that may be an earlier generation of it, under the name that a rotation gave it. */
export interface Sibling {
  readonly path: string;
  readonly facts: FileFacts;
  readonly gzip: boolean;
  /** The number in `app.log.3`: larger is older; 0 where there is none. */
  readonly number: number;
  /** Whether its name is one that a rotation gives. */
  readonly named: boolean;
}

/** How many files with names that rotations give, and how many others, are compared with what is searched. */
const NAMED_LIMIT = 2_000, OTHERS_LIMIT = 200;

const SEPARATOR = "[.\\-_~]+";
/**
 * Counters, parts of dates and times, and the usual words. None holds a separator: a name could be read in so many
 * ways then that matching would take for ever.
 */
const ROTATION_TOKEN = "(?:\\d[\\dTZ:+]*|old|bak|prev|orig|save|rotated)";
const COMPRESSED = "(?:\\.(?:gz|gzip))?";

/**
 * Recognises the names that rotations give to generations of `path`: `app.log.1`, `app.log-20261122`, `app.log.old`,
 * `app-2026-11-22.log`, `app.1.log`, each also with `.gz`. `app-worker.log` is none of them.
 */
export function siblingPattern(path: string): RegExp {
  const name = basename(path);
  const extension = extname(name);
  const stem = extension === "" ? name : name.slice(0, -extension.length);
  const suffixed = `${escape(name)}(?:${SEPARATOR}${ROTATION_TOKEN})+`;
  const infixed = extension === ""
    ? ""
    : `|${escape(stem)}(?:${SEPARATOR}${ROTATION_TOKEN})+${escape(extension)}`;
  return new RegExp(`^(?:${suffixed}${infixed})${COMPRESSED}$`, "i");
}

/** Whether `path` is named as a rotated generation of `of`. Directories are not compared. */
export function isSiblingName(path: string, of: string): boolean {
  return siblingPattern(of).test(basename(path));
}

/**
 * Files that may be generations of `path`, newest first, `path` itself left out: those in its directory and in
 * `copiesDirectory` whose names a rotation would give, or with `anyName` all files there.
 */
export function findSiblings(
  path: string,
  copiesDirectory: string | undefined,
  anyName = false,
  list: (directory: string) => DirectoryListing = listDirectory,
): Sibling[] {
  const own = dirname(path);
  const directories = copiesDirectory === undefined ? [own] : [own, join(own, copiesDirectory)];
  if (copiesDirectory?.startsWith("/")) directories[1] = copiesDirectory;
  const pattern = siblingPattern(path);
  const found: Sibling[] = [];
  for (const directory of new Set(directories)) {
    const listing = list(directory);
    for (const name of listing.names) {
      if (name === basename(path) && directory === own) continue;
      const named = pattern.test(name) || (directory !== own && name === basename(path));
      if (!named && !anyName) continue;
      const facts = listing.factsOf(name);
      if (facts !== undefined) found.push(toSibling(join(directory, name), facts, named));
    }
  }
  return found.sort(newestFirst);
}

/** Those of many siblings that are worth being compared with what is searched. */
export function likely(siblings: readonly Sibling[]): Sibling[] {
  let named = 0, others = 0;
  return siblings.filter((sibling) => sibling.named ? ++named <= NAMED_LIMIT : ++others <= OTHERS_LIMIT);
}

/** Orders generations by the last write, then by their numbers, then as they were created. */
function newestFirst(a: Sibling, b: Sibling): number {
  return b.facts.mtime - a.facts.mtime || a.number - b.number || oldestFirst(timesOf(b), timesOf(a)) ||
    (a.path < b.path ? 1 : -1);
}

function toSibling(path: string, facts: FileFacts, named: boolean): Sibling {
  const number = Number(/\.(\d{1,6})(?:\.\w+)?$/.exec(path)?.[1] ?? 0);
  return { path, facts, gzip: isGzipName(path), number, named };
}

function timesOf({ facts: { birth, mtime }, gzip }: Sibling) {
  return { birth, mtime, gzip };
}

/** Whether a name says that the file is compressed by gzip. */
export function isGzipName(path: string): boolean {
  return /\.(gz|gzip)$/i.test(path);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
