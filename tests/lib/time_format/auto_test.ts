import assert from "node:assert/strict";
import { compileTimeFormat } from "../../../src/lib/time_format/compile_time_format.ts";

const NOON = Date.UTC(2026, 10, 25, 12);
const compile = (timezone = "UTC") => compileTimeFormat(undefined, { timezone, now: () => NOON + 5000 });

const TEXTS: readonly (string | number | bigint)[] = [
  "2026-11-25T12:00:00Z",
  "2026-11-25T13:00:00+01:00",
  "2026-11-25 12:00:00",
  "2026-11-25 12:00:00.000",
  "2026-11-25 12:00:00,000 UTC",
  "2026/11/25 12:00:00",
  "2026/11/25 12:00:00.000000",
  "25/Nov/2026:12:00:00 +0000",
  "25/Nov/2026:12:00:00",
  "25/Nov/2026 12:00:00",
  "25-Nov-2026 12:00:00.000",
  "25-Nov-2026 12:00:00 UTC",
  "25 Nov 2026 12:00:00.000",
  "25 Nov 26 12:00 UTC",
  "25 Nov 26 07:00 EST",
  "25 Nov 2026 12:00:00 +0000",
  "1125 12:00:00.000000",
  "20261125120000",
  "Nov 25 12:00:00",
  "Nov 25 2026 12:00:00",
  "Nov 25, 2026 12:00:00 PM",
  "Nov 25, 2026 12:00:00\u202fPM",
  "Wed Nov 25 12:00:00 2026",
  "Wed Nov 25 12:00:00.000000 2026",
  "Wed Nov 25 13:00:00 CET 2026",
  "Wed Nov 25 13:00:00 +0100 2026",
  "Wed Nov 25 2026 13:00:00 GMT+0100 (Central European Standard Time)",
  "Wed, 25 Nov 2026 12:00:00 GMT",
  "Wed, 25 Nov 2026 13:00:00 +0100",
  "Wed, 25 Nov 2026 13:00:00 +0100 (CET)",
  "Wednesday, 25-Nov-26 12:00:00 UTC",
  "1795608000",
  "1795608000.000",
  "1795608000000",
  "1795608000000000",
  "1795608000000000000",
  1_795_608_000,
  1_795_608_000_000,
  1_795_608_000_000_000,
  1_795_608_000_000_000_000n,
];

Deno.test("The automatic time format reads the common layouts, in any order", () => {
  const parser = compile();
  for (const first of TEXTS) {
    assert.equal(parser.parse(first), NOON, `"${first}"`);
    for (const second of TEXTS) {
      assert.equal(parser.parse(first), NOON, `"${first}" before "${second}"`);
      assert.equal(parser.parse(second), NOON, `"${second}" behind "${first}"`);
    }
  }
});

Deno.test("The automatic time format reads times without zone in the configured one", () => {
  const tokyo = 9 * 3_600_000;
  for (
    const text of ["2026-11-25 12:00:00", "Nov 25 12:00:00", "2026/11/25 12:00:00", "25-Nov-2026 12:00:00"]
  ) {
    assert.equal(compile("Asia/Tokyo").parse(text), NOON - tokyo, text);
  }
  for (const text of ["2026-11-25T12:00:00Z", "25/Nov/2026:12:00:00 +0000", 1_795_608_000]) {
    assert.equal(compile("Asia/Tokyo").parse(text), NOON, String(text));
  }
});

Deno.test("The automatic time format refuses what is no time", () => {
  const parser = compile();
  const texts = [
    "",
    " ",
    "hello",
    "12",
    "10.0.0.1",
    "v1.2.3",
    "[2026-11-25]",
    "Nov",
    "2026-11-25 hello",
    "Monday",
  ];
  for (const text of [...texts, "25/Nov/2026:12:00:00 hello", 3.5, 0, -1, NaN]) {
    assert.ok(Number.isNaN(parser.parse(text)), String(text));
  }
});
