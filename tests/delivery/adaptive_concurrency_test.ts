import assert from "node:assert/strict";
import fc from "fast-check";
import { AdaptiveConcurrency } from "../../src/delivery/adaptive_concurrency.ts";

/** So many rounds in which as many sends as allowed start together and take `roundTrip` ms each. */
function rounds(
  it: AdaptiveConcurrency,
  clock: { now: number },
  count: number,
  roundTrip: number,
  sends?: number,
) {
  for (let round = 0; round < count; round++) {
    const started = sends ?? it.limit;
    for (let i = 0; i < started; i++) it.begin();
    clock.now += roundTrip;
    for (let i = 0; i < started; i++) it.end(clock.now, roundTrip);
  }
}

Deno.test("AdaptiveConcurrency doubles from 1 on until the destination refuses, then grows by one, up to its maximum", () => {
  const it = new AdaptiveConcurrency(9);
  const clock = { now: 0 };
  const limits = () =>
    Array.from({ length: 4 }, () => {
      rounds(it, clock, 1, 100);
      return it.limit;
    });
  assert.equal(it.limit, 1);
  assert.deepEqual(limits(), [1, 2, 4, 8]);
  it.begin();
  clock.now += 100;
  it.end(clock.now, undefined);
  assert.equal(it.limit, 7);
  assert.deepEqual(limits(), [8, 9, 9, 9]);
});

Deno.test("AdaptiveConcurrency is not held up by a first send that took long", () => {
  const it = new AdaptiveConcurrency(8);
  const clock = { now: 0 };
  rounds(it, clock, 1, 1000);
  rounds(it, clock, 3, 10);
  assert.equal(it.limit, 8);
});

Deno.test("AdaptiveConcurrency does not grow while the limit is not reached", () => {
  const it = new AdaptiveConcurrency(10);
  const clock = { now: 0 };
  rounds(it, clock, 3, 100);
  const { limit } = it;
  assert.ok(limit > 1);
  rounds(it, clock, 20, 100, limit - 1);
  assert.equal(it.limit, limit);
});

Deno.test("AdaptiveConcurrency shrinks by its part when the destination refuses, once a round trip", () => {
  const it = new AdaptiveConcurrency(20);
  const clock = { now: 0 };
  rounds(it, clock, 40, 100);
  assert.equal(it.limit, 20);
  for (let i = 0; i < 20; i++) it.begin();
  clock.now += 100;
  for (let i = 0; i < 20; i++) it.end(clock.now, undefined);
  assert.equal(it.limit, 18, "twenty refusals at the same time are one piece of news");
  for (let i = 0; i < 60; i++) {
    it.begin();
    clock.now += 100;
    it.end(clock.now, undefined);
  }
  assert.equal(it.limit, 1);
});

Deno.test("AdaptiveConcurrency shrinks when round trips get much longer, and takes what lasts for usual", () => {
  const it = new AdaptiveConcurrency(20);
  const clock = { now: 0 };
  rounds(it, clock, 40, 100);
  rounds(it, clock, 2, 200);
  assert.equal(it.limit, 18);
  rounds(it, clock, 60, 200);
  assert.equal(it.limit, 20);
});

Deno.test("AdaptiveConcurrency stays between 1 and its maximum, whatever happens", () => {
  const step = fc.record({
    begins: fc.nat({ max: 5 }),
    ends: fc.nat({ max: 5 }),
    wait: fc.integer({ min: -5, max: 1000 }),
    refused: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step), fc.integer({ min: 2, max: 8 }), (steps, maximum) => {
    const it = new AdaptiveConcurrency(maximum);
    let now = 0;
    let inFlight = 0;
    for (const { begins, ends, wait, refused } of steps) {
      for (let i = 0; i < begins; i++) it.begin();
      inFlight += begins;
      now += wait;
      for (let i = 0; i < Math.min(ends, inFlight); i++) it.end(now, refused ? undefined : wait);
      inFlight -= Math.min(ends, inFlight);
      assert.ok(Number.isInteger(it.limit) && it.limit >= 1 && it.limit <= maximum);
    }
  }));
});
