import { codeOf } from "../../lib/reason.ts";
import { DirectoryLock } from "./directory_lock.ts";

/** A file that only grows. */
export interface AppendedFile {
  /** Appends; the number of bytes that were written may be less than all. */
  write(bytes: Uint8Array): Promise<number>;
  /** Forces to the disk what was written before the call; writes may go on meanwhile. */
  sync(): Promise<void>;
  /** Cuts off what stands behind `size`; the next write continues there. */
  truncate(size: number): Promise<void>;
  close(): void;
}

/** A file that is read at any place. */
export interface ReadFile {
  /** Resolves with the number of bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): void;
}

/** What the log needs of a file system, so that tests can have one that forgets what was not synced. */
export interface FileSystem {
  makeDirectory(path: string): Promise<void>;
  /** Keeps others away from a directory until it is disposed. Throws when somebody has it. */
  lock(directory: string): Promise<Disposable>;
  list(directory: string): Promise<{ readonly name: string; readonly size: number }[]>;
  /** A new file. Throws when there is one of this name. */
  create(path: string): Promise<AppendedFile>;
  /** The end of a file that exists. */
  append(path: string): Promise<AppendedFile>;
  open(path: string): Promise<ReadFile>;
  /** Puts these bytes in place of what a file holds, in its own place, and forces them to the disk. */
  overwrite(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Forces the names in a directory to the disk. */
  syncDirectory(path: string): Promise<void>;
}

/** Whether an error says that the disk, or our share of it, is full. Deno gives no code for the latter. */
export function isDiskFull(error: unknown): boolean {
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") return true;
  return error instanceof Error && /\(os error (?:28|122)\)/.test(error.message);
}

/**
 * Two handles, since operations on one wait for each other: a sync that takes half a second must not hold up writes.
 * Both report a failed write-back, since both are open from the beginning.
 */
class DiskFile implements AppendedFile {
  readonly #writer: Deno.FsFile;
  readonly #syncer: Deno.FsFile;

  constructor(writer: Deno.FsFile, syncer: Deno.FsFile) {
    this.#writer = writer;
    this.#syncer = syncer;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#writer.write(bytes);
  }

  sync(): Promise<void> {
    return this.#syncer.syncData();
  }

  async truncate(size: number): Promise<void> {
    await this.#writer.truncate(size);
    await this.#writer.seek(size, Deno.SeekMode.Start);
  }

  close(): void {
    this.#writer.close();
    this.#syncer.close();
  }
}

async function openDiskFile(path: string, options: Deno.OpenOptions): Promise<DiskFile> {
  const writer = await Deno.open(path, { write: true, mode: 0o600, ...options });
  try {
    await writer.seek(0, Deno.SeekMode.End);
    return new DiskFile(writer, await Deno.open(path, { write: true }));
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** The real file system. */
export const diskFileSystem: FileSystem = {
  makeDirectory: (path) => Deno.mkdir(path, { recursive: true, mode: 0o700 }),
  lock: (directory) => DirectoryLock.acquire(directory),
  async list(directory) {
    const files: { name: string; size: number }[] = [];
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (!isFile) continue;
      try {
        files.push({ name, size: (await Deno.stat(`${directory}/${name}`)).size });
      } catch (error) {
        // Deleted while the list was made.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return files;
  },
  create: (path) => openDiskFile(path, { createNew: true }),
  append: (path) => openDiskFile(path, {}),
  async open(path) {
    const file = await Deno.open(path);
    return {
      async read(into, position) {
        file.seekSync(position, Deno.SeekMode.Start);
        return await file.read(into) ?? 0;
      },
      close: () => file.close(),
    };
  },
  async overwrite(path, bytes) {
    using file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    await file.truncate(bytes.length);
    await file.syncData();
  },
  remove: (path) => Deno.remove(path),
  rename: (from, to) => Deno.rename(from, to),
  async syncDirectory(path) {
    // Windows cannot open directories; there the names are durable by themselves.
    if (Deno.build.os === "windows") return;
    using directory = await Deno.open(path);
    await directory.sync();
  },
};
