import { OVERSHOOT } from "./copy_bytes.ts";
import { LEVELS } from "./level_words.ts";

/** Pieces of bytes that are copied into events, back to back in one buffer with room behind for `copyBytes`. */
export class Pieces {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Piece n is bytes[starts[n]..starts[n + 1]). */
  readonly starts: Int32Array;

  constructor(texts: readonly string[]) {
    const encoder = new TextEncoder();
    const encoded = texts.map((text) => encoder.encode(text));
    this.starts = new Int32Array(texts.length + 1);
    encoded.forEach((bytes, piece) => this.starts[piece + 1] = (this.starts[piece] ?? 0) + bytes.length);
    this.bytes = new Uint8Array((this.starts[texts.length] ?? 0) + OVERSHOOT);
    encoded.forEach((bytes, piece) => this.bytes.set(bytes, this.starts[piece]));
    this.view = new DataView(this.bytes.buffer);
  }
}

/** The pieces of `framePieces`: before the time, between time and message, and the first of those behind the message. */
export const FRAME = { start: 0, message: 1, fields: 2 } as const;

/**
 * What stands around the parts of a line in the event JSON of one source. Piece `FRAME.fields` is for events without a
 * level, the ones behind it for those with one of `LEVELS`.
 */
export function framePieces(source: string): Pieces {
  const fields = `,"source":${JSON.stringify(source)},"fields":{`;
  return new Pieces([
    '{"timestamp":"',
    '","message":',
    fields,
    ...LEVELS.map((level) => `,"level":"${level}"${fields}`),
  ]);
}
