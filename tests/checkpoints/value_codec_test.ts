import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeValue, encodeValue, joinParts } from "../../src/checkpoints/value_codec.ts";

Deno.test("decodeValue gives back what encodeValue took, from any parts", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 9 }), (text, size) => {
    const bytes = encodeValue(text);
    const parts = [];
    for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
    assert.equal(decodeValue(joinParts(parts)), text);
  }));
});

Deno.test("decodeValue refuses a value with any bit changed, or cut anywhere", () => {
  const bytes = encodeValue('{"off":123}');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(decodeValue(changed), undefined);
  }
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(decodeValue(bytes.subarray(0, length)), undefined);
  }
});
