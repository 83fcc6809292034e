import assert from "node:assert/strict";
import { createTransform, eventWith, fieldsFrom, mistakeOf, plain, transformed } from "./support.ts";

Deno.test("remove takes fields away, nested ones too", async () => {
  const remove = await createTransform("remove", { fields: ["a", "n.x", "n.list[0]", "absent", "absent.x"] });
  assert.deepEqual(transformed(remove, { a: 1, b: 2, n: { x: 3, y: 4, list: [5, 6] } }), {
    b: 2,
    n: { y: 4, list: [6] },
  });
});

Deno.test("remove adds no keys for absent fields", async () => {
  const remove = await createTransform("remove", { fields: ["a", "b.c", "toString"] });
  const event = eventWith({});
  remove.apply(event);
  assert.deepEqual(Reflect.ownKeys(event.fields), []);
});

Deno.test("remove takes fields away by pattern", async () => {
  const remove = await createTransform("remove", { fields: ["a"], patterns: ["^_", "tmp"] });
  assert.deepEqual(transformed(remove, { a: 1, _b: 2, c_tmp_d: 3, e: 4 }), { e: 4 });
});

Deno.test("remove empties the event's own message and level, and leaves its time", async () => {
  const remove = await createTransform("remove", { fields: ["message", "level", "timestamp"] });
  const event = eventWith({}, { message: "own", level: "warn" });
  const { timestamp } = event;
  remove.apply(event);
  assert.deepEqual([event.message, event.level, event.timestamp], ["", undefined, timestamp]);
  const withFields = eventWith({ message: 1, level: 2, timestamp: 3 }, { message: "own", level: "warn" });
  remove.apply(withFields);
  assert.deepEqual([withFields.message, withFields.level, plain(withFields.fields)], ["own", "warn", {}]);
});

Deno.test("remove takes __proto__ for a name", async () => {
  const remove = await createTransform("remove", { fields: ["__proto__", "a.constructor"] });
  const event = eventWith(fieldsFrom('{"__proto__": {"x": 1}, "a": {"constructor": 2, "b": 3}}'));
  remove.apply(event);
  assert.equal(JSON.stringify(event.fields), '{"a":{"b":3}}');
});

Deno.test("remove says what is wrong", async () => {
  assert.match(await mistakeOf("remove", {}), /^: needs the key fields or patterns/);
});
