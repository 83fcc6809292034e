import assert from "node:assert/strict";
import fc from "fast-check";
import { compileTimeFormat } from "../../../src/lib/time_format/compile_time_format.ts";
import { offsetText, render, type Wall } from "./render.ts";

const NOW = Date.UTC(2026, 10, 25, 12);
const now = () => NOW;
const compile = (format: string | undefined, timezone = "UTC") =>
  compileTimeFormat(format, { timezone, now });
const ZONES = ["UTC", "+05:30", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"];

/** From 1969 to 2068, where years of two digits are unambiguous. */
const instant = fc.integer({ min: Date.UTC(1969, 0, 2), max: Date.UTC(2068, 11, 30) });
/** Around changes of the offset in Berlin and New York. */
const nearChange = fc.tuple(
  fc.constantFrom(
    Date.UTC(2026, 2, 29, 1),
    Date.UTC(2026, 9, 25, 1),
    Date.UTC(2026, 2, 8, 7),
    Date.UTC(2026, 10, 1, 6),
  ),
  fc.integer({ min: -90 * 60_000, max: 90 * 60_000 }),
).map(([change, distance]) => change + distance);

/** The moment that `toZonedDateTime` of Temporal means by a wall time: the earlier of two. */
function momentOf(wall: number, zone: string): number {
  const text = new Date(wall).toISOString().slice(0, -1);
  return Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
}

function wallOf(utc: number, zone: string): number {
  return utc + Temporal.Instant.fromEpochMilliseconds(utc).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
}

/** Formats of whole dates and times, how they are written, and the unit that they show. */
const FORMATS: readonly (readonly [string, (wall: Wall) => string, number])[] = [
  ["2006-01-02T15:04:05.000", (w) => `${w.year}-${w.month}-${w.day}T${w.time}.${w.millis}`, 1],
  ["2006-01-02 15:04:05,000", (w) => `${w.year}-${w.month}-${w.day} ${w.time},${w.millis}`, 1],
  ["2006-01-02 15:04:05", (w) => `${w.year}-${w.month}-${w.day} ${w.time}.${w.millis}`, 1],
  ["2006/01/02 15:04", (w) => `${w.year}/${w.month}/${w.day} ${w.hour}:${w.minute}`, 60_000],
  ["02/Jan/2006:15:04:05", (w) => `${w.day}/${w.monthName.slice(0, 3)}/${w.year}:${w.time}`, 1000],
  [
    "Monday, January _2, 2006 03:04 PM",
    (w) => `${w.weekday}, ${w.monthName} ${w.paddedDay}, ${w.year} ${w.hour12}:${w.minute} ${w.half}`,
    60_000,
  ],
  [
    "Mon Jan _2 15:04:05.000 2006",
    (w) =>
      `${w.weekday.slice(0, 3)} ${w.monthName.slice(0, 3)} ${w.paddedDay} ${w.time}.${w.millis} ${w.year}`,
    1,
  ],
  ["06002 15:04:05", (w) => `${w.shortYear}${w.yearDay} ${w.time}`, 1000],
  ["20060102150405", (w) => `${w.year}${w.month}${w.day}${w.time.replaceAll(":", "")}`, 1000],
  ["%Y-%m-%dT%H:%M:%S.%L", (w) => `${w.year}-${w.month}-${w.day}T${w.time}.${w.millis}`, 1],
  ["%d/%b/%Y:%T", (w) => `${w.day}/${w.monthName.slice(0, 3)}/${w.year}:${w.time}`, 1000],
  [
    "%A %B %e %I:%M %p %Y",
    (w) => `${w.weekday} ${w.monthName} ${w.paddedDay} ${w.hour12}:${w.minute} ${w.half} ${w.year}`,
    60_000,
  ],
  ["%y%j %R", (w) => `${w.shortYear}${w.yearDay} ${w.hour}:${w.minute}`, 60_000],
  ["%D %T%%%3N", (w) => `${w.month}/${w.day}/${w.shortYear} ${w.time}%${w.millis}`, 1],
];

Deno.test("compileTimeFormat reads back what each format writes, in zones with and without summer time", () => {
  for (const zone of ZONES) {
    for (const [format, write, unit] of FORMATS) {
      const parser = compile(format, zone);
      fc.assert(
        fc.property(fc.oneof(instant, nearChange), (utc) => {
          const wall = Math.floor(wallOf(utc, zone) / unit) * unit;
          const text = write(render(wall));
          assert.equal(parser.parse(text), momentOf(wall, zone), `${format} ${zone} ${text}`);
          assert.equal(parser.parse(` ${text} `), momentOf(wall, zone), "spaces around do not count");
        }),
        { numRuns: 40 },
      );
    }
  }
});

Deno.test("compileTimeFormat prefers the offset in the text to the configured zone", () => {
  const minutes = fc.integer({ min: -14 * 60, max: 14 * 60 });
  for (const [format, separator] of [["2006-01-02T15:04:05.000Z07:00", ":"], ["%FT%T.%f %z", ""]] as const) {
    const parser = compile(format, "America/New_York");
    fc.assert(fc.property(instant, minutes, (utc, offset) => {
      const wall = render(utc + offset * 60_000);
      const gap = format.includes(" ") ? " " : "";
      const text = `${wall.year}-${wall.month}-${wall.day}T${wall.time}.${wall.millis}${gap}` +
        offsetText(offset * 60_000, separator);
      assert.equal(parser.parse(text), utc, text);
    }));
  }
});

Deno.test("TimeParser answers alike whatever it read before", () => {
  const formats = ["02/Jan/2006:15:04:05 -0700", "Jan _2 15:04:05", "%Y-%m-%d %H:%M:%S,%L", undefined];
  const start = Date.UTC(2026, 9, 25, 0, 58);
  const write = (utc: number): string[] => {
    const w = render(utc);
    const month = w.monthName.slice(0, 3);
    return [
      `${w.day}/${month}/${w.year}:${w.time} +0100`,
      `${month} ${w.paddedDay} ${w.time}`,
      `${w.year}-${w.month}-${w.day} ${w.time},${w.millis}`,
      `${w.year}-${w.month}-${w.day} ${w.hour}:${w.minute}:7x`,
      `${w.year}-${w.month}-${w.day} ${w.hour}:${w.minute}:`,
      `${month} 31 ${w.time}`,
    ];
  };
  // Few minutes, so that most texts begin alike.
  const texts = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 240_000 }), fc.nat(5)).map(([ms, kind]) => write(start + ms)[kind]!),
    { maxLength: 30 },
  );
  for (const format of formats) {
    fc.assert(fc.property(texts, (all) => {
      const parser = compile(format, "Europe/Berlin");
      for (const text of all) {
        assert.equal(parser.parse(text), compile(format, "Europe/Berlin").parse(text), text);
      }
    }));
  }
});

Deno.test("TimeParser bears any value", () => {
  const parsers = [undefined, "rfc3339", "unix", "unix_ns", "syslog", "%s", "%d/%b/%Y:%H:%M:%S %z", "3:04PM"]
    .map((format) => compile(format));
  const piece = fc.constantFrom(
    "Nov",
    "Wed",
    "25",
    "/",
    ":",
    " ",
    "2026",
    "-",
    "+",
    "0",
    "é",
    "PM",
    ".",
    "Z",
    "1e9",
  );
  const text = fc.oneof(fc.string(), fc.array(piece).map((pieces) => pieces.join("")));
  fc.assert(
    fc.property(fc.oneof(text, fc.double(), fc.bigInt()), (value) => {
      for (const parser of parsers) assert.equal(typeof parser.parse(value), "number");
    }),
    { numRuns: 500 },
  );
});

Deno.test("TimeParser gives a time without year the latest year that is not more than a day ahead", () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ["Nov 25 11:59:59", NOW, "2026-11-25T11:59:59.000Z"],
    ["Nov 26 12:00:00", NOW, "2026-11-26T12:00:00.000Z"],
    ["Nov 26 12:00:01", NOW, "2025-11-26T12:00:01.000Z"],
    ["Dec 31 23:59:59", Date.UTC(2027, 0, 1, 0, 0, 5), "2026-12-31T23:59:59.000Z"],
    ["Jan  1 00:00:05", Date.UTC(2026, 11, 31, 23, 59), "2027-01-01T00:00:05.000Z"],
    ["Feb 29 12:00:00", NOW, "2024-02-29T12:00:00.000Z"],
    ["Feb 29 12:00:00", Date.UTC(1904, 0, 1), "1896-02-29T12:00:00.000Z"],
  ];
  for (const [text, present, expected] of cases) {
    const parser = compileTimeFormat("syslog", { timezone: "UTC", now: () => present });
    assert.equal(new Date(parser.parse(text)).toISOString(), expected);
  }
});

Deno.test("TimeParser without year follows the clock over new year and across zones", () => {
  let present = Date.UTC(2026, 11, 31, 22);
  const parser = compileTimeFormat("Jan _2 15:04:05", { timezone: "Pacific/Auckland", now: () => present });
  const texts = (time: number) => {
    const wall = render(time);
    return `${wall.monthName.slice(0, 3)} ${wall.paddedDay} ${wall.time}`;
  };
  // A log that is read as it is written, over three years: each minute has its second line from the memory.
  for (let hour = 0; hour < 3 * 366 * 24; hour += 5, present += 5 * 3_600_000) {
    for (const ago of [61_000, 2000, 1000, 0]) {
      const wall = wallOf(present - ago, "Pacific/Auckland");
      assert.equal(parser.parse(texts(wall)), momentOf(wall, "Pacific/Auckland"));
    }
  }
});

Deno.test("TimeParser without year looks at the clock for each time, also within one minute", () => {
  let present = NOW;
  const parser = compileTimeFormat("syslog", { timezone: "UTC", now: () => present });
  const year = (text: string) => new Date(parser.parse(text)).getUTCFullYear();
  for (const second of ["01", "02", "03"]) assert.equal(year(`Nov 27 10:00:${second}`), 2025);
  present += 86_400_000;
  for (const second of ["04", "05"]) assert.equal(year(`Nov 27 10:00:${second}`), 2026);
});

Deno.test("TimeParser brings a time without date as close to now as it can", () => {
  const parser = compile("15:04:05");
  assert.equal(new Date(parser.parse("23:59:59")).toISOString(), "2026-11-25T23:59:59.000Z");
  assert.equal(new Date(parser.parse("00:00:00")).toISOString(), "2026-11-25T00:00:00.000Z", "not tomorrow");
  const late = compileTimeFormat("15:04:05", { timezone: "UTC", now: () => Date.UTC(2026, 10, 25, 0, 1) });
  assert.equal(new Date(late.parse("23:59:59")).toISOString(), "2026-11-24T23:59:59.000Z");
});

Deno.test("compileTimeFormat knows the words, however they are written", () => {
  const cases: Record<string, string | number> = {
    rfc3339: "2026-11-25T12:00:00.250Z",
    ISO8601: "2026-11-25 12:00:00,25",
    unix: "1795608000.250",
    unix_ms: "1795608000250",
    "unix-us": "1795608000250000",
    unix_ns: "1795608000250000000",
    syslog: "Nov 25 12:00:00.250",
    "RFC 3164": "Nov 25 12:00:00.250",
    common_log: "25/Nov/2026:13:00:00.25 +0100",
    rfc1123: "Wed, 25 Nov 2026 12:00:00.250 GMT",
    klog: "1125 12:00:00.250000",
    ANSIC: "Wed Nov 25 12:00:00.25 2026",
    auto: "2026/11/25 12:00:00.25",
  };
  for (const [word, value] of Object.entries(cases)) {
    assert.equal(compile(word).parse(value), NOW + 250, word);
  }
});

Deno.test("compileTimeFormat reads named zones by a table, and as the configured zone where that fits", () => {
  const parse = (zone: string, text: string) =>
    new Date(compile("2006-01-02 15:04:05 MST", zone).parse(text)).toISOString().slice(11, 16);
  assert.equal(parse("UTC", "2026-07-01 12:00:00 PST"), "20:00");
  assert.equal(parse("UTC", "2026-07-01 12:00:00 cest"), "10:00");
  assert.equal(parse("UTC", "2026-07-01 12:00:00 GMT+2"), "10:00");
  assert.equal(parse("UTC", "2026-07-01 12:00:00 CST"), "18:00");
  assert.equal(parse("Asia/Shanghai", "2026-07-01 12:00:00 CST"), "04:00");
  assert.equal(parse("Asia/Jerusalem", "2026-12-01 12:00:00 IST"), "10:00");
  assert.equal(parse("Europe/Berlin", "2026-07-01 12:00:00 XYZ"), "10:00", "an unknown one says nothing");
});

Deno.test("compileTimeFormat takes a Z, UTC or GMT that ends a format for the zone", () => {
  for (const end of ["Z", " UTC", " GMT"]) {
    assert.equal(compile(`2006-01-02 15:04:05${end}`, "Asia/Tokyo").parse(`2026-11-25 12:00:00${end}`), NOW);
    assert.equal(compile(`%F %T${end}`, "Asia/Tokyo").parse(`2026-11-25 12:00:00${end}`), NOW);
  }
});

Deno.test("compileTimeFormat says what is wrong with a format, and what may be meant", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      "foo",
      /^Error: "foo" is no time format; allowed: a Go layout \(.*\), strptime such as .*, or one of auto, rfc3339/,
    ],
    ["rfc333", /did you mean "rfc3339"\?/],
    ["yyyy-MM-dd HH:mm:ss,SSS", /did you mean "%Y-%m-%d %H:%M:%S,%f"\?/],
    ["dd/MMM/yyyy:HH:mm:ss Z", /did you mean "%d\/%b\/%Y:%H:%M:%S %z"\?/],
    ["yyyy-MM-dd'T'HH:mm:ss", /did you mean "%Y-%m-%dT%H:%M:%S"\?/],
    ["2024-01-15 10:30:00", /it has the day twice; did you mean "2006-01-02 15:04:05"\?/],
    ["1999-12-31T10:30:00.123", /did you mean "2006-01-02T15:04:05.000"\?/],
    ["%Y-%Q", /"%Q" is no conversion; known: %Y /],
    ["%i", /"%i" is no conversion; did you mean %I\?/],
    ["%Y-%m-%", /"%" is no conversion/],
    ["%H", /it has neither a date nor a time/],
    ["%Y %d %T", /it has a day, but no month/],
    ["%T %b", /it has a month, but neither day nor year/],
    ["", /is no time format/],
  ];
  for (const [format, message] of cases) assert.throws(() => compile(format), message, format);
  assert.throws(() => compile("unix", "Mars/Base"), /"Mars\/Base" is no time zone/);
});
