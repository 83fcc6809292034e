import { gzipSync } from "node:zlib";
import { basename, dirname, join } from "node:path";
import { writeAll } from "./line_writer.ts";
import type { LineWriter } from "./line_writer.ts";

/** How a rotation names and keeps what it moves away. */
export interface RotationOptions {
  /** How many old files are kept; older ones are deleted. */
  readonly keep?: number;
  /** The name's ending for the newest old file instead of `.1`; nothing is shifted then. */
  readonly suffix?: string;
  /** Compress the old file at once, as logrotate's `compress`. */
  readonly compress?: boolean;
  /** Compress it at the following rotation, as `delaycompress`. */
  readonly delayCompress?: boolean;
  /** Directory for old files, as `olddir`. */
  readonly directory?: string;
}

/** Renames the file away and creates an empty one under its name, as logrotate's `create`. Returns the old file's path. */
export function renameAndCreate(path: string, options: RotationOptions = {}): string {
  const old = makeWay(path, options);
  Deno.renameSync(path, old);
  Deno.openSync(path, { write: true, createNew: true }).close();
  return options.compress ? compress(old) : old;
}

/** Copies the file, then empties it, as logrotate's `copytruncate`. Returns the copy's path. */
export function copyAndTruncate(path: string, options: RotationOptions = {}): string {
  const old = makeWay(path, options);
  {
    using from = Deno.openSync(path, { read: true, write: true });
    using to = Deno.openSync(old, { write: true, createNew: true });
    const chunk = new Uint8Array(65536);
    for (let size = from.readSync(chunk); size !== null; size = from.readSync(chunk)) {
      writeAll(to, chunk.subarray(0, size));
    }
    from.truncateSync(0);
  }
  return options.compress ? compress(old) : old;
}

/** Puts a file with these contents in the place of `path` in one step. */
export function replaceAtomically(path: string, contents: Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  Deno.writeFileSync(temporary, contents);
  Deno.renameSync(temporary, path);
}

/** Lets the symbolic link point to another file in one step, creating it where it is missing. */
export function switchLink(link: string, target: string): void {
  const temporary = join(dirname(link), `.${basename(link)}.tmp`);
  Deno.symlinkSync(target, temporary);
  Deno.renameSync(temporary, link);
}

/** Compresses a file to `<path>.gz` and deletes it, as gzip does: the times stay. Returns the new path. */
export function compress(path: string): string {
  const { atime, mtime } = Deno.statSync(path);
  Deno.writeFileSync(`${path}.gz`, gzipSync(Deno.readFileSync(path)));
  if (atime && mtime) Deno.utimeSync(`${path}.gz`, atime, mtime);
  Deno.removeSync(path);
  return `${path}.gz`;
}

/** A log file whose writer holds the descriptor until it is told to open the path again. */
export class HeldLog implements Disposable {
  #file: Deno.FsFile;

  constructor(readonly path: string) {
    this.#file = open(path);
  }

  write(writer: LineWriter, count: number): void {
    writer.write(this.#file, count);
  }

  writeBytes(bytes: Uint8Array): void {
    writeAll(this.#file, bytes);
  }

  /** From now on writes go to what stands under the path. */
  reopen(): void {
    this.#file.close();
    this.#file = open(this.path);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { append: true, create: true });
}

/** Shifts the chain `.1 → .2 → …` and returns the name for the newest old file. */
function makeWay(path: string, options: RotationOptions): string {
  const base = join(options.directory ?? dirname(path), basename(path));
  if (options.suffix !== undefined) return base + options.suffix;
  for (let number = options.keep ?? 9; number >= 1; number--) {
    for (const ending of ["", ".gz"]) {
      const from = `${base}.${number}${ending}`;
      if (!exists(from)) continue;
      if (number === (options.keep ?? 9)) Deno.removeSync(from);
      else {
        Deno.renameSync(from, `${base}.${number + 1}${ending}`);
        if (options.delayCompress && ending === "") compress(`${base}.${number + 1}`);
      }
    }
  }
  return `${base}.1`;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
