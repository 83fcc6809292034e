import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  compare,
  hashOf,
  hashOfHead,
  newLineageId,
  readFully,
} from "../../../src/inputs/file/fingerprint.ts";
import { bytesOf, MemorySource } from "./support.ts";

function fingerprintOf(bytes: Uint8Array, off: number) {
  const head = bytes.subarray(0, Math.min(1024, off));
  const tail = bytes.subarray(Math.max(0, off - 64), off);
  return { headLen: head.length, head: hashOf(head), off, tailLen: tail.length, tail: hashOf(tail) };
}

Deno.test("compare recognises a file however much it has grown, and notices one that is shorter", async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 3000 });
  await fc.assert(fc.asyncProperty(bytes, fc.nat(), fc.uint8Array(), async (given, pick, more) => {
    const off = pick % (given.length + 1);
    const wanted = fingerprintOf(given, off);
    const source = new MemorySource(given);
    assert.equal(await compare(source, wanted), "same");
    source.append(more);
    assert.equal(await compare(source, wanted), "same");
    if (off <= 1024) return;
    source.bytes = given.subarray(0, Math.max(1024, off - 1));
    assert.equal(await compare(source, wanted), "shorter");
  }));
});

Deno.test("compare tells a file apart by its beginning and by the bytes before the position", async () => {
  const bytes = bytesOf("0123456789".repeat(300));
  const wanted = fingerprintOf(bytes, 2500);
  for (const at of [0, 1023, 2436, 2499]) {
    const other = bytes.slice();
    other[at] = 0x21;
    assert.equal(await compare(new MemorySource(other), wanted), "different", `byte ${at}`);
  }
  assert.equal(await compare(new MemorySource(bytes.slice(0, 500)), wanted), "different");
});

Deno.test("readFully joins what comes in pieces and stops at the end", async () => {
  const source = new MemorySource(bytesOf("hello"));
  const piecewise = {
    read: (buffer: Uint8Array, length: number, position: number) =>
      Promise.resolve(source.read(buffer, Math.min(2, length), position)),
    close() {},
  };
  assert.deepEqual(await readFully(piecewise, 1, 3), bytesOf("ell"));
  assert.deepEqual(await readFully(piecewise, 3, 10), bytesOf("lo"));
  assert.deepEqual(await readFully(piecewise, 9, 10), bytesOf(""));
});

Deno.test("newLineageId gives ids that fit into keys and do not repeat", () => {
  const ids = new Set(Array.from({ length: 1000 }, newLineageId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.match(id, /^[\w-]{16}$/);
});

Deno.test("hashOf and hashOfHead answer the first 128 bits of SHA-256, also of nothing", () => {
  for (const text of ["", "a", "a line of a log\n".repeat(64)]) {
    const expected = createHash("sha256").update(text).digest("base64url").slice(0, 22);
    const bytes = bytesOf(text);
    assert.deepEqual([hashOf(bytes), hashOfHead(bytes), hashOfHead(bytes)], [expected, expected, expected]);
  }
});
