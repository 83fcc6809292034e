import assert from "node:assert/strict";
import fc from "fast-check";
import { type LogEvent, newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import * as schema from "../../../src/lib/schema.ts";
import { otlpConfig } from "../../../src/outputs/otlp/otlp_config.ts";
import { otlpEncoder } from "../../../src/outputs/otlp/otlp_encoder.ts";

const SOURCE = { input: "files", stream: "/var/log/a.log", labels: { file: "a.log" } };

function eventOf(fields: LogEvent["fields"] = {}, more: Partial<LogEvent> = {}): LogEvent {
  return Object.assign(
    newEvent(SOURCE),
    { timestamp: 1500, message: "said", raw: "as it came", fields },
    more,
  );
}

function encoderOf(block: object = {}, includeRaw = false) {
  const config = schema.parse(otlpConfig, { endpoint: "http://otel", ...block });
  return otlpEncoder(config, { plain: false, includeRaw });
}

interface KeyValue {
  readonly key: string;
  readonly value: unknown;
}

/** A record as an object, its attributes by name. */
function recordOf(event: LogEvent, block: object = {}, includeRaw = false) {
  const line = encoderOf(block, includeRaw).encode(event);
  assert.equal(line.indexOf("\n"), line.length - 1);
  const { attributes, ...record } = JSON.parse(line) as Record<string, unknown> & { attributes: KeyValue[] };
  const names = attributes.map(({ key }) => key);
  assert.equal(new Set(names).size, names.length, "no name comes twice");
  return { record, attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value])) };
}

Deno.test("otlpEncoder writes time, severity and body", () => {
  const before = Date.now();
  const { record } = recordOf(eventOf({}, {
    level: "warn",
    timestamp: 1_764_064_800_123,
    timestampText: "2025-11-25T10:00:00.123456789Z",
  }));
  const { observedTimeUnixNano, ...rest } = record;
  assert.ok(BigInt(String(observedTimeUnixNano)) >= BigInt(before) * 1_000_000n);
  assert.deepEqual(rest, {
    timeUnixNano: "1764064800123456789",
    severityNumber: 13,
    severityText: "warn",
    body: { stringValue: "said" },
  });
  const numbers = (["trace", "debug", "info", "warn", "error", "fatal"] as const).map((level) =>
    recordOf(eventOf({}, { level })).record["severityNumber"]
  );
  assert.deepEqual(numbers, [1, 5, 9, 13, 17, 21]);
  const bare = recordOf(eventOf({}, { message: "" })).record;
  assert.deepEqual(bare["body"], { stringValue: "as it came" });
  assert.equal("severityNumber" in bare, false);
  assert.equal("timeUnixNano" in recordOf(eventOf({}, { timestamp: -5 })).record, false, "it is unsigned");
});

Deno.test("otlpEncoder keeps the types of fields", () => {
  const { attributes } = recordOf(eventOf({
    text: 'a"\n',
    int: -7,
    large: 9_007_199_254_740_993n,
    huge: 1n << 64n,
    double: 1.5,
    big_double: 1e300,
    yes: true,
    nothing: null,
    absent: undefined,
    list: [1, "x", null],
    nested: { a: { b: 2 }, gone: undefined },
  }));
  delete attributes["log.file.path"];
  assert.deepEqual(attributes, {
    text: { stringValue: 'a"\n' },
    int: { intValue: "-7" },
    large: { intValue: "9007199254740993" },
    huge: { stringValue: "18446744073709551616" },
    double: { doubleValue: 1.5 },
    big_double: { doubleValue: 1e300 },
    yes: { boolValue: true },
    nothing: {},
    list: { arrayValue: { values: [{ intValue: "1" }, { stringValue: "x" }, {}] } },
    nested: {
      kvlistValue: {
        values: [{ key: "a", value: { kvlistValue: { values: [{ key: "b", value: { intValue: "2" } }] } } }],
      },
    },
  });
});

Deno.test("otlpEncoder takes any fields, however deep", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
      recordOf(eventOf(fields as LogEvent["fields"]));
    }),
    { numRuns: 50 },
  );
  let deep: LogEvent["fields"] = {};
  for (let depth = 0; depth < 5000; depth++) deep = { deep };
  recordOf(eventOf(deep));
});

Deno.test("otlpEncoder tells where a record is from, and its id; a field of that name wins", () => {
  const event = () => eventOf({}, { origin: "L.0", offset: 71 });
  assert.deepEqual(recordOf(event(), {}, true).attributes, {
    "log.record.uid": { stringValue: "L.0.1z" },
    "log.file.path": { stringValue: "/var/log/a.log" },
    "log.record.original": { stringValue: "as it came" },
  });
  const other = newEvent({ input: "i", stream: "10.0.0.1:5", labels: {} });
  assert.deepEqual(recordOf(other).attributes, { source: { stringValue: "10.0.0.1:5" } });
  const own = eventOf({ "log.record.uid": "mine" }, { origin: "L.0", offset: 71 });
  assert.deepEqual(recordOf(own).attributes["log.record.uid"], { stringValue: "mine" });
});

Deno.test("otlpEncoder adds attributes of the configuration", () => {
  const { attributes } = recordOf(eventOf({ a: 1 }), {
    attributes: { env: "test", b: "b{{ fields.a }}", none: "{{ fields.x }}" },
  });
  assert.deepEqual([attributes["env"], attributes["b"], attributes["none"]], [
    { stringValue: "test" },
    { stringValue: "b1" },
    undefined,
  ]);
});

Deno.test("otlpEncoder takes ids of traces and spans out of the fields, if they are such", () => {
  const trace = "0AF7651916CD43DD8448EB211C80319C";
  const good = recordOf(eventOf({ trace_id: trace, span_id: "b7ad6b7169203331" }));
  assert.equal(good.record["traceId"], trace.toLowerCase());
  assert.equal(good.record["spanId"], "b7ad6b7169203331");
  assert.deepEqual(Object.keys(good.attributes), ["log.file.path"]);
  for (const wrong of ["", "xyz", "0".repeat(32), 7, null]) {
    const { record, attributes } = recordOf(eventOf({ trace_id: wrong }));
    assert.equal("traceId" in record, false);
    assert.ok("trace_id" in attributes);
  }
  const renamed = recordOf(eventOf({ trace_id: trace, t: trace }), {
    trace_id_field: "t",
    span_id_field: "",
  });
  assert.equal(renamed.record["traceId"], trace.toLowerCase());
  assert.ok("trace_id" in renamed.attributes);
});

Deno.test("otlpEncoder makes the partition of the resource", () => {
  const { partitionOf } = encoderOf({
    resource_attributes: { "service.name": "{{ fields.app }}", "host.name": "h1", none: "{{ fields.none }}" },
  });
  const shop = partitionOf!(eventOf({ app: 'sh"op' }));
  assert.deepEqual(JSON.parse(`[${shop}]`), [
    { key: "service.name", value: { stringValue: 'sh"op' } },
    { key: "host.name", value: { stringValue: "h1" } },
  ]);
  assert.equal(partitionOf!(eventOf({ app: 'sh"op' })), shop);
  assert.notEqual(partitionOf!(eventOf({ app: "other" })), shop);
  const long = partitionOf!(eventOf({ app: "x".repeat(99_999) }));
  assert.equal(JSON.parse(`[${long}]`)[0].value.stringValue.length, 1024);
  assert.deepEqual(JSON.parse(encoderOf().partitionOf!(eventOf())), {
    key: "service.name",
    value: { stringValue: "unknown_service" },
  });
  assert.equal(encoderOf({ resource_attributes: {} }).partitionOf!(eventOf()), "");
});

Deno.test("otlpEncoder says which template is wrong", () => {
  for (const key of ["attributes", "resource_attributes"]) {
    assert.throws(
      () => encoderOf({ [key]: { a: "{{ b" } }),
      (error) => error instanceof KeyError && error.key === `${key}.a`,
    );
    assert.throws(() => encoderOf({ [key]: { "": "b" } }), /has an attribute without a name/);
  }
});
