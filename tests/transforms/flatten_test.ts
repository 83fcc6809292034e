import assert from "node:assert/strict";
import { createTransform, eventWith, fieldsFrom, mistakeOf, transformed } from "./support.ts";

Deno.test("flatten spreads all nested fields out", async () => {
  const flatten = await createTransform("flatten", {});
  assert.deepEqual(
    transformed(flatten, { a: { b: { c: 1 }, d: null, e: undefined }, f: 2, list: [{ x: 1 }] }),
    {
      f: 2,
      list: [{ x: 1 }],
      "a.b.c": 1,
      "a.d": null,
    },
  );
});

Deno.test("flatten keeps empty objects, so that nothing is lost", async () => {
  const flatten = await createTransform("flatten", {});
  assert.deepEqual(transformed(flatten, { a: {}, b: { c: {} } }), { a: {}, "b.c": {} });
});

Deno.test("flatten spreads the listed fields, with other names", async () => {
  const flatten = await createTransform("flatten", {
    fields: ["a", "n.x", "absent", "text"],
    separator: "_",
    prefix: "p_",
  });
  assert.deepEqual(transformed(flatten, { a: { b: 1 }, n: { x: { y: 2 } }, c: { d: 3 }, text: "t" }), {
    n: {},
    c: { d: 3 },
    text: "t",
    p_a_b: 1,
    p_n_x_y: 2,
  });
});

Deno.test("flatten stops at max_depth", async () => {
  const flatten = await createTransform("flatten", { max_depth: 2 });
  assert.deepEqual(transformed(flatten, { a: { b: { c: { d: 1 } } } }), { "a.b.c": { d: 1 } });
});

Deno.test("flatten spreads lists on demand", async () => {
  const flatten = await createTransform("flatten", { lists: true });
  assert.deepEqual(transformed(flatten, { a: [1, { b: 2 }], empty: [] }), {
    empty: [],
    "a.0": 1,
    "a.1.b": 2,
  });
});

Deno.test("flatten takes __proto__ for a name", async () => {
  const flatten = await createTransform("flatten", { separator: "" });
  const event = eventWith(fieldsFrom('{"__proto__": {"a": {"b": 1}}, "__pro": {"to__": 2}}'));
  flatten.apply(event);
  assert.equal(JSON.stringify(event.fields), '{"__proto__":2,"__proto__ab":1}');
  assert.equal(Object.getPrototypeOf(event.fields), Object.prototype);
});

Deno.test("flatten says what is wrong", async () => {
  assert.match(await mistakeOf("flatten", { fields: ["a", "[b"] }), /^fields\[1\]: "\[b" is no path/);
});
