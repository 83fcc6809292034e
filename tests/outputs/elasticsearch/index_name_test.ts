import assert from "node:assert/strict";
import fc from "fast-check";
import { type LogEvent, newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import { IndexName, type Rotation } from "../../../src/outputs/elasticsearch/index_name.ts";
import { sourceOf } from "../../contracts/batches.ts";

const TIME = Date.UTC(2026, 10, 25, 23, 59, 59, 999);

function nameOf(index: string, rotation: Rotation = "none", dataStream = false): IndexName {
  return new IndexName({ index, rotation, dataStream, timeOf: ({ timestamp }) => timestamp });
}

function event(timestamp: number, fields: LogEvent["fields"] = {}): LogEvent {
  return Object.assign(newEvent(sourceOf("/var/log/a.log", { file: "a.log" })), { timestamp, fields });
}

const LEGAL = /^[^-_+A-Z\\/*?"<>|,#:\s][^A-Z\\/*?"<>|,#:\s]*$/;

Deno.test("IndexName rotates by the time of the record, in UTC", () => {
  const cases: Record<Rotation, string> = {
    none: "logs",
    daily: "logs-2026.11.25",
    weekly: "logs-2026.w48",
    monthly: "logs-2026.11",
    yearly: "logs-2026",
  };
  for (const [rotation, expected] of Object.entries(cases)) {
    assert.equal(nameOf("logs", rotation as Rotation).of(event(TIME)), expected);
  }
  const daily = nameOf("logs", "daily");
  const days = [TIME, TIME + 1, TIME, TIME - 86_400_000].map((time) => daily.of(event(time)));
  assert.deepEqual(days, ["logs-2026.11.25", "logs-2026.11.26", "logs-2026.11.25", "logs-2026.11.24"]);
  assert.equal(nameOf("logs", "weekly").of(event(Date.UTC(2027, 0, 1))), "logs-2026.w53");
});

Deno.test("IndexName renders values and times, to the second where that is asked for", () => {
  const fields = { app: "Shop", user: { id: 7 } };
  const cases = [
    ["logs-{{ fields.app }}", "logs-shop"],
    ["logs-{{ app }}-{{ fields.user.id }}", "logs-shop-7"],
    ["logs-{{ fields.none }}-{{ file }}", "logs-unknown-a.log"],
    ["logs-%Y.%m-{{ input }}", "logs-2026.11-files-0"],
    ["logs-%b-%H", "logs-nov-23"],
    ["a%%b", "a%b"],
  ] as const;
  for (const [index, expected] of cases) assert.equal(nameOf(index).of(event(TIME, fields)), expected);
  const hourly = nameOf("logs-%H");
  assert.deepEqual([TIME, TIME + 1].map((time) => hourly.of(event(time))), ["logs-23", "logs-00"]);
});

Deno.test("IndexName makes one text for records of one index", () => {
  const name = nameOf("logs-{{ fields.a }}-{{ fields.b }}", "daily");
  const seen = new Map<string, string>();
  for (const [a, b] of [["x", "y"], ["y", "x"], ["x", "y"], ["x", "y\0"], ["xy", ""], ["", "xy"]]) {
    seen.set(`${a}|${b}`, name.of(event(TIME, { a: a!, b: b! })));
  }
  assert.deepEqual([...seen.values()], [
    "logs-x-y-2026.11.25",
    "logs-y-x-2026.11.25",
    "logs-x-y-2026.11.25",
    "logs-xy-unknown-2026.11.25",
    "logs-unknown-xy-2026.11.25",
  ]);
});

Deno.test("IndexName stays legal, within its template and its length, whatever records hold", () => {
  const name = nameOf("logs-{{ fields.a }}.{{ fields.b }}", "daily");
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.stringMatching(/^[A-Z/\\*?"<>|,#:. _+-]{0,300}$/),
    fc.json().map((text) => JSON.parse(text)),
  );
  fc.assert(
    fc.property(value, value, fc.double(), (a, b, time) => {
      const text = name.of(event(time, { a, b }));
      assert.match(text, LEGAL);
      assert.match(text, /^logs-[a-z0-9._-]+\.[a-z0-9._-]+-[0-9]{4}\.[0-9]{2}\.[0-9]{2}$/);
      assert.ok(text.length <= 255);
      assert.equal(text, name.of(event(time, { a, b })));
    }),
    { numRuns: 300 },
  );
});

Deno.test("IndexName keeps long values with one beginning apart", () => {
  for (const [dataStream, longest] of [[false, 255], [true, 230]] as const) {
    const name = nameOf("logs-{{ fields.a }}", "none", dataStream);
    const texts = ["x", "y"].map((end) => name.of(event(TIME, { a: `${"a".repeat(5000)}${end}` })));
    assert.notEqual(texts[0], texts[1]);
    for (const text of texts) assert.equal(text.length, longest);
  }
});

Deno.test("IndexName goes on for any number of values", () => {
  const name = nameOf("logs-{{ fields.a }}");
  for (let n = 0; n < 5000; n++) assert.equal(name.of(event(TIME, { a: n })), `logs-${n}`);
});

Deno.test("IndexName answers the pattern of its names", () => {
  for (
    const [index, rotation, pattern] of [
      ["logs", "none", "logs"],
      ["logs", "daily", "logs-*"],
      ["logs", "weekly", "logs-*"],
      ["logs-{{ app }}-default", "none", "logs-*-default"],
      ["logs-{{ app }}", "monthly", "logs-*-*"],
      ["a%%b-%Y.%m", "none", "a%b-*"],
    ] as const
  ) {
    assert.equal(nameOf(index, rotation).pattern, pattern);
  }
});

Deno.test("IndexName refuses templates that cannot give legal names", () => {
  const cases = [
    ["", /must not be ""/],
    ["..", /must not be "\.\."/],
    ["Logs", /lower case/],
    ["_logs", /must not begin/],
    ["-logs", /must not begin/],
    ["lo gs", /must not hold " "/],
    ["lo/gs", /must not hold "\/"/],
    ["<logs-{now/d}>", /must not hold "<"/],
    ["logs:%Y", /must not hold ":"/],
    ["logs-%T", /must not hold ":"/],
    ["logs-%Q", /"%Q" is no time conversion/],
    ["{{ fields.app }}", /must begin with text of its own/],
    ["logs-{{ fields.app", /no "}}"/],
    ["x".repeat(256), /too long/],
    [`${"x".repeat(240)}{{ app }}`, /too long/],
  ] as const;
  for (const [index, pattern] of cases) {
    assert.throws(() => nameOf(index), (error) => {
      assert.ok(error instanceof KeyError);
      assert.equal(error.key, "index");
      assert.match(error.message, pattern);
      return true;
    });
  }
});
