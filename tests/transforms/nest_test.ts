import assert from "node:assert/strict";
import { createTransform, eventWith, fieldsFrom, mistakeOf, transformed } from "./support.ts";

Deno.test("nest puts fields into a new one", async () => {
  const nest = await createTransform("nest", { fields: ["a", "n.x", "absent"], into: "in" });
  assert.deepEqual(transformed(nest, { a: 1, n: { x: 2 }, b: 3, absent: undefined }), {
    n: {},
    b: 3,
    in: { a: 1, x: 2 },
  });
  assert.deepEqual(transformed(nest, { b: 3 }), { b: 3 });
});

Deno.test("nest takes fields by pattern and shortens their names", async () => {
  const nest = await createTransform("nest", {
    patterns: ["^http_"],
    fields: ["http_x"],
    into: "http.request",
    prefix: "http_",
  });
  assert.deepEqual(transformed(nest, { http_x: 0, http_status: 200, http_: 1, http: { version: 2 } }), {
    http: { version: 2, request: { x: 0, status: 200, http_: 1 } },
  });
});

Deno.test("nest takes fields by their prefix alone", async () => {
  const nest = await createTransform("nest", { into: "k8s", prefix: "k8s_" });
  assert.deepEqual(transformed(nest, { k8s_pod: "p", k8s_: 1, other: 2, k8s: { old: 3 } }), {
    k8s_: 1,
    other: 2,
    k8s: { old: 3, pod: "p" },
  });
});

Deno.test("nest never puts a field into itself", async () => {
  const nest = await createTransform("nest", { patterns: ["."], into: "all" });
  assert.deepEqual(transformed(nest, { a: 1, all: { b: 2 } }), { all: { a: 1, b: 2 } });
});

Deno.test("nest takes __proto__ for a name", async () => {
  const nest = await createTransform("nest", { patterns: ["."], into: "all" });
  const event = eventWith(fieldsFrom('{"__proto__": {"x": 1}}'));
  nest.apply(event);
  assert.equal(JSON.stringify(event.fields), '{"all":{"__proto__":{"x":1}}}');
});

Deno.test("nest says what is wrong", async () => {
  assert.match(await mistakeOf("nest", { into: "a" }), /^: needs one of the keys fields, patterns or prefix/);
});
