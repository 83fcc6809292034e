import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Transcoder } from "../../../src/inputs/file/transcoder.ts";

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

Deno.test("Transcoder.for answers none for UTF-8 under all its names, and throws for what is no encoding", () => {
  for (const label of ["utf-8", "UTF8", "unicode-1-1-utf-8"]) assert.equal(Transcoder.for(label), undefined);
  assert.throws(() => Transcoder.for("klingon"), RangeError);
});

Deno.test("Transcoder converts UTF-16 and tells its code units and line breaks", () => {
  const [little, big] = [Transcoder.for("utf-16le")!, Transcoder.for("utf-16be")!];
  assert.deepEqual([little.unit, big.unit], [2, 2]);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "\n", "ä", "上", "😀", "\ufeff") }), (text) => {
      const bytes = Buffer.from(text, "utf16le");
      assert.equal(textOf(little.toUtf8(bytes, false)), text);
      assert.equal(textOf(big.toUtf8(Buffer.from(bytes).swap16(), false)), text);
      const { count } = little.scanner.scan(bytes, 0, bytes.length);
      assert.equal(count, text.split("\n").length - 1);
    }),
  );
});

Deno.test("Transcoder drops a byte order mark at the start of a file only", () => {
  const bytes = Buffer.from("\ufeffa\n", "utf16le");
  const transcoder = Transcoder.for("utf-16le")!;
  assert.equal(textOf(transcoder.toUtf8(bytes, true)), "a\n");
  assert.equal(textOf(transcoder.toUtf8(bytes, false)), "\ufeffa\n");
});

Deno.test("Transcoder converts encodings of one and of several bytes", () => {
  assert.equal(textOf(Transcoder.for("latin1")!.toUtf8(Uint8Array.of(0xe4, 0x0a), true)), "ä\n");
  assert.equal(textOf(Transcoder.for("shift_jis")!.toUtf8(Uint8Array.of(0x83, 0x65, 0x0a), true)), "テ\n");
  assert.equal(Transcoder.for("latin1")!.unit, 1);
});

Deno.test("Transcoder keeps no state between lines that are cut inside a character", () => {
  const transcoder = Transcoder.for("utf-16le")!;
  transcoder.toUtf8(Uint8Array.of(0x41, 0x00, 0x42), false);
  assert.equal(textOf(transcoder.toUtf8(Uint8Array.of(0x43, 0x00), false)), "C");
});
