import assert from "node:assert/strict";
import fc from "fast-check";
import { ClockTime } from "../../src/parsers/clock_time.ts";
import { LineTime } from "../../src/parsers/line_time.ts";
import { KeyError } from "../../src/lib/key_error.ts";
import { parserContext } from "../support/parsed_line.ts";

const lineTime = (format: string, timezone?: string) => new LineTime(format, timezone, parserContext);

Deno.test("ClockTime adds clocks to dates, in the zone that stands behind", () => {
  const times = new ClockTime(lineTime("%d/%b/%Y:%H:%M:%S %z"), ":00:00:00 ");
  assert.equal(times.of("25/Nov/2026", "10:20:30", "+0000"), Date.UTC(2026, 10, 25, 10, 20, 30));
  assert.equal(times.of("25/Nov/2026", "10:20:31", "+0000"), Date.UTC(2026, 10, 25, 10, 20, 31));
  assert.equal(times.of("25/Nov/2026", "10:20:31", "+0100"), Date.UTC(2026, 10, 25, 9, 20, 31));
  assert.equal(times.of("26/Nov/2026", "23:59:60", "+0100"), Date.UTC(2026, 10, 26, 23));
});

Deno.test("ClockTime knows no clock beyond the end of the day, and no date that is not there", () => {
  const times = new ClockTime(lineTime("%d/%b/%Y:%H:%M:%S %z"), ":00:00:00 ");
  for (const clock of ["24:00:00", "10:60:00", "10:00:61"]) {
    assert.ok(Number.isNaN(times.of("25/Nov/2026", clock, "+0000")), clock);
  }
  assert.ok(Number.isNaN(times.of("31/Nov/2026", "10:00:00", "+0000")));
  assert.equal(times.of("30/Nov/2026", "10:00:00", "+0000"), Date.UTC(2026, 10, 30, 10));
});

Deno.test("ClockTime and LineTime read the same, also on days when clocks are set", () => {
  const zone = "Europe/Berlin";
  const clock = new ClockTime(lineTime("%Y-%m-%d %H:%M:%S", zone), ":00:00");
  const line = lineTime("%Y-%m-%d %H:%M:%S", zone);
  const moment = fc.integer({ min: Date.UTC(2026, 2, 28) / 1000, max: Date.UTC(2026, 2, 31) / 1000 });
  const autumn = fc.integer({ min: Date.UTC(2026, 9, 24) / 1000, max: Date.UTC(2026, 9, 27) / 1000 });
  fc.assert(
    fc.property(fc.oneof(moment, autumn), (seconds) => {
      const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
      assert.equal(clock.of(text.slice(0, 13), text.slice(14), ""), line.of(text));
    }),
  );
});

Deno.test("LineTime reads a part of a line, again and again, and nothing else", () => {
  const times = lineTime("%H:%M:%S %Y-%m-%d");
  const line = "at 10:00:00 2026-11-25 and 10:00:01 2026-11-25";
  for (let time = 0; time < 2; time++) {
    assert.equal(times.at(line, 3, 22), Date.UTC(2026, 10, 25, 10));
    assert.equal(times.at(line, 27, 46), Date.UTC(2026, 10, 25, 10, 0, 1));
    assert.ok(Number.isNaN(times.at(line, 0, 12)));
  }
});

Deno.test("LineTime names the key of a time zone that there is not", () => {
  assert.throws(
    () => lineTime("%H:%M", "Europe/Nowhere"),
    (error) => error instanceof KeyError && error.key === "timezone",
  );
});
