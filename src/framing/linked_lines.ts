import { concatenated, type ContainerFormat } from "./container_format.ts";
import type { FramedRecords } from "./framer.ts";

/** Which of the first lines of a file belong together; those that are linked to no other are records by themselves. */
export class LinkedLines {
  readonly #count: number;
  /** The next line of the same record, or 0. */
  readonly #next: Uint32Array;
  readonly #isLater: Uint8Array;
  #links = 0;

  /** `count`: how many lines there are. */
  constructor(count: number) {
    this.#count = count;
    this.#next = new Uint32Array(count);
    this.#isLater = new Uint8Array(count);
  }

  /** Line `to` follows line `from`, which comes earlier, in one record. Lines that are not there are left out. */
  link(from: number, to: number): void {
    if (to >= this.#count) return;
    this.#next[from] = to;
    this.#isLater[to] = 1;
    this.#links++;
  }

  /** The records, in the order of their first lines. */
  records(bytes: Uint8Array<ArrayBuffer>, lineEnds: Uint32Array, format: ContainerFormat): FramedRecords {
    const count = this.#count - this.#links;
    const ends = new Uint32Array(count);
    const firstLines = new Uint32Array(count);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    // Lines that stay as they are and follow each other are copied at once.
    let runStart = 0;
    let runEnd = 0;
    let start = 0;
    let at = 0;
    let index = 0;
    for (let line = 0; line < this.#count; line++) {
      const end = lineEnds[line] ?? 0;
      if (this.#isLater[line] === 0) {
        firstLines[index] = line;
        if (this.#next[line] !== 0 || start !== runEnd) {
          if (runEnd > runStart) parts.push(bytes.subarray(runStart, runEnd));
          runStart = runEnd = start;
        }
        if (this.#next[line] === 0) {
          runEnd = end;
          at += end - start;
        } else {
          const joined = format.join(this.#chain(line, bytes, lineEnds));
          parts.push(joined);
          at += joined.length;
          runStart = runEnd = end;
        }
        ends[index++] = at;
      }
      start = end;
    }
    if (runEnd > runStart) parts.push(bytes.subarray(runStart, runEnd));
    const asTheyCame = this.#links === 0;
    return { bytes: asTheyCame ? bytes.subarray(0, at) : concatenated(parts), ends, firstLines, asTheyCame };
  }

  #chain(first: number, bytes: Uint8Array, lineEnds: Uint32Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    for (let line = first; line !== 0 || lines.length === 0; line = this.#next[line] ?? 0) {
      lines.push(bytes.subarray(lineEnds[line - 1] ?? 0, lineEnds[line]));
    }
    return lines;
  }
}
