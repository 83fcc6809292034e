import assert from "node:assert/strict";
import { generateFunction } from "../../src/lib/generated_function.ts";

Deno.test("generateFunction sees its bindings", () => {
  const add = generateFunction<(value: number) => number>("(value) => value + one", { one: 1 });
  assert.equal(add(2), 3);
});

Deno.test("generateFunction is strict", () => {
  const assign = generateFunction<() => void>("() => { undeclared = 1; }");
  assert.throws(assign, ReferenceError);
});
