import assert from "node:assert/strict";
import fc from "fast-check";
import { createJsonParser } from "../../src/parsers/json.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

const parser = await createJsonParser({}, parserContext);
const fieldsOf = (line: string) => parseLine(parser, line)?.fields;

Deno.test("JsonParser keeps types and nesting", () => {
  const line = '{"a":1,"b":1.5,"c":"x","d":true,"e":null,"f":[1,"y",{"g":-0.25}],"h":{"i":{"j":[]}},"k":1e3}';
  assert.deepEqual(fieldsOf(line), JSON.parse(line));
});

Deno.test("JsonParser leaves time, level and message to the extraction by names", () => {
  const parsed = parseLine(parser, '{"time":"2026-11-25T10:00:00Z","level":"error","msg":"hello"}');
  assert.deepEqual(parsed?.fields, { time: "2026-11-25T10:00:00Z", level: "error", msg: "hello" });
  assert.equal(parsed.time, undefined);
  assert.equal(parsed.message, "the line");
});

Deno.test("JsonParser accepts spaces around the object, a byte order mark before it, and an empty one", () => {
  assert.deepEqual(fieldsOf('  \t{"a":1} \r'), { a: 1 });
  assert.deepEqual(fieldsOf('\uFEFF{"a":1}'), { a: 1 });
  assert.deepEqual(fieldsOf("{}"), {});
});

Deno.test("JsonParser refuses everything that is not one object", () => {
  for (
    const line of [
      "",
      " ",
      "[1]",
      "1",
      '"a"',
      "null",
      "true",
      '{"a":1} x',
      '{"a":1}{"b":2}',
      '{"a":1',
      "{a:1}",
      "text {}",
    ]
  ) {
    assert.equal(fieldsOf(line), undefined, line);
  }
});

Deno.test("JsonParser lets the last of equal keys win", () => {
  assert.deepEqual(fieldsOf('{"a":1,"a":2}'), { a: 2 });
  assert.deepEqual(fieldsOf('{"a":12345678901234567890,"a":1}'), { a: 1 });
  assert.deepEqual(fieldsOf('{"a":1,"a":12345678901234567890}'), { a: 12345678901234567890n });
});

Deno.test("JsonParser makes bigints of integers that a double cannot hold, and of no others", () => {
  const line = '{"safe":9007199254740991,"first":9007199254740993,"ns":1764064800123456789,' +
    '"negative":-12345678901234567890,"deep":{"id":[1,9223372036854775807,{"x":18446744073709551615}]},' +
    '"float":12345678901234567.25,"power":1e22,"text":"12345678901234567890"}';
  assert.deepEqual(fieldsOf(line), {
    safe: 9007199254740991,
    first: 9007199254740993n,
    ns: 1764064800123456789n,
    negative: -12345678901234567890n,
    deep: { id: [1, 9223372036854775807n, { x: 18446744073709551615n }] },
    float: 12345678901234567.25,
    power: 1e22,
    text: "12345678901234567890",
  });
});

Deno.test("JsonParser takes the digits of the right number when keys look alike", () => {
  const big = "12345678901234567890";
  const other = "12345678901234567891";
  assert.deepEqual(fieldsOf(`{"a":${big},"n":{"a":${other}}}`), { a: BigInt(big), n: { a: BigInt(other) } });
  assert.deepEqual(fieldsOf(`{"a":"\\"b\\":${other}","b" : ${big} }`), { a: `"b":${other}`, b: BigInt(big) });
  assert.deepEqual(fieldsOf(`{"x\\"a":${other},"a":${big}}`), { 'x"a': BigInt(other), a: BigInt(big) });
  assert.deepEqual(fieldsOf(`{"a":${other},"\\u0061":${big}}`), { a: BigInt(big) });
  assert.deepEqual(fieldsOf(`{"v":"a","a":${big}}`), { v: "a", a: BigInt(big) });
  assert.deepEqual(fieldsOf(`{"":${big}}`), { "": BigInt(big) });
});

Deno.test("JsonParser keeps every digit of every integer, wherever it stands", () => {
  const key = fc.oneof(fc.constantFrom("a", "b", "c"), fc.string({ maxLength: 3 }));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
      fc.string({ maxLength: 20 }),
      fc.stringMatching(/^"?[ab]":-?\d{17,20}$/),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  const write = (value: unknown): string =>
    typeof value === "bigint"
      ? String(value)
      : Array.isArray(value)
      ? `[${value.map(write).join()}]`
      : typeof value === "object" && value !== null
      ? `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${write(item)}`).join()}}`
      : JSON.stringify(value);
  fc.assert(
    fc.property(fc.dictionary(key, tree, { maxKeys: 4 }), (value) => {
      const line = write(value);
      const { fields = {} } = parseLine(parser, line) ?? {};
      assert.equal(write(fields), line);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("JsonParser keeps the digits of an integer of any length", () => {
  const digits = "7".repeat(5000);
  assert.equal(fieldsOf(`{"a":${digits}}`)?.a, digits);
  assert.equal(String(fieldsOf(`{"a":[${digits.slice(0, 900)}]}`)?.a), digits.slice(0, 900));
});

Deno.test("JsonParser treats names of inherited properties as names, and changes no prototype", () => {
  const line = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"}';
  for (const text of [line, line.replace("1", "12345678901234567890")]) {
    const event = fieldsOf(text);
    assert.deepEqual(Object.keys(event ?? {}), ["__proto__", "constructor", "toString"]);
    assert.equal(Object.getPrototypeOf(event), Object.prototype);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  }
});

Deno.test("JsonParser refuses objects that are nested more deeply than 1000 levels", () => {
  const nested = (depth: number, open: string, close: string) =>
    `{"a":${open.repeat(depth - 1)}12345678901234567890${close.repeat(depth - 1)}}`;
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
    assert.notEqual(fieldsOf(nested(1000, open, close)), undefined);
    assert.equal(fieldsOf(nested(1001, open, close)), undefined);
    assert.equal(fieldsOf(nested(50_000, open, close)), undefined);
  }
});

Deno.test("JsonParser never throws", () => {
  neverThrows(
    parser,
    '{"a":1,"b":"x\\n","c":[1,2,{"d":12345678901234567890}]}',
    '{"__proto__":{"a":1234567890123456}}',
  );
});
