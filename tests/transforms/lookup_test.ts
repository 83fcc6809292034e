import assert from "node:assert/strict";
import { createTransform, eventWith, mistakeOf, plain, TestContext, transformed } from "./support.ts";

const context = new TestContext({
  "hosts.csv": "host,team,port\nweb-1,shop,80\nweb-2,,81\n",
  "codes.json":
    '{"404": {"name": "Not Found", "retry": false, "tags": ["client"]}, "__proto__": {"name": "odd"}, "500": "bad"}',
  "list.json":
    '[{"id": 1, "name": "one", "big": 12345678901234567890}, {"id": 2, "name": "two"}, {"name": "no id"}]',
  "empty.csv": "",
  "broken.json": "{",
  "scalars.json": "[1]",
});

Deno.test("lookup adds the columns of a CSV table", async () => {
  const lookup = await createTransform("lookup", { file: "hosts.csv", field: "host" }, context);
  assert.deepEqual(transformed(lookup, { host: "web-1" }), { host: "web-1", team: "shop", port: "80" });
  assert.deepEqual(transformed(lookup, { host: "db-1" }), { host: "db-1" });
  assert.deepEqual(transformed(lookup, { host: undefined }), {});
});

Deno.test("lookup adds chosen columns to a target, by another key", async () => {
  const lookup = await createTransform(
    "lookup",
    { file: "hosts.csv", field: "n.port", key: "port", columns: ["host"], target: "a.b" },
    context,
  );
  assert.deepEqual(transformed(lookup, { n: { port: 81 }, a: { b: { old: 1 } } }), {
    n: { port: 81 },
    a: { b: { old: 1, host: "web-2" } },
  });
});

Deno.test("lookup keeps the types of a JSON table", async () => {
  const byKey = await createTransform(
    "lookup",
    { file: "codes.json", field: "status", target: "code" },
    context,
  );
  assert.deepEqual(transformed(byKey, { status: 404 }), {
    status: 404,
    code: { name: "Not Found", retry: false, tags: ["client"] },
  });
  assert.deepEqual(transformed(byKey, { status: "500" }), { status: "500", code: { value: "bad" } });
  const list = await createTransform("lookup", { file: "list.json", field: "id" }, context);
  assert.deepEqual(transformed(list, { id: "1" }), { id: "1", name: "one", big: 12345678901234567890n });
  assert.deepEqual(transformed(list, { id: 2 }), { id: 2, name: "two" });
});

Deno.test("lookup gives each event values of its own", async () => {
  const lookup = await createTransform("lookup", { file: "codes.json", field: "status" }, context);
  const first = eventWith({ status: 404 });
  lookup.apply(first);
  (first.fields.tags as string[]).push("changed");
  assert.deepEqual((transformed(lookup, { status: 404 }) as { tags: unknown }).tags, ["client"]);
});

Deno.test("lookup adds the default where the table has no such key", async () => {
  const lookup = await createTransform(
    "lookup",
    { file: "hosts.csv", field: "host", default: { team: "nobody", port: 0 } },
    context,
  );
  assert.deepEqual(transformed(lookup, { host: "db-1" }), { host: "db-1", team: "nobody", port: 0 });
  assert.deepEqual(transformed(lookup, {}), { team: "nobody", port: 0 });
});

Deno.test("lookup ignores case on demand", async () => {
  const lookup = await createTransform(
    "lookup",
    { file: "hosts.csv", field: "host", ignore_case: true },
    context,
  );
  assert.deepEqual(transformed(lookup, { host: "WEB-1" }), { host: "WEB-1", team: "shop", port: "80" });
});

Deno.test("lookup takes __proto__ for a key", async () => {
  const lookup = await createTransform("lookup", { file: "codes.json", field: "k" }, context);
  assert.deepEqual(transformed(lookup, { k: "__proto__" }), { k: "__proto__", name: "odd" });
  assert.deepEqual(transformed(lookup, { k: "constructor" }), { k: "constructor" });
  const event = eventWith({ k: "__proto__" });
  lookup.apply(event);
  assert.deepEqual(plain(Object.getPrototypeOf(event.fields)), {});
});

Deno.test("lookup says what is wrong", async () => {
  const mistake = (block: Record<string, unknown>) => mistakeOf("lookup", { field: "x", ...block }, context);
  assert.match(await mistake({ file: "none.csv" }), /^file: "none\.csv" does not exist/);
  assert.match(await mistake({ file: "empty.csv" }), /^file: "empty\.csv" is empty/);
  assert.match(await mistake({ file: "broken.json" }), /^file: "broken\.json" is no JSON: /);
  assert.match(await mistake({ file: "scalars.json" }), /^file: "scalars\.json" must hold an object by key/);
  assert.match(
    await mistake({ file: "hosts.csv", key: "id" }),
    /^key: "id" is no column of "hosts\.csv", which has "host", "team", "port"/,
  );
  assert.match(
    await mistake({ file: "hosts.csv", columns: ["zone"] }),
    /^columns: "zone" is no column .* has "team", "port"/,
  );
});
