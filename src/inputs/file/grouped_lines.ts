import type { Grouping } from "../../framing/framer.ts";
import type { Records } from "./reader.ts";
import type { LineSettings, ShownLines } from "./shown_lines.ts";

/** The records that lines were joined to. */
export interface GroupedRecords extends Records {
  /** How many bytes of the file they take. */
  readonly length: number;
}

/** Adds whole lines to a grouping. `fileEnds`: where they end in the file. A line that was cut ends its record. */
export function groupLines(
  grouping: Grouping,
  shown: ShownLines,
  fileEnds: Uint32Array,
  settings: LineSettings,
): void {
  if (shown.cut === 0) return grouping.add(shown.bytes, shown.ends);
  let first = 0;
  const addUpTo = (line: number) => {
    const start = shown.ends[first - 1] ?? 0;
    const ends = shown.ends.subarray(first, line).map((end) => end - start);
    grouping.add(shown.bytes.subarray(start, start + (ends.at(-1) ?? 0)), ends);
    first = line;
  };
  for (let line = 0; line < fileEnds.length; line++) {
    if (!isLong(fileEnds, line, settings)) continue;
    addUpTo(line + 1);
    grouping.finish();
  }
  if (first < fileEnds.length) addUpTo(fileEnds.length);
}

/** The whole records of a grouping whose first line starts at byte `off` of the file. */
export function recordsOf(
  grouping: Grouping,
  shown: ShownLines,
  fileEnds: Uint32Array,
  off: number,
  settings: LineSettings,
): GroupedRecords {
  const { bytes, ends, firstLines, asTheyCame } = grouping.take(shown.bytes, shown.ends);
  const length = fileEnds[grouping.whole - 1] ?? 0;
  let cut = 0;
  if (shown.cut > 0) {
    for (let line = 0; line < grouping.whole; line++) if (isLong(fileEnds, line, settings)) cut++;
  }
  // Where the bytes are those of the file, offsets follow from the ends.
  if (asTheyCame && shown.cut === 0 && settings.transcoder === undefined) return { bytes, ends, cut, length };
  const offsets = new Float64Array(firstLines.length);
  firstLines.forEach((line, index) => offsets[index] = off + (fileEnds[line - 1] ?? 0));
  return { bytes, ends, offsets, cut, length };
}

function isLong(fileEnds: Uint32Array, line: number, { maxLineBytes, transcoder }: LineSettings): boolean {
  return (fileEnds[line] ?? 0) - (fileEnds[line - 1] ?? 0) - (transcoder?.unit ?? 1) > maxLineBytes;
}
