/** What {@link LineScanner.scan} found. */
export interface ScannedLines {
  /** How many whole lines there are. */
  readonly count: number;
  /** End of the last whole line, its line break included; equals `from` when there is none. */
  readonly end: number;
}

/** Up to this many bytes a line, looking at four at a time is faster than a call of `indexOf` for each line. */
const SHORT_LINE = 400;
/**
 * Words that one call looks at. What is called rarely and loops for long is compiled within its loop, by V8's on-stack
 * replacement, and leaves that code, at a cost, at the end of each call.
 */
const WORDS_AT_ONCE = 2048;

/**
 * Finds the ends of lines in a buffer. One scanner per code unit width; it keeps a scratch array, so that a scan
 * allocates nothing.
 */
export class LineScanner {
  #ends = new Uint32Array(4096);
  readonly #unit: 1 | 2;
  readonly #high: 0 | 1;
  /** Whether the lines of the last scan were short. */
  #isShort = true;

  /** `lineBreak`: how a line feed is encoded. One byte 0A, or two with the zero byte last (`le`) or first (`be`). */
  constructor(lineBreak: "single" | "utf-16le" | "utf-16be" = "single") {
    this.#unit = lineBreak === "single" ? 1 : 2;
    this.#high = lineBreak === "utf-16be" ? 1 : 0;
  }

  /**
   * Scans `bytes[from..to)`, which starts at the start of a line, for whole lines. Their ends, relative to `from`,
   * are read by {@link ends} until the next scan.
   */
  scan(bytes: Uint8Array, from: number, to: number): ScannedLines {
    const view = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
    const isForWords = this.#unit === 1 && this.#isShort && view.length >= 4;
    const count = isForWords ? this.#findByWords(view) : this.#findByCalls(view);
    this.#isShort = view.length <= count * SHORT_LINE;
    return { count, end: from + (count === 0 ? 0 : this.#ends[count - 1] ?? 0) };
  }

  /** Where the first line that the last scan found ends. */
  get firstEnd(): number {
    return this.#ends[0] ?? 0;
  }

  /** The ends that the last scan found, in `memory` if they fit there, else in an array of their own. */
  ends(count: number, memory?: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    if (memory === undefined || memory.length < count) return this.#ends.slice(0, count);
    memory.set(this.#ends.subarray(0, count));
    return memory.subarray(0, count);
  }

  #findByCalls(view: Uint8Array): number {
    let ends = this.#ends;
    let count = 0;
    for (let next = this.#lineEnd(view, 0); next !== -1; next = this.#lineEnd(view, next)) {
      if (count === ends.length) ends = this.#grow();
      ends[count++] = next;
    }
    return count;
  }

  /** For four bytes at least. */
  #findByWords(view: Uint8Array): number {
    const { length, buffer, byteOffset } = view;
    const aligned = (4 - byteOffset % 4) % 4;
    let count = this.#findByBytes(view, 0, aligned, 0);
    const words = new Int32Array(buffer, byteOffset + aligned, (length - aligned) >> 2);
    for (let from = 0; from < words.length; from += WORDS_AT_ONCE) {
      const to = Math.min(from + WORDS_AT_ONCE, words.length);
      count = this.#findInWords(view, aligned, words, from, to, count);
    }
    return this.#findByBytes(view, aligned + (words.length << 2), length, count);
  }

  /** Adds the ends of lines in words[from..to), which begin at view[first], to `count` others; answers how many there are. */
  #findInWords(
    view: Uint8Array,
    first: number,
    words: Int32Array,
    from: number,
    to: number,
    count: number,
  ): number {
    let ends = this.#ends;
    for (let index = from; index < to; index++) {
      // A byte that is a line feed becomes zero, and only a zero borrows from its highest bit.
      const zeroed = (words[index] as number) ^ 0x0a0a0a0a;
      if (((zeroed - 0x01010101) & ~zeroed & 0x80808080) === 0) continue;
      if (count + 8 > ends.length) ends = this.#grow();
      const at = first + (index << 2);
      if (view[at] === 0x0a) ends[count++] = at + 1;
      if (view[at + 1] === 0x0a) ends[count++] = at + 2;
      if (view[at + 2] === 0x0a) ends[count++] = at + 3;
      if (view[at + 3] === 0x0a) ends[count++] = at + 4;
    }
    return count;
  }

  /** The same for view[from..to), a few bytes. */
  #findByBytes(view: Uint8Array, from: number, to: number, count: number): number {
    const ends = this.#ends;
    for (let at = from; at < to; at++) if (view[at] === 0x0a) ends[count++] = at + 1;
    return count;
  }

  /** Where the first line that starts at or after `from` ends, or -1. */
  #lineEnd(view: Uint8Array, from: number): number {
    let at = view.indexOf(0x0a, from);
    if (this.#unit === 1) return at + (at === -1 ? 0 : 1);
    for (; at !== -1; at = view.indexOf(0x0a, at + 1)) {
      const unit = at - this.#high;
      if (unit % 2 === 0 && view[unit + 1 - this.#high] === 0) return unit + 2;
    }
    return -1;
  }

  #grow(): Uint32Array<ArrayBuffer> {
    const larger = new Uint32Array(this.#ends.length * 4);
    larger.set(this.#ends);
    return this.#ends = larger;
  }
}
