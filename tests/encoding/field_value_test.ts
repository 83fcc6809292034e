import assert from "node:assert/strict";
import fc from "fast-check";
import type { FieldValue } from "../../src/event.ts";
import { asFieldValue, copyOf, isFields, textOf } from "../../src/encoding/field_value.ts";

Deno.test("textOf writes every value", () => {
  const values: FieldValue[] = ["x", 1.5, true, null, 10n ** 20n, [1, 10n ** 20n], { a: undefined, b: "c" }];
  assert.deepEqual(values.map(textOf), [
    "x",
    "1.5",
    "true",
    "null",
    "1" + "0".repeat(20),
    `[1,1${"0".repeat(20)}]`,
    '{"b":"c"}',
  ]);
});

Deno.test("textOf survives nesting of any depth", () => {
  let value: FieldValue = 1;
  for (let i = 0; i < 100_000; i++) value = [value];
  assert.equal(textOf(value), "");
});

Deno.test("copyOf is equal and shares nothing", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
    const original = asFieldValue(value);
    const copy = copyOf(original);
    assert.equal(textOf(copy), textOf(original));
    if (typeof copy === "object" && copy !== null) assert.notEqual(copy, original);
  }));
});

Deno.test("asFieldValue makes fields of anything", () => {
  const date = new Date(0);
  assert.equal(asFieldValue(undefined), null);
  assert.equal(asFieldValue(Number.NaN), "NaN");
  assert.equal(typeof asFieldValue(Symbol.iterator), "string");
  assert.equal(isFields(asFieldValue(date)), true);
  const odd = asFieldValue(JSON.parse('{"__proto__": {"x": 1}}'));
  assert.equal(textOf(odd), '{"__proto__":{"x":1}}');
});
