import assert from "node:assert/strict";
import { createTransform, eventWith, TestContext } from "./support.ts";
import type { Transform } from "../../src/transforms/transform.ts";

const passes = (throttle: Transform, user?: string) => throttle.apply(eventWith({ user })) !== undefined;

Deno.test("throttle lets so many records pass in each window", async () => {
  const context = new TestContext();
  const throttle = await createTransform("throttle", { limit: 2, window: "10s" }, context);
  assert.deepEqual([passes(throttle), passes(throttle), passes(throttle)], [true, true, false]);
  context.time += 9999;
  assert.equal(passes(throttle), false);
  context.time += 1;
  assert.deepEqual([passes(throttle), passes(throttle), passes(throttle)], [true, true, false]);
});

Deno.test("throttle gives each key a limit of its own, and records without it one together", async () => {
  const throttle = await createTransform("throttle", { limit: 1, key: "user" });
  assert.deepEqual(
    ["a", "b", "a", undefined, undefined, "__proto__", "__proto__"].map((user) => passes(throttle, user)),
    [
      true,
      true,
      false,
      true,
      false,
      true,
      false,
    ],
  );
});

Deno.test("throttle takes what the event itself has for a key", async () => {
  const throttle = await createTransform("throttle", { limit: 1, key: "source" });
  const from = (stream: string) =>
    throttle.apply(eventWith({}, { source: { input: "i", stream, labels: {} } })) !== undefined;
  assert.deepEqual([from("a"), from("a"), from("b")], [true, false, true]);
});

Deno.test("throttle forgets the oldest key past max_keys", async () => {
  const context = new TestContext();
  const throttle = await createTransform(
    "throttle",
    { limit: 1, key: "user", max_keys: 2, window: "1h" },
    context,
  );
  assert.deepEqual(["a", "b", "a", "c", "b", "a"].map((user) => passes(throttle, user)), [
    true,
    true,
    false,
    true,
    false,
    true,
  ]);
});

Deno.test("throttle begins a new window when the clock is set back", async () => {
  const context = new TestContext();
  const throttle = await createTransform("throttle", { limit: 1, window: "1h", key: "user" }, context);
  assert.deepEqual([passes(throttle, "a"), passes(throttle, "a")], [true, false]);
  context.time -= 86_400_000;
  assert.deepEqual([passes(throttle, "a"), passes(throttle, "a")], [true, false]);
});
