import assert from "node:assert/strict";
import { compileStrftime, hasTime } from "../../src/lib/strftime.ts";

const TIME = Date.UTC(2026, 10, 2, 15, 4, 5);

Deno.test("compileStrftime renders every conversion", () => {
  const cases: Record<string, string> = {
    "%Y-%m-%d": "2026-11-02",
    "%F %T %R": "2026-11-02 15:04:05 15:04",
    "%H%M%S": "150405",
    "%y %e %I %p": "26  2 03 PM",
    "%j": "306",
    "%a %A %b %B": "Mon Monday Nov November",
    "%u %w": "1 1",
    "%G-W%V": "2026-W45",
    "%z": "+0000",
    "%s": String(TIME / 1000),
    "100%%": "100%",
    "no time": "no time",
  };
  for (const [format, expected] of Object.entries(cases)) {
    assert.equal(compileStrftime(format, "utc")(TIME), expected, format);
  }
});

Deno.test("compileStrftime counts ISO weeks over the turn of the year", () => {
  const week = compileStrftime("%G-W%V", "utc");
  assert.equal(week(Date.UTC(2021, 0, 3)), "2020-W53");
  assert.equal(week(Date.UTC(2024, 11, 30)), "2025-W01");
});

Deno.test("compileStrftime shows local time with its offset", () => {
  const date = new Date(TIME);
  assert.equal(Number(compileStrftime("%H", "local")(TIME)), date.getHours());
  const minutes = -date.getTimezoneOffset();
  const offset = compileStrftime("%z", "local")(TIME);
  assert.equal(
    Math.sign(minutes) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3))) || 0,
    minutes || 0,
  );
});

Deno.test("compileStrftime names a conversion that it does not know", () => {
  assert.throws(() => compileStrftime("a-%Q", "utc"), /"%Q" is no time conversion; known: %Y/);
  assert.throws(() => compileStrftime("a-%", "utc"), /"%" is no time conversion/);
});

Deno.test("hasTime sees through doubled percent signs", () => {
  assert.equal(hasTime("%Y"), true);
  assert.equal(hasTime("%%Y"), false);
  assert.equal(hasTime("%%%Y"), true);
  assert.equal(hasTime("x"), false);
});
