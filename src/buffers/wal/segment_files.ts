import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import type { AppendedFile, FileSystem } from "./file_system.ts";
import { encodeSegmentHeader, type Segment, SEGMENT_HEADER, VERSION } from "./segment.ts";

/** The files of segments that are written to. */
export class SegmentFiles {
  readonly #files: FileSystem;
  readonly #directory: string;
  readonly #log: Log;
  readonly #open = new Map<Segment, AppendedFile>();
  /** Segments whose names are not on the disk yet. */
  readonly #unnamed = new Set<Segment>();

  constructor(files: FileSystem, directory: string, log: Log) {
    this.#files = files;
    this.#directory = directory;
    this.#log = log;
  }

  /** Appends to a segment, whose file is created if this is the first time. Throws as soon as a part fails. */
  async write(segment: Segment, bytes: Uint8Array): Promise<void> {
    await writeAll(await this.#fileOf(segment), bytes);
    segment.written += bytes.length;
  }

  /** Forces to the disk what was written before the call. */
  async sync(segment: Segment): Promise<void> {
    const { written: until, writtenEnd: end } = segment;
    await (await this.#fileOf(segment)).sync();
    if (this.#unnamed.has(segment)) await this.#files.syncDirectory(this.#directory);
    this.#unnamed.delete(segment);
    segment.synced = until;
    segment.syncedEnd = end;
  }

  /** Cuts off what a failed write left: half a frame would make the next one unreadable. */
  async takeBack(segment: Segment): Promise<void> {
    await this.#open.get(segment)?.truncate(segment.written);
  }

  /** Never writes to this file again, and cuts off what is not on the disk for certain. Never throws. */
  async abandon(segment: Segment, isEmpty: boolean): Promise<void> {
    const path = `${this.#directory}/${segment.name}`;
    this.close(segment);
    segment.size = segment.written = segment.synced;
    segment.writtenEnd = segment.syncedEnd;
    try {
      if (isEmpty) return await this.#files.remove(path);
      const file = await this.#files.append(path);
      try {
        await file.truncate(segment.synced);
      } finally {
        file.close();
      }
    } catch (error) {
      // What stays behind is known to be written again, since the next segment begins with its number.
      this.#log.debug(`Cannot cut "${path}" at byte ${segment.synced}: ${reasonOf(error)}`);
    }
  }

  /** Closes the files of all segments that are not needed any more. */
  closeAllBut(isNeeded: (segment: Segment) => boolean): void {
    if (this.#open.size < 2) return;
    for (const segment of [...this.#open.keys()]) if (!isNeeded(segment)) this.close(segment);
  }

  /** Closes the file of a segment, if it is open. */
  close(segment: Segment): void {
    this.#open.get(segment)?.close();
    this.#open.delete(segment);
    this.#unnamed.delete(segment);
  }

  closeAll(): void {
    for (const segment of [...this.#open.keys()]) this.close(segment);
  }

  async #fileOf(segment: Segment): Promise<AppendedFile> {
    const known = this.#open.get(segment);
    if (known !== undefined) return known;
    const path = `${this.#directory}/${segment.name}`;
    if (segment.written > 0) {
      const file = await this.#files.append(path);
      this.#open.set(segment, file);
      await file.truncate(segment.written);
      return file;
    }
    const file = await this.#create(path);
    try {
      const { id, first, created, before } = segment;
      const header = { id, first: first.batch, firstRecord: first.record, before, created, version: VERSION };
      await writeAll(file, encodeSegmentHeader(header));
    } catch (error) {
      file.close();
      await this.#files.remove(path).catch(() => {});
      throw error;
    }
    segment.written = SEGMENT_HEADER;
    this.#open.set(segment, file);
    this.#unnamed.add(segment);
    return file;
  }

  async #create(path: string): Promise<AppendedFile> {
    try {
      return await this.#files.create(path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) {
        // Only what an attempt of our own left can have this random name.
        await this.#files.remove(path);
      } else if (error instanceof Deno.errors.NotFound) {
        await this.#files.makeDirectory(this.#directory);
      } else {
        throw error;
      }
      return await this.#files.create(path);
    }
  }
}

async function writeAll(file: AppendedFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const written = await file.write(bytes.subarray(done));
    if (written === 0) throw new Error("nothing could be written");
    done += written;
  }
}
