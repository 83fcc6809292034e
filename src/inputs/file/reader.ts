import { LineScanner } from "../../framing/lines.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { HEAD_BYTES, TAIL_BYTES } from "./fingerprint.ts";
import { cutLine, type CutLines, cutLongLines, hasLongLine } from "./long_lines.ts";
import type { ByteSource } from "./open_file.ts";
import type { Transcoder } from "./transcoder.ts";

/** A position in a generation of a file, with what proves it. The arrays are never changed. */
export interface ReadPosition {
  /** Byte offset: the start of a line, or inside a line that was cut when `skipping`. */
  readonly off: number;
  /** The bytes before `off`, at most {@link TAIL_BYTES}. */
  readonly tail: Uint8Array;
  /** The first bytes of the generation as far as they were read, at most {@link HEAD_BYTES}. */
  readonly head: Uint8Array;
  readonly skipping: boolean;
}

/** Whole lines, ready to be emitted, and the position behind them. */
export interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** Where the first line starts. */
  readonly off: number;
  /** Where each record starts, only where that does not follow from `ends`. */
  readonly offsets?: Float64Array<ArrayBuffer>;
  readonly position: ReadPosition;
  /** How many of the records were cut. */
  readonly cut: number;
  /** The pooled buffer that holds `bytes`, to be given back once the records have settled. */
  readonly pooled?: Uint8Array<ArrayBuffer>;
}

/** What a look at a file brought. */
export type Look =
  | { readonly kind: "lines"; readonly chunk: Chunk }
  /** Nothing more than there was: the end, with `partial` bytes of an unfinished line. */
  | { readonly kind: "end"; readonly partial: number }
  /** Nothing to emit yet, but more to read. */
  | { readonly kind: "again" }
  /** The file no longer holds what was read from it. */
  | { readonly kind: "changed" };

/** Settings of a reader. */
export interface ReaderOptions {
  /** Longest line in bytes of the file, its line break not counted. */
  readonly maxLineBytes: number;
  /** Converts whole lines to UTF-8; absent for UTF-8 itself, whose bytes pass as they are. */
  readonly transcoder?: Transcoder | undefined;
  readonly pool: BufferPool;
}

/** The position at the very start of a generation. */
export const START: ReadPosition = {
  off: 0,
  tail: new Uint8Array(0),
  head: new Uint8Array(0),
  skipping: false,
};

const PROBE = new Uint8Array(TAIL_BYTES + 1);
const UTF8_SCANNER = new LineScanner();
const LINE_FEED = new Uint8Array([0x0a]);

/**
 * Reads one generation of a file in chunks of whole lines. Each look is one read that begins with the bytes before
 * the position: if they are not what they were, the file was truncated or rewritten. An unfinished line is not kept in
 * memory but read again, so the position is always the start of a line.
 */
export class Reader {
  readonly #source: ByteSource;
  readonly #options: ReaderOptions;
  readonly #scanner: LineScanner;
  #position: ReadPosition;
  /** The last bytes that were seen, an unfinished line included, and where they end: what {@link probe} compares. */
  #seenTail: Uint8Array;
  #seenEnd: number;
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
    this.#bufferSize = options.pool.size;
    this.#inHole = skipHole && position.off === 0;
  }

  get position(): ReadPosition {
    return this.#position;
  }

  /** Bytes of the unfinished last line that were seen. */
  get partial(): number {
    return this.#position.skipping ? 0 : this.#seenEnd - this.#position.off;
  }

  /** Whether there is something new to read: one small read. Only for sources that answer at once. */
  probe(): "same" | "news" {
    const tail = this.#seenTail;
    const count = this.#source.read(PROBE, tail.length + 1, this.#seenEnd - tail.length) as number;
    return count === tail.length && startsWith(PROBE, tail) ? "same" : "news";
  }

  /** Reads on. After "lines" the position stands behind them. Throws what reading throws. */
  async look(): Promise<Look> {
    const { tail, off, head } = this.#position;
    const buffer = this.#options.pool.take(this.#bufferSize);
    let kept = false;
    try {
      const answer = this.#source.read(buffer, buffer.length, off - tail.length);
      const count = typeof answer === "number" ? answer : await answer;
      if (count < tail.length || !startsWith(buffer, tail)) return { kind: "changed" };
      const shown = off === 0 ? head.subarray(0, buffer.length) : START.head;
      if (count < shown.length || !startsWith(buffer, shown)) return { kind: "changed" };
      if (this.#inHole) return this.#skipHole(buffer, count);
      const { count: lines, end } = this.#scanner.scan(buffer, tail.length, count);
      if (this.#position.skipping) return this.#skipLine(buffer, lines, count);
      if (lines > 0) {
        this.#bufferSize = this.#options.pool.size;
        const chunk = this.#chunk(buffer, lines, end);
        kept = chunk.pooled !== undefined;
        return { kind: "lines", chunk };
      }
      const partial = count - tail.length;
      if (partial > this.#options.maxLineBytes) return { kind: "lines", chunk: this.#cutUnfinished(buffer) };
      this.#see(buffer, count);
      if (count < buffer.length) return { kind: "end", partial };
      this.#bufferSize = Math.min(buffer.length * 4, this.#options.maxLineBytes + 2 * TAIL_BYTES);
      return { kind: "again" };
    } finally {
      if (!kept) this.#options.pool.give(buffer);
    }
  }

  /** The unfinished last line as a record with a line feed of its own, once its file will get no more. */
  async takePartial(): Promise<Chunk | undefined> {
    const { tail, off } = this.#position;
    const buffer = this.#options.pool.take(this.partial + TAIL_BYTES);
    const count = await this.#source.read(buffer, tail.length + this.partial, off - tail.length);
    if (count <= tail.length || !startsWith(buffer, tail)) return undefined;
    const line = this.#inUtf8(buffer.subarray(tail.length, count));
    const bytes = new Uint8Array(line.length + 1);
    bytes.set(line);
    bytes.set(LINE_FEED, line.length);
    this.#advance(buffer, count, false);
    return { bytes, ends: Uint32Array.of(bytes.length), off, position: this.#position, cut: 0 };
  }

  #chunk(buffer: Uint8Array<ArrayBuffer>, lines: number, end: number): Chunk {
    const { tail, off } = this.#position;
    const view = buffer.subarray(tail.length, end);
    const ends = this.#scanner.ends(lines);
    const { transcoder, maxLineBytes, pool } = this.#options;
    if (transcoder !== undefined || (maxLineBytes < view.length && hasLongLine(ends, maxLineBytes, 1))) {
      return this.#convertedChunk(buffer, view, ends, end);
    }
    // Small chunks are copied, so that many quiet files do not hold a large buffer each.
    const pooled = view.length > pool.size / 4;
    const bytes = pooled ? view : view.slice();
    this.#advance(buffer, end, false);
    const chunk = { bytes, ends, off, position: this.#position, cut: 0 };
    return pooled ? { ...chunk, pooled: buffer } : chunk;
  }

  /** Lines that do not pass as they are: of another encoding, or some too long. Lengths are those in the file. */
  #convertedChunk(buffer: Uint8Array, view: Uint8Array, ends: Uint32Array, end: number): Chunk {
    const off = this.#position.off;
    const { transcoder, maxLineBytes: max } = this.#options;
    const offsets = Float64Array.from(ends, (_, index) => off + (ends[index - 1] ?? 0));
    const lines = transcoder === undefined
      ? cutLongLines(view, ends, max)
      : hasLongLine(ends, max, transcoder.unit)
      ? this.#cutConverted(view, ends, transcoder)
      : { bytes: this.#inUtf8(view), cut: 0 };
    UTF8_SCANNER.scan(lines.bytes, 0, lines.bytes.length);
    const newEnds = UTF8_SCANNER.ends(ends.length);
    this.#advance(buffer, end, false);
    return { bytes: lines.bytes, ends: newEnds, off, offsets, position: this.#position, cut: lines.cut };
  }

  #cutConverted(
    view: Uint8Array,
    ends: Uint32Array,
    transcoder: Transcoder,
  ): Pick<CutLines, "bytes" | "cut"> {
    const { maxLineBytes: max } = this.#options;
    const parts: Uint8Array[] = [];
    let cut = 0;
    let start = 0;
    for (const end of ends) {
      const atStart = this.#position.off === 0 && start === 0;
      const isLong = end - start - transcoder.unit > max;
      const line = view.subarray(start, end);
      parts.push(isLong ? transcoder.beginning(line, max, atStart) : transcoder.toUtf8(line, atStart));
      if (isLong) cut++;
      start = end;
    }
    return { bytes: joined(parts), cut };
  }

  /** A line that is longer than allowed and not finished yet: its beginning is a record, the rest will be skipped. */
  #cutUnfinished(buffer: Uint8Array): Chunk {
    const { tail, off } = this.#position;
    const { maxLineBytes, transcoder } = this.#options;
    const end = tail.length + maxLineBytes - maxLineBytes % (transcoder?.unit ?? 1);
    const line = buffer.subarray(tail.length);
    const bytes = transcoder?.beginning(line, maxLineBytes, off === 0) ?? cutLine(line, maxLineBytes);
    this.#advance(buffer, end, true);
    return { bytes, ends: Uint32Array.of(bytes.length), off, position: this.#position, cut: 1 };
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

  #inUtf8(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#options.transcoder?.toUtf8(bytes, this.#position.off === 0) ?? bytes.slice();
  }

  /** Moves the position to `buffer[end]`, where `buffer` starts with the tail. */
  #advance(buffer: Uint8Array, end: number, skipping: boolean): void {
    const { off, tail, head } = this.#position;
    const fresh = buffer.subarray(tail.length, end);
    this.#position = {
      off: off + fresh.length,
      tail: buffer.slice(Math.max(0, end - TAIL_BYTES), end),
      head: off <= head.length && head.length < HEAD_BYTES
        ? extended(head, fresh.subarray(head.length - off))
        : head,
      skipping,
    };
    this.#seenTail = this.#position.tail;
    this.#seenEnd = this.#position.off;
  }

  #see(buffer: Uint8Array, count: number): void {
    this.#seenTail = buffer.slice(Math.max(0, count - TAIL_BYTES), count);
    this.#seenEnd = this.#position.off - this.#position.tail.length + count;
    // An unfinished first line proves as well as a whole one which generation this is.
    const { head, off, tail } = this.#position;
    if (off > head.length || head.length === HEAD_BYTES) return;
    const fresh = buffer.subarray(tail.length + head.length - off, count);
    if (fresh.length > 0) this.#position = { ...this.#position, head: extended(head, fresh) };
  }
}

function extended(head: Uint8Array, fresh: Uint8Array): Uint8Array {
  if (fresh.length === 0) return head;
  const longer = new Uint8Array(Math.min(HEAD_BYTES, head.length + fresh.length));
  longer.set(head);
  longer.set(fresh.subarray(0, longer.length - head.length), head.length);
  return longer;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function startsWith(buffer: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (buffer[i] !== prefix[i]) return false;
  return true;
}
