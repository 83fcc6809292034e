import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { pause } from "./wait.ts";

const TEXT = makeText(8192);

/** How the lines of a writer look. */
export interface LineShape {
  /** Shortest and longest payload in bytes. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly ending?: "\n" | "\r\n";
}

/** The checksum that line `sequence` of `writer` carries. */
export function lineChecksum(writer: string, sequence: number, payload: Uint8Array): number {
  return crc32(payload, crc32(`${writer} ${sequence} `));
}

/**
 * Makes lines `<writer> <sequence> <checksum> <payload>`: each can be judged by itself, none occurs twice, and how many
 * were written is all that the oracle needs to know. Sequences start at 1.
 */
export class LineWriter {
  #made = 0;
  readonly #minimum: number;
  readonly #span: number;
  readonly #ending: string;

  constructor(readonly name: string, shape: LineShape = {}) {
    this.#minimum = shape.minimum ?? 0;
    this.#span = (shape.maximum ?? 160) - this.#minimum + 1;
    this.#ending = shape.ending ?? "\n";
  }

  /** How many lines were written. */
  get written(): number {
    return this.#made;
  }

  /** The next lines, which count as written from now on. */
  lines(count: number): Uint8Array<ArrayBuffer> {
    const lines: Uint8Array[] = [];
    for (let i = 0; i < count; i++) lines.push(this.#line(++this.#made));
    return new Uint8Array(Buffer.concat(lines));
  }

  /** Appends the next lines to the file at `path`, which is created where it is missing. */
  append(path: string, count: number): void {
    appendBytes(path, this.lines(count));
  }

  /** Writes the next lines through a descriptor that the caller holds. */
  write(file: Deno.FsFile, count: number): void {
    writeAll(file, this.lines(count));
  }

  #line(sequence: number): Uint8Array {
    const random = scramble(this.name.length * 7919 + sequence);
    const length = this.#minimum + random % this.#span;
    const payload = payloadOf(random >>> 3, length);
    const checksum = lineChecksum(this.name, sequence, payload).toString(16).padStart(8, "0");
    return Buffer.concat([
      Buffer.from(`${this.name} ${sequence} ${checksum} `),
      payload,
      Buffer.from(this.#ending),
    ]);
  }
}

/** Appends bytes to the file at `path` in one call, creating it where it is missing. */
export function appendBytes(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { append: true, create: true });
  writeAll(file, bytes);
}

/** Writes all bytes, however many calls it takes. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** Writes lines at a steady rate until it is stopped. */
export class Load {
  #stopped = false;
  readonly #done: Promise<void>;

  private constructor(done: (stopped: () => boolean) => Promise<void>) {
    this.#done = done(() => this.#stopped);
    // Told by `stop`; a test that failed before it takes the directory away while lines are still written.
    this.#done.catch(() => {});
  }

  /** Calls `write` some hundred times a second with the number of lines that are due. */
  static start(linesPerSecond: number, write: (lines: number) => void): Load {
    return new Load(async (stopped) => {
      const begin = performance.now();
      let done = 0;
      while (!stopped()) {
        const due = Math.floor((performance.now() - begin) / 1000 * linesPerSecond) - done;
        // After a pause of the whole machine a writer would not make up for all of it at once either.
        if (due > 0) write(Math.min(due, linesPerSecond));
        done += Math.max(due, 0);
        await pause(4);
      }
    });
  }

  /** Resolves once nothing more is written; rejects if writing failed. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#done;
  }
}

function payloadOf(random: number, length: number): Uint8Array {
  if (length <= TEXT.length / 2) {
    const start = random % (TEXT.length / 2);
    return TEXT.subarray(start, start + length);
  }
  return new Uint8Array(length).fill(0x61 + random % 26);
}

/** Printable ASCII, spaces, tabs and bytes above 127 (not always valid UTF-8), never a line break. */
function makeText(length: number): Uint8Array {
  const text = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const random = scramble(i);
    text[i] = random % 29 === 0 ? 0x80 + random % 128 : random % 31 === 0 ? 0x09 : 0x20 + random % 95;
  }
  return text;
}

/** A number that looks random and depends on `seed` alone, so that the oracle needs no memory of the lines. */
function scramble(seed: number): number {
  let x = (seed + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
