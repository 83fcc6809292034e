import assert from "node:assert/strict";
import * as schema from "../../src/lib/schema.ts";
import { type Expand, type Mistake, REDACTED } from "../../src/lib/schema_validate.ts";
import { nodeOf } from "../../src/lib/schema_node.ts";

function messages(mistakes: readonly Mistake[]): string[] {
  return mistakes.map(({ path, message }) => `${path}: ${message}`);
}

function mistakesOf(of: schema.Schema<unknown>, plain: unknown): string[] {
  return messages(schema.validate(of, nodeOf(plain)).mistakes);
}

function valueOf<T>(of: schema.Schema<T>, plain: unknown): T {
  return schema.parse(of, plain);
}

/** `$X` is 8080, `$S` a secret, `$E` empty. */
const expand: Expand = (text) => {
  if (text.includes("$GONE")) return { mistake: "no variable GONE" };
  const expanded = text.replace("$X", "8080").replace("$T", "True").replace("$S", "hunter2").replace(
    "$E",
    "",
  );
  return { text: expanded, secret: expanded !== text };
};

const server = schema.object({
  host: schema.string().required(),
  port: schema.integer({ min: 1, max: 65535 }).default(80),
  timeout: schema.duration().default("30s"),
  limit: schema.byteSize().default("1MiB"),
  mode: schema.choice(["tcp", "udp"]).default("tcp"),
  tags: schema.list(schema.string()).default([]),
  password: schema.string().secret(),
});

Deno.test("object yields values, defaults and nothing for what has neither", () => {
  const value = valueOf(server, { host: "a", timeout: "1m30s" });
  assert.deepEqual(value, { host: "a", port: 80, timeout: 90_000, limit: 1048576, mode: "tcp", tags: [] });
  const port: number = value.port;
  const password: string | undefined = value.password;
  assert.deepEqual([port, password], [80, undefined]);
});

Deno.test("validate reports every mistake at once, each with its path", () => {
  assert.deepEqual(
    mistakesOf(server, { prot: 1, port: 70000, timeout: 5, limit: "1 MegaByte", mode: "tpc", tags: "x" }),
    [
      `prot: is no known key; did you mean "port"? Allowed: host, port, timeout, limit, mode, tags, password`,
      "host: is missing; it must be a string",
      "port: must be an integer from 1 to 65535, but is 70000",
      `timeout: must be a duration with a unit (ns, us, ms, s, m, h), such as "5s" or "1m30s", but is 5`,
      `limit: must be a size in bytes, such as 65536, "64MiB" or "10MB", but is the string "1 MegaByte"`,
      `mode: must be one of tcp, udp, but is the string "tpc"; did you mean "tcp"?`,
      `tags: must be a list, but is the string "x"`,
    ],
  );
});

Deno.test("parse throws all mistakes", () => {
  assert.throws(() => schema.parse(server, { host: [], port: "x" }), {
    name: "SchemaError",
    message:
      'host: must be a string, but is a list\nport: must be an integer from 1 to 65535, but is the string "x"',
  });
});

Deno.test("an empty value counts as left out", () => {
  assert.equal(valueOf(server, { host: "a", port: null }).port, 80);
  assert.deepEqual(mistakesOf(server, { host: null }), ["host: is missing; it must be a string"]);
  assert.deepEqual(mistakesOf(schema.list(schema.string()), [null]), ["[0]: must be a string, but is empty"]);
});

Deno.test("string takes an unquoted number as it is written", () => {
  const node = { kind: "scalar", value: 7, text: "007", at: { line: 1, column: 1 } } as const;
  assert.equal(schema.validate(schema.string(), node).value, "007");
});

Deno.test("choice allows numbers beside words", () => {
  const acks = schema.choice(["all", -1, 0, 1]);
  assert.deepEqual(["all", -1, "1"].map((value) => valueOf(acks, value)), ["all", -1, 1]);
  assert.deepEqual(mistakesOf(acks, 2), [": must be one of all, -1, 0, 1, but is 2"]);
});

Deno.test("integer refuses fractions and what is not exact", () => {
  assert.deepEqual(mistakesOf(schema.integer(), 1.5), [": must be an integer, but is 1.5"]);
  assert.deepEqual(mistakesOf(schema.integer(), 2 ** 53).length, 1);
  assert.deepEqual(mistakesOf(schema.number({ min: 0 }), -1), [
    ": must be a number of at least 0, but is -1",
  ]);
});

Deno.test("alias is accepted, and refused beside its other name", () => {
  const wal = schema.object({ dir: schema.string().alias("directory").required() });
  assert.equal(valueOf(wal, { directory: "/x" }).dir, "/x");
  assert.deepEqual(mistakesOf(wal, { dir: "/x", directory: "/y" }), [
    "directory: says the same as dir in line 1; keep one of them",
  ]);
});

Deno.test("moved keys are taken where they belong and reported where they stand", () => {
  const retry = schema.object({
    retries: schema.integer().default(3),
    wait: schema.duration().default("1s"),
  });
  const root = schema.object({ retry: retry.default({}), deep: schema.object({ retry }) })
    .moved({ max_retries: "retry.retries", old_retry: "deep.retry" });
  assert.equal(valueOf(root, { max_retries: 7 }).retry.retries, 7);
  assert.deepEqual(valueOf(root, { retry: { wait: "2s" }, max_retries: 7 }).retry, {
    retries: 7,
    wait: 2000,
  });
  assert.equal(valueOf(root, { old_retry: { retries: 9 } }).deep?.retry?.retries, 9);
  assert.deepEqual(mistakesOf(root, { max_retries: "x", old_retry: { wiat: 1 } }), [
    'max_retries: must be an integer, but is the string "x"',
    'old_retry.wiat: is no known key; did you mean "wait"? Allowed: retries, wait',
  ]);
  assert.deepEqual(mistakesOf(root, { retry: { retries: 1 }, max_retries: 2 }), [
    "max_retries: says the same as retry.retries in line 1; keep one of them",
  ]);
});

Deno.test("check adds a rule of its own, asked only when the value is right", () => {
  const even = schema.integer().check((value) => value % 2 === 0 ? undefined : "must be even");
  assert.deepEqual(mistakesOf(even, 3), [": must be even"]);
  assert.deepEqual(mistakesOf(even, "x"), [': must be an integer, but is the string "x"']);
});

Deno.test("variants take the keys of their type flat or in a block", () => {
  const file = schema.object({ path: schema.string().required(), size: schema.byteSize() });
  const output = schema.variants({
    noun: "output type",
    fallback: "stdout",
    common: { name: schema.string() },
    types: {
      stdout: schema.object({ paths: schema.integer() }),
      file,
      elasticsearch: schema.object({ index: schema.string().default("logs") }),
    },
  });
  assert.deepEqual(valueOf(output, {}), { type: "stdout", config: {} });
  assert.deepEqual(valueOf(output, { type: "file", name: "n", path: "/x" }), {
    type: "file",
    name: "n",
    config: { path: "/x" },
  });
  assert.deepEqual(valueOf(output, { type: "file", file: { path: "/x", size: "1KB" } }).config, {
    path: "/x",
    size: 1000,
  });
  assert.deepEqual(mistakesOf(output, { type: "elastic" }), [
    'type: "elastic" is no output type; did you mean "elasticsearch"? Known: stdout, file, elasticsearch',
  ]);
  assert.deepEqual(mistakesOf(output, { type: "file", file: { paht: "x" } }), [
    'file.paht: is no known key; did you mean "path"? Allowed: path, size',
    "file.path: is missing; it must be a string",
  ]);
  assert.deepEqual(mistakesOf(output, { type: "file", path: "/x", file: { path: "/y" } }), [
    "file.path: says the same as path in line 1; keep one of them",
  ]);
  const { notices, mistakes } = schema.validate(output, nodeOf({ type: "stdout", file: { path: "/x" } }));
  assert.deepEqual(mistakes, []);
  assert.deepEqual(notices.map(({ path }) => path), ["file"]);
  const left = schema.validate(output, nodeOf({ type: "stdout", path: "/x" }));
  assert.deepEqual([messages(left.mistakes), messages(left.notices)], [[], [
    'path: has no effect, because type is "stdout"; did you mean "paths"?',
  ]]);
  assert.match(mistakesOf(output, { type: "constructor" })[0] ?? "", /"constructor" is no output type/);
  assert.match(mistakesOf(output, { type: "stdout", toString: 1 })[0] ?? "", /toString: is no known key/);
});

Deno.test("validate types what a variable yields as the schema wants it", () => {
  const all = schema.object({
    port: schema.integer({ max: 9000 }),
    on: schema.boolean(),
    text: schema.string(),
    wait: schema.duration().default("5s"),
    any: schema.anything(),
    code: schema.string().literal(),
  });
  const plain = { port: "$X", on: "$T", text: "a$X", wait: "$E", any: { deep: ["$X"] }, code: "$X" };
  assert.deepEqual(schema.validate(all, nodeOf(plain), expand).value, {
    port: 8080,
    on: true,
    text: "a8080",
    wait: 5000,
    any: { deep: ["8080"] },
    code: "$X",
  });
  const { mistakes } = schema.validate(all, nodeOf({ port: "$S", text: "$GONE", on: "true" }), expand);
  assert.deepEqual(messages(mistakes), [
    "port: must be an integer of at most 9000, but is what $S holds",
    'on: must be true or false, but is the string "true"',
    "text: no variable GONE",
  ]);
});

Deno.test("validate shows the value as written, with defaults, without secrets", () => {
  const plain = { host: "https://me:pw@es:9200", password: "x", tags: ["$X", "b"] };
  assert.deepEqual(schema.validate(server, nodeOf(plain), expand).shown, {
    host: `https://me:${REDACTED}@es:9200`,
    port: 80,
    timeout: "30s",
    limit: "1MiB",
    mode: "tcp",
    tags: [REDACTED, "b"],
    password: REDACTED,
  });
  const url = "https://es/in?api_key=a&tag=b&AccessToken=c#d";
  assert.equal(
    schema.validate(schema.string(), nodeOf(url)).shown,
    `https://es/in?api_key=${REDACTED}&tag=b&AccessToken=${REDACTED}#d`,
  );
});

Deno.test("record keeps any key, also one that JavaScript knows", () => {
  const value = valueOf(schema.record(schema.string()), JSON.parse('{"__proto__": "a", "b.c": "d"}'));
  assert.deepEqual(Object.entries(value), [["__proto__", "a"], ["b.c", "d"]]);
  assert.deepEqual(mistakesOf(schema.record(schema.integer()), { "b.c": "x" }), [
    '["b.c"]: must be an integer, but is the string "x"',
  ]);
  assert.deepEqual(mistakesOf(server, { host: "a", constructor: 1 }).length, 1);
});

Deno.test("extend adds keys to an object schema and refuses others", () => {
  const more = schema.extend(server, { name: schema.string().default("n") });
  assert.equal(valueOf(more, { host: "a" }).name, "n");
  assert.throws(() => schema.extend(schema.string(), {}), /Cannot extend a schema: it is of kind "string"/);
});
