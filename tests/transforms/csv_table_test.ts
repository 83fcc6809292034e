import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCsv } from "../../src/transforms/csv_table.ts";

Deno.test("parseCsv reads rows, quotes and line breaks", () => {
  assert.deepEqual(parseCsv('a,b\r\n"1,""x""","two\nlines"\n\n3,\n'), [["a", "b"], ['1,"x"', "two\nlines"], [
    "3",
    "",
  ]]);
  assert.deepEqual(parseCsv("\uFEFFa;b\n1;2", ";"), [["a", "b"], ["1", "2"]]);
  assert.deepEqual(parseCsv("a,"), [["a", ""]]);
  assert.deepEqual(parseCsv('a,"open'), [["a", "open"]]);
  assert.deepEqual(parseCsv(""), []);
});

Deno.test("parseCsv reads what was quoted", () => {
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
  const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " "), maxLength: 6 });
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(rows, (table) => {
    const text = table.map((row) => row.map(quoted).join(",")).join("\n");
    assert.deepEqual(parseCsv(text), table);
  }));
});
