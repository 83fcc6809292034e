import assert from "node:assert/strict";
import type { LogEntry } from "../../src/telemetry/log_entry.ts";
import { RepeatLimiter, shapeOf } from "../../src/telemetry/repeat_limiter.ts";

function entry(time: number, message: string, component = "x"): LogEntry {
  return { time, level: "warn", component, message, fields: {} };
}

function limiter(limit: number): { limiter: RepeatLimiter; passed: string[] } {
  const passed: string[] = [];
  return {
    passed,
    limiter: new RepeatLimiter({
      limit,
      window: 1000,
      key: shapeOf,
      pass: (each) => passed.push(each.message),
    }),
  };
}

Deno.test("RepeatLimiter says the sum at the end of the window, without another message", () => {
  const { limiter: it, passed } = limiter(1);
  for (let time = 0; time < 5; time++) it.take(entry(time, "m"));
  assert.equal(it.nextEnd, 1000);
  it.expire(999);
  assert.deepEqual(passed, ["m"]);
  it.expire(1000);
  assert.deepEqual(passed, ["m", "m … repeated 4 times"]);
  assert.equal(it.nextEnd, undefined);
});

Deno.test("RepeatLimiter begins a new window after the old one", () => {
  const { limiter: it, passed } = limiter(1);
  it.take(entry(0, "m"));
  it.take(entry(1, "m"));
  it.take(entry(1000, "m"));
  assert.deepEqual(passed, ["m", "m … repeated 1 times", "m"]);
});

Deno.test("RepeatLimiter tells components apart, and forgets the oldest of too many shapes", () => {
  const { limiter: it, passed } = limiter(1);
  it.take(entry(0, "m", "a"));
  it.take(entry(0, "m", "b"));
  for (let i = 0; i < 3000; i++) it.take(entry(0, `"${i}"`));
  assert.equal(passed.length, 3002);
});

Deno.test("shapeOf ignores numbers, but not those in quoted names", () => {
  assert.equal(shapeOf(entry(0, "try 1 of 2.5")), shapeOf(entry(0, "try 77 of 3")));
  assert.notEqual(shapeOf(entry(0, '"/a.1" at 5')), shapeOf(entry(0, '"/a.2" at 5')));
});
