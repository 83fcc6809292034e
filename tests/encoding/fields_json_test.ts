import assert from "node:assert/strict";
import fc from "fast-check";
import { FieldsWriter } from "../../src/encoding/fields_json.ts";
import type { Fields, FieldValue } from "../../src/event.ts";
import { anyText } from "../support/any_text.ts";

const NAME = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "c",
    "level",
    "1",
    "07",
    "",
    'q"',
    "ü",
    "\n",
    "__proto__",
    "constructor",
    "toJSON",
  ),
  anyText(3),
);
const SCALAR: fc.Arbitrary<FieldValue | undefined> = fc.oneof(
  anyText(20),
  fc.constantFrom("", "\ud83d", "\ude00", "😀", "\u2028", "\u007f", "a quite long text with a \\ in it"),
  fc.double(),
  fc.constantFrom(0, -0, 1e21, 1e-7, 12345678901234567890n, -1n),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
);
const VALUE = fc.oneof(
  { weight: 6, arbitrary: SCALAR },
  { weight: 1, arbitrary: fc.array(SCALAR.filter((value) => value !== undefined), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(NAME, SCALAR, { maxKeys: 3 }) },
) as fc.Arbitrary<FieldValue | undefined>;

/** Fields as parsers make them: every name is an own property. */
function fieldsOf(names: readonly string[], values: readonly (FieldValue | undefined)[]): Fields {
  return Object.fromEntries(names.map((name, index) => [name, values[index % values.length]]));
}

function assertSame(writer: FieldsWriter, fields: Fields): void {
  assert.equal(writer.write(fields), JSON.stringify(fields));
}

Deno.test("FieldsWriter writes what JSON.stringify does, however often a shape comes", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(NAME, { maxLength: 6 }),
      fc.array(fc.array(VALUE, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
      (names, rows) => {
        const writer = new FieldsWriter();
        // The first texts decide that a function is made for the shape; then it has to take anything.
        for (let i = 0; i < 32; i++) assertSame(writer, fieldsOf(names, ["text"]));
        for (const row of rows) assertSame(writer, fieldsOf(names, row));
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("FieldsWriter writes what JSON.stringify does while shapes change", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uniqueArray(NAME, { maxLength: 4 }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.tuple(fc.nat(), fc.array(VALUE, { minLength: 1, maxLength: 3 })), { maxLength: 30 }),
      (shapes, rows) => {
        const writer = new FieldsWriter();
        for (const [pick, row] of rows) {
          const names = shapes[pick % shapes.length] ?? [];
          for (let i = 0; i < 8; i++) assertSame(writer, fieldsOf(names, row));
        }
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("FieldsWriter goes on right when names never repeat", () => {
  const writer = new FieldsWriter();
  for (let i = 0; i < 1000; i++) assertSame(writer, { [`name${i}`]: `${i}`, same: "x" });
  for (let i = 0; i < 100; i++) assertSame(writer, { same: "x", again: String(i) });
});

Deno.test("FieldsWriter leaves absent fields out, also all of them", () => {
  const writer = new FieldsWriter();
  for (let i = 0; i < 40; i++) writer.write({ a: "x", b: "y" });
  assert.equal(writer.write({ a: undefined, b: "y" }), '{"b":"y"}');
  assert.equal(writer.write({ a: "x", b: undefined }), '{"a":"x"}');
  assert.equal(writer.write({ a: undefined, b: undefined }), "{}");
  assert.equal(writer.write({}), "{}");
});

Deno.test("FieldsWriter writes more names than it makes functions for", () => {
  const writer = new FieldsWriter();
  const names = Array.from({ length: 200 }, (_, i) => `n${i}`);
  for (let i = 0; i < 50; i++) assertSame(writer, fieldsOf(names, ["a", i, null]));
});

Deno.test("FieldsWriter writes integers of any size, and they come back", () => {
  const text = '{"a":"x","n":12345678901234567890,"deep":[{"n":-98765432109876543210}]}';
  const n = 12345678901234567890n;
  const writer = new FieldsWriter();
  for (let i = 0; i < 40; i++) {
    assert.equal(writer.write({ a: "x", n, deep: [{ n: -98765432109876543210n }] }), text);
  }
});
