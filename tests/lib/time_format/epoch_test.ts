import assert from "node:assert/strict";
import fc from "fast-check";
import { EpochParser } from "../../../src/lib/time_format/epoch.ts";

const TIME = 1_795_608_000_123;

Deno.test("EpochParser reads numbers, digits and big integers of each unit", () => {
  const cases: readonly (readonly ["s" | "ms" | "us" | "ns", string | number | bigint, number])[] = [
    ["s", 1_795_608_000, TIME - 123],
    ["s", 1_795_608_000.123, TIME],
    ["s", 1_795_608_000.123456, TIME + 0.456],
    ["s", "1795608000.123", TIME],
    ["s", "1795608000,123456789", TIME + 0.456789],
    ["s", "1.795608000123e9", TIME],
    ["s", " 1795608000 ", TIME - 123],
    ["s", "-1.5", -1500],
    ["s", -1.5, -1500],
    ["s", "+1", 1000],
    ["s", "1.", 1000],
    ["ms", TIME, TIME],
    ["ms", "1795608000123", TIME],
    ["ms", "1795608000123.25", TIME + 0.25],
    ["us", 1_795_608_000_123_456, TIME + 0.456],
    ["us", "1795608000123456", TIME + 0.456],
    ["ns", "1795608000123456789", TIME + 0.456789],
    ["ns", 1_795_608_000_123_456_789n, TIME + 0.456789],
    ["ns", "5", 5e-6],
    ["ns", "-1795608000123456789", -TIME - 0.456789],
  ];
  for (const [unit, value, expected] of cases) {
    assert.equal(new EpochParser(unit).parse(value), expected, `${unit} ${value}`);
  }
});

Deno.test("EpochParser tells the unit by the magnitude", () => {
  const parser = new EpochParser("auto");
  const values = [TIME / 1000, TIME, TIME * 1000, "1795608000.123", "1795608000123", "1795608000123000"];
  for (const value of [...values, "1795608000123000000", 1_795_608_000_123_000_000n, "1795608000123.0"]) {
    assert.equal(parser.parse(value), TIME, String(value));
  }
  for (
    const value of [
      0,
      1,
      99_999_999,
      20_261_125_120_000,
      "20261125120000",
      "12",
      "99999999",
      -TIME,
      "-1795608000",
      NaN,
      Infinity,
      "1e400",
    ]
  ) {
    assert.ok(Number.isNaN(parser.parse(value)), String(value));
  }
});

Deno.test("EpochParser answers NaN for what is no number, or no moment", () => {
  const parser = new EpochParser("s");
  for (
    const value of ["", " ", "-", ".5", "1s", "1.2.3", "0x10", "1_000", "NaN", "9".repeat(30), 1e300, NaN]
  ) {
    assert.ok(Number.isNaN(parser.parse(value)), String(value));
  }
});

Deno.test("EpochParser reads the text of any number as the number", () => {
  const micros = fc.integer({ min: 0, max: 4_000_000_000_000_000 });
  fc.assert(fc.property(micros, (value) => {
    const digits = String(value).padStart(7, "0");
    const seconds = `${digits.slice(0, -6)}.${digits.slice(-6)}`;
    const expected = new EpochParser("us").parse(value);
    assert.equal(new EpochParser("us").parse(String(value)), expected);
    assert.ok(Math.abs(new EpochParser("s").parse(seconds) - expected) < 0.0005, seconds);
    assert.ok(Math.abs(new EpochParser("ns").parse(`${value}000`) - expected) < 0.0005);
  }));
});
