/** Stands at the end of a line that was cut. */
export const CUT_MARK: Uint8Array = new TextEncoder().encode(" [truncated]");

const LINE_FEED = 0x0a;

/** Whether a line, its line feed of `unit` bytes not counted, is longer than `max` bytes. */
export function hasLongLine(ends: Uint32Array, max: number, unit: 1 | 2): boolean {
  let start = 0;
  for (const end of ends) {
    if (end - start - unit > max) return true;
    start = end;
  }
  return false;
}

/** Records of which some were cut, with the place where each started before. */
export interface CutLines {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** Starts of the records in the bytes given, relative to their beginning. */
  readonly starts: Float64Array<ArrayBuffer>;
  readonly cut: number;
}

/** Cuts every line longer than `max` bytes and marks it. */
export function cutLongLines(bytes: Uint8Array, ends: Uint32Array, max: number): CutLines {
  const out = new Uint8Array(bytes.length + ends.length * (CUT_MARK.length + 1));
  const newEnds = new Uint32Array(ends.length);
  const starts = new Float64Array(ends.length);
  let start = 0;
  let at = 0;
  let cut = 0;
  ends.forEach((end, index) => {
    starts[index] = start;
    if (end - start - 1 > max) {
      at = writeCut(out, at, bytes.subarray(start, end), max);
      cut++;
    } else {
      out.set(bytes.subarray(start, end), at);
      at += end - start;
    }
    newEnds[index] = at;
    start = end;
  });
  return { bytes: out.slice(0, at), ends: newEnds, starts, cut };
}

/** A single line, longer than `max` bytes, cut and marked. */
export function cutLine(line: Uint8Array, max: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(max + CUT_MARK.length + 1);
  return out.subarray(0, writeCut(out, 0, line, max));
}

/** Writes the first bytes of `line`, never a part of a UTF-8 sequence, the mark and a line feed; returns the end. */
function writeCut(out: Uint8Array, at: number, line: Uint8Array, max: number): number {
  let length = max;
  for (let back = 0; back < 3 && length > 0 && ((line[length] ?? 0) & 0xc0) === 0x80; back++) length--;
  out.set(line.subarray(0, length), at);
  out.set(CUT_MARK, at + length);
  out[at + length + CUT_MARK.length] = LINE_FEED;
  return at + length + CUT_MARK.length + 1;
}
