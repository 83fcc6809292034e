import assert from "node:assert/strict";
import fc from "fast-check";
import { isPlainNumber, plainText, readNumber } from "../../../src/processing/json_splice/scalar_text.ts";

const encoder = new TextEncoder();

Deno.test("readNumber reads as JSON.parse does, or answers NaN for what is long or no safe integer", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 18 });
  const numbers = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
    fc.tuple(fc.constantFrom("", "-"), digits, fc.constantFrom("", ".", "e-"), digits)
      .map(([sign, whole, mark, rest]) => `${sign}${BigInt(whole)}${mark}${mark === "" ? "" : rest}`),
  );
  fc.assert(
    fc.property(numbers, (text) => {
      const bytes = encoder.encode(`:${text},`);
      const value = readNumber(bytes, 1, bytes.length - 1);
      const expected: number = JSON.parse(text);
      const isUnsafe = Number.isInteger(expected) && !Number.isSafeInteger(expected);
      assert.ok(Object.is(value, isUnsafe ? NaN : expected), `${text} is read as ${value}`);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("isPlainNumber knows the spelling of JavaScript", () => {
  const isPlain = (text: string) => isPlainNumber(encoder.encode(text), 0, text.length);
  for (const text of ["0", "-1", "1.5", "200", "1e+21"]) assert.ok(isPlain(text), text);
  for (const text of ["-0", "1.0", "1.50", "1e21", "1E5", "12345678901234567890"]) {
    assert.ok(!isPlain(text), text);
  }
});

Deno.test("plainText refuses escape sequences, other bytes than ASCII, and long text", () => {
  assert.equal(plainText(encoder.encode('"abc"'), 1, 4), "abc");
  for (const text of ["a\\n", "é", "x".repeat(65)]) {
    const bytes = encoder.encode(text);
    assert.equal(plainText(bytes, 0, bytes.length), undefined);
  }
});
