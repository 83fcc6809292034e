import * as fs from "node:fs";

/** What the system tells of a file. Times in milliseconds since 1970. */
export interface FileFacts {
  /**
   * Device, inode and time of birth: the same for as long as the file exists, whatever it is called. The birth keeps
   * apart a file and its successor on the same inode; it is 0 where the file system does not record it.
   */
  readonly key: string;
  readonly dev: number;
  readonly ino: number;
  readonly birth: number;
  readonly size: number;
  readonly mtime: number;
  /** Names that the file has; 0 once it is deleted. */
  readonly links: number;
  readonly kind: "file" | "directory" | "other";
}

/** By what generations are ordered. Compression keeps the time of the last write only. */
export type Times = Pick<FileFacts, "mtime" | "birth"> & { readonly gzip?: boolean };

/**
 * Orders generations by their last writes. System clocks count in steps of some milliseconds, so one that was created as
 * the one before was renamed may have the same time: it is later, whenever the other was born, which may have been
 * compressed since. Otherwise the births tell.
 */
export function oldestFirst(a: Times, b: Times): number {
  return a.mtime - b.mtime || Number(isJustBorn(a)) - Number(isJustBorn(b)) || a.birth - b.birth;
}

function isJustBorn({ birth, gzip, mtime }: Times): boolean {
  return gzip !== true && birth === mtime;
}

/** A place that bytes are read from by position. */
export interface ByteSource {
  /** Fills `buffer[0..length)` from `position` on; returns how many bytes there were, 0 at the end. */
  read(buffer: Uint8Array, length: number, position: number): number | Promise<number>;
  close(): void;
}

/** The facts of the file at `path`, symbolic links followed; undefined when there is none. Throws on other errors. */
export function factsOf(path: string): FileFacts | undefined {
  try {
    // Takes a third of the time of `fs.statSync`; all files are looked at every second.
    const stat = Deno.statSync(path);
    return {
      ...identityOf(stat.dev, stat.ino ?? 0, stat.birthtime?.getTime()),
      size: stat.size,
      mtime: stat.mtime?.getTime() ?? 0,
      links: stat.nlink ?? 1,
      kind: stat.isFile ? "file" : stat.isDirectory ? "directory" : "other",
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The same; undefined also where the system does not tell. */
export function quietFacts(path: string): FileFacts | undefined {
  try {
    return factsOf(path);
  } catch {
    return undefined;
  }
}

/** Whether an error says that nothing stands under the path. */
export function isMissing(error: unknown): boolean {
  const code = (error as { code?: string } | undefined)?.code;
  return code === "ENOENT" || code === "ENOTDIR" || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory;
}

function identityOf(dev: number, ino: number, birthtime: number | undefined) {
  const birth = Math.floor(birthtime || 0);
  return { key: `${dev}:${ino}:${birth}`, dev, ino, birth };
}

function toFacts(stat: fs.Stats): FileFacts {
  return {
    ...identityOf(stat.dev, stat.ino, stat.birthtimeMs),
    size: stat.size,
    mtime: stat.mtimeMs,
    links: stat.nlink,
    kind: stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other",
  };
}

/** A regular file held open. As long as it is, the system keeps its contents, also when it is renamed or deleted. */
export class OpenFile implements ByteSource {
  readonly #fd: number;
  readonly key: string;

  private constructor(fd: number, key: string) {
    this.#fd = fd;
    this.key = key;
  }

  /**
   * Opens the file at `path` with its facts. Never waits on a FIFO.
   * Throws what the system says, or a TypeError when it is not a regular file.
   */
  static open(path: string): { file: OpenFile; facts: FileFacts } {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    try {
      const facts = toFacts(fs.fstatSync(fd));
      if (facts.kind !== "file") throw new TypeError("it is no regular file");
      return { file: new OpenFile(fd, facts.key), facts };
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  /** One `pread`. */
  read(buffer: Uint8Array, length: number, position: number): number {
    return fs.readSync(this.#fd, buffer, 0, length, position);
  }

  facts(): FileFacts {
    return toFacts(fs.fstatSync(this.#fd));
  }

  /** The descriptor, for streams over the whole file. */
  get descriptor(): number {
    return this.#fd;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
