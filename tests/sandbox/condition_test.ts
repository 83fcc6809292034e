import assert from "node:assert/strict";
import { type Fields, type LogEvent, newEvent } from "../../src/event.ts";
import { KeyError } from "../../src/lib/key_error.ts";
import { compileCondition, parseCondition } from "../../src/sandbox/condition.ts";

function eventOf(fields: Fields, parts: Partial<LogEvent> = {}): LogEvent {
  const event = newEvent({ input: "nginx", stream: "/var/log/nginx.log", labels: {} });
  return Object.assign(event, { message: "hello", level: "error", timestamp: 1000, fields }, parts);
}

async function holds(source: string, event: LogEvent, warnings: string[] = []): Promise<boolean> {
  return (await compileCondition(source, { key: "if", warn: (text) => warnings.push(text) }))(event);
}

async function errorOf(source: string): Promise<string> {
  const error = await compileCondition(source, { key: "if", warn: () => {} }).then(
    () => undefined,
    (error) => error,
  );
  assert.ok(error instanceof KeyError, `"${source}" is accepted`);
  assert.equal(error.key, "if");
  return error.message;
}

Deno.test("compileCondition evaluates an expression over the event", async () => {
  const event = eventOf({ status: 503, user: { name: "ann" }, tags: ["a", "b"], "x-y": 1 });
  const expectations: Record<string, boolean> = {
    'level === "error" && fields.status >= 500': true,
    'level === "warn" || fields.status < 500': false,
    'message.includes("ell")': true,
    'message.startsWith("x") ? true : fields.user.name === "ann"': true,
    "fields.user?.name?.length === 3": true,
    "fields.nobody?.name === undefined": true,
    'fields["x-y"] === 1': true,
    'fields["x" + "-y"]': true,
    "timestamp === 1000": true,
    'source === "/var/log/nginx.log" && input === "nginx"': true,
    'event.level === "error" && event.source.endsWith(".log") && event.input === "nginx"': true,
    "/^h.l+o$/.test(message)": true,
    'fields.tags.some((tag) => tag === "b")': true,
    'fields.tags.map((tag) => tag + "!").join() === "a!,b!"': true,
    'Object.entries(fields.user).every(([key, value]) => key === "name" && value.length === 3)': true,
    "[1, 2, 3].reduce((sum, value) => sum + value, 0) === 6": true,
    '["a", "b"].map(String).includes("b")': true,
    '["error", "fatal"].includes(level)': true,
    '[...fields.tags, "c"].length === 3': true,
    "Math.max(...[1, 2]) === 2 && Math.PI > 3": true,
    'new Set(["error"]).has(level)': true,
    'new Date(timestamp).toISOString() === "1970-01-01T00:00:01.000Z"': true,
    'JSON.parse("[1]")[0] === 1': true,
    "({ error: 3 })[level] === 3": true,
    '"name" in fields.user && !("age" in fields.user)': true,
    'message.replace(/l/g, (letter) => letter.toUpperCase()) === "heLLo"': true,
    'typeof fields.status === "number"': true,
    '"import" === "im" + "port" && /import/.test("import")': true,
    "`${fields.status}` === '503'": true,
    "(\n  // both\n  level &&\n  message // and so on\n)": true,
    "fields.status": true,
    "fields.zero": false,
  };
  for (const [source, expected] of Object.entries(expectations)) {
    const warnings: string[] = [];
    assert.equal(await holds(source, event, warnings), expected, source);
    assert.deepEqual(warnings, [], source);
  }
});

Deno.test("compileCondition counts what an expression throws as false, and tells it with its line", async () => {
  const warnings: string[] = [];
  assert.equal(await holds("true &&\nfields.a.b > 1", eventOf({}), warnings), false);
  assert.deepEqual(warnings, [
    "Cannot run the condition under \"if\": Cannot read properties of undefined (reading 'b') in line 2; it counts as false",
  ]);
});

Deno.test("compileCondition tells a limited number of different texts", async () => {
  const warnings: string[] = [];
  const condition = await compileCondition("JSON.parse(message)", {
    key: "if",
    warn: (text) => warnings.push(text),
  });
  for (let index = 0; index < 100; index++) condition(eventOf({}, { message: `text ${index}` }));
  assert.equal(warnings.length, 100);
  assert.equal(new Set(warnings).size, 21);
});

Deno.test("compileCondition reads only what the expression names", async () => {
  const read: string[] = [];
  const event = new Proxy(eventOf({ a: 1 }), {
    get(target, name) {
      read.push(String(name));
      return target[name as keyof LogEvent];
    },
  });
  assert.equal(await holds("fields.a === 1 && fields.b === undefined", event), true);
  assert.deepEqual(read, ["fields"]);
});

Deno.test("compileCondition says what is wrong, where, and what was perhaps meant", async () => {
  assert.equal(
    await errorOf('level === "error" && status >= 500'),
    "1:22 status is not available in conditions; a field is written fields.status",
  );
  assert.equal(
    await errorOf('true &&\n  massage === "x"'),
    "2:3 massage is not available in conditions; did you mean message or fields.massage?",
  );
  assert.equal(await errorOf('level = "error"'), "1:1 a condition changes nothing; did you mean ===?");
  assert.equal(await errorOf("fields.status >="), "1:17 unexpected token");
  assert.equal(await errorOf("  "), "is empty");
  assert.equal(
    await errorOf("event.status > 1"),
    "1:7 event has no status; write fields.status for a field",
  );
  assert.match(
    await errorOf("fields.tags.push(1)"),
    /^1:13 push\(\) is not available in conditions, which only read; known: /,
  );
  assert.match(await errorOf("(".repeat(100_000) + "1" + ")".repeat(100_000)), /nested too deeply/);
  assert.match(await errorOf(`"${"x".repeat(300_000)}"`), /too long/);
});

Deno.test("parseCondition tells which conditions are done at once, whatever the record is", async () => {
  assert.equal((await parseCondition('level === "error" && fields.status >= 500', "if")).isBounded, true);
  assert.equal((await parseCondition("/(a+)+$/.test(message)", "if")).isBounded, false);
  assert.equal((await parseCondition("new RegExp(message)", "if")).isBounded, false);
});

Deno.test("parseCondition tells which fields a condition reads, or that it looks at all of them", async () => {
  const read = async (source: string) => (await parseCondition(source, "if")).fields;
  assert.deepEqual(await read("true"), []);
  assert.deepEqual(await read("fields.a.b > fields['c d'] || fields?.e === fields.a"), ["a", "c d", "e"]);
  assert.deepEqual(await read("[1].some((fields) => fields === level)"), []);
  assert.deepEqual(await read("fields.list.map(({ fields }) => fields.a).length"), ["list"]);
  for (
    const whole of [
      "fields",
      "fields[level]",
      "fields[fields.a]",
      "event.level",
      "event.fields.a",
      "Object.keys(fields)",
      "[{ fields }].length",
      "'a' in fields",
      "(fields).a",
    ]
  ) assert.equal(await read(whole), undefined, whole);
});
