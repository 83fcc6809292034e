import assert from "node:assert/strict";
import fc from "fast-check";
import { civilFromDays, DAY_MS, daysFromCivil, daysInMonth } from "../../src/lib/calendar.ts";

Deno.test("daysFromCivil and civilFromDays agree with Date", () => {
  fc.assert(fc.property(fc.integer({ min: -720_000, max: 3_000_000 }), (days) => {
    const date = new Date(days * DAY_MS);
    const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    assert.deepEqual(civilFromDays(days), civil);
    assert.equal(daysFromCivil(civil.year, civil.month, civil.day), days);
  }));
});

Deno.test("daysInMonth knows leap years", () => {
  for (const year of [1900, 2000, 2023, 2024]) {
    for (let month = 1; month <= 12; month++) {
      assert.equal(daysInMonth(year, month), new Date(Date.UTC(year, month, 0)).getUTCDate());
    }
  }
});
