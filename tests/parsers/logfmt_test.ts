import assert from "node:assert/strict";
import fc from "fast-check";
import { createLogfmtParser } from "../../src/parsers/logfmt.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

const parser = await createLogfmtParser({}, parserContext);
const fieldsOf = (line: string) => parseLine(parser, line)?.fields;

Deno.test("LogfmtParser reads quoted values, bare keys, and keeps values as text", () => {
  assert.deepEqual(
    fieldsOf(String.raw`level=info msg="a \"quoted\" text" dur=12ms n=5 flag ok=true path=/a?b=c empty=`),
    {
      level: "info",
      msg: 'a "quoted" text',
      dur: "12ms",
      n: "5",
      flag: true,
      ok: "true",
      path: "/a?b=c",
      empty: "",
    },
  );
});

Deno.test("LogfmtParser resolves escapes inside quotes only", () => {
  assert.deepEqual(fieldsOf(String.raw`a="x\ny\t\u00e9\x41\\" b=x\ny c="C:\dir"`), {
    a: "x\ny\té\x41\\",
    b: String.raw`x\ny`,
    c: String.raw`C:\dir`,
  });
});

Deno.test("LogfmtParser takes lines as programs write them", () => {
  assert.deepEqual(
    fieldsOf(
      'time="2026-11-25T10:00:00Z" level=warning msg="Failed to pull image" error="rpc: code = NotFound"',
    ),
    {
      time: "2026-11-25T10:00:00Z",
      level: "warning",
      msg: "Failed to pull image",
      error: "rpc: code = NotFound",
    },
  );
  assert.deepEqual(
    fieldsOf("at=info method=GET path=/ host=example.com fwd=203.0.113.7 dyno=web.1 connect=1ms status=200"),
    {
      at: "info",
      method: "GET",
      path: "/",
      host: "example.com",
      fwd: "203.0.113.7",
      dyno: "web.1",
      connect: "1ms",
      status: "200",
    },
  );
});

Deno.test("LogfmtParser reads to the end a line that was cut inside quotes, and quotes that are not the whole value", () => {
  assert.deepEqual(fieldsOf('a=1 msg="cut off he'), { a: "1", msg: "cut off he" });
  assert.deepEqual(fieldsOf('a="x"y b=c"d'), { a: '"x"y', b: 'c"d' });
  assert.deepEqual(fieldsOf('a="'), { a: "" });
});

Deno.test("LogfmtParser refuses lines that have no pair, or what cannot be a key", () => {
  for (const line of ["", "   ", "just some words", "=x a=b", '"a"=b', 'say "hello" a=b', '{"a":"b=c"}']) {
    assert.equal(fieldsOf(line), undefined, line);
  }
});

Deno.test("LogfmtParser gives each line its own keys, whatever the line before had", () => {
  assert.deepEqual(fieldsOf("a=1 bb=2 c=3"), { a: "1", bb: "2", c: "3" });
  assert.deepEqual(fieldsOf("a=4 b=5 c=6 d=7"), { a: "4", b: "5", c: "6", d: "7" });
  assert.deepEqual(fieldsOf("aa=4 flag b=5"), { aa: "4", flag: true, b: "5" });
  assert.deepEqual(fieldsOf("a=1 a=2"), { a: "2" });
});

Deno.test("LogfmtParser treats names of inherited properties as names", () => {
  for (let time = 0; time < 2; time++) {
    const { fields = {} } = parseLine(parser, "__proto__=1 constructor=2 toString a=3") ?? {};
    assert.deepEqual(Object.entries(fields), [
      ["__proto__", "1"],
      ["constructor", "2"],
      ["toString", true],
      ["a", "3"],
    ]);
  }
});

Deno.test("LogfmtParser reads back what JSON quotes, in any sequence of lines", () => {
  const key = fc.oneof(fc.constantFrom("a", "b", "level"), fc.stringMatching(/^[a-z_.]{1,8}$/));
  const value = fc.oneof(fc.constant(true), fc.string({ unit: "binary" }));
  const lines = fc.array(fc.uniqueArray(fc.tuple(key, value), { minLength: 1, selector: ([name]) => name }));
  fc.assert(
    fc.property(lines, (all) => {
      for (const pairs of all) {
        const line = pairs.map(([name, item]) => item === true ? name : `${name}=${JSON.stringify(item)}`)
          .join(" ");
        const hasPair = pairs.some(([, item]) => item !== true);
        const expected = hasPair ? Object.entries(Object.fromEntries(pairs)) : undefined;
        const fields = fieldsOf(line);
        assert.deepEqual(fields && Object.entries(fields), expected);
      }
    }),
  );
});

Deno.test("LogfmtParser never throws", () => {
  neverThrows(parser, String.raw`level=info msg="a \"b\"" flag __proto__=1 x="\u00e9\x"`);
});
