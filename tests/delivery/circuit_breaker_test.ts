import assert from "node:assert/strict";
import fc from "fast-check";
import { CircuitBreaker } from "../../src/delivery/circuit_breaker.ts";

const OPTIONS = { failureThreshold: 3, interval: 1000, timeout: 500, maxRequests: 2 };

function breaker(options = OPTIONS) {
  const clock = { now: 10_000 };
  return { clock, breaker: new CircuitBreaker(options, () => clock.now) };
}

Deno.test("CircuitBreaker opens after so many failures in a row, for its timeout", () => {
  const { clock, breaker: it } = breaker();
  assert.deepEqual([it.failed(), it.failed(), it.state, it.failed()], [false, false, "closed", true]);
  assert.deepEqual([it.state, it.delay()], ["open", 500]);
  clock.now += 499;
  assert.deepEqual([it.state, it.delay()], ["open", 1]);
  clock.now += 1;
  assert.deepEqual([it.state, it.delay()], ["half-open", 0]);
});

Deno.test("CircuitBreaker forgets failures after a success, and after its interval", () => {
  const { clock, breaker: it } = breaker();
  it.failed();
  it.failed();
  it.succeeded();
  assert.equal(it.failed(), false);
  assert.equal(it.failed(), false);
  clock.now += 1001;
  assert.equal(it.failed(), false, "the first two are too old");
  assert.equal(it.state, "closed");
});

Deno.test("CircuitBreaker closes after enough trials, and opens again at a failed one", () => {
  const { clock, breaker: it } = breaker();
  for (let i = 0; i < 3; i++) it.failed();
  clock.now += 500;
  assert.equal(it.succeeded(), false);
  assert.equal(it.state, "half-open");
  assert.equal(it.failed(), true);
  assert.equal(it.delay(), 500);
  clock.now += 500;
  assert.deepEqual([it.succeeded(), it.succeeded(), it.state], [false, true, "closed"]);
});

Deno.test("CircuitBreaker never stays open longer than its timeout after the last failure", () => {
  const step = fc.record({ wait: fc.integer({ min: 0, max: 2000 }), succeeds: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const { clock, breaker: it } = breaker();
    for (const { wait, succeeds } of steps) {
      clock.now += wait;
      succeeds ? it.succeeded() : it.failed();
      assert.ok(it.delay() <= OPTIONS.timeout);
      assert.ok(it.delay() > 0 || it.state !== "open");
    }
    clock.now += OPTIONS.timeout;
    assert.equal(it.delay(), 0);
  }));
});

Deno.test("CircuitBreaker lets no more trials be under way than it needs", () => {
  const { clock, breaker: it } = breaker();
  for (let i = 0; i < 3; i++) it.failed();
  assert.equal(it.allows, false);
  clock.now += 500;
  const eras = [it.begin(), it.begin()];
  assert.equal(it.allows, false);
  it.succeeded(eras[0]);
  assert.equal(it.allows, false, "one succeeded, one is under way");
  it.undecided(eras[1]);
  assert.equal(it.allows, true);
  assert.equal(it.succeeded(it.begin()), true);
  assert.equal(it.state, "closed");
});

Deno.test("CircuitBreaker does not count what was under way when it opened or closed", () => {
  const { clock, breaker: it } = breaker();
  const eras = Array.from({ length: 5 }, () => it.begin());
  assert.deepEqual(eras.slice(0, 3).map((era) => it.failed(era)), [false, false, true]);
  clock.now += 400;
  assert.equal(it.failed(eras[3]), false);
  assert.equal(it.delay(), 100, "it does not open anew");
  clock.now += 100;
  const trial = it.begin();
  it.succeeded(eras[4]);
  it.succeeded(trial);
  assert.equal(it.state, "half-open", "one trial succeeded, an old request says nothing");
});
