/** Whole records, back to back, made of the first lines of a grouping. */
export interface FramedRecords {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** The number, from 0, of the line with which each record begins. */
  readonly firstLines: Uint32Array<ArrayBuffer>;
  /** The bytes are those of the lines, so that each record begins where the one before ends. */
  readonly asTheyCame: boolean;
}

/** Lines that are being grouped to records, from a place on where no record is unfinished. */
export interface Grouping {
  /** Takes the next lines, back to back and in UTF-8, each with its line feed; line `i` ends at `ends[i]`. */
  add(bytes: Uint8Array, ends: Uint32Array): void;
  /** Finishes every record: no more lines belong to those that there are. */
  finish(): void;
  /** How many lines from the first one on belong to whole records and to none that is unfinished. */
  readonly whole: number;
  /** The records of these lines. `bytes` and `ends` are those of all lines that were added. */
  take(bytes: Uint8Array<ArrayBuffer>, ends: Uint32Array): FramedRecords;
}

/** Joins lines to records. Groupings are independent of each other. */
export interface Framer {
  /** How long an unfinished record waits for its next line, in ms. */
  readonly timeout: number;
  /** No grouping needs to hold more than this, in bytes, plus two lines, before some of its lines are whole. */
  readonly windowBytes: number;
  begin(): Grouping;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const CARRIAGE_RETURN = 0x0d;

/** Goes through lines as text, without their line breaks. */
export function forEachLine(
  bytes: Uint8Array,
  ends: Uint32Array,
  visit: (line: string, length: number, index: number) => void,
): void {
  // Decoding all at once is many times faster than line by line, and a line feed is never part of another character.
  const text = DECODER.decode(bytes);
  let at = 0;
  let start = 0;
  for (let i = 0; i < ends.length; i++) {
    const lineFeed = text.indexOf("\n", at);
    const to = lineFeed > at && text.charCodeAt(lineFeed - 1) === CARRIAGE_RETURN ? lineFeed - 1 : lineFeed;
    const end = ends[i] ?? 0;
    visit(text.slice(at, to), end - start, i);
    at = lineFeed + 1;
    start = end;
  }
}
