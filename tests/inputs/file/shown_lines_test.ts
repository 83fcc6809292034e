import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { showLines, withLine } from "../../../src/inputs/file/shown_lines.ts";
import { Transcoder } from "../../../src/inputs/file/transcoder.ts";
import { bytesOf } from "./support.ts";

Deno.test("showLines hands on UTF-8 lines that fit without a copy, and cuts those that do not", () => {
  const bytes = bytesOf("one\nlonger\ntwo\n");
  const ends = Uint32Array.of(4, 11, 15);
  assert.equal(showLines(bytes, ends, { maxLineBytes: 6 }, true).bytes, bytes);
  const shown = showLines(bytes, ends, { maxLineBytes: 3 }, true);
  assert.equal(Buffer.from(shown.bytes).toString(), "one\nlon [truncated]\ntwo\n");
  assert.deepEqual([...shown.ends], [4, 20, 24]);
  assert.equal(shown.cut, 1);
});

Deno.test("showLines counts the length of lines in the encoding of the file", () => {
  const bytes = new Uint8Array(Buffer.from("\ufeffab\nabcd\n", "utf16le"));
  const settings = { maxLineBytes: 6, transcoder: Transcoder.for("utf-16le") };
  const shown = showLines(bytes, Uint32Array.of(8, 18), settings, true);
  assert.equal(Buffer.from(shown.bytes).toString(), "ab\nabc [truncated]\n");
  assert.deepEqual([...shown.ends], [3, 19]);
});

Deno.test("withLine adds a line that has no end in the file", () => {
  const ends = Uint32Array.of(4);
  const lines = { bytes: bytesOf("one\n"), ends, cut: 0 };
  assert.deepEqual(withLine(lines, ends, undefined, 9), { ...lines, fileEnds: ends });
  assert.deepEqual(withLine(lines, ends, bytesOf("two\n"), 7), {
    bytes: bytesOf("one\ntwo\n"),
    ends: Uint32Array.of(4, 8),
    fileEnds: Uint32Array.of(4, 7),
    cut: 0,
  });
});
