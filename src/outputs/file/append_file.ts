import * as fs from "node:fs";
import { promisify } from "node:util";
import { reasonOf } from "../../lib/reason.ts";
import { type FileIdentity, identityOf } from "./file_identity.ts";

/** Forces the data of a descriptor to disk. */
export type DataSync = (fd: number) => Promise<void>;

const dataSync: DataSync = promisify(fs.fdatasync);

/** Bytes read and written at once when a range is written again after a failed sync. */
const REWRITE_CHUNK = 256 * 1024;

const LINE_FEED = new Uint8Array([10]);

/**
 * A file that is open for appending, whose length counts complete batches only. Belongs to one agent: what others
 * append at the same time may be cut off after a failed write.
 */
export class AppendFile {
  readonly path: string;
  readonly identity: FileIdentity;
  /** Whether `open` created it. */
  readonly created: boolean;
  readonly #fd: number;
  readonly #dataSync: DataSync;
  #length: number;
  /** Where the file ends at most: behind `#length` stands what belongs to no counted batch. */
  #end: number;
  /** Everything before it is known to be on disk, or was there when the file was opened. */
  #synced: number;
  #syncFailed = false;
  #syncing: Promise<void> | undefined;
  #closed = false;
  /** Whether the file ends inside a line that somebody left unfinished: ours must not be glued to it. */
  #midLine: boolean;

  private constructor(path: string, fd: number, stat: fs.Stats, created: boolean, sync: DataSync) {
    const length = stat.size;
    this.path = path;
    this.created = created;
    this.identity = identityOf(stat);
    this.#fd = fd;
    this.#dataSync = sync;
    this.#midLine = endsMidLine(path, length);
    this.#length = length;
    this.#end = length;
    this.#synced = length;
  }

  /**
   * Opens an existing file, or creates it with `mode`. Symbolic links are refused, other things than regular files
   * too; a FIFO without a reader would stop the whole process. `sync`: for tests.
   */
  static open(path: string, mode: number, sync: DataSync = dataSync): AppendFile {
    const found = fs.lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined) checkRegular(path, found);
    const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    // Not all systems have the last two.
    const flags = O_WRONLY | O_APPEND | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);
    const fd = fs.openSync(path, found === undefined ? flags | O_CREAT | O_EXCL : flags, mode);
    try {
      const stat = fs.fstatSync(fd);
      checkRegular(path, stat);
      return new AppendFile(path, fd, stat, found === undefined, sync);
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  /** Bytes of counted batches, and what was there before. */
  get length(): number {
    return this.#length;
  }

  /** Whether something was appended since the last sync. */
  get dirty(): boolean {
    return this.#end > this.#synced || this.#syncFailed;
  }

  /** Whether something of a batch that failed is still there, since it could not be cut off. */
  get torn(): boolean {
    return this.#end > this.#length;
  }

  /** The size that the system reports. */
  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  /** Takes the size that somebody else has given the file as its length. */
  adopt(size: number): void {
    this.#length = size;
    this.#end = size;
    this.#synced = Math.min(this.#synced, size);
    this.#midLine = endsMidLine(this.path, size);
  }

  /**
   * Appends a whole batch, or throws and leaves nothing of it behind: a full disk takes a part of a write before it
   * refuses the rest. The batch counts after `keep`. Synchronous, since a write to the page cache costs less than
   * handing it to a thread.
   */
  append(bytes: Uint8Array): void {
    if (this.torn) this.cutTorn();
    try {
      if (this.#midLine) this.#write(LINE_FEED);
      this.#write(bytes);
    } catch (error) {
      this.takeBack();
      throw new Error(
        `Cannot write to "${this.path}": ${reasonOf(error)}; the batch is kept and written again later`,
        { cause: error },
      );
    }
  }

  /** Counts what was appended. */
  keep(): void {
    this.#length = this.#end;
    this.#midLine = false;
  }

  /** Cuts off what was appended and not kept; if that fails too, it is tried again before the next write. */
  takeBack(): void {
    try {
      this.cutTorn();
    } catch {
      // `torn` says so.
    }
  }

  /** Cuts off what belongs to no counted batch. Throws when that fails. */
  cutTorn(): void {
    if (!this.torn) return;
    let length = this.#length;
    try {
      const size = this.size();
      // Shorter: somebody else truncated the file in between.
      if (size < length) length = size;
      else fs.ftruncateSync(this.#fd, length);
    } catch (error) {
      throw new Error(
        `Cannot cut "${this.path}" back to ${length} bytes: ${
          reasonOf(error)
        }; nothing is written to it before that`,
        { cause: error },
      );
    }
    this.adopt(length);
  }

  /**
   * Resolves once everything appended so far is on disk. After a failed sync the system may forget that something
   * was not written and call the next one a success, so the range is then written again through a new descriptor.
   */
  async sync(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing.catch(() => {});
    // Closed by somebody who has synced before.
    if (this.#closed) return;
    this.#syncing = this.#sync();
    try {
      await this.#syncing;
    } finally {
      this.#syncing = undefined;
    }
  }

  /** Closes the descriptor, after a sync that still runs. */
  async close(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing.catch(() => {});
    if (this.#closed) return;
    this.#closed = true;
    fs.closeSync(this.#fd);
  }

  #write(bytes: Uint8Array): void {
    // Counted first: a write that fails may have written a part, and does not say how much.
    this.#end += bytes.length;
    let written = 0;
    while (written < bytes.length) {
      written += fs.writeSync(this.#fd, bytes, written, bytes.length - written);
    }
  }

  async #sync(): Promise<void> {
    const end = this.#end;
    try {
      if (this.#syncFailed) await this.#writeAgain(end);
      else await this.#dataSync(this.#fd);
    } catch (error) {
      this.#syncFailed = true;
      throw new Error(
        `Cannot sync "${this.path}": ${reasonOf(error)}; ${
          end - this.#synced
        } bytes are not known to be on disk and are written again`,
        { cause: error },
      );
    }
    this.#syncFailed = false;
    this.#synced = Math.min(end, this.#end);
  }

  async #writeAgain(end: number): Promise<void> {
    const fd = fs.openSync(this.path, fs.constants.O_RDWR | (fs.constants.O_NOFOLLOW ?? 0));
    try {
      if (!this.identity.is(fs.fstatSync(fd))) throw new Error("another file has taken its place");
      const chunk = new Uint8Array(REWRITE_CHUNK);
      for (let position = this.#synced; position < end;) {
        const read = fs.readSync(fd, chunk, 0, Math.min(chunk.length, end - position), position);
        if (read === 0) throw new Error(`it ends at byte ${position}`);
        let written = 0;
        while (written < read) {
          written += fs.writeSync(fd, chunk, written, read - written, position + written);
        }
        position += read;
      }
      await this.#dataSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }
}

function endsMidLine(path: string, size: number): boolean {
  if (size === 0) return false;
  const last = new Uint8Array(1);
  try {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
    try {
      return fs.readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== LINE_FEED[0];
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    // Write-only for us: nothing can be known, and appending is still right.
    return false;
  }
}

function checkRegular(path: string, stat: fs.Stats): void {
  if (stat.isFile()) return;
  throw new Error(`Cannot append to "${path}": it is ${kindOf(stat)}; only a regular file is written to`);
}

function kindOf(stat: fs.Stats): string {
  if (stat.isSymbolicLink()) return "a symbolic link, which may lead out of the output's directory";
  if (stat.isDirectory()) return "a directory";
  if (stat.isFIFO()) return "a FIFO";
  if (stat.isSocket()) return "a socket";
  return "a device";
}
