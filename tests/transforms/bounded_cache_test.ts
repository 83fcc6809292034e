import assert from "node:assert/strict";
import { BoundedCache } from "../../src/transforms/bounded_cache.ts";

Deno.test("BoundedCache remembers what was used last", () => {
  const cache = new BoundedCache<number>(4);
  for (let i = 0; i < 100; i++) {
    cache.set(`key${i}`, i);
    assert.equal(cache.get("key0"), 0, "a key that is used again and again stays");
    assert.equal(cache.get(`key${i}`), i);
  }
  assert.equal(cache.get("key50"), undefined);
});

Deno.test("BoundedCache never remembers more than its capacity", () => {
  const cache = new BoundedCache<number>(10);
  for (let i = 0; i < 1000; i++) cache.set(`key${i}`, i);
  const known = Array.from({ length: 1000 }, (_, i) => `key${i}`).filter((key) =>
    cache.get(key) !== undefined
  );
  assert.ok(known.length <= 10 && known.length >= 5, `${known.length} are known`);
});
