import { dirname } from "node:path";
import { reasonOf } from "../../lib/reason.ts";

/** What stands in a journal: JSON objects, one a line. */
export type JournalLine = Readonly<Record<string, unknown>>;

/**
 * A file to which lines are appended, and which is replaced whole at times. After a failed write or sync nobody knows
 * what it holds, so the next line replaces it by a new one.
 */
export class JournalFile {
  readonly #path: string;
  readonly #contents: () => Iterable<JournalLine>;
  #file: Deno.FsFile | undefined;
  #isSound = false;
  /** The end of the queue of those who write. */
  #queue: Promise<unknown> = Promise.resolve();

  /** `contents`: all lines that it shall have now, also those that are being appended. */
  constructor(path: string, contents: () => Iterable<JournalLine>) {
    this.#path = path;
    this.#contents = contents;
  }

  /**
   * The lines that there are, undefined for each that cannot be read; no lines if there is no file. A last line that
   * is not finished is left out, since nobody has counted on it.
   */
  async read(): Promise<(JournalLine | undefined)[]> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw new Error(`Cannot read the journal "${this.#path}": ${reasonOf(error)}`, { cause: error });
    }
    return text.split("\n").slice(0, -1).map(parseLine);
  }

  /** `durable`: resolves once the line is on disk. Throws an Error when it is not known to be written. */
  append(line: JournalLine, durable: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#file === undefined || !this.#isSound) return await this.#replace();
      this.#isSound = false;
      await writeAll(this.#file, encode([line]));
      if (durable) await this.#file.syncData();
      this.#isSound = true;
    });
  }

  /** Writes the file anew. */
  replace(): Promise<void> {
    return this.#inTurn(() => this.#replace());
  }

  close(): Promise<void> {
    return this.#inTurn(() => {
      this.#file?.close();
      this.#file = undefined;
      return Promise.resolve();
    });
  }

  async #replace(): Promise<void> {
    this.#file?.close();
    this.#file = undefined;
    const fresh = `${this.#path}.new`;
    const file = await Deno.open(fresh, { write: true, create: true, truncate: true, mode: 0o600 });
    try {
      await writeAll(file, encode(this.#contents()));
      await file.syncData();
      await Deno.rename(fresh, this.#path);
      await syncDirectory(dirname(this.#path));
    } catch (error) {
      file.close();
      throw error;
    }
    this.#file = file;
    this.#isSound = true;
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(action);
    this.#queue = done.catch(() => {});
    try {
      await done;
    } catch (error) {
      throw new Error(`Cannot write the journal "${this.#path}": ${reasonOf(error)}`, { cause: error });
    }
  }
}

function parseLine(text: string): JournalLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === "object" && line !== null ? line as JournalLine : undefined;
  } catch {
    return undefined;
  }
}

function encode(lines: Iterable<JournalLine>): Uint8Array {
  return new TextEncoder().encode(Array.from(lines, (line) => `${JSON.stringify(line)}\n`).join(""));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/** Makes a new name durable; systems that cannot do that for a directory need not. */
async function syncDirectory(path: string): Promise<void> {
  try {
    using directory = await Deno.open(path, { read: true });
    await directory.sync();
  } catch {
    // The file itself is on disk.
  }
}
