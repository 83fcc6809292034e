import assert from "node:assert/strict";
import fc from "fast-check";
import { formatRfc3339, isCanonicalRfc3339, parseRfc3339 } from "../../src/lib/rfc3339.ts";
import { FixedZone, resolveTimeZone, UTC } from "../../src/lib/time_zone.ts";

const FIRST = Date.parse("0000-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");
const NOON = Date.UTC(2026, 10, 25, 12);
const instant = fc.integer({ min: FIRST, max: LAST });
/** From 1700 to 2200 a double holds microseconds. */
const recent = fc.integer({ min: -8_500_000_000_000, max: 7_250_000_000_000 });

Deno.test("formatRfc3339 writes whole milliseconds as Date does", () => {
  fc.assert(fc.property(instant, (ms) => assert.equal(formatRfc3339(ms), new Date(ms).toISOString())));
  // Neighbours share cached parts.
  for (let ms = NOON - 2500; ms < NOON + 2500; ms += 7) {
    assert.equal(formatRfc3339(ms), new Date(ms).toISOString());
  }
});

Deno.test("formatRfc3339 writes six digits where there are microseconds", () => {
  assert.equal(formatRfc3339(NOON + 0.123), "2026-11-25T12:00:00.000123Z");
  assert.equal(formatRfc3339(NOON + 123.4), "2026-11-25T12:00:00.123400Z");
  assert.equal(formatRfc3339(-0.001), "1969-12-31T23:59:59.999999Z");
  assert.equal(formatRfc3339(999.9999), "1970-01-01T00:00:01.000Z", "rounds up into the next second");
});

Deno.test("formatRfc3339 answers the nearest year of four digits for what lies outside", () => {
  for (const ms of [LAST + 1, 8.64e15, 1e300, Infinity]) {
    assert.equal(formatRfc3339(ms), "9999-12-31T23:59:59.999Z");
  }
  for (const ms of [FIRST - 1, -8.64e15, -Infinity]) {
    assert.equal(formatRfc3339(ms), "0000-01-01T00:00:00.000Z");
  }
  assert.equal(formatRfc3339(LAST + 0.5), "9999-12-31T23:59:59.999Z");
  assert.equal(formatRfc3339(NaN), "1970-01-01T00:00:00.000Z");
});

Deno.test("parseRfc3339 reads what formatRfc3339 writes", () => {
  fc.assert(fc.property(recent, fc.integer({ min: 0, max: 999 }), (ms, micros) => {
    const time = ms + micros / 1000;
    const text = formatRfc3339(time);
    // Near 1970 a double is finer than the sum of seconds and fraction.
    assert.ok(Math.abs(parseRfc3339(text) - time) < 1e-6, text);
    assert.equal(formatRfc3339(parseRfc3339(text)), text);
    assert.ok(isCanonicalRfc3339(text));
  }));
});

Deno.test("parseRfc3339 agrees with Date on any date, time and offset", () => {
  const two = (value: number) => String(value).padStart(2, "0");
  const part = (most: number) => fc.integer({ min: 0, max: most }).map(two);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9999 }),
      part(13),
      part(32),
      part(24),
      part(60),
      part(59),
      fc.constantFrom("", ".5", ".25", ".123"),
      fc.constantFrom("Z", "+00:00", "-23:59", "+05:30"),
      (year, month, day, hour, minute, second, fraction, offset) => {
        const date = `${String(year).padStart(4, "0")}-${month}-${day}`;
        const text = `${date}T${hour}:${minute}:${second}${fraction}${offset}`;
        // Date takes the 31st of all months.
        const isDate = new Date(`${date}T00:00:00Z`).getUTCDate() === Number(day);
        const expected = isDate && !(hour === "24" && fraction !== "") ? Date.parse(text) : NaN;
        const actual = parseRfc3339(text);
        if (hour === "24" && fraction !== "") return;
        assert.equal(actual, expected, text);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("parseRfc3339 takes the liberties of logs", () => {
  const cases: Record<string, number> = {
    "2026-11-25T12:00:00Z": NOON,
    "2026-11-25t12:00:00z": NOON,
    "2026-11-25 12:00:00Z": NOON,
    "2026-11-25 12:00:00 UTC": NOON,
    "2026-11-25 12:00:00,250Z": NOON + 250,
    "2026-11-25 13:00:00.25 +0100": NOON + 250,
    "2026-11-25T13:00:00+01": NOON,
    "2026-11-25T13:00:00+01:00": NOON,
    "2026-11-25 13:00:00 CET": NOON,
    "2026-11-25 12:00:00.5 +0000 UTC": NOON + 500,
    "2026-11-25 12:00:00.5 +0000 UTC m=+0.012": NOON + 500,
    "2026-11-25 15:00:00 +0300 +03": NOON,
    "2026-11-25T13:00:00+01:00[Europe/Berlin]": NOON,
    "20261125T120000Z": NOON,
    "20261125 12:00:00.001Z": NOON + 1,
    "2026-11-25T12:00Z": NOON,
    "2026-11-25_12:00:00Z": NOON,
    " 2026-11-25T12:00:00Z ": NOON,
    "2026-11-25T11:59:60Z": NOON,
    "2026-11-24T24:00:00Z": NOON - 43_200_000,
    "2026-11-25T12:00:00.123456789012Z": NOON + 123.456789,
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(parseRfc3339(text), expected, text);
});

Deno.test("parseRfc3339 needs a zone in the text or given", () => {
  for (
    const text of ["2026-11-25 12:00:00", "2026-11-25 12:00:00 ", "2026-11-25T12:00", "20261125T120000"]
  ) {
    assert.ok(Number.isNaN(parseRfc3339(text)), text);
    assert.equal(parseRfc3339(text, UTC), NOON, text);
    assert.equal(parseRfc3339(text, new FixedZone("x", 3_600_000)), NOON - 3_600_000, text);
    assert.equal(parseRfc3339(text, resolveTimeZone("America/New_York")), NOON + 5 * 3_600_000, text);
  }
  assert.equal(parseRfc3339("2026-11-25", UTC), NOON - 43_200_000);
  assert.equal(parseRfc3339("2026-11-25T12:00:00Z", new FixedZone("x", 3_600_000)), NOON, "the text decides");
});

Deno.test("parseRfc3339 answers NaN for what is no time", () => {
  const texts = [
    "",
    "2026",
    "2026-11-25T12:00:00.Z",
    "2026-11-25T12:00:00ZZ",
    "2026-11-25T12:00:00+1",
    "2026-11-25T12:00:00+24:00",
    "2026-11-25T12:00:00+01:60",
    "2026-11-25T12:00:00 hello",
    "2026-11-25x12:00:00Z",
    "2026-1125T12:00:00Z",
    "2026-02-29T12:00:00Z",
    "2026-11-31T12:00:00Z",
    "2026-00-10T12:00:00Z",
    "2026-11-25T25:00:00Z",
    "2026-11-25T24:00:01Z",
    "2026-11-25T12:60:00Z",
    "2026-11-25T12:00:61Z",
    "２026-11-25T12:00:00Z",
  ];
  for (const text of texts) assert.ok(Number.isNaN(parseRfc3339(text, UTC)), text);
});

Deno.test("isCanonicalRfc3339 is true for what may be put out as it stands, and nothing else", () => {
  const good = ["2026-11-25T12:00:00Z", "2024-02-29T23:59:59.1Z", "0000-01-01T00:00:00.123456789Z"];
  const bad = [
    "",
    "2026-11-25T12:00:00z",
    "2026-11-25t12:00:00Z",
    "2026-11-25 12:00:00Z",
    "2026-11-25T12:00:00.Z",
    "2026-11-25T12:00:00,1Z",
    "2026-11-25T12:00:00.1234567890Z",
    "2026-11-25T12:00:00+00:00",
    "2026-11-25T12:00:00.1 Z",
    "2026-11-25T12:00:00.1+00:00 Z",
    "2026-11-25T12:00:00 UTCZ",
    "2026-11-25T12:00:60Z",
    "2026-11-25T24:00:00Z",
    "2026-02-29T12:00:00Z",
    "2026-13-01T12:00:00Z",
    " 2026-11-25T12:00:00Z",
    "2026-11-25T12:00:00Z ",
    "20261125T120000Z",
    "2026-11-25T12:00Z",
  ];
  for (const text of [...good, ...bad]) {
    // With and without the memory of what was parsed last.
    parseRfc3339("2026-11-25T12:00:01Z");
    assert.equal(isCanonicalRfc3339(text), good.includes(text), text);
    parseRfc3339(text, UTC);
    assert.equal(isCanonicalRfc3339(text), good.includes(text), text);
  }
});

Deno.test("parseRfc3339 and isCanonicalRfc3339 bear any text", () => {
  const piece = fc.constantFrom("2026", "-", "11", "25", "T", " ", ":", "00", ".", "1", "Z", "+", "é", "\0");
  fc.assert(fc.property(fc.array(piece).map((pieces) => pieces.join("")), (text) => {
    const time = parseRfc3339(text, UTC);
    assert.equal(typeof time, "number");
    if (isCanonicalRfc3339(text)) assert.equal(time, Date.parse(text), text);
  }));
});
