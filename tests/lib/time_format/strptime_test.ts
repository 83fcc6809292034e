import assert from "node:assert/strict";
import { compileTimeFormat } from "../../../src/lib/time_format/compile_time_format.ts";

const NOON = Date.UTC(2026, 10, 5, 12);
const compile = (format: string, timezone = "UTC") =>
  compileTimeFormat(format, { timezone, now: () => NOON });

Deno.test("strptime formats read every conversion", () => {
  const cases: Record<string, string> = {
    "%Y-%m-%d %H:%M:%S": "2026-11-05 12:00:00",
    "%F %T": "2026-11-5 12:0:0",
    "%F %R": "2026-11-05 12:00",
    "%D %X": "11/05/26 12:00:00",
    "%x %r": "11/05/26 12:00:00 PM",
    "%c": "Thu Nov  5 12:00:00 2026",
    "%v %k:%M": " 5-Nov-2026 12:00",
    "%e %b %Y %l:%M %p": " 5 November 2026 12:00 pm",
    "%a %B %d %y %I%P%n%M": "Thursday Nov 05 26 12pm \t 00",
    "%h%d%Y%t%H%M": "Nov052026  1200",
    "%A, %u %w %j/%Y %H h %M": "Thu, 4 4 309/2026 12 h 00",
    "%s": String(NOON / 1000),
    "%s.%L": `${NOON / 1000}.000`,
    "%FT%T%z": "2026-11-05T13:30:00+0130",
    "%FT%T %z": "2026-11-05T13:30:00+01:30",
    "%FT%T%:z": "2026-11-05T12:00:00Z",
    "%F %T %Z": "2026-11-05 13:00:00 CET",
    "%F %T %z (%Z)": "2026-11-05 13:30:00 +0130 (CET)",
    "%-d.%-m.%Y %-H:%M 100%%": "5.11.2026 12:00 100%",
    "%d.%m.%Y   %H:%M": "05.11.202612:00",
  };
  for (const [format, text] of Object.entries(cases)) {
    assert.equal(compile(format).parse(text), NOON, `${format} ${text}`);
  }
});

Deno.test("strptime formats read fractions of a second of any length, or of a given one", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["%T.%f", "12:00:00.5", 500],
    ["%T.%L", "12:00:00.123456", 123.456],
    ["%T,%N", "12:00:00,123456789", 123.456789],
    ["%T.%L", "12:00:00,250", 250],
    ["%T.%3N", "12:00:00.250", 250],
    ["%T.%6f", "12:00:00.000250", 0.25],
    ["%T.%3N", "12:00:00.2505", NaN],
    ["%T.%f", "12:00:00.", NaN],
    ["%T.%f", "12:00:00", NaN],
    ["%T%.f", "12:00:00", 0],
    ["%T%.f", "12:00:00.25", 250],
    ["%T%.3f", "12:00:00.250", 250],
    ["%T%.3f", "12:00:00.25", NaN],
    ["%T", "12:00:00.25", 250],
    ["%T%f", "12:00:0025", 250],
  ];
  for (const [format, text, fraction] of cases) {
    assert.equal(compile(`%F ${format}`).parse(`2026-11-05 ${text}`), NOON + fraction, `${format} ${text}`);
  }
});

Deno.test("strptime formats refuse what is out of range or goes on", () => {
  const texts = [
    "2026-13-05 12:00",
    "2026-11-31 12:00",
    "2026-11-05 24:00",
    "2026-11-05 12:60",
    "2026-11-05 12:00x",
    "2026-11-05",
    "",
  ];
  for (const text of texts) assert.ok(Number.isNaN(compile("%F %R").parse(text)), text);
  assert.ok(Number.isNaN(compile("%F %I:%M %p").parse("2026-11-05 13:00 PM")));
});

Deno.test("strptime formats read times since 1970 before and after it", () => {
  assert.equal(compile("%s", "Asia/Tokyo").parse("0"), 0);
  assert.equal(compile("%s.%f").parse("-1.5"), -1500);
  assert.equal(compile("%s").parse(NOON / 1000), NOON);
});
