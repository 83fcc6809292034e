import assert from "node:assert/strict";
import { createTransform, eventWith, fieldsFrom, mistakeOf, plain, transformed } from "./support.ts";

Deno.test("copy gives a value to a further field", async () => {
  const copy = await createTransform("copy", {
    copy: { a: "b", "n.x": "m.x", absent: "c", message: "text" },
  });
  assert.deepEqual(transformed(copy, { a: 1, n: { x: 2 } }, { message: "hello" }), {
    a: 1,
    n: { x: 2 },
    b: 1,
    m: { x: 2 },
    text: "hello",
  });
});

Deno.test("copy shares nothing between the fields", async () => {
  const copy = await createTransform("copy", { copy: { a: "b" } });
  const event = eventWith(fieldsFrom('{"a": {"list": [{"x": 1}], "__proto__": 2, "none": null}}'));
  copy.apply(event);
  assert.equal(JSON.stringify(event.fields.b), JSON.stringify(event.fields.a));
  (event.fields.a as { list: { x: number }[] }).list[0]!.x = 9;
  assert.deepEqual((plain(event.fields.b) as { list: unknown }).list, [{ x: 1 }]);
});

Deno.test("copy without overwrite leaves what is there", async () => {
  const copy = await createTransform("copy", { copy: { a: "b" }, overwrite: false });
  assert.deepEqual(transformed(copy, { a: 1, b: 2 }), { a: 1, b: 2 });
});

Deno.test("move takes fields into and out of nested ones", async () => {
  const move = await createTransform("move", { move: { a: "a.b", "n.x": "x", c: "a.c" } });
  assert.deepEqual(transformed(move, { a: 1, n: { x: 2, y: 3 }, c: undefined }), {
    a: { b: 1 },
    n: { y: 3 },
    x: 2,
  });
});

Deno.test("copy survives nesting of any depth", async () => {
  const copy = await createTransform("copy", { copy: { a: "b" } });
  const event = eventWith(fieldsFrom(`{"a": ${"[".repeat(5000)}1${"]".repeat(5000)}}`));
  copy.apply(event);
  assert.ok(Array.isArray(event.fields.b));
});

Deno.test("copy and move say what is wrong", async () => {
  assert.match(await mistakeOf("copy", {}), /^copy: must name/);
  assert.match(await mistakeOf("move", { move: { "a[": "b" } }), /^move\.a\[: "a\[" is no path/);
});
