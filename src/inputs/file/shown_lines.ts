import { LineScanner } from "../../framing/lines.ts";
import { cutLongLines, hasLongLine } from "./long_lines.ts";
import type { Transcoder } from "./transcoder.ts";

/** Lines as they are handed on: in UTF-8, and none too long. */
export interface ShownLines {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** How many were cut. */
  readonly cut: number;
}

/** What decides how lines are handed on. */
export interface LineSettings {
  /** Longest line in bytes of the file, its line break not counted. */
  readonly maxLineBytes: number;
  /** Converts whole lines to UTF-8; absent for UTF-8 itself, whose bytes pass as they are. */
  readonly transcoder?: Transcoder | undefined;
}

const SCANNER = new LineScanner();

/**
 * The whole lines of `view`, as they are handed on; lengths are counted in the file. `atStart`: they are the first of
 * the file. UTF-8 lines that fit are not copied.
 */
export function showLines(
  view: Uint8Array<ArrayBuffer>,
  ends: Uint32Array<ArrayBuffer>,
  settings: LineSettings,
  atStart: boolean,
): ShownLines {
  const { transcoder, maxLineBytes: max } = settings;
  const isLong = max < view.length && hasLongLine(ends, max, transcoder?.unit ?? 1);
  if (transcoder === undefined && !isLong) return { bytes: view, ends, cut: 0 };
  const { bytes, cut } = transcoder === undefined
    ? cutLongLines(view, ends, max)
    : isLong
    ? cutConverted(view, ends, max, transcoder, atStart)
    : { bytes: transcoder.toUtf8(view, atStart), cut: 0 };
  SCANNER.scan(bytes, 0, bytes.length);
  return { bytes, ends: SCANNER.ends(ends.length), cut };
}

function cutConverted(
  view: Uint8Array,
  ends: Uint32Array,
  max: number,
  transcoder: Transcoder,
  isFirst: boolean,
): Pick<ShownLines, "bytes" | "cut"> {
  const parts: Uint8Array[] = [];
  let cut = 0;
  let start = 0;
  for (const end of ends) {
    const atStart = isFirst && start === 0;
    const isLong = end - start - transcoder.unit > max;
    const line = view.subarray(start, end);
    parts.push(isLong ? transcoder.beginning(line, max, atStart) : transcoder.toUtf8(line, atStart));
    if (isLong) cut++;
    start = end;
  }
  return { bytes: joined(parts), cut };
}

/** Lines with one more, that has no line break in the file. */
export interface LinesWithRest extends ShownLines {
  /** Where the lines end in the file. */
  readonly fileEnds: Uint32Array<ArrayBuffer>;
}

/** Adds a `line`, if there is one, to `lines`, which end at `fileEnds`; it ends at `fileEnd` in the file. */
export function withLine(
  lines: ShownLines,
  fileEnds: Uint32Array<ArrayBuffer>,
  line: Uint8Array | undefined,
  fileEnd: number,
): LinesWithRest {
  if (line === undefined) return { ...lines, fileEnds };
  const { bytes, ends, cut } = lines;
  return {
    bytes: joined([bytes, line]),
    ends: extended(ends, bytes.length + line.length),
    fileEnds: extended(fileEnds, fileEnd),
    cut,
  };
}

function extended(ends: Uint32Array, end: number): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(ends.length + 1);
  longer.set(ends);
  longer[ends.length] = end;
  return longer;
}

/** The bytes of several arrays, one behind the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
