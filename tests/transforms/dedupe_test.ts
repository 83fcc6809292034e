import assert from "node:assert/strict";
import type { Fields, LogEvent } from "../../src/event.ts";
import type { Transform } from "../../src/transforms/transform.ts";
import { createTransform, eventWith, TestContext } from "./support.ts";

let offset = 0;
/** Whether a new record passes. */
const passes = (
  dedupe: Transform,
  message: string,
  fields: Fields = {},
  properties: Partial<LogEvent> = {},
) => dedupe.apply(eventWith(fields, { message, offset: offset++, ...properties })) !== undefined;

Deno.test("dedupe drops records that came within the window", async () => {
  const context = new TestContext();
  const dedupe = await createTransform("dedupe", { window: "5s" }, context);
  assert.deepEqual([passes(dedupe, "a"), passes(dedupe, "a"), passes(dedupe, "b")], [true, false, true]);
  context.time += 4999;
  assert.equal(passes(dedupe, "a"), false);
  context.time += 1;
  assert.deepEqual([passes(dedupe, "a"), passes(dedupe, "a")], [true, false]);
});

Deno.test("dedupe compares level, message and all fields", async () => {
  const dedupe = await createTransform("dedupe", {});
  assert.equal(passes(dedupe, "a", { x: 1 }), true);
  assert.equal(passes(dedupe, "a", { x: 2 }), true);
  assert.equal(passes(dedupe, "a", { x: "1" }), true);
  assert.equal(passes(dedupe, "a", { x: 1 }, { level: "warn" }), true);
  assert.equal(passes(dedupe, "a", { x: 1, y: undefined }), false);
});

Deno.test("dedupe compares only the listed fields", async () => {
  const dedupe = await createTransform("dedupe", { fields: ["id", "n.x", "level"] });
  assert.equal(passes(dedupe, "a", { id: 1, n: { x: 1 }, other: 1 }), true);
  assert.equal(passes(dedupe, "b", { id: 1, n: { x: 1 }, other: 2 }), false);
  assert.equal(passes(dedupe, "b", { id: "1", n: { x: 1 } }), true);
  assert.equal(passes(dedupe, "b", { id: 1 }), true);
  assert.equal(passes(dedupe, "b", { id: 1 }, { level: "warn" }), true);
});

Deno.test("dedupe cannot be misled by what stands between texts", async () => {
  const dedupe = await createTransform("dedupe", { fields: ["a", "b"] });
  assert.equal(passes(dedupe, "", { a: "x", b: "1:y" }), true);
  assert.equal(passes(dedupe, "", { a: "xs3:1:y", b: "" }), true);
  assert.equal(passes(dedupe, "", { a: "x1", b: ":y" }), true);
});

Deno.test("dedupe tells long records apart", async () => {
  const dedupe = await createTransform("dedupe", {});
  const long = "x".repeat(100_000);
  assert.deepEqual([passes(dedupe, long), passes(dedupe, long + "y"), passes(dedupe, long)], [
    true,
    true,
    false,
  ]);
});

Deno.test("dedupe forgets the oldest record past max_entries", async () => {
  const dedupe = await createTransform("dedupe", { max_entries: 2 });
  assert.deepEqual(["a", "b", "c", "b", "a"].map((message) => passes(dedupe, message)), [
    true,
    true,
    true,
    false,
    true,
  ]);
});

Deno.test("dedupe lets a record pass again that is read again", async () => {
  const dedupe = await createTransform("dedupe", {});
  const again = { offset: 4711 };
  assert.equal(passes(dedupe, "a", {}, again), true);
  assert.equal(passes(dedupe, "a", {}, again), true);
  assert.equal(passes(dedupe, "a", {}, { offset: 4712 }), false);
  const elsewhere = { ...again, source: { input: "files", stream: "/other", labels: {} } };
  assert.equal(passes(dedupe, "a", {}, elsewhere), false);
});

Deno.test("dedupe knows that negative offsets tell nothing", async () => {
  const dedupe = await createTransform("dedupe", {});
  assert.deepEqual([passes(dedupe, "a", {}, { offset: -1 }), passes(dedupe, "a", {}, { offset: -1 })], [
    true,
    false,
  ]);
});

Deno.test("dedupe begins anew when the clock is set back", async () => {
  const context = new TestContext();
  const dedupe = await createTransform("dedupe", {}, context);
  assert.equal(passes(dedupe, "a"), true);
  context.time -= 60_000;
  assert.deepEqual([passes(dedupe, "a"), passes(dedupe, "a")], [true, false]);
});
