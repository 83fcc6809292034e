import assert from "node:assert/strict";
import { Warnings } from "../../src/processing/warnings.ts";

Deno.test("Warnings tells a text once a minute", () => {
  let now = 0;
  const warnings = new Warnings(() => now);
  for (const text of ["a", "b", "a"]) warnings.add(text);
  assert.deepEqual(warnings.take(), ["a", "b"]);
  assert.deepEqual(warnings.take(), []);
  now = 59_999;
  warnings.add("a");
  assert.deepEqual(warnings.take(), []);
  now = 60_000;
  warnings.add("a");
  assert.deepEqual(warnings.take(), ["a"]);
});

Deno.test("Warnings tells at most a hundred different texts a minute, and remembers no more", () => {
  let now = 0;
  const warnings = new Warnings(() => now);
  for (let i = 0; i < 1000; i++) warnings.add(`first ${i}`);
  assert.equal(warnings.take().length, 100);
  now = 60_000;
  for (let i = 0; i < 1000; i++) warnings.add(`second ${i}`);
  assert.equal(warnings.take().length, 100);
  now = 120_000;
  warnings.add("second 7");
  warnings.add("third");
  assert.deepEqual(warnings.take(), ["second 7", "third"]);
});
