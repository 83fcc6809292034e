import * as fs from "node:fs";
import { basename, dirname, extname, join } from "node:path";

/** The ending of a compressed file, and of one that is being compressed. */
export const GZIP_SUFFIX = ".gz";
export const UNFINISHED_SUFFIX = ".gz.tmp";

/**
 * A free name for a file that is closed: `<stem>-<UTC time>[.n]<extension>`, such as `app-20261122T101500Z.log`, so
 * that names sort by time and a name never changes again. `n` counts from 1 where the second has a file already.
 */
export function rotatedName(path: string, time: number, isTaken: (path: string) => boolean = exists): string {
  const { stem, extension } = split(path);
  const stamp = new Date(time).toISOString().replace(/\.\d+/u, "").replaceAll(/[-:]/gu, "");
  for (let number = 0;; number++) {
    const name = `${stem}-${stamp}${number === 0 ? "" : `.${number}`}${extension}`;
    const candidate = join(dirname(path), name);
    if (
      [candidate, candidate + GZIP_SUFFIX, candidate + UNFINISHED_SUFFIX].every((taken) => !isTaken(taken))
    ) {
      return candidate;
    }
  }
}

/** The closed files of a path, compressed or not, oldest first. */
export function rotatedFiles(path: string): string[] {
  const { stem, extension } = split(path);
  const directory = dirname(path);
  const found: { path: string; stamp: string; number: number }[] = [];
  for (const name of fs.readdirSync(directory)) {
    if (!name.startsWith(`${stem}-`)) continue;
    const plain = name.endsWith(GZIP_SUFFIX) ? name.slice(0, -GZIP_SUFFIX.length) : name;
    if (!plain.endsWith(extension)) continue;
    const middle = plain.slice(stem.length + 1, plain.length - extension.length);
    const match = /^(\d{8}T\d{6}Z)(?:\.(\d+))?$/u.exec(middle);
    if (match === null) continue;
    found.push({ path: join(directory, name), stamp: match[1] ?? "", number: Number(match[2] ?? 0) });
  }
  found.sort((a, b) => (a.stamp === b.stamp ? a.number - b.number : a.stamp < b.stamp ? -1 : 1));
  return found.map((file) => file.path);
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
