import { type Arena, pad8, type Slice } from "./block.ts";
import { checksumReason } from "./damage.ts";
import type { ReadFile } from "./file_system.ts";
import {
  checkPayload,
  FRAME_HEADER,
  type FrameHeader,
  frameLength,
  headerChecksums,
  MAGIC_BYTES,
  type PayloadCheck,
  readFrameHeader,
} from "./record.ts";

/** Small frames are read many at a time. */
const WINDOW = 256 * 1024;
/** Where frames are large, no more than the header is read to step over one. */
const PEEK = 4096;
const LARGE_FRAME = 16 * 1024;
/** What the disk cannot give is looked for in pieces of this size, so that a bad sector costs no more. */
const PAGE = 4096;

/** Reads the frames of one segment. Not for concurrent use. */
export class SegmentReader implements Disposable {
  readonly #file: ReadFile;
  readonly #id: number;
  readonly #arena: Arena;
  /** Bytes of the file that may be looked at. */
  size: number;
  #window: Slice | undefined;
  #windowAt = 0;
  #windowLength = 0;
  #lastLength = 0;

  /** `id`: the segment's. */
  constructor(file: ReadFile, id: number, size: number, arena: Arena) {
    this.#file = file;
    this.#id = id;
    this.size = size;
    this.#arena = arena;
  }

  /** The header of the frame that begins here and stands whole in the file; undefined if there is none. */
  async header(offset: number): Promise<FrameHeader | undefined> {
    if (offset + FRAME_HEADER > this.size) return undefined;
    const window = await this.#at(offset, FRAME_HEADER, this.#lastLength < LARGE_FRAME ? WINDOW : PEEK);
    const header = readFrameHeader(window.block.u8, window.start, this.#id, offset);
    if (header === undefined || offset + frameLength(header.length) > this.size) return undefined;
    this.#lastLength = frameLength(header.length);
    return header;
  }

  /**
   * The payload of the frame that begins here, and its check. The memory has one use more, which the caller gives
   * back to the arena.
   */
  async payload(offset: number, header: FrameHeader): Promise<Slice & { readonly check: PayloadCheck }> {
    const { block, start } = await this.#at(offset, frameLength(header.length), WINDOW);
    block.uses++;
    return { block, start: start + FRAME_HEADER, check: checkPayload(block.u8, start, header) };
  }

  /** Where the next frame begins, at `offset` or behind it; undefined if there is none. */
  async search(offset: number): Promise<number | undefined> {
    const chunk = new Uint8Array(WINDOW);
    for (let at = offset; at + FRAME_HEADER <= this.size;) {
      const length = await this.#read(chunk.subarray(0, Math.min(WINDOW, this.size - at)), at);
      const bytes = chunk.subarray(0, length);
      for (let found = find(bytes, 0); found >= 0; found = find(bytes, found + 1)) {
        if (await this.header(at + found) !== undefined) return at + found;
      }
      // A beginning may lie across the border of two chunks.
      at += length - (MAGIC_BYTES.length - 1);
      if (length < MAGIC_BYTES.length) return undefined;
    }
    return undefined;
  }

  /** The checksum of what should be a header, for messages. */
  async headerChecksums(offset: number): Promise<{ found: number; expected: number } | undefined> {
    if (offset + FRAME_HEADER > this.size) return undefined;
    const { block, start } = await this.#at(offset, FRAME_HEADER, PEEK);
    return headerChecksums(block.u8, start, this.#id);
  }

  /** Bytes of the file, on memory of their own. */
  async bytes(from: number, to: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, to - from));
    return bytes.subarray(0, await this.#read(bytes, from));
  }

  [Symbol.dispose](): void {
    this.#dropWindow();
    this.#file.close();
  }

  async #at(offset: number, length: number, ahead: number): Promise<Slice> {
    let window = this.#window;
    if (
      window === undefined || offset < this.#windowAt || offset + length > this.#windowAt + this.#windowLength
    ) {
      this.#dropWindow();
      const size = Math.min(Math.max(length, ahead), this.size - offset);
      window = this.#window = this.#arena.take(pad8(size));
      this.#windowAt = offset;
      this.#windowLength = 0;
      const { u8 } = window.block;
      const read = await this.#read(u8.subarray(window.start, window.start + size), offset);
      // The file may be shorter than it was: what is missing is as good as damaged.
      u8.fill(0, window.start + read, window.start + size);
      this.#windowLength = size;
    }
    return { block: window.block, start: window.start + offset - this.#windowAt };
  }

  #dropWindow(): void {
    if (this.#window !== undefined) this.#arena.release(this.#window.block);
    this.#window = undefined;
  }

  /** Fills `into` as far as the file goes. What the disk cannot read counts as zeros, which no checksum fits. */
  async #read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      let read: number;
      try {
        read = await this.#file.read(into.subarray(done), position + done);
      } catch (error) {
        if (into.length - done > PAGE) {
          return done + await this.#readPages(into.subarray(done), position + done);
        }
        if (error instanceof Deno.errors.BadResource) throw error;
        into.fill(0, done);
        return into.length;
      }
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  async #readPages(into: Uint8Array, position: number): Promise<number> {
    for (let done = 0; done < into.length;) {
      const page = into.subarray(done, Math.min(into.length, done + PAGE - (position + done) % PAGE));
      const read = await this.#read(page, position + done);
      if (read < page.length) return done + read;
      done += read;
    }
    return into.length;
  }
}

function find(bytes: Uint8Array, from: number): number {
  const [first = 0, second, third, fourth] = MAGIC_BYTES;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (bytes[at + 1] === second && bytes[at + 2] === third && bytes[at + 3] === fourth) return at;
  }
  return -1;
}

/** What stands in a segment, in order. */
export type Found =
  | {
    readonly kind: "frame";
    readonly offset: number;
    readonly header: FrameHeader;
    /** Only if payloads are checked. */
    readonly check?: PayloadCheck;
    /** Records that are whole, if not all of them are. */
    readonly kept?: number;
  }
  | {
    /** Bytes that are no frame. */
    readonly kind: "damage";
    readonly offset: number;
    /** Where the next frame begins; undefined: there is none. */
    readonly end: number | undefined;
    readonly reason: string;
  };

/** All that stands in a segment from `offset` on, damage included. */
export async function* scan(reader: SegmentReader, offset: number): AsyncGenerator<Found> {
  for (let at = offset; at < reader.size;) {
    const header = await reader.header(at);
    if (header !== undefined) {
      yield { kind: "frame", offset: at, header };
      at += frameLength(header.length);
      continue;
    }
    const reason = await damageAt(reader, at);
    const end = await reader.search(at + 1);
    yield { kind: "damage", offset: at, end, reason };
    if (end === undefined) return;
    at = end;
  }
}

/** Why there is no frame at a place. */
export async function damageAt(reader: SegmentReader, offset: number): Promise<string> {
  const sums = await reader.headerChecksums(offset);
  if (sums === undefined) return "the file ends in the middle of it";
  if (sums.found === sums.expected) {
    return "the file ends in the middle of it, or it stands where it does not belong";
  }
  return checksumReason(sums.found, sums.expected);
}
