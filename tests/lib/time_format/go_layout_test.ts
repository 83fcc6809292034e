import assert from "node:assert/strict";
import { compileTimeFormat } from "../../../src/lib/time_format/compile_time_format.ts";

const now = () => Date.UTC(2026, 10, 25, 12);

function parse(layout: string, text: string): string {
  const time = compileTimeFormat(layout, { timezone: "UTC", now }).parse(text);
  return Number.isNaN(time) ? "no" : new Date(time).toISOString().replace(/^2026-11-05T/, "").slice(0, -1);
}

Deno.test("A Go layout reads numbers with as many digits as Go does", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["2006-01-02 15:04", "2026-11-05 9:05", "09:05:00.000"],
    ["2006-01-02 03:04", "2026-11-05 9:05", "no"],
    ["2006-1-2 3:4:5", "2026-11-05 09:05:01", "09:05:01.000"],
    ["2006-1-2 3:4:5", "2026-11-5 9:5:1", "09:05:01.000"],
    ["2006-01-02 15:04:05", "2026-11-5 09:05:01", "no"],
    ["2006-01-02 15:04:05", "26-11-05 09:05:01", "no"],
    ["06-01-02 15:04:05", "26-11-05 09:05:01", "09:05:01.000"],
    ["2006-01-02 15:04:05", "2026-11-05 24:00:00", "no"],
    ["2006-01-02 15:04:05", "2026-11-31 09:05:01", "no"],
    ["2006-002", "2026-309", "00:00:00.000"],
    ["2006-002", "2026-366", "no"],
    ["2006 __2", "2024  60", "2024-02-29T00:00:00.000"],
  ];
  for (const [layout, text, expected] of cases) {
    assert.equal(parse(layout, text), expected, `${layout} ${text}`);
  }
});

Deno.test("A Go layout takes _2 with and without padding, and one space for many", () => {
  for (const text of ["Nov  5 09:00:00", "Nov 5 09:00:00", "Nov 05 09:00:00", "Nov   5 09:00:00"]) {
    assert.equal(parse("Jan _2 15:04:05", text), "09:00:00.000", text);
    assert.equal(parse("Jan 2 15:04:05", text), "09:00:00.000", text);
  }
  assert.equal(parse("Jan _2 15:04:05", "Nov5 09:00:00"), "no");
  assert.equal(
    parse("02_2006_01 15:04", "05_2026_11 09:00"),
    "09:00:00.000",
    "_2006 is an underscore and a year",
  );
});

Deno.test("A Go layout reads fractions as Go does", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [".000", ".123", "09:00:00.123"],
    [".000", ",123", "09:00:00.123"],
    [".000", ".12", "no"],
    [".000", ".1234", "no"],
    [".000", "", "no"],
    [",000000", ".123000", "09:00:00.123"],
    [".999", "", "09:00:00.000"],
    [".999", ".5", "09:00:00.500"],
    [".999", ".123456789", "09:00:00.123"],
    // Seconds may have a fraction that the layout does not have.
    ["", ".25", "09:00:00.250"],
    ["", ",25", "09:00:00.250"],
    ["", ".", "no"],
  ];
  for (const [layout, text, expected] of cases) {
    assert.equal(
      parse(`2006-01-02 15:04:05${layout}`, `2026-11-05 09:00:00${text}`),
      expected,
      `${layout} ${text}`,
    );
  }
});

Deno.test("A Go layout reads each way to write an offset", () => {
  const offsets: Record<string, string[]> = {
    "Z07:00": ["Z", "+01:30"],
    "Z0700": ["Z", "+0130"],
    "Z07": ["Z", "+01"],
    "-07:00": ["+01:30"],
    "-0700": ["+0130", "+01:30"],
    "-07": ["+01"],
    "-07:00:00": ["+01:30:00"],
    "MST": ["UTC", "CET", "+01"],
    "-0700 MST": ["+0130 CET", "+0130 +0130"],
  };
  for (const [layout, texts] of Object.entries(offsets)) {
    for (const text of texts) {
      const hour = /Z|UTC/.test(text) ? "09:00" : text.includes("30") ? "07:30" : "08:00";
      assert.equal(
        parse(`2006-01-02 15:04:05 ${layout}`, `2026-11-05 09:00:00 ${text}`),
        `${hour}:00.000`,
        text,
      );
    }
    assert.equal(parse(`2006-01-02 15:04:05 ${layout}`, "2026-11-05 09:00:00"), "no", layout);
    assert.equal(parse(`2006-01-02 15:04:05 ${layout}`, "2026-11-05 09:00:00 +99"), "no", layout);
  }
});

Deno.test("A Go layout reads names in any case, and what is no element as text", () => {
  assert.equal(parse("Monday, January 2 2006 3PM 04", "thursday, NOVEMBER 5 2026 9am 30"), "09:30:00.000");
  assert.equal(parse("Jan 2 2006 15:04", "Sept 5 2026 09:00"), "2026-09-05T09:00:00.000");
  assert.equal(parse("2006-01-02 15:04 Monitor", "2026-11-05 09:00 Monitor"), "09:00:00.000");
  assert.equal(parse("2006-01-02 15:04 Monitor", "2026-11-05 09:00 Thuitor"), "no");
  assert.equal(parse("Jan 2 2006 15:04", "Foo 5 2026 09:00"), "no");
  assert.equal(parse("Mon Jan 2 2006 15:04", "Foo Nov 5 2026 09:00"), "no");
});

Deno.test("A Go layout reads noon and midnight", () => {
  const hours = { "12:00 AM": "00", "12:00 PM": "12", "1:00 PM": "13", "11:00 AM": "11", "1:00 pm": "13" };
  for (const [text, hour] of Object.entries(hours)) {
    assert.equal(parse("2006-01-02 3:04 PM", `2026-11-05 ${text}`), `${hour}:00:00.000`, text);
  }
});
