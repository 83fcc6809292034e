import assert from "node:assert/strict";
import fc from "fast-check";
import { Backoff } from "../../src/delivery/retry.ts";

Deno.test("Backoff grows by its multiplier up to its maximum, and starts anew after a success", () => {
  const backoff = new Backoff({ initial: 100, max: 1000, multiplier: 2, jitter: false });
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => backoff.next()), [100, 200, 400, 800, 1000, 1000]);
  assert.equal(backoff.attempts, 6);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});

Deno.test("Backoff with jitter waits between half of the time and all of it", () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
    const backoff = new Backoff({
      initial: 100,
      max: 1000,
      multiplier: 2,
      jitter: true,
      random: () => random,
    });
    for (const full of [100, 200, 400, 800, 1000]) {
      const wait = backoff.next();
      assert.ok(wait >= full / 2 && wait <= full, `${wait} of ${full}`);
    }
  }));
});

Deno.test("Backoff stays at its maximum after thousands of attempts", () => {
  const backoff = new Backoff({ initial: 100, max: 1000, multiplier: 2, jitter: false });
  for (let attempt = 0; attempt < 5000; attempt++) backoff.next();
  assert.equal(backoff.next(), 1000);
});
