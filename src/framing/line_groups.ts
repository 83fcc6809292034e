import { BREAK, type LineJoiner, TENTATIVE, WHOLE } from "./line_joiner.ts";

/** How much is joined at most. */
export interface GroupLimits {
  /** Lines of a record. */
  readonly maxLines: number;
  /** Bytes of a record of several lines, their line breaks included. */
  readonly maxBytes: number;
}

/** How many lines may wait to be confirmed: each of them is looked at again when they are not. */
const TENTATIVE_LIMIT = 32;
const NONE = -1;

/**
 * Groups the lines of one stream to records. What becomes of a line depends on those of its record only, so grouping
 * from the beginning of any record on gives the same records again.
 */
export class LineGroups {
  readonly #joiner: LineJoiner;
  readonly #limits: GroupLimits;
  /** How many lines there are up to the end of each finished record. */
  #ends = new Uint32Array(64);
  #count = 0;
  /** Lines in finished records. */
  #finished = 0;
  /** Of the unfinished record, or {@link NONE}. */
  #state = NONE;
  #lines = 0;
  #bytes = 0;
  /** The last lines of the unfinished record that are not sure to belong to it, and their lengths. */
  #tentative: string[] = [];
  #lengths: number[] = [];

  constructor(joiner: LineJoiner, limits: GroupLimits) {
    this.#joiner = joiner;
    this.#limits = limits;
  }

  /** Finished records. */
  get count(): number {
    return this.#count;
  }

  /** Lines in finished records. */
  get finished(): number {
    return this.#finished;
  }

  /** Whether there is an unfinished record; it begins behind the finished lines. */
  get isOpen(): boolean {
    return this.#state !== NONE;
  }

  /** How many lines there are up to the end of the finished record `index`. */
  endOf(index: number): number {
    return this.#ends[index] ?? 0;
  }

  /** Takes the next line, without its line break; `length`: its bytes with it. */
  add(line: string, length: number): void {
    while (this.#state !== NONE) {
      const next = this.#hasRoom(length) ? this.#joiner.next(this.#state, line) : BREAK;
      if (next !== BREAK && this.#append(next, line, length)) return;
      this.#close();
    }
    this.#state = this.#joiner.first(line);
    this.#lines = 1;
    this.#bytes = length;
    if (this.#joiner.certainty[this.#state] === WHOLE) this.#end();
  }

  /** Finishes what is unfinished: no more lines belong to it. */
  finish(): void {
    while (this.#state !== NONE) this.#close();
  }

  #hasRoom(length: number): boolean {
    const { maxLines, maxBytes } = this.#limits;
    return this.#lines < maxLines && this.#bytes + length <= maxBytes;
  }

  #append(state: number, line: string, length: number): boolean {
    const certainty = this.#joiner.certainty[state];
    if (certainty === TENTATIVE) {
      if (this.#tentative.length === TENTATIVE_LIMIT) return false;
      this.#tentative.push(line);
      this.#lengths.push(length);
    } else if (this.#tentative.length > 0) {
      this.#tentative = [];
      this.#lengths = [];
    }
    this.#state = state;
    this.#lines++;
    this.#bytes += length;
    if (certainty === WHOLE) this.#end();
    return true;
  }

  /** Ends the record before the lines that were not confirmed, and groups those again. */
  #close(): void {
    const lines = this.#tentative;
    const lengths = this.#lengths;
    this.#lines -= lines.length;
    this.#end();
    if (lines.length === 0) return;
    this.#tentative = [];
    this.#lengths = [];
    for (let i = 0; i < lines.length; i++) this.add(lines[i] ?? "", lengths[i] ?? 0);
  }

  #end(): void {
    if (this.#count === this.#ends.length) {
      const larger = new Uint32Array(this.#ends.length * 4);
      larger.set(this.#ends);
      this.#ends = larger;
    }
    this.#finished += this.#lines;
    this.#ends[this.#count++] = this.#finished;
    this.#state = NONE;
  }
}
