import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyError } from "../../src/lib/key_error.ts";
import { createCsvParser } from "../../src/parsers/csv.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

const csv = async (config = {}) =>
  await createCsvParser(
    { columns: ["a", "b", "c"], separator: ",", quote: '"', trim: false, ...config },
    parserContext,
  );
const fieldsOf = async (line: string, config = {}) => parseLine(await csv(config), line)?.fields;

Deno.test("CsvParser reads quoted values as RFC 4180 has them", async () => {
  assert.deepEqual(await fieldsOf('1,"two, three","say ""hi"""'), { a: "1", b: "two, three", c: 'say "hi"' });
  assert.deepEqual(await fieldsOf(',"",'), { a: "", b: "", c: "" });
  assert.deepEqual(await fieldsOf('"""","a\nb",x"y'), { a: '"', b: "a\nb", c: 'x"y' });
});

Deno.test("CsvParser leaves columns out that are missing or called _, and keeps values beyond the columns", async () => {
  assert.deepEqual(await fieldsOf("1,2"), { a: "1", b: "2" });
  assert.deepEqual(await fieldsOf("1,2,3,4,5"), { a: "1", b: "2", c: "3", column4: "4", column5: "5" });
  assert.deepEqual(await fieldsOf('1,"2,",3', { columns: ["_", "_", "x"] }), { x: "3" });
});

Deno.test("CsvParser uses the separator and the quote that are configured", async () => {
  assert.deepEqual(await fieldsOf("1\t'2\t''x'''\t3", { separator: "\\t", quote: "'" }), {
    a: "1",
    b: "2\t'x'",
    c: "3",
  });
  assert.deepEqual(await fieldsOf('"1;2";3', { separator: ";", quote: "" }), { a: '"1', b: '2"', c: "3" });
});

Deno.test("CsvParser removes spaces around values with trim, and only then", async () => {
  assert.deepEqual(await fieldsOf(' 1 , " 2 " ,\t3 ', { trim: true }), { a: "1", b: " 2 ", c: "3" });
  assert.deepEqual(await fieldsOf('1 , "2"'), { a: "1 ", b: ' "2"' });
  assert.deepEqual(await fieldsOf("\t1\t", { trim: true, separator: "\t" }), { a: "", b: "1", c: "" });
});

Deno.test("CsvParser keeps what follows a closing quote, and refuses a quote that is never closed", async () => {
  assert.deepEqual(await fieldsOf('"a"b,"c" ,d'), { a: "ab", b: "c ", c: "d" });
  assert.equal(await fieldsOf('1,"2,3'), undefined);
  assert.equal(await fieldsOf(""), undefined);
});

Deno.test("CsvParser reads back any values that were quoted", async () => {
  const parser = await csv();
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[",\n a]{0,6}$/));
  fc.assert(
    fc.property(fc.array(fc.tuple(value, fc.boolean()), { minLength: 1, maxLength: 3 }), (values) => {
      const write = ([text, always]: [string, boolean]) =>
        always || /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
      const line = values.map(write).join(",");
      fc.pre(line !== "");
      assert.deepEqual(Object.values(parseLine(parser, line)?.fields ?? {}), values.map(([text]) => text));
    }),
  );
});

Deno.test("createCsvParser refuses what cannot work, and names the key", async () => {
  const key = async (config: Record<string, unknown>) => {
    const error = await csv(config).catch((error: unknown) => error);
    return error instanceof KeyError ? error.key : error;
  };
  assert.equal(await key({ separator: "" }), "separator");
  assert.equal(await key({ separator: "||" }), "separator");
  assert.equal(await key({ quote: "ab" }), "quote");
  assert.equal(await key({ quote: "," }), "quote");
  assert.equal(await key({ columns: ["a", "_", "a"] }), "columns");
});

Deno.test("CsvParser never throws", async () => {
  neverThrows(await csv({ columns: ["__proto__", "constructor", "c"] }), '1,"two, three","say ""hi""",4');
  neverThrows(await csv({ trim: true, separator: " " }), '1 "two" three');
});
