import * as fs from "node:fs";
import { basename, dirname, extname, join } from "node:path";

/** The ending of a compressed file, and of one that is being compressed. */
export const GZIP_SUFFIX = ".gz";
export const UNFINISHED_SUFFIX = ".gz.tmp";

/** A file that was closed. */
interface ClosedFile {
  readonly path: string;
  /** UTC, such as `20261122T101500Z`. */
  readonly stamp: string;
  readonly number: number;
}

/**
 * A free name for a file that is closed: `<stem>-<UTC time>[.n]<extension>`, such as `app-20261122T101500Z.log`; a
 * name never changes again. It sorts behind all closed files that are there, also when many are closed within a
 * second or the clock was set back: else the newest could be deleted as the oldest.
 */
export function rotatedName(path: string, time: number): string {
  const { stem, extension } = split(path);
  const newest = closedFiles(path).at(-1);
  let stamp = new Date(time).toISOString().replace(/\.\d+/u, "").replaceAll(/[-:]/gu, "");
  let number = 0;
  if (newest !== undefined && newest.stamp >= stamp) {
    stamp = newest.stamp;
    number = newest.number + 1;
  }
  for (;; number++) {
    const name = `${stem}-${stamp}${number === 0 ? "" : `.${number}`}${extension}`;
    const candidate = join(dirname(path), name);
    if (!["", GZIP_SUFFIX, UNFINISHED_SUFFIX].some((suffix) => exists(candidate + suffix))) return candidate;
  }
}

/** The closed files of a path, compressed or not, oldest first. */
export function rotatedFiles(path: string): string[] {
  return closedFiles(path).map((file) => file.path);
}

function closedFiles(path: string): ClosedFile[] {
  const { stem, extension } = split(path);
  const directory = dirname(path);
  const found: ClosedFile[] = [];
  for (const name of fs.readdirSync(directory)) {
    if (!name.startsWith(`${stem}-`)) continue;
    const plain = name.endsWith(GZIP_SUFFIX) ? name.slice(0, -GZIP_SUFFIX.length) : name;
    if (!plain.endsWith(extension)) continue;
    const middle = plain.slice(stem.length + 1, plain.length - extension.length);
    const match = /^(\d{8}T\d{6}Z)(?:\.(\d+))?$/u.exec(middle);
    if (match === null) continue;
    found.push({ path: join(directory, name), stamp: match[1] ?? "", number: Number(match[2] ?? 0) });
  }
  return found.sort((a, b) => (a.stamp === b.stamp ? a.number - b.number : a.stamp < b.stamp ? -1 : 1));
}

/** The number of the interval that a time lies in, counted in UTC. */
export function intervalOf(time: number, interval: number): number {
  return Math.floor(time / interval);
}

function split(path: string): { stem: string; extension: string } {
  const extension = extname(path);
  return { stem: basename(path, extension), extension };
}

function exists(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
