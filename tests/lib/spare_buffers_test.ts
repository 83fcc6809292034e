import assert from "node:assert/strict";
import { SpareBuffers } from "../../src/lib/spare_buffers.ts";

const KIB = 1024;

Deno.test("SpareBuffers gives a buffer that came back to the next job that fits", () => {
  const buffers = new SpareBuffers(2);
  const first = buffers.take(100 * KIB);
  assert.ok(first.byteLength >= 100 * KIB);
  buffers.give(first);
  assert.equal(buffers.take(first.byteLength), first);
  assert.notEqual(buffers.take(10), first);
});

Deno.test("SpareBuffers keeps no more than its limit and no giants", () => {
  const buffers = new SpareBuffers(2);
  const taken = [1, 2, 3].map(() => buffers.take(10));
  for (const buffer of taken) buffers.give(buffer);
  const again = [1, 2, 3].map(() => buffers.take(10));
  assert.equal(again.filter((buffer) => taken.includes(buffer)).length, 2);
  const giant = buffers.take(20_000 * KIB);
  assert.equal(giant.byteLength, 20_000 * KIB);
  buffers.give(giant);
  assert.notEqual(buffers.take(20_000 * KIB), giant);
});

Deno.test("SpareBuffers replaces buffers that have become too small", () => {
  const buffers = new SpareBuffers(2);
  const small = [buffers.take(10), buffers.take(10)];
  for (const buffer of small) buffers.give(buffer);
  const large = buffers.take(1000 * KIB);
  buffers.give(large);
  assert.equal(buffers.take(1000 * KIB), large);
});
