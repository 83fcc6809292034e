import assert from "node:assert/strict";
import { createTransform, eventWith, fieldsFrom, mistakeOf, plain, transformed } from "./support.ts";

Deno.test("rename gives fields new names", async () => {
  const rename = await createTransform("rename", { rename: { a: "b", "n.x": "x", c: "m.c" } });
  assert.deepEqual(transformed(rename, { a: 1, b: 2, n: { x: 3, y: 4 }, c: { d: 5 } }), {
    b: 1,
    n: { y: 4 },
    x: 3,
    m: { c: { d: 5 } },
  });
});

Deno.test("rename leaves absent fields absent", async () => {
  const rename = await createTransform("rename", { rename: { a: "b", "n.x": "c" } });
  assert.deepEqual(transformed(rename, { a: undefined, b: 1 }), { b: 1 });
});

Deno.test("rename keeps null and false", async () => {
  const rename = await createTransform("rename", { rename: { a: "b", c: "d" } });
  assert.deepEqual(transformed(rename, { a: null, c: false }), { b: null, d: false });
});

Deno.test("rename goes through its names in order", async () => {
  const rename = await createTransform("rename", { rename: { a: "b", b: "c" } });
  assert.deepEqual(transformed(rename, { a: 1 }), { c: 1 });
});

Deno.test("rename without overwrite leaves both fields where the new name is taken", async () => {
  const rename = await createTransform("rename", { rename: { a: "b" }, overwrite: false });
  assert.deepEqual(transformed(rename, { a: 1, b: 2 }), { a: 1, b: 2 });
  assert.deepEqual(transformed(rename, { a: 1 }), { b: 1 });
});

Deno.test("rename makes a field the event's own message and level", async () => {
  const rename = await createTransform("rename", {
    rename: { log: "message", severity: "level", at: "timestamp" },
  });
  const event = eventWith({ log: "hello", severity: "WARN", at: "2024-01-02T03:04:05.25Z" }, {
    message: "raw",
    timestampText: "2000-01-01T00:00:00Z",
  });
  rename.apply(event);
  assert.equal(event.message, "hello");
  assert.equal(event.level, "warn");
  assert.equal(event.timestamp, Date.UTC(2024, 0, 2, 3, 4, 5, 250));
  assert.notEqual(event.timestampText, "2000-01-01T00:00:00Z");
  assert.deepEqual(plain(event.fields), {});
});

Deno.test("rename keeps as fields what is no level and no time", async () => {
  const rename = await createTransform("rename", { rename: { severity: "level", at: "timestamp" } });
  const event = eventWith({ severity: "purple", at: "yesterday" }, { level: "info" });
  rename.apply(event);
  assert.equal(event.level, "info");
  assert.deepEqual(plain(event.fields), { level: "purple", timestamp: "yesterday" });
});

Deno.test("rename makes the event's own message a field, unless a field has that name", async () => {
  const rename = await createTransform("rename", { rename: { message: "text" } });
  const own = eventWith({}, { message: "own" });
  rename.apply(own);
  assert.deepEqual(plain(own.fields), { text: "own" });
  assert.equal(own.message, "");
  const field = eventWith({ message: "field" }, { message: "own" });
  rename.apply(field);
  assert.deepEqual(plain(field.fields), { text: "field" });
  assert.equal(field.message, "own");
});

Deno.test("rename takes fields.message for the field only", async () => {
  const rename = await createTransform("rename", {
    rename: { "fields.message": "text", a: "fields.message" },
  });
  const event = eventWith({ a: 1 }, { message: "own" });
  rename.apply(event);
  assert.deepEqual(plain(event.fields), { message: 1 });
  assert.equal(event.message, "own");
});

Deno.test("rename takes __proto__ for a name", async () => {
  const rename = await createTransform("rename", {
    rename: fieldsFrom('{"__proto__": "safe", "a": "__proto__"}') as never,
  });
  const event = eventWith(fieldsFrom('{"__proto__": {"x": 1}, "a": {"y": 2}}'));
  rename.apply(event);
  assert.equal(JSON.stringify(event.fields), '{"__proto__":{"y":2},"safe":{"x":1}}');
  assert.equal((event.fields as Record<string, unknown>).y, undefined);
});

Deno.test("rename says what is wrong", async () => {
  assert.match(await mistakeOf("rename", {}), /^rename: must name at least one field/);
  assert.match(
    await mistakeOf("rename", { rename: { a: "" } }),
    /^rename\.a: a path of a field must not be empty/,
  );
});
