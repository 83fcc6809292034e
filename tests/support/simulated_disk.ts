import type { AppendedFile, FileSystem, ReadFile } from "../../src/buffers/wal/file_system.ts";

/** A file: what was written, and what of it would survive a power cut for certain. */
interface Content {
  data: Uint8Array;
  synced: Uint8Array;
}

/** What goes wrong: an operation on a path throws what it answers. */
export type Fault = (
  operation: "write" | "sync" | "truncate" | "create" | "overwrite",
  path: string,
) => Error | undefined;

/** An error as Deno gives it when the disk is full. */
export function diskFull(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
}

/** An error as Deno gives it when our share of the disk is full: without a code. */
export function quotaExceeded(): Error {
  return new Error("Disk quota exceeded (os error 122)");
}

/** An error as Deno gives it when the disk fails. */
export function ioError(): Error {
  return Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
}

/**
 * A disk in memory that forgets at a power cut what was not synced: contents, names, or both. Its capacity may be
 * bounded, and operations may fail.
 */
export class SimulatedDisk implements FileSystem {
  #names = new Map<string, Content>();
  #durableNames = new Map<string, Content>();
  #locked = new Set<string>();
  /** Bytes that fit on it. */
  capacity = Infinity;
  fault: Fault = () => undefined;
  /** All that was done, as "operation path". */
  readonly operations: string[] = [];
  /** Awaited by every sync. */
  beforeSync: () => Promise<void> = () => Promise.resolve();

  /**
   * The disk after a power cut. Of what was not synced, `keep` decides: how many of so many bytes at the end of a file
   * are there, and which of the others are zeros.
   */
  afterPowerCut(keep: (unsynced: number) => number = () => 0): SimulatedDisk {
    const disk = new SimulatedDisk();
    for (const [path, content] of this.#durableNames) {
      const { data, synced } = content;
      const isExtended = data.length > synced.length && synced.every((byte, index) => data[index] === byte);
      const kept = isExtended ? synced.length + keep(data.length - synced.length) : synced.length;
      const left = isExtended ? data.slice(0, kept) : synced.slice();
      disk.#put(path, { data: left, synced: left.slice() });
    }
    return disk;
  }

  /** The disk after the process was killed: everything written is there, and what was not synced still is not. */
  afterKill(): SimulatedDisk {
    const disk = new SimulatedDisk();
    for (const [path, content] of this.#names) {
      const copy = { data: content.data.slice(), synced: content.synced.slice() };
      disk.#names.set(path, copy);
      if (this.#durableNames.get(path) === content) disk.#durableNames.set(path, copy);
    }
    return disk;
  }

  /** What a file holds. */
  read(path: string): Uint8Array | undefined {
    return this.#names.get(path)?.data;
  }

  /** Replaces what a file holds. */
  put(path: string, data: Uint8Array): void {
    this.#put(path, { data: data.slice(), synced: data.slice() });
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  lock(directory: string): Promise<Disposable> {
    if (this.#locked.has(directory)) return Promise.reject(new Error(`"${directory}" is in use`));
    this.#locked.add(directory);
    return Promise.resolve({ [Symbol.dispose]: () => void this.#locked.delete(directory) });
  }

  list(directory: string): Promise<{ name: string; size: number }[]> {
    return Promise.resolve(
      [...this.#names]
        .filter(([path]) => path.startsWith(`${directory}/`))
        .map(([path, { data }]) => ({ name: path.slice(directory.length + 1), size: data.length })),
    );
  }

  async create(path: string): Promise<AppendedFile> {
    await this.#begin("create", path);
    if (this.#names.has(path)) throw new Deno.errors.AlreadyExists(path);
    const content: Content = { data: new Uint8Array(0), synced: new Uint8Array(0) };
    this.#names.set(path, content);
    return this.#appended(path, content);
  }

  append(path: string): Promise<AppendedFile> {
    const content = this.#names.get(path);
    if (content === undefined) return Promise.reject(new Deno.errors.NotFound(path));
    return Promise.resolve(this.#appended(path, content));
  }

  open(path: string): Promise<ReadFile> {
    const content = this.#names.get(path);
    if (content === undefined) return Promise.reject(new Deno.errors.NotFound(path));
    return Promise.resolve({
      read(into, position) {
        const part = content.data.subarray(position, position + into.length);
        into.set(part);
        return Promise.resolve(part.length);
      },
      close() {},
    });
  }

  async overwrite(path: string, bytes: Uint8Array): Promise<void> {
    await this.#begin("overwrite", path);
    const content = this.#names.get(path) ?? { data: new Uint8Array(0), synced: new Uint8Array(0) };
    if (!this.#names.has(path)) this.#names.set(path, content);
    content.data = bytes.slice();
    await this.#sync(path, content);
  }

  remove(path: string): Promise<void> {
    this.operations.push(`remove ${path}`);
    if (!this.#names.delete(path)) return Promise.reject(new Deno.errors.NotFound(path));
    return Promise.resolve();
  }

  rename(from: string, to: string): Promise<void> {
    const content = this.#names.get(from);
    if (content === undefined) return Promise.reject(new Deno.errors.NotFound(from));
    this.#names.delete(from);
    this.#names.set(to, content);
    return Promise.resolve();
  }

  syncDirectory(path: string): Promise<void> {
    this.operations.push(`syncDirectory ${path}`);
    this.#durableNames = new Map(this.#names);
    return Promise.resolve();
  }

  #put(path: string, content: Content): void {
    this.#names.set(path, content);
    this.#durableNames.set(path, content);
  }

  #appended(path: string, content: Content): AppendedFile {
    return {
      write: async (bytes) => {
        let used = 0;
        for (const { data } of this.#names.values()) used += data.length;
        const free = Math.max(0, this.capacity - used);
        // A disk that becomes full takes a part first, and refuses what comes then.
        const part = bytes.subarray(0, Math.min(bytes.length, free));
        if (part.length === 0 && bytes.length > 0) throw diskFull();
        await this.#begin("write", path);
        const data = new Uint8Array(content.data.length + part.length);
        data.set(content.data);
        data.set(part, content.data.length);
        content.data = data;
        return part.length;
      },
      sync: () => this.#sync(path, content),
      truncate: async (size) => {
        await this.#begin("truncate", path);
        content.data = content.data.slice(0, size);
      },
      close() {},
    };
  }

  async #sync(path: string, content: Content): Promise<void> {
    const { data } = content;
    await this.beforeSync();
    await this.#begin("sync", path);
    content.synced = data.slice();
  }

  async #begin(operation: Parameters<Fault>[0], path: string): Promise<void> {
    await Promise.resolve();
    this.operations.push(`${operation} ${path}`);
    const error = this.fault(operation, path);
    if (error !== undefined) throw error;
  }
}
