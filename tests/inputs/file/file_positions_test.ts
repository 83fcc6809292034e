import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { lastLineStart, positionAt } from "../../../src/inputs/file/file_positions.ts";
import { bytesOf, MemorySource } from "./support.ts";

Deno.test("positionAt holds at most 64 bytes before the position and 1,024 of the beginning", async () => {
  const bytes = bytesOf("0123456789".repeat(200));
  const position = await positionAt(new MemorySource(bytes), 1500, true);
  assert.deepEqual(position, {
    off: 1500,
    tail: bytes.slice(1436, 1500),
    head: bytes.slice(0, 1024),
    skipping: true,
  });
  assert.equal((await positionAt(new MemorySource(bytes), 10)).tail.length, 10);
  assert.equal((await positionAt(new MemorySource(bytesOf("")), 0)).head.length, 0);
});

Deno.test("lastLineStart finds the start of the unfinished line", async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: fc.constantFrom("\n", "a", "ä") }), async (text) => {
    const bytes = Buffer.from(text);
    assert.equal(await lastLineStart(new MemorySource(bytes), bytes.length, 1), bytes.lastIndexOf("\n") + 1);
  }));
});

Deno.test("lastLineStart finds a line feed far from the end", async () => {
  for (const length of [65_535, 65_536, 65_537, 200_000]) {
    const bytes = bytesOf("a\n" + "x".repeat(length));
    assert.equal(await lastLineStart(new MemorySource(bytes), bytes.length, 1), 2);
  }
});

for (const order of ["utf16le", "utf16be"] as const) {
  Deno.test(`lastLineStart finds line feeds of ${order}, and is not misled by the bytes of other characters`, async () => {
    const text = fc.string({ unit: fc.constantFrom("\n", "a", "ਊ", "ऊ", "Ċ", "😀"), maxLength: 30 });
    await fc.assert(fc.asyncProperty(text, fc.nat(1), async (given, half) => {
      const bytes = Buffer.from(given, "utf16le");
      if (order === "utf16be") bytes.swap16();
      const size = Math.max(0, bytes.length - half);
      const whole = given.slice(0, Math.floor(size / 2));
      const expected = 2 * (whole.lastIndexOf("\n") + 1);
      assert.equal(await lastLineStart(new MemorySource(bytes), size, 2), expected);
    }));
  });
}
