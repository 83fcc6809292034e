import type { RecordMaker } from "./log_lines.ts";

/** How a log file is put aside: renamed, after which a new one is begun, or copied and then emptied in place. */
export type Rotation = "rename" | "copytruncate";

export interface LogWriterOptions {
  readonly path: string;
  readonly record: RecordMaker;
  readonly rotation: Rotation;
  /** Time between two rotations, in milliseconds. */
  readonly rotateEvery: number;
  /** Put-aside files that are kept; older ones are deleted. */
  readonly keep: number;
  readonly random: () => number;
}

/** One program that writes a log, together with what rotates it. */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #encoder = new TextEncoder();
  #file: Deno.FsFile;
  #lines = 0;
  #rotateAt: number;

  constructor(options: LogWriterOptions, now: number) {
    this.#options = options;
    this.#file = this.#open();
    this.#rotateAt = now + options.rotateEvery;
  }

  /** Lines written so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Writes some records, after rotating the file if it is time. */
  write(records: number, now: number): void {
    if (now >= this.#rotateAt) {
      this.#rotate();
      this.#rotateAt = now + this.#options.rotateEvery;
    }
    const lines: string[] = [];
    for (let at = 0; at < records; at++) {
      lines.push(...this.#options.record(new Date(now), this.#options.random));
    }
    if (lines.length === 0) return;
    const bytes = this.#encoder.encode(lines.join("\n") + "\n");
    for (let offset = 0; offset < bytes.byteLength;) offset += this.#file.writeSync(bytes.subarray(offset));
    this.#lines += lines.length;
  }

  close(): void {
    this.#file.close();
  }

  #open(): Deno.FsFile {
    return Deno.openSync(this.#options.path, { append: true, create: true });
  }

  #rotate(): void {
    const { path, rotation, keep } = this.#options;
    for (let number = keep; number >= 1; number--) {
      const from = `${path}.${number}`;
      if (!exists(from)) continue;
      if (number === keep) Deno.removeSync(from);
      else Deno.renameSync(from, `${path}.${number + 1}`);
    }
    if (rotation === "copytruncate") {
      Deno.copyFileSync(path, `${path}.1`);
      Deno.truncateSync(path);
      return;
    }
    // The open file goes with the name on Windows only once it is closed.
    this.#file.close();
    Deno.renameSync(path, `${path}.1`);
    this.#file = this.#open();
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
