import assert from "node:assert/strict";
import fc from "fast-check";
import { differences } from "../../src/cli/differences.ts";

/** The differences, a line each: path, what was expected, what there is. */
function told(expected: unknown, actual: unknown, exact = false): string[] {
  return differences(expected, actual, exact).map((each) =>
    `${each.path}: ${each.expected ?? "nothing"} / ${each.actual ?? "nothing"}`
  );
}

Deno.test("differences tells what is not as expected, at any depth", () => {
  const actual = { a: 1, b: { c: "x", d: [1, { e: 2 }] }, more: true };
  assert.deepEqual(told({ a: 1, b: { d: [1, { e: 2 }] } }, actual), []);
  assert.deepEqual(told({ a: "1", b: { c: "y", d: [1, { e: 3 }] }, f: null }, actual), [
    'a: "1" / 1',
    'b.c: "y" / "x"',
    "b.d[1].e: 3 / 2",
    "f: null / nothing",
  ]);
  assert.deepEqual(told({ b: { d: [1] }, a: { x: 1 } }, actual), [
    'b.d: [1] / [1,{"e":2}]',
    'a: {"x":1} / 1',
  ]);
});

Deno.test("differences tells what is not expected only where that is asked for", () => {
  const actual = { a: 1, b: { c: 1, d: 2 } };
  assert.deepEqual(told({ b: { c: 1 } }, actual), []);
  assert.deepEqual(told({ b: { c: 1 } }, actual, true), ["b.d: nothing / 2", "a: nothing / 1"]);
});

Deno.test("differences finds none between equal values, and one wherever they are not", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, (one, other) => {
      const copy = JSON.parse(JSON.stringify(one));
      assert.deepEqual(differences(one, copy, true), []);
      const same = (() => {
        try {
          assert.deepEqual(copy, JSON.parse(JSON.stringify(other)));
          return true;
        } catch {
          return false;
        }
      })();
      assert.equal(differences(other, copy, true).length === 0, same);
    }),
    { numRuns: 300 },
  );
});
