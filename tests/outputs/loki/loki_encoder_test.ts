import assert from "node:assert/strict";
import fc from "fast-check";
import { type LogEvent, newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import * as schema from "../../../src/lib/schema.ts";
import { lokiConfig } from "../../../src/outputs/loki/loki_config.ts";
import { lokiEncoder, streamOf } from "../../../src/outputs/loki/loki_encoder.ts";

const SOURCE = { input: "files", stream: "/var/log/a.log", labels: { file: "a.log" } };

function eventOf(fields: LogEvent["fields"] = {}, more: Partial<LogEvent> = {}): LogEvent {
  return Object.assign(
    newEvent(SOURCE),
    { timestamp: 1500, message: "said", raw: "as it came", fields },
    more,
  );
}

function encoderOf(block: object = {}, plain = false) {
  const config = schema.parse(lokiConfig, { endpoint: "http://loki", ...block });
  return lokiEncoder(config, { plain, includeRaw: false });
}

Deno.test("lokiEncoder writes entries: nanoseconds, line, metadata", () => {
  const { encode } = encoderOf({
    encoding: "text",
    unique_timestamps: false,
    structured_metadata: { trace: "{{ fields.trace }}", fixed: "x" },
  });
  assert.equal(encode(eventOf()), '["1500000000","said",{"fixed":"x"}]\n');
  assert.equal(encode(eventOf({ trace: 'a"b' })), '["1500000000","said",{"trace":"a\\"b","fixed":"x"}]\n');
  const bare = encoderOf({ encoding: "text", unique_timestamps: false });
  const exact = { timestamp: 1_764_064_800_123, timestampText: "2025-11-25T10:00:00.123456789Z" };
  assert.equal(bare.encode(eventOf({}, exact)), '["1764064800123456789","said"]\n');
});

Deno.test("lokiEncoder makes the line as its encoding says", () => {
  const line = (encoding: string, plain: boolean): string =>
    JSON.parse(encoderOf({ encoding }, plain).encode(eventOf({ a: 1n })))[1];
  assert.equal(line("text", false), "said");
  assert.equal(line("auto", true), "as it came");
  for (const json of [line("json", true), line("auto", false)]) {
    assert.equal(
      json,
      '{"timestamp":"1970-01-01T00:00:01.500Z","message":"said","source":"/var/log/a.log","fields":{"a":1}}',
    );
  }
});

Deno.test("lokiEncoder keeps equal lines of one moment apart by their place, and the same record the same", () => {
  const { encode } = encoderOf({ encoding: "text" });
  const at = (offset: number) => encode(eventOf({}, { offset }));
  assert.equal(at(7), '["1500000007","said"]\n');
  assert.equal(at(7), at(7));
  assert.notEqual(at(7), at(12));
  assert.notEqual(encode(eventOf()), encode(eventOf()), "records without a place are numbered");
});

Deno.test("lokiEncoder makes the partition of tenant and labels", () => {
  const { partitionOf } = encoderOf({
    labels: { job: "app", level: "{{ level }}", file: "{{ file }}", team: "{{ fields.team }}" },
    tenant_id: "t-{{ fields.tenant }}",
  });
  assert.deepEqual(streamOf(partitionOf!(eventOf({ tenant: "a", team: "x" }, { level: "warn" }))), {
    tenant: "t-a",
    labels: '{"job":"app","level":"warn","file":"a.log","team":"x"}',
  });
  // An absent value is no label.
  assert.equal(streamOf(partitionOf!(eventOf({ tenant: "a" }))).labels, '{"job":"app","file":"a.log"}');
  assert.equal(streamOf(encoderOf().partitionOf!(eventOf())).tenant, undefined);
  const none = encoderOf({ labels: { a: "{{ fields.a }}" } });
  assert.equal(streamOf(none.partitionOf!(eventOf())).labels, '{"job":"logaggregator"}');
});

Deno.test("lokiEncoder lets no record break out of its labels and its tenant", () => {
  const { partitionOf } = encoderOf({ labels: { a: "{{ fields.a }}" }, tenant_id: "{{ fields.t }}" });
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, t) => {
    const { tenant, labels } = streamOf(partitionOf!(eventOf({ a, t })));
    assert.match(tenant ?? "", /^[\w!\-.*'()]{1,150}$/);
    const set = JSON.parse(labels);
    assert.equal(Object.keys(set).length, 1);
    for (const value of Object.values(set)) assert.doesNotMatch(String(value), /\p{Cc}/u);
  }));
  const tenantOf = (t: unknown) => streamOf(partitionOf!(eventOf({ t: t as never }))).tenant;
  assert.equal(tenantOf("../x|y\n"), ".._x_y_");
  for (const nothing of ["..", ".", "", undefined]) assert.equal(tenantOf(nothing), "unknown");
  assert.equal(JSON.parse(streamOf(partitionOf!(eventOf({ a: "x".repeat(9999) }))).labels).a.length, 512);
});

Deno.test("lokiEncoder makes not more streams than it may", () => {
  const { partitionOf } = encoderOf({ labels: { job: "j", user: "{{ fields.user }}" }, max_streams: 10 });
  const partitions = new Set<string>();
  for (let user = 0; user < 3000; user++) partitions.add(partitionOf!(eventOf({ user })));
  assert.equal(partitions.size, 11);
  assert.ok(partitions.has('\n{"job":"j","user":"other"}'));
  assert.equal(partitionOf!(eventOf({ user: 3 })), '\n{"job":"j","user":"3"}', "those it has stay");
});

Deno.test("lokiEncoder says which template is wrong", () => {
  for (
    const [block, key] of [
      [{ labels: { a: "{{ fields.a" } }, "labels.a"],
      [{ structured_metadata: { b: "}}" } }, "structured_metadata.b"],
      [{ tenant_id: "{{ a b }}" }, "tenant_id"],
    ] as const
  ) {
    assert.throws(() => encoderOf(block), (error) => error instanceof KeyError && error.key === key);
  }
});

Deno.test("lokiConfig says what is wrong", () => {
  const cases: [object, RegExp][] = [
    [{ labels: {} }, /^labels: must have at least one label$/],
    [{ labels: { "a-b": "x" } }, /^labels: has "a-b", which Loki takes for no name/],
    [{ structured_metadata: { "1": "x" } }, /^structured_metadata: has "1", which Loki/],
    [
      { labels: Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`a${n}`, "x"])) },
      /^labels: has 16 labels; Loki takes 15 at most/,
    ],
    [
      { tenant_id: "a", headers: { "x-scope-orgid": "b" } },
      /^has headers.X-Scope-OrgID as well as tenant_id; keep one of them$/,
    ],
    [{ tls: { ca_file: "/a" } }, /^has tls, while endpoint is http/],
    [{ max_streams: 0 }, /^max_streams: /],
  ];
  for (const [block, message] of cases) {
    assert.throws(
      () => schema.parse(lokiConfig, { endpoint: "http://loki", ...block }),
      (error: Error) => message.test(error.message) || assert.fail(error.message),
    );
  }
});
