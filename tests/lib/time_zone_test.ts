import assert from "node:assert/strict";
import fc from "fast-check";
import { resolveTimeZone } from "../../src/lib/time_zone.ts";

const HOUR = 3_600_000;
/** With whole hours, half hours, 45 minutes, a change of half an hour, a skipped day, many changes. */
const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "Pacific/Chatham",
  "Africa/Casablanca",
  "America/Sao_Paulo",
  "Asia/Tehran",
];

const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall clock as Intl shows it, as milliseconds as if in UTC. */
function wallClock(zone: string, utc: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  const values: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(utc)) values[type] = Number(value);
  const { year, month, day, hour, minute, second } = values;
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

/** Whole seconds from 1950 to 2070. */
const second = fc.integer({ min: -631_152_000, max: 3_155_760_000 }).map((value) => value * 1000);

Deno.test("TimeZone.offsetAt agrees with Intl at random moments", () => {
  for (const name of ZONES) {
    const zone = resolveTimeZone(name);
    fc.assert(fc.property(second, (utc) => assert.equal(zone.offsetAt(utc), wallClock(name, utc) - utc)));
  }
});

/** Moments within a year at which the offset changes, found by looking at each quarter of an hour. */
function changes(name: string, year: number): number[] {
  const found: number[] = [];
  const zone = resolveTimeZone(name);
  const end = Date.UTC(year + 1, 0, 1);
  for (let utc = Date.UTC(year, 0, 1); utc < end; utc += HOUR / 4) {
    if (zone.offsetAt(utc) !== zone.offsetAt(utc - HOUR / 4)) found.push(utc);
  }
  return found;
}

Deno.test("TimeZone changes its offset at the very second, and toUtc agrees with Temporal around it", () => {
  for (const name of ZONES) {
    for (const change of [...changes(name, 2011), ...changes(name, 2026)]) {
      const zone = resolveTimeZone(name);
      for (
        const step of [-25 * HOUR, -2 * HOUR, -HOUR, -1000, 0, 1000, HOUR / 2, HOUR, 2 * HOUR, 25 * HOUR]
      ) {
        const utc = change + step;
        assert.equal(
          zone.offsetAt(utc),
          wallClock(name, utc) - utc,
          `${name} ${new Date(utc).toISOString()}`,
        );
        for (const wall of [utc + zone.offsetAt(change - 1000), utc + zone.offsetAt(change)]) {
          const text = new Date(wall).toISOString().slice(0, -1);
          const expected = Temporal.PlainDateTime.from(text).toZonedDateTime(name, {
            disambiguation: "compatible",
          });
          assert.equal(zone.toUtc(wall), expected.epochMilliseconds, `${name} ${text}`);
        }
      }
    }
  }
});

Deno.test("TimeZone.toUtc takes back offsetAt, or answers the earlier of two moments", () => {
  for (const name of ZONES) {
    const zone = resolveTimeZone(name);
    fc.assert(fc.property(second, (utc) => {
      const wall = utc + zone.offsetAt(utc);
      const answer = zone.toUtc(wall);
      assert.ok(answer <= utc);
      assert.equal(answer + zone.offsetAt(answer), wall);
    }));
  }
});

Deno.test("TimeZone.toUtc reads repeated and skipped wall times as documented", () => {
  const berlin = resolveTimeZone("Europe/Berlin");
  const repeated = Date.UTC(2026, 9, 25, 2, 30);
  assert.equal(new Date(berlin.toUtc(repeated)).toISOString(), "2026-10-25T00:30:00.000Z");
  const skipped = Date.UTC(2026, 2, 29, 2, 30);
  assert.equal(new Date(berlin.toUtc(skipped)).toISOString(), "2026-03-29T01:30:00.000Z");
});

Deno.test("resolveTimeZone knows offsets, UTC and local", () => {
  const cases: Record<string, number> = {
    "+02:00": 2,
    "-0330": -3.5,
    "+5": 5,
    "UTC+1": 1,
    "UTC": 0,
    "utc": 0,
    "GMT": 0,
    "Z": 0,
    "Etc/UTC": 0,
    "+00:00": 0,
  };
  for (const [name, hours] of Object.entries(cases)) {
    const zone = resolveTimeZone(name);
    assert.equal(zone.offsetAt(0), hours * HOUR, name);
    assert.equal(zone.toUtc(0), hours === 0 ? 0 : -hours * HOUR, name);
  }
  const local = resolveTimeZone("local");
  for (const month of [0, 6]) {
    const time = Date.UTC(2026, month, 1);
    assert.equal(local.offsetAt(time) / 60_000, -new Date(time).getTimezoneOffset() || 0);
  }
  assert.equal(resolveTimeZone("europe/berlin").offsetAt(Date.UTC(2026, 6, 1)), 2 * HOUR);
});

Deno.test("TimeZone bears moments that are none", () => {
  const zone = resolveTimeZone("Europe/Berlin");
  for (const time of [NaN, Infinity, -Infinity, 1e300, -8.64e15, 8.64e15]) {
    assert.equal(zone.offsetAt(time), 0);
    assert.equal(zone.toUtc(time), time);
  }
});

Deno.test("resolveTimeZone says what is allowed, and what may be meant", () => {
  assert.throws(
    () => resolveTimeZone("Europe/Berln"),
    /"Europe\/Berln" is no time zone; did you mean "Europe\/Berlin"\? allowed: an IANA name such as/,
  );
  for (const name of ["", "nowhere at all", "+25:00", "+01:75", "+1:2"]) {
    assert.throws(() => resolveTimeZone(name), /is no time zone; /, name);
  }
});
