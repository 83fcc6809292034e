import assert from "node:assert/strict";
import { createTransform, eventWith, fieldsFrom, mistakeOf, plain, transformed } from "./support.ts";

Deno.test("filter keeps only the fields that are listed", async () => {
  const filter = await createTransform("filter", {
    fields: ["a"],
    include_fields: ["b.c", "absent", "list[0]"],
  });
  assert.deepEqual(transformed(filter, { a: 1, b: { c: 2, d: 3 }, e: 4, list: [5, 6] }), {
    a: 1,
    b: { c: 2 },
    list: [5, 6],
  });
  assert.deepEqual(transformed(filter, { a: undefined, x: 1 }), {});
});

Deno.test("filter leaves what the event itself has", async () => {
  const filter = await createTransform("filter", { include_fields: ["message", "a"] });
  const event = eventWith({ a: 1, message: "field", b: 2 }, { message: "own", level: "warn" });
  filter.apply(event);
  assert.deepEqual(plain(event.fields), { message: "field", a: 1 });
  assert.equal(event.message, "own");
  assert.equal(event.level, "warn");
});

Deno.test("filter keeps fields whose names match a pattern", async () => {
  const filter = await createTransform("filter", {
    include_fields: ["a", "n.x"],
    patterns: ["^http_", "(?i)ID$"],
  });
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(
      transformed(filter, {
        a: 1,
        http_status: 200,
        traceId: "t",
        n: { x: 1, y: 2 },
        other: 3,
        gone: undefined,
      }),
      { a: 1, http_status: 200, traceId: "t", n: { x: 1 } },
    );
  }
});

Deno.test("filter removes excluded fields, also after a selection", async () => {
  const filter = await createTransform("filter", { exclude_fields: ["a", "b.c"] });
  assert.deepEqual(transformed(filter, { a: 1, b: { c: 2, d: 3 } }), { b: { d: 3 } });
  const both = await createTransform("filter", { include_fields: ["a", "b"], exclude_fields: ["b.c", "a"] });
  assert.deepEqual(transformed(both, { a: 1, b: { c: 2, d: 3 }, e: 1 }), { b: { d: 3 } });
});

Deno.test("filter takes __proto__ for a name", async () => {
  const filter = await createTransform("filter", { include_fields: ["__proto__"] });
  const event = eventWith(fieldsFrom('{"__proto__": {"a": 1}, "b": 2}'));
  filter.apply(event);
  assert.equal(JSON.stringify(event.fields), '{"__proto__":{"a":1}}');
  const byPattern = await createTransform("filter", { patterns: ["b"] });
  const other = eventWith(fieldsFrom('{"__proto__": {"a": 1}, "b": 2}'));
  byPattern.apply(other);
  assert.equal(JSON.stringify(other.fields), '{"b":2}');
  assert.equal(Object.getPrototypeOf(other.fields), Object.prototype);
});

Deno.test("filter says what is wrong", async () => {
  assert.match(await mistakeOf("filter", {}), /^: needs one of the keys fields,/);
  assert.match(await mistakeOf("filter", { patterns: ["a", "("] }), /^patterns\[1\]: /);
  assert.match(
    await mistakeOf("filter", { exclude_fields: ["a[b"] }),
    /^exclude_fields\[0\]: "a\[b" is no path/,
  );
});
