import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { CUT_MARK, cutLine, cutLongLines, hasLongLine } from "../../../src/inputs/file/long_lines.ts";
import { bytesOf } from "./support.ts";

const lines = fc.array(
  fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => text.replaceAll("\n", "")),
);

Deno.test("cutLongLines cuts exactly the lines above the limit, between characters", () => {
  fc.assert(fc.property(lines, fc.integer({ min: 1, max: 60 }), (texts, max) => {
    const encoded = texts.map((text) => bytesOf(`${text}\n`));
    const ends = new Uint32Array(encoded.length);
    encoded.reduce((end, line, index) => ends[index] = end + line.length, 0);
    const result = cutLongLines(Buffer.concat(encoded), ends, max);
    assert.equal(hasLongLine(ends, max, 1), result.cut > 0);
    assert.equal(result.cut, encoded.filter((line) => line.length - 1 > max).length);
    encoded.forEach((line, index) => {
      const out = Buffer.from(result.bytes.subarray(result.ends[index - 1] ?? 0, result.ends[index]));
      assert.equal(result.starts[index], ends[index - 1] ?? 0);
      if (line.length - 1 <= max) return assert.deepEqual(out, Buffer.from(line));
      const kept = out.subarray(0, out.length - CUT_MARK.length - 1);
      assert.ok(kept.length <= max && kept.length > max - 4);
      assert.ok(
        texts[index]!.startsWith(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(kept)),
      );
      assert.equal(out.subarray(kept.length).toString(), " [truncated]\n");
    });
    assert.equal(result.bytes.length, result.ends.at(-1) ?? 0);
  }));
});

Deno.test("cutLine keeps no part of a character", () => {
  const line = bytesOf("ab😀cd");
  assert.deepEqual(
    [2, 3, 5, 6].map((max) => new TextDecoder().decode(cutLine(line, max))),
    ["ab", "ab", "ab", "ab😀"].map((kept) => `${kept} [truncated]\n`),
  );
});

Deno.test("cutLine cuts bytes that are no UTF-8 somewhere near the limit", () => {
  assert.ok(cutLine(new Uint8Array(100).fill(0x80), 50).length >= 47 + CUT_MARK.length + 1);
});
