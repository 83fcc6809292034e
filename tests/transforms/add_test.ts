import assert from "node:assert/strict";
import { createTransform, eventWith, fieldsFrom, mistakeOf, plain, transformed } from "./support.ts";

Deno.test("add sets constants of every type", async () => {
  const add = await createTransform("add", {
    add: { text: 'a"b\n{}', number: 1.5, yes: true, nothing: null, "n.x": 1, list: [1, { a: 2 }] },
  });
  assert.deepEqual(transformed(add, { n: { y: 2 }, text: "old" }), {
    text: 'a"b\n{}',
    number: 1.5,
    yes: true,
    nothing: null,
    n: { x: 1, y: 2 },
    list: [1, { a: 2 }],
  });
});

Deno.test("add gives each event nested values of its own", async () => {
  const add = await createTransform("add", { add: { a: { b: [1] } } });
  const first = eventWith({});
  const second = eventWith({});
  add.apply(first);
  (first.fields.a as { b: number[] }).b.push(2);
  add.apply(second);
  assert.deepEqual(plain(second.fields), { a: { b: [1] } });
});

Deno.test("add fills templates in", async () => {
  const add = await createTransform("add", {
    add: {
      id: "{{ fields.user.id }}",
      text: "{{ user.name }}@{{ file }}: {{ message }}",
      nested: { in: "{{ input }}" },
    },
  });
  assert.deepEqual(
    transformed(add, { user: { id: 7, name: "anna" } }, { message: "hello" }),
    { user: { id: 7, name: "anna" }, id: 7, text: "anna@app.log: hello", nested: { in: "files" } },
  );
  assert.deepEqual(transformed(add, {}), { text: "@app.log: ", nested: { in: "files" } });
});

Deno.test("add without overwrite leaves what is there", async () => {
  const add = await createTransform("add", {
    overwrite: false,
    add: { a: 1, b: 2, "n.x": 3, level: "warn" },
  });
  const event = eventWith({ a: 0, b: undefined, n: { x: 0 } }, { level: "error" });
  add.apply(event);
  assert.deepEqual(plain(event.fields), { a: 0, b: 2, n: { x: 0 } });
  assert.equal(event.level, "error");
  const silent = eventWith({});
  add.apply(silent);
  assert.equal(silent.level, "warn");
});

Deno.test("add sets what the event itself has", async () => {
  const add = await createTransform("add", {
    add: { message: "{{ input }} says {{ message }}", level: "ERROR", timestamp: "2024-01-02T03:04:05Z" },
  });
  const event = eventWith({}, { message: "x" });
  add.apply(event);
  assert.equal(event.message, "files says x");
  assert.equal(event.level, "error");
  assert.equal(event.timestamp, Date.UTC(2024, 0, 2, 3, 4, 5));
  assert.deepEqual(plain(event.fields), {});
});

Deno.test("add takes __proto__ and constructor for names", async () => {
  const add = await createTransform("add", {
    add: fieldsFrom('{"__proto__": {"x": 1}, "constructor": 2, "a.__proto__": 3}'),
  });
  const event = eventWith({});
  add.apply(event);
  assert.equal(JSON.stringify(event.fields), '{"__proto__":{"x":1},"constructor":2,"a":{"__proto__":3}}');
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

Deno.test("add says what is wrong", async () => {
  assert.match(await mistakeOf("add", {}), /^add: must name at least one field/);
  assert.match(
    await mistakeOf("add", { add: { a: { b: "{{ x" } } }),
    /^add\.a\.b: "\{\{" has no "\}\}" after it/,
  );
});
