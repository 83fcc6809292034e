import assert from "node:assert/strict";
import fc from "fast-check";
import { type LogEvent, newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import * as schema from "../../../src/lib/schema.ts";
import { splunkHecConfig } from "../../../src/outputs/splunk_hec/splunk_hec_config.ts";
import { splunkHecEncoder } from "../../../src/outputs/splunk_hec/splunk_hec_encoder.ts";

const SOURCE = { input: "files", stream: "/var/log/a.log", labels: { file: "a.log" } };

function eventOf(fields: LogEvent["fields"] = {}, more: Partial<LogEvent> = {}): LogEvent {
  return Object.assign(
    newEvent(SOURCE),
    { timestamp: 1500, message: "said", raw: "as it came", fields },
    more,
  );
}

function configOf(block: object = {}) {
  return schema.parse(splunkHecConfig, { endpoint: "http://splunk", token: "t", ...block });
}

function encoderOf(block: object = {}, plain = false) {
  return splunkHecEncoder(configOf(block), { plain, includeRaw: false });
}

Deno.test("splunkHecEncoder writes events with time and where they are from", () => {
  const { encode } = encoderOf({
    encoding: "text",
    host: "{{ fields.host }}",
    sourcetype: "app",
    index: "main",
    indexed_fields: { user: "{{ fields.user }}", fixed: "x" },
  });
  assert.equal(
    encode(eventOf({ host: "h1", user: 7 })),
    '{"time":1.500,"host":"h1","source":"/var/log/a.log","sourcetype":"app","index":"main","event":"said","fields":{"user":"7","fixed":"x"}}\n',
  );
  assert.equal(
    encode(eventOf({}, { timestamp: 1_764_064_800_123, timestampText: "2025-11-25T10:00:00.123456789Z" })),
    '{"time":1764064800.123456789,"source":"/var/log/a.log","sourcetype":"app","index":"main","event":"said","fields":{"fixed":"x"}}\n',
  );
  assert.equal(
    encoderOf({ encoding: "text" }).encode(eventOf()),
    '{"time":1.500,"source":"/var/log/a.log","event":"said"}\n',
  );
});

Deno.test("splunkHecEncoder makes the event as its encoding says", () => {
  const event = (encoding: string, plain: boolean): unknown =>
    JSON.parse(encoderOf({ encoding }, plain).encode(eventOf({ a: 1 }))).event;
  assert.equal(event("text", false), "said");
  assert.equal(event("auto", true), "as it came");
  for (const json of [event("json", true), event("auto", false)]) {
    assert.deepEqual(json, {
      timestamp: "1970-01-01T00:00:01.500Z",
      message: "said",
      source: "/var/log/a.log",
      fields: { a: 1 },
    });
  }
});

Deno.test("splunkHecEncoder never makes a blank event", () => {
  const { encode } = encoderOf({ encoding: "text" });
  for (const blank of ["", "  ", "\t"]) {
    const { event } = JSON.parse(encode(eventOf({}, { message: blank, raw: blank })));
    assert.deepEqual(event, { message: "" });
  }
});

Deno.test("splunkHecEncoder lets no record break out of an index, and makes a partition of it", () => {
  const { encode, partitionOf } = encoderOf({ index: "team_{{ fields.team }}" });
  const whole = encoderOf({ index: "{{ fields.team }}" });
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (team) => {
      assert.match(partitionOf!(eventOf({ team })), /^team_[a-z0-9_-]{0,80}$/);
      const name = whole.partitionOf!(eventOf({ team }));
      assert.match(name, /^(?:[a-z0-9][a-z0-9_-]{0,79})?$/);
      assert.equal(JSON.parse(whole.encode(eventOf({ team }))).index ?? "", name);
    }),
    { numRuns: 50 },
  );
  assert.equal(partitionOf!(eventOf({ team: "Ops/../x" })), "team_ops____x");
  assert.equal(JSON.parse(encode(eventOf({ team: "ops" }))).index, "team_ops");
  assert.equal(whole.partitionOf!(eventOf()), "");
  assert.equal(encoderOf({ index: "main" }).partitionOf, undefined, "a fixed index needs no partition");
});

Deno.test("splunkHecEncoder says which template is wrong", () => {
  for (
    const [block, key] of [
      [{ index: "{{ a" }, "index"],
      [{ host: "}}" }, "host"],
      [{ indexed_fields: { b: "{{ a b }}" } }, "indexed_fields.b"],
    ] as const
  ) {
    assert.throws(() => encoderOf(block), (error) => error instanceof KeyError && error.key === key);
  }
});

Deno.test("splunkHecConfig says what is wrong", () => {
  const cases: [object, RegExp][] = [
    [{ token: undefined }, /^token: is missing/],
    [{ token: "a b" }, /^token: must be printable ASCII/],
    [{ headers: { Authorization: "x" } }, /^has headers.Authorization as well as token; keep one of them$/],
    [{ index: "" }, /^index: must not be empty$/],
    [{ acknowledgement_timeout: 0 }, /^acknowledgement_timeout: is too small/],
  ];
  for (const [block, message] of cases) {
    assert.throws(
      () => configOf(block),
      (error: Error) => message.test(error.message) || assert.fail(error.message),
    );
  }
});
