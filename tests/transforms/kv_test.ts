import assert from "node:assert/strict";
import { createTransform, eventWith, mistakeOf, transformed } from "./support.ts";

Deno.test("kv makes fields of the pairs in the message", async () => {
  const kv = await createTransform("kv", {});
  assert.deepEqual(transformed(kv, { old: 1 }, { message: 'user=anna note="two words" status=200' }), {
    old: 1,
    user: "anna",
    note: "two words",
    status: "200",
  });
});

Deno.test("kv reads the listed fields, and only texts", async () => {
  const kv = await createTransform("kv", {
    fields: ["q", "n.x", "number", "absent"],
    field_split: "&",
    prefix: "p_",
  });
  assert.deepEqual(transformed(kv, { q: "a=1&b=2", n: { x: "c=3" }, number: 5 }, { message: "d=4" }), {
    q: "a=1&b=2",
    n: { x: "c=3" },
    number: 5,
    p_a: "1",
    p_b: "2",
    p_c: "3",
  });
});

Deno.test("kv takes the keys that the configuration lets through", async () => {
  const message = "a=1 b=2 http_x=3 http_y=4 c=5";
  const some = await createTransform("kv", {
    include_fields: ["a"],
    patterns: ["^http_"],
    exclude_fields: ["http_y"],
  });
  assert.deepEqual(transformed(some, {}, { message }), { a: "1", http_x: "3" });
  const others = await createTransform("kv", { exclude_fields: ["a", "c"] });
  assert.deepEqual(transformed(others, {}, { message }), { b: "2", http_x: "3", http_y: "4" });
});

Deno.test("kv puts the pairs into a target, which keeps what it has", async () => {
  const kv = await createTransform("kv", { target: "pairs.of" });
  assert.deepEqual(transformed(kv, {}, { message: "a=1" }), { pairs: { of: { a: "1" } } });
  assert.deepEqual(transformed(kv, { pairs: { of: { b: 2 } } }, { message: "a=1" }), {
    pairs: { of: { b: 2, a: "1" } },
  });
  assert.deepEqual(transformed(kv, {}, { message: "nothing here" }), {});
});

Deno.test("kv takes __proto__ for a name", async () => {
  for (const block of [{}, { target: "t" }]) {
    const kv = await createTransform("kv", block);
    const event = eventWith({}, { message: "__proto__=1 constructor=2 toString=3" });
    kv.apply(event);
    assert.match(JSON.stringify(event.fields), /\{"__proto__":"1","constructor":"2","toString":"3"\}/);
  }
});

Deno.test("kv says what is wrong", async () => {
  assert.match(await mistakeOf("kv", { field_split: "" }), /^field_split: /);
  assert.match(await mistakeOf("kv", { patterns: ["["] }), /^patterns\[0\]: /);
});
