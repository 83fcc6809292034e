import assert from "node:assert/strict";
import { crc32 as reference } from "node:zlib";
import fc from "fast-check";
import { crc32 } from "../../src/lib/crc32.ts";

Deno.test("crc32 equals that of node:zlib", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.equal(crc32(bytes), reference(bytes))),
  );
});
