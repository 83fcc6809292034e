import assert from "node:assert/strict";
import { createKvParser } from "../../src/parsers/kv.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

const kv = async (config = {}) =>
  await createKvParser({ field_split: " ", value_split: "=", prefix: "", ...config }, parserContext);

Deno.test("KvParser makes fields of pairs; values stay text", async () => {
  const parsed = parseLine(await kv(), 'date=2026-11-25 devname="FW 1" level=notice port=443 ok=true');
  assert.deepEqual(parsed?.fields, {
    date: "2026-11-25",
    devname: "FW 1",
    level: "notice",
    port: "443",
    ok: "true",
  });
});

Deno.test("KvParser puts the prefix before names, and splits as configured", async () => {
  const parser = await kv({ field_split: "; ", value_split: ": ", prefix: "x_" });
  assert.deepEqual(parseLine(parser, "a: 1; b c: d e; nothing")?.fields, { x_a: "1", "x_b c": "d e" });
});

Deno.test("KvParser gives each event fields of its own", async () => {
  const parser = await kv();
  const first = parseLine(parser, "a=1")?.fields;
  assert.deepEqual(parseLine(parser, "b=2")?.fields, { b: "2" });
  assert.deepEqual(first, { a: "1" });
});

Deno.test("KvParser refuses a line without pairs", async () => {
  assert.equal(parseLine(await kv(), "nothing to see"), undefined);
});

Deno.test("KvParser treats names of inherited properties as names", async () => {
  const { fields = {} } = parseLine(await kv(), "__proto__=1 constructor=2 a=3") ?? {};
  assert.deepEqual(Object.entries(fields), [["__proto__", "1"], ["constructor", "2"], ["a", "3"]]);
});

Deno.test("KvParser never throws", async () => {
  neverThrows(await kv(), 'a=1 b="c d" __proto__=\'x\' "e"=f');
});
