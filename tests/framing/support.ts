import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Framer, Grouping } from "../../src/framing/framer.ts";
import { createFramer } from "../../src/framing/framing.ts";
import type { MultilineConfig } from "../../src/framing/framing_options.ts";
import { LineScanner } from "../../src/framing/lines.ts";
import type { PresetName } from "../../src/framing/presets/presets.ts";

const SCANNER = new LineScanner();

/** A block `multiline` with these values, the rest by default. */
export function multilineOf(values: Partial<MultilineConfig>): MultilineConfig {
  return { negate: false, match: "after", max_lines: 500, max_bytes: 1 << 20, timeout: 5000, ...values };
}

/** A record and the byte at which it begins. */
export interface Record {
  readonly off: number;
  readonly text: string;
}

/** Lines with where they end. */
export function linesOf(text: string): { bytes: Uint8Array<ArrayBuffer>; ends: Uint32Array<ArrayBuffer> } {
  const bytes = new TextEncoder().encode(text);
  const { count } = SCANNER.scan(bytes, 0, bytes.length);
  return { bytes, ends: SCANNER.ends(count) };
}

/** The whole records of a grouping that was given all of `text`. */
export function recordsOf(grouping: Grouping, text: string): Record[] {
  const { bytes, ends } = linesOf(text);
  const records = grouping.take(bytes, ends);
  assert.equal(records.firstLines.length, records.ends.length);
  return Array.from(records.ends, (end, index) => ({
    off: ends[records.firstLines[index]! - 1] ?? 0,
    text: Buffer.from(records.bytes.subarray(records.ends[index - 1] ?? 0, end)).toString(),
  }));
}

/** What becomes of `text` when nothing follows it. */
export function frame(framer: Framer, text: string): string[] {
  const grouping = framer.begin();
  const { bytes, ends } = linesOf(text);
  grouping.add(bytes, ends);
  grouping.finish();
  return recordsOf(grouping, text).map((record) => record.text);
}

/** The same, read in pieces of `linesPerPiece` lines, each piece with what was left of the one before. */
export function frameInPieces(framer: Framer, text: string, linesPerPiece: number): Record[] {
  const lines = text.split("\n").slice(0, -1).map((line) => `${line}\n`);
  const records: Record[] = [];
  let rest = "";
  let off = 0;
  for (let at = 0; at < lines.length || rest !== ""; at += linesPerPiece) {
    const isLast = at >= lines.length;
    rest += lines.slice(at, at + linesPerPiece).join("");
    const grouping = framer.begin();
    const { bytes, ends } = linesOf(rest);
    grouping.add(bytes, ends);
    if (isLast) grouping.finish();
    for (const record of recordsOf(grouping, rest)) {
      records.push({ off: off + record.off, text: record.text });
    }
    const taken = ends[grouping.whole - 1] ?? 0;
    rest = new TextDecoder().decode(bytes.subarray(taken));
    off += taken;
  }
  return records;
}

/** Asserts that these records come out as they are: of the whole text, and however it is read in pieces. */
export function assertRecords(preset: PresetName, records: readonly string[]): void {
  const framer = createFramer({ multiline: multilineOf({ preset }) });
  const texts = records.map((record) => `${record}\n`);
  assert.deepEqual(frame(framer, texts.join("")), texts);
  for (const linesPerPiece of [1, 2, 3, 7]) {
    assert.deepEqual(
      frameInPieces(framer, texts.join(""), linesPerPiece).map((record) => record.text),
      texts,
    );
  }
}
