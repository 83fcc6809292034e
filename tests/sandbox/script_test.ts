import assert from "node:assert/strict";
import { type Fields, type LogEvent, newEvent } from "../../src/event.ts";
import { KeyError } from "../../src/lib/key_error.ts";
import { hardenRealm } from "../../src/sandbox/harden.ts";
import { compileScript, parseScript } from "../../src/sandbox/script.ts";

const source = { input: "nginx", stream: "/var/log/nginx.log", labels: {} };

Deno.test("compileScript refuses to compile in a realm that is not hardened", async () => {
  await assert.rejects(
    compileScript("event.message = 1", { key: "code", warn: () => {} }),
    /is not hardened/,
  );
  hardenRealm();
});

function eventOf(parts: Partial<LogEvent> = {}): LogEvent {
  return Object.assign(newEvent(source), { message: "hello", level: "info", timestamp: 1000, ...parts });
}

interface Run {
  readonly event: LogEvent | undefined;
  readonly warnings: readonly string[];
}

async function run(code: string, event = eventOf()): Promise<Run> {
  hardenRealm();
  const warnings: string[] = [];
  const script = await compileScript(code, { key: "code", warn: (text) => warnings.push(text) });
  return { event: script(event), warnings };
}

/** The fields that a script makes. */
async function fieldsOf(code: string, fields: Fields = {}): Promise<unknown> {
  const { event, warnings } = await run(code, eventOf({ fields }));
  assert.deepEqual(warnings, [], code);
  // Fields that are undefined count as absent; objects without prototype are as good as others.
  return event &&
    JSON.parse(JSON.stringify(event.fields, (_, value) => typeof value === "bigint" ? `${value}n` : value));
}

async function valueOf(expression: string, fields: Fields = {}): Promise<unknown> {
  return (await fieldsOf(`event.fields.result = ${expression}`, fields) as Fields)["result"];
}

async function errorOf(code: string): Promise<string> {
  const error = await parseScript(code, "code").then(() => undefined, (error) => error);
  assert.ok(error instanceof KeyError, `"${code}" is accepted`);
  return error.message;
}

Deno.test("compileScript gives a script the event and takes over what it changes", async () => {
  const { event } = await run(
    'event.message = event.message.toUpperCase() + event.source + event.input; event.level = "WARNING"; event.fields.a = event.timestamp;',
    eventOf({ fields: { b: 1 } }),
  );
  assert.equal(event?.message, "HELLO/var/log/nginx.lognginx");
  assert.equal(event?.level, "warn");
  assert.deepEqual(event?.fields, { b: 1, a: 1000 });
});

Deno.test("compileScript drops a record for null, and keeps it for everything else", async () => {
  for (
    const [result, stays] of [["null", false], ["false", false], ["", true], ["undefined", true], [
      "event",
      true,
    ], ["true", true]]
  ) {
    const { event, warnings } = await run(`return ${result}`);
    assert.equal(event !== undefined, stays, `return ${result}`);
    assert.deepEqual(warnings, []);
  }
  const { event, warnings } = await run("return 5");
  assert.notEqual(event, undefined);
  assert.match(warnings.join(), /returned something else/);
});

Deno.test("compileScript takes a returned object for the event", async () => {
  const { event } = await run(
    'return { ...event, message: "new", fields: { ...event.fields, b: 2 } }',
    eventOf({ fields: { a: 1 } }),
  );
  assert.equal(event?.message, "new");
  assert.deepEqual(event?.fields, { a: 1, b: 2 });
  const partly = await run('return { message: "new" }', eventOf({ fields: { a: 1 } }));
  assert.deepEqual([partly.event?.message, partly.event?.level, partly.event?.fields], ["new", "info", {
    a: 1,
  }]);
});

Deno.test("compileScript takes a timestamp as number, Date or RFC 3339, and forgets the text of the old one", async () => {
  const text = "1970-01-01T00:00:01.000000001Z";
  for (
    const [code, expected] of [
      ["event.timestamp = 5.5", 5.5],
      ["event.timestamp = new Date(7)", 7],
      ['event.timestamp = "1970-01-01T00:00:02Z"', 2000],
    ] as const
  ) {
    const { event, warnings } = await run(code, eventOf({ timestampText: text }));
    assert.deepEqual(
      [event?.timestamp, event?.timestampText, warnings.length],
      [expected, undefined, 0],
      code,
    );
  }
  for (
    const code of [
      "event.timestamp = NaN",
      'event.timestamp = "soon"',
      "event.timestamp = {}",
      "event.timestamp = null",
    ]
  ) {
    const { event, warnings } = await run(code, eventOf({ timestampText: text }));
    assert.deepEqual([event?.timestamp, event?.timestampText], [1000, text], code);
    assert.match(warnings.join(), /event.timestamp is neither/);
  }
  assert.equal(
    (await run("event.timestamp = event.timestamp", eventOf({ timestampText: text }))).event?.timestampText,
    text,
  );
});

Deno.test("compileScript keeps the level where a script gives none that is known", async () => {
  const odd = await run('event.level = "loud"');
  assert.equal(odd.event?.level, "info");
  assert.match(odd.warnings.join(), /no level that is known/);
  assert.equal((await run("event.level = undefined")).event?.level, undefined);
});

Deno.test("compileScript makes text of any message", async () => {
  for (
    const [value, text] of [
      ["5", "5"],
      ["null", ""],
      ["undefined", ""],
      ["[1, { a: 2n }]", '[1,{"a":"2"}]'],
      ["() => 1", ""],
    ]
  ) {
    assert.equal((await run(`event.message = ${value}`)).event?.message, text, value);
  }
});

Deno.test("compileScript leaves only JSON values in the fields", async () => {
  assert.deepEqual(
    await fieldsOf(`
      class Point { x = 1; y() {} }
      const cyclic = { a: 1 };
      cyclic.self = cyclic;
      event.fields = {
        date: new Date(0), bad: new Date(NaN), map: new Map([["a", new Set([1])], [2, 3]]), pattern: /a+/g,
        error: new TypeError("x"), point: new Point(), none: () => 1, list: [1, () => 1, undefined, , NaN],
        big: 10n, cyclic, deep: [[{ d: new Date(0) }]], text: Object("boxed"), __proto__: { inherited: 1 },
      };`),
    {
      date: "1970-01-01T00:00:00.000Z",
      bad: null,
      map: { a: [1], 2: 3 },
      pattern: "a+",
      error: "TypeError: x",
      point: { x: 1 },
      list: [1, null, null, null, null],
      big: "10n",
      cyclic: { a: 1 },
      deep: [[{ d: "1970-01-01T00:00:00.000Z" }]],
      text: { 0: "b", 1: "o", 2: "x", 3: "e", 4: "d" },
      inherited: 1,
    },
  );
  assert.deepEqual(await fieldsOf("event.fields = null", { a: 1 }), {});
  const { event, warnings } = await run("event.fields = [1]", eventOf({ fields: { a: 1 } }));
  assert.deepEqual(event?.fields, { a: 1 });
  assert.match(warnings.join(), /event.fields is no object/);
});

Deno.test("compileScript leaves constants of ours alone", async () => {
  const shared = Object.freeze({ list: Object.freeze([1]), a: Object.freeze({ b: 1 }) }) as unknown as Fields;
  const { event, warnings } = await run(
    "event.fields.x = [() => 1]; event.fields.shared.list2 = 1",
    eventOf({ fields: { shared } }),
  );
  assert.match(warnings.join(), /not extensible/);
  assert.deepEqual(JSON.parse(JSON.stringify(event?.fields)), {
    shared: { list: [1], a: { b: 1 } },
    x: [null],
  });
  assert.deepEqual(shared, { list: [1], a: { b: 1 } });
});

Deno.test("compileScript passes the record on when a script throws, and tells the line", async () => {
  const { event, warnings } = await run(
    'event.message = "changed";\nevent.fields.a = 1;\n\nevent.fields.b.c = 2;',
    eventOf({ fields: { old: 1 } }),
  );
  assert.deepEqual([event?.message, event?.fields], ["hello", { old: 1, a: 1 }]);
  assert.deepEqual(warnings, [
    "Cannot run the script under \"code\": Cannot set properties of undefined (setting 'c') in line 4; the record passes on with what was changed in its fields before",
  ]);
  assert.match((await run('throw "x"')).warnings.join(), /threw x/);
  assert.match((await run("throw { toString: 1 }")).warnings.join(), /has no text/);
});

Deno.test("compileScript gives every record an event of its own", async () => {
  hardenRealm();
  const script = await compileScript(
    "const k = 'kept'; event.fields.seen = event[k] ?? 'nothing'; event[k] = 'something'",
    { key: "code", warn: () => {} },
  );
  assert.equal(script(eventOf())?.fields["seen"], "nothing");
  assert.equal(script(eventOf())?.fields["seen"], "nothing");
});

Deno.test("compileScript runs the language as it is", async () => {
  const k = "k";
  const expectations: [string, unknown, Fields?][] = [
    ["(() => { const [a, { b = 2, ...c }, ...d] = [1, { x: 3 }, 4, 5]; return [a, b, c, d] })()", [1, 2, {
      x: 3,
    }, [4, 5]]],
    ["(function fact(n) { return n < 2 ? 1 : n * fact(n - 1) })(5)", 120],
    ["(() => { function* g() { yield* [1, 2]; return 3 } return [...g()] })()", [1, 2]],
    [
      "(() => { class A { static n = 1; m() { return A.n } } class B extends A { m() { return super.m() + 1 } } return new B().m() })()",
      2,
    ],
    [
      "(() => { let s = ''; outer: for (const x of [1, 2]) { for (const y in { a: 1 }) { if (x === 2) continue outer; s += x + y } } return s })()",
      "1a",
    ],
    ["(() => { switch (event.level) { case 'info': { let x = 1; return x } default: return 2 } })()", 1],
    ["(() => { try { null.x } catch { return 'caught' } finally { } })()", "caught"],
    ["`a${1 + 1}b`", "a2b"],
    ["[3, 1].toSorted((a, b) => a - b).at(-1)", 3],
    ["(1, 2)", 2],
    ["/(?<word>\\w+)/.exec('ab cd').groups.word", "ab"],
    ["'a1b22'.replace(/\\d+/g, (d) => `<${d}>`)", "a<1>b<22>"],
    ["new RegExp('a|b', 'g')[Object.keys({ flags: 1 })[0]]", "g"],
    ["RegExp('x') instanceof RegExp && /x/ instanceof RegExp && !({} instanceof RegExp)", true],
    [
      "typeof /x/.constructor === typeof RegExp && ({}).constructor === Object && [].constructor.name",
      "Array",
    ],
    ["Object.prototype.hasOwnProperty.call(event.fields, 'k')", true, { k }],
    ["event.fields.list[event.fields.i].name", "b", { list: [{ name: "a" }, { name: "b" }], i: 1 }],
    ["event.fields.list[event.fields.i]?.name", "b", { list: [{ name: "a" }, { name: "b" }], i: 1 }],
    ["event.fields.nothing?.[event.fields.i] ?? 'none'", "none"],
    ["(event.fields.list?.[event.fields.i])?.name", "b", { list: [{ name: "a" }, { name: "b" }], i: 1 }],
    ["event.fields[event.fields.a][event.fields.b]", 1, { a: "x", b: "y", x: { y: 1 } }],
    ["(() => { const o = { f() { return this.v }, v: 1 }, n = 'f'; return o[n]() + o?.[n]() })()", 2],
    [
      "(() => { const o = { n: 1 }, n = 'n'; o[n]++; o[n] += 2; o[n] ||= 9; o.m ??= 5; o['p' + n] = 1; delete o[n]; return o })()",
      { m: 5, pn: 1 },
    ],
    [
      "(() => { const o = {}, n = 'n'; [o[n], o.x] = [1, 2]; ({ y: o[n + n] = 3 } = {}); for (o[n] of [7]); return o })()",
      { n: 7, x: 2, nn: 3 },
    ],
    [
      "(() => { const o = { C: class { v = 1; w = [4] } }, n = 'C', w = 'w'; return [new o[n]().v, new o[n]().w[0], new (o[n])()[w][0]] })()",
      [1, 4, 4],
    ],
    ["(() => { const a = { b: { C: class { v = 1 } } }, n = 'b'; return new a[n].C().v })()", 1],
    ["(() => { const o = { t: (s, x) => s.raw[0] + x }, n = 't'; return o[n]`a${1}` })()", "a1"],
    ["(() => { const a = [[1]], i = 0; return[a][i][i][i] })()", 1],
    [
      "(() => { const a = { x: 1 }, n = 'x'; return typeof a[n] + void a[n] + -a[n] + !a[n] + a[n]**2 })()",
      "numberundefined-1false1",
    ],
    ["(() => { const a = [1, 2]; let i = 0\nconst b = a\n;[a[i], a[1]] = [a[1], a[i]]\nreturn b })()", [
      2,
      1,
    ]],
    ["(() => { const name = 'toString'; const o = { [name]: 1, ['x' + name]: 2 }; return o })()", {
      toString: 1,
      xtoString: 2,
    }],
    [
      "(() => { const o = {}; o.toString = () => 'own'; o.constructor = 1; const e = new Error('x'); e.message = 'y'; e.name = 'Z'; return `${o}${o.constructor}${e}` })()",
      "own1Z: y",
    ],
    [
      "(() => { class E extends TypeError { name = 'E' } try { throw new E('m') } catch (e) { return `${e}` + (e instanceof TypeError) } })()",
      "E: mtrue",
    ],
    ["Object.freeze({ a: 1 }).a", 1],
    ["Object.defineProperty({}, 'a', { value: 1 })", { a: 1 }],
    ["Object.create({ a: 1 }, { b: { value: 2 } }).b", 2],
    ["Object.getOwnPropertyDescriptors({ a: 1 }).a.value", 1],
    ["Object.getPrototypeOf([]) === Array.prototype", true],
    ["new Date(Date.UTC(2026, 0, 2)).toISOString()", "2026-01-02T00:00:00.000Z"],
    ["encodeURIComponent('ä') + parseInt('12px') + Number('1') + isNaN(NaN)", "%C3%A4121true"],
    ["'import' + 'important'.length + { import: 1 }.import + /import/.test('import')", "import91true"],
    ["'\\\\import' + '\\import'", "\\importimport"],
    ["((a, b = a, ...c) => [a, b, c])(1, undefined, 2)", [1, 1, [2]]],
    ["(() => { var x = 1; { var x = 2 } { let x = 3 } return x })()", 2],
    ["(() => { const screen = 5, k = 'a'; return { a: screen }[k] })()", 5],
    ["(() => { if (true) { function f() { return 1 } return f() } })()", 1],
    ["(() => new (class { static s; static { this.s = 1 } get2() { return 2 } })().get2())()", 2],
  ];
  for (const [expression, expected, fields] of expectations) {
    assert.deepEqual(await valueOf(expression, fields), expected, expression);
  }
});

Deno.test("compileScript says what is wrong, where, and what was perhaps meant", async () => {
  assert.equal(
    await errorOf("event.fields.a = 1;\n  fetch('http://x')"),
    "2:3 fetch is not available in scripts; they see the event and the JavaScript language, and reach nothing outside",
  );
  assert.equal(
    await errorOf("evnt.message = 1"),
    "1:1 evnt is not available in scripts; did you mean event or event.fields.evnt?",
  );
  assert.equal(await errorOf("message = 1"), "1:1 message is not available in scripts; write event.message");
  assert.equal(
    await errorOf("console.log(1)"),
    "1:1 console is not available in scripts; put what you want to see into a field",
  );
  assert.equal(
    await errorOf("event.status = 1"),
    "1:7 event has no status; write event.fields.status for a field. It has timestamp, message, level, source, input, fields",
  );
  assert.equal(
    await errorOf('event.source = "x"'),
    "1:1 event.source cannot be changed; put the value into a field",
  );
  assert.equal(await errorOf("if (x {"), "1:7 unexpected token");
  assert.equal(
    await errorOf("event = {}"),
    "1:1 event cannot be assigned; change event.fields, or declare a variable with let",
  );
  assert.match(await errorOf("[".repeat(100_000)), /nested too deeply/);
  assert.equal(await errorOf(""), "is empty");
});

Deno.test("parseScript knows the scripts after which nothing must be cleaned", async () => {
  const plain = [
    "event.fields.slow = event.fields.ms > 100;\nevent.message = event.message.trim();\nif (event.level === 'debug') return null;",
    "event.fields.a = event.fields.b; event.fields.b = undefined; delete event.fields.c; return event",
    "let n = 0; for (let i = 0; i < 3; i++) n += i; event.fields.n = `${n}`",
    "event.fields.host = String(event.fields.host).toLowerCase(); event.fields.user.name = 'x'",
    "event.fields.ip = event.message.replace(/\\d+/, 'x') || 'none'; event.fields.max = Math.max(1, 2)",
  ];
  const others = [
    "event.fields.a = () => 1",
    "event.fields.a = new Date()",
    "event.fields.a = event.fields.toString",
    "event.fields.a = event.fields.b.at",
    "event.fields.a = event.fields",
    "event.fields.a.b = event.fields.a",
    "event.fields = event.fields.a",
    "event.fields.a = /x/",
    "event.fields.a = [1]",
    "event.fields.a = Math",
    "event.fields.a ||= event.fields.at",
    "const x = event.fields.at; event.fields.a = x",
    "const String = event.fields.toString; event.fields.a = String('x')",
    "event.fields.tags.push(event.fields)",
    "event.fields.tags.map(event.fields.tags.push, event.fields.tags)",
    "Object.assign(event.fields, Math)",
    "return { fields: Math }",
    "return event.fields",
    "let { a } = event.fields",
    "JSON.stringify(event.fields, event.fields.tags.push)",
    "for (event.fields.a of [Math]) {}",
  ];
  for (const code of plain) assert.equal((await parseScript(code, "code")).leavesPlainData, true, code);
  for (const code of others) assert.equal((await parseScript(code, "code")).leavesPlainData, false, code);
});
