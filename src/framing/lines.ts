/** What {@link LineScanner.scan} found. */
export interface ScannedLines {
  /** How many whole lines there are. */
  readonly count: number;
  /** End of the last whole line, its line break included; equals `from` when there is none. */
  readonly end: number;
}

/**
 * Finds the ends of lines in a buffer. One scanner per code unit width; it keeps a scratch array, so that a scan
 * allocates nothing.
 */
export class LineScanner {
  #ends = new Uint32Array(4096);
  readonly #unit: 1 | 2;
  readonly #high: 0 | 1;

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
    let ends = this.#ends;
    let count = 0;
    let end = 0;
    for (let next = this.#lineEnd(view, 0); next !== -1; next = this.#lineEnd(view, end)) {
      if (count === ends.length) ends = this.#grow();
      ends[count++] = end = next;
    }
    return { count, end: from + end };
  }

  /** Where the first line that the last scan found ends. */
  get firstEnd(): number {
    return this.#ends[0] ?? 0;
  }

  /** The ends that the last scan found, as an array of its own. */
  ends(count: number): Uint32Array<ArrayBuffer> {
    return this.#ends.slice(0, count);
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
