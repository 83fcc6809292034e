import type { Framer, Grouping } from "../../framing/framer.ts";
import { LineScanner } from "../../framing/lines.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { TAIL_BYTES } from "./fingerprint.ts";
import { groupLines, recordsOf } from "./grouped_lines.ts";
import { cutLine, hasLongLine } from "./long_lines.ts";
import type { ByteSource } from "./open_file.ts";
import { advanced, type ReadPosition, START, startsWith, tailOf, withHead } from "./read_position.ts";
import { joined, type LineSettings, showLines, withLine } from "./shown_lines.ts";

export { type ReadPosition, START };

/** Whole records, ready to be emitted, and the position behind them. */
export interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** Where the first record starts. */
  readonly off: number;
  /** Where each record starts, only where that does not follow from `ends`. */
  readonly offsets?: Float64Array<ArrayBuffer>;
  readonly position: ReadPosition;
  /** How many lines were cut. */
  readonly cut: number;
  /** The pooled buffer that holds `bytes`, and `ends`, to be given back once the records have settled. */
  readonly pooled?: Uint8Array<ArrayBuffer>;
}

/** What of a chunk is found before the position moves. */
export type Records = Pick<Chunk, "bytes" | "ends" | "offsets" | "cut">;

/** What a look at a file brought. */
export type Look =
  /** `atEnd`: there was nothing more behind them but an unfinished line. False: another look tells. */
  | { readonly kind: "lines"; readonly chunk: Chunk; readonly atEnd: boolean }
  /** Nothing more than there was: the end, with `partial` bytes of an unfinished line. */
  | { readonly kind: "end"; readonly partial: number }
  /** Nothing to emit yet, but more to read. */
  | { readonly kind: "again" }
  /** The file no longer holds what was read from it. */
  | { readonly kind: "changed" };

/** Settings of a reader. */
export interface ReaderOptions extends LineSettings {
  /** Joins lines to records; absent where every line is one. */
  readonly framer?: Framer | undefined;
  readonly pool: BufferPool;
}

/** Which of the bytes that were seen behind the position are to be delivered as they are. */
export type Rest =
  /** The whole lines of unfinished records. */
  | "lines"
  /** These and the unfinished last line. */
  | "all";

/** Whole lines behind the position that make no whole record yet, so that they need not be grouped at every look. */
interface HeldLines {
  readonly grouping: Grouping;
  /** The bytes before their end, at most {@link TAIL_BYTES}. */
  readonly tail: Uint8Array;
}

const PROBE = new Uint8Array(TAIL_BYTES + 1);
const UTF8_SCANNER = new LineScanner();
const LINE_FEED = new Uint8Array([0x0a]);

/**
 * Reads one generation of a file in chunks of whole records. Each look is one read that begins with the bytes before
 * the position: if they are not what they were, the file was truncated or rewritten. An unfinished record is not kept
 * in memory but read again, so the position is always the start of a record.
 */
export class Reader {
  readonly #source: ByteSource;
  readonly #options: ReaderOptions;
  readonly #scanner: LineScanner;
  #position: ReadPosition;
  /** The last bytes that were seen, an unfinished line included, and where they end: what {@link probe} compares. */
  #seenTail: Uint8Array;
  #seenEnd: number;
  /** Where the unfinished last line starts: at the position, unless lines wait for the rest of their record. */
  #lineStart: number;
  #held: HeldLines | undefined;
  #bufferSize: number;
  #inHole: boolean;

  /**
   * `skipHole`: NUL bytes at the very start are a hole, left by a writer that kept its offset when the file was
   * truncated; they are skipped.
   */
  constructor(source: ByteSource, position: ReadPosition, options: ReaderOptions, skipHole = false) {
    this.#source = source;
    this.#options = options;
    this.#scanner = options.transcoder?.scanner ?? UTF8_SCANNER;
    this.#position = position;
    this.#seenTail = position.tail;
    this.#seenEnd = position.off;
    this.#lineStart = position.off;
    this.#bufferSize = options.pool.size;
    this.#inHole = skipHole && position.off === 0;
  }

  get position(): ReadPosition {
    return this.#position;
  }

  /** Bytes of the unfinished last line that were seen. */
  get partial(): number {
    return this.#position.skipping ? 0 : this.#seenEnd - this.#lineStart;
  }

  /** Bytes of the whole lines before it whose record is unfinished. */
  get held(): number {
    return this.#lineStart - this.#position.off;
  }

  /** Where what was seen ends. */
  get end(): number {
    return this.#seenEnd;
  }

  /** Whether there is something new to read: one small read. Only for sources that answer at once. */
  probe(): "same" | "news" {
    const tail = this.#seenTail;
    const count = this.#source.read(PROBE, tail.length + 1, this.#seenEnd - tail.length) as number;
    return count === tail.length && startsWith(PROBE, tail) ? "same" : "news";
  }

  /** Reads on. After "lines" the position stands behind them. Throws what reading throws. */
  async look(): Promise<Look> {
    if (this.#held !== undefined) {
      const look = this.#lookBehind(this.#held);
      if (look !== undefined) return look;
    }
    const { tail, off, head } = this.#position;
    const buffer = this.#options.pool.take(this.#bufferSize);
    let kept = false;
    try {
      const start = off - tail.length;
      const answer = this.#source.read(buffer, buffer.length, start);
      const count = typeof answer === "number" ? answer : await answer;
      if (count < tail.length || !startsWith(buffer, tail)) return { kind: "changed" };
      const shown = off === 0 ? head.subarray(0, buffer.length) : START.head;
      if (count < shown.length || !startsWith(buffer, shown)) return { kind: "changed" };
      if (this.#inHole) return this.#skipHole(buffer, count);
      const { count: lines, end } = this.#scanner.scan(buffer, tail.length, count);
      if (this.#position.skipping) return this.#skipLine(buffer, lines, count);
      this.#lineStart = off;
      if (lines > 0) {
        const chunk = this.#options.framer === undefined
          ? this.#chunk(buffer, lines, end)
          : this.#framedChunk(buffer, lines, end, this.#options.framer);
        if (chunk !== undefined) {
          this.#bufferSize = this.#options.pool.size;
          kept = chunk.pooled !== undefined;
          return { kind: "lines", chunk, atEnd: this.#seesEnd(buffer, count, start) };
        }
      }
      // A look behind the held lines would have a compressed file unpacked twice.
      if (typeof answer !== "number") this.#held = undefined;
      const partial = count - end;
      if (partial > this.#options.maxLineBytes) {
        return { kind: "lines", chunk: this.#cutUnfinished(buffer, lines, end), atEnd: false };
      }
      this.#see(buffer, count, start);
      if (count < buffer.length) return { kind: "end", partial };
      const { maxLineBytes, framer } = this.#options;
      // The bytes of other encodings may be twice as many.
      const largest = maxLineBytes + 2 * TAIL_BYTES + (framer ? 2 * framer.windowBytes + maxLineBytes : 0);
      this.#bufferSize = Math.min(buffer.length * 4, largest);
      return { kind: "again" };
    } finally {
      if (!kept) this.#options.pool.give(buffer);
    }
  }

  /**
   * What was seen behind the position as records, once the file will get no more, or has been quiet for long. The
   * unfinished last line gets a line feed of its own. Undefined when the file no longer holds it.
   */
  async takeRest(rest: Rest): Promise<Chunk | undefined> {
    const { tail, off } = this.#position;
    const length = rest === "all" ? this.#seenEnd - off : this.held;
    const buffer = this.#options.pool.take(length + TAIL_BYTES);
    const count = await this.#source.read(buffer, tail.length + length, off - tail.length);
    if (count <= tail.length || !startsWith(buffer, tail)) return undefined;
    const { count: lines, end } = this.#scanner.scan(buffer, tail.length, count);
    if (rest === "lines") return lines > 0 ? this.#lastChunk(buffer, lines, end, undefined) : undefined;
    const line = buffer.subarray(end, count);
    const atStart = off === 0 && lines === 0;
    const whole = count === end ? undefined : joined([
      this.#options.transcoder?.toUtf8(line, atStart) ?? line,
      LINE_FEED,
    ]);
    return this.#lastChunk(buffer, lines, count, whole);
  }

  /** Looks at what follows the held lines; undefined when the whole is to be read, since a record may be finished. */
  #lookBehind({ grouping, tail }: HeldLines): Look | undefined {
    const { maxLineBytes, pool } = this.#options;
    const from = this.#lineStart - tail.length;
    const buffer = pool.take();
    try {
      this.#held = undefined;
      const count = this.#source.read(buffer, buffer.length, from) as number;
      if (count < tail.length || !startsWith(buffer, tail)) return undefined;
      const { count: lines, end } = this.#scanner.scan(buffer, tail.length, count);
      const partial = count - end;
      if (partial > maxLineBytes || (lines === 0 && count === buffer.length)) return undefined;
      if (lines > 0) {
        const ends = this.#scanner.ends(lines);
        const shown = showLines(buffer.subarray(tail.length, end), ends, this.#options, false);
        groupLines(grouping, shown, ends, this.#options);
        if (grouping.whole > 0) return undefined;
        this.#lineStart = from + end;
      }
      this.#held = { grouping, tail: lines > 0 ? tailOf(buffer, end) : tail };
      this.#see(buffer, count, from);
      return count < buffer.length ? { kind: "end", partial } : { kind: "again" };
    } finally {
      pool.give(buffer);
    }
  }

  #chunk(buffer: Uint8Array<ArrayBuffer>, lines: number, end: number): Chunk {
    const { tail, off } = this.#position;
    const view = buffer.subarray(tail.length, end);
    const { transcoder, maxLineBytes, pool } = this.#options;
    // Garbage of this size would outlive the young generation where many files are read in turn.
    const isPooled = this.#isPooled(view);
    const ends = this.#scanner.ends(lines, isPooled ? pool.endsOf(buffer) : undefined);
    if (transcoder !== undefined || (maxLineBytes < view.length && hasLongLine(ends, maxLineBytes, 1))) {
      const shown = showLines(view, ends, this.#options, off === 0);
      const offsets = Float64Array.from(ends, (_, index) => off + (ends[index - 1] ?? 0));
      this.#advance(buffer, end, false);
      return { bytes: shown.bytes, ends: shown.ends, off, offsets, position: this.#position, cut: shown.cut };
    }
    return this.#plainChunk(buffer, view, ends, end);
  }

  /** Records whose bytes are those of the file, up to `buffer[end]`. */
  #plainChunk(
    buffer: Uint8Array<ArrayBuffer>,
    view: Uint8Array<ArrayBuffer>,
    ends: Uint32Array<ArrayBuffer>,
    end: number,
  ): Chunk {
    const { off } = this.#position;
    const pooled = this.#isPooled(view);
    const bytes = pooled ? view : view.slice();
    this.#advance(buffer, end, false);
    const chunk = { bytes, ends, off, position: this.#position, cut: 0 };
    return pooled ? { ...chunk, pooled: buffer } : chunk;
  }

  /** Whether a chunk stays in its buffer. Small ones are copied, so that many quiet files do not hold one each. */
  #isPooled({ length }: Uint8Array): boolean {
    const { pool } = this.#options;
    return length > pool.size / 4 || (length > pool.size / 32 && pool.hasFree);
  }

  /** The whole records at the beginning of some lines; undefined, and the lines are held, when there are none. */
  #framedChunk(
    buffer: Uint8Array<ArrayBuffer>,
    lines: number,
    end: number,
    framer: Framer,
  ): Chunk | undefined {
    const { tail, off } = this.#position;
    const view = buffer.subarray(tail.length, end);
    const fileEnds = this.#scanner.ends(lines);
    const shown = showLines(view, fileEnds, this.#options, off === 0);
    const grouping = framer.begin();
    groupLines(grouping, shown, fileEnds, this.#options);
    if (grouping.whole === 0) {
      this.#lineStart = off + view.length;
      this.#held = { grouping, tail: tailOf(buffer, end) };
      return undefined;
    }
    const records = recordsOf(grouping, shown, fileEnds, off, this.#options);
    const recordsEnd = tail.length + records.length;
    if (records.bytes.buffer === buffer.buffer && records.offsets === undefined) {
      return this.#plainChunk(buffer, records.bytes, records.ends, recordsEnd);
    }
    this.#advance(buffer, recordsEnd, false);
    return this.#ownChunk(records, off, buffer);
  }

  /** A line that is longer than allowed and not finished yet: its beginning ends a record, the rest will be skipped. */
  #cutUnfinished(buffer: Uint8Array<ArrayBuffer>, lines: number, from: number): Chunk {
    const { maxLineBytes, transcoder } = this.#options;
    const end = from + maxLineBytes - maxLineBytes % (transcoder?.unit ?? 1);
    const line = buffer.subarray(from);
    const atStart = this.#position.off === 0 && lines === 0;
    const beginning = transcoder?.beginning(line, maxLineBytes, atStart) ?? cutLine(line, maxLineBytes);
    const chunk = this.#lastChunk(buffer, lines, end, beginning, true);
    return { ...chunk, cut: chunk.cut + 1 };
  }

  /**
   * Everything up to `buffer[end]` as records: whole lines, which the scanner has found, and a `last` line that has no
   * line break in the file.
   */
  #lastChunk(
    buffer: Uint8Array<ArrayBuffer>,
    lines: number,
    end: number,
    last: Uint8Array<ArrayBuffer> | undefined,
    skipping = false,
  ): Chunk {
    const { tail, off } = this.#position;
    const ends = this.#scanner.ends(lines);
    const view = buffer.subarray(tail.length, tail.length + (ends.at(-1) ?? 0));
    const shown = withLine(showLines(view, ends, this.#options, off === 0), ends, last, end - tail.length);
    const { framer } = this.#options;
    const grouping = framer?.begin();
    if (grouping !== undefined) {
      groupLines(grouping, shown, shown.fileEnds, this.#options);
      grouping.finish();
    }
    const records = grouping ? recordsOf(grouping, shown, shown.fileEnds, off, this.#options) : shown;
    this.#advance(buffer, end, skipping);
    return this.#ownChunk(records, off, buffer);
  }

  /** The chunk in front of the position, whose bytes stay when the buffer is used again. */
  #ownChunk({ bytes, ends, offsets, cut }: Records, off: number, buffer: Uint8Array): Chunk {
    const chunk = {
      bytes: bytes.buffer === buffer.buffer ? bytes.slice() : bytes,
      ends,
      off,
      position: this.#position,
      cut,
    };
    return offsets === undefined ? chunk : { ...chunk, offsets };
  }

  #skipLine(buffer: Uint8Array, lines: number, count: number): Look {
    const from = this.#position.tail.length;
    const lineEnd = from + (lines > 0 ? this.#scanner.firstEnd : 0);
    const unit = this.#options.transcoder?.unit ?? 1;
    const end = lines > 0 ? lineEnd : count - (count - from) % unit;
    if (end === from) return { kind: "end", partial: 0 };
    this.#advance(buffer, end, lines === 0);
    return { kind: "again" };
  }

  #skipHole(buffer: Uint8Array, count: number): Look {
    const from = this.#position.tail.length;
    let end = from;
    while (end < count && buffer[end] === 0) end++;
    this.#inHole = end === count;
    // The zero byte of a wide character belongs to the text.
    end -= (end - from) % (this.#options.transcoder?.unit ?? 1);
    if (end === from) return this.#inHole ? { kind: "end", partial: 0 } : { kind: "again" };
    this.#advance(buffer, end, false);
    return { kind: "again" };
  }

  /** Moves the position to `buffer[end]`, where `buffer` starts with the tail. */
  #advance(buffer: Uint8Array, end: number, skipping: boolean): void {
    this.#position = advanced(this.#position, buffer, end, skipping);
    this.#seenTail = this.#position.tail;
    this.#seenEnd = this.#position.off;
    this.#lineStart = this.#position.off;
    this.#held = undefined;
  }

  /** Whether a read that brought lines, which are taken already, came to the end; notes what is unfinished there. */
  #seesEnd(buffer: Uint8Array, count: number, start: number): boolean {
    const { framer, maxLineBytes } = this.#options;
    const partial = start + count - this.#position.off;
    if (framer !== undefined || count === buffer.length || partial > maxLineBytes) return false;
    if (partial > 0) this.#see(buffer, count, start);
    return true;
  }

  /** Notes what was seen, up to `buffer[count]`; `start`: where in the file the buffer begins. */
  #see(buffer: Uint8Array, count: number, start: number): void {
    this.#seenTail = tailOf(buffer, count);
    this.#seenEnd = start + count;
    this.#position = withHead(this.#position, buffer, count, start);
  }
}
