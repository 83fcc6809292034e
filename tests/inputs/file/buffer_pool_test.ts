import assert from "node:assert/strict";
import { BufferPool } from "../../../src/inputs/file/buffer_pool.ts";

Deno.test("BufferPool hands a returned buffer out again, once", () => {
  const pool = new BufferPool(10, 1);
  const buffer = pool.take();
  const other = pool.take();
  assert.notEqual(buffer, other);
  pool.give(buffer);
  pool.give(other);
  assert.equal(pool.take(5), buffer);
  assert.notEqual(pool.take(), other, "it keeps one only");
});

Deno.test("BufferPool makes larger buffers on demand, and keeps none of them, nor transferred ones", () => {
  const pool = new BufferPool(10, 5);
  const large = pool.take(11);
  assert.equal(large.length, 11);
  pool.give(large);
  const moved = pool.take();
  structuredClone(moved, { transfer: [moved.buffer] });
  pool.give(moved);
  assert.equal(pool.take().length, 10);
  assert.equal(pool.take(3).length, 10);
});
