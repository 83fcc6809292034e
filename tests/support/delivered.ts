import { Buffer } from "node:buffer";
import { join } from "node:path";
import { countLines } from "./oracle.ts";

/** What has arrived at a destination so far. */
export interface Delivered {
  /** Line breaks. */
  readonly lines: number;
  bytes(): Uint8Array;
}

/** The file of a `file` output, or all files of a directory and below it. Nothing has arrived while it is missing. */
export class DeliveredFiles implements Delivered {
  readonly #counted = new Map<string, { size: number; lines: number }>();

  constructor(readonly path: string) {}

  get lines(): number {
    let lines = 0;
    for (const file of this.files()) lines += this.#count(file);
    return lines;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.files().map((file) => Deno.readFileSync(file)));
  }

  /** The files there are, in the order of their names. */
  files(): string[] {
    try {
      return Deno.statSync(this.path).isFile ? [this.path] : filesBelow(this.path).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** Reads only what is new, unless the file was cut. */
  #count(path: string): number {
    let known = this.#counted.get(path) ?? { size: 0, lines: 0 };
    using file = Deno.openSync(path);
    const { size } = file.statSync();
    if (size < known.size) known = { size: 0, lines: 0 };
    file.seekSync(known.size, Deno.SeekMode.Start);
    const fresh = new Uint8Array(size - known.size);
    let length = 0;
    for (let got = 1; length < fresh.length && got > 0; length += got) {
      got = file.readSync(fresh.subarray(length)) ?? 0;
    }
    known = { size: known.size + length, lines: known.lines + countLines(fresh.subarray(0, length)) };
    this.#counted.set(path, known);
    return known.lines;
  }
}

/** All files below a directory. */
export function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory ? filesBelow(path) : [path];
  });
}
