import assert from "node:assert/strict";
import * as schema from "../../../src/lib/schema.ts";
import { type LogEvent, newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import { elasticsearchConfig } from "../../../src/outputs/elasticsearch/elasticsearch_config.ts";
import { elasticsearchEncoder } from "../../../src/outputs/elasticsearch/elasticsearch_encoder.ts";
import { encoderTypes } from "../../../src/outputs/encoders.ts";
import { sourceOf } from "../../contracts/batches.ts";

const TIME = Date.UTC(2026, 10, 25, 10, 0, 0, 123);

function encoder(block: Record<string, unknown> = {}, includeRaw = false) {
  return elasticsearchEncoder(schema.parse(elasticsearchConfig, block), { plain: false, includeRaw });
}

function event(values: Partial<LogEvent> = {}): LogEvent {
  return Object.assign(newEvent(sourceOf("/var/log/a.log")), {
    timestamp: TIME,
    message: 'say "hi"\n',
    raw: "raw",
    ...values,
  });
}

Deno.test("elasticsearchEncoder writes a document on one line, absent members left out", () => {
  assert.equal(encoderTypes["elasticsearch"], elasticsearchEncoder);
  const written = encoder().encode(
    event({ level: "warn", fields: { n: 1, big: 2n ** 60n, gone: undefined } }),
  );
  assert.equal(
    written,
    '{"@timestamp":"2026-11-25T10:00:00.123Z","message":"say \\"hi\\"\\n","level":"warn","source":"/var/log/a.log","fields":{"n":1,"big":1152921504606846976}}\n',
  );
  assert.equal(
    encoder().encode(event()),
    '{"@timestamp":"2026-11-25T10:00:00.123Z","message":"say \\"hi\\"\\n","source":"/var/log/a.log"}\n',
  );
});

Deno.test("elasticsearchEncoder keeps the time's text, names its member as configured, adds the raw line", () => {
  const written = encoder({ timestamp_field: 'ti"me' }, true).encode(
    event({ timestampText: "2026-11-25T10:00:00.123456789Z" }),
  );
  assert.deepEqual(JSON.parse(written), {
    'ti"me': "2026-11-25T10:00:00.123456789Z",
    message: 'say "hi"\n',
    source: "/var/log/a.log",
    raw: "raw",
  });
});

Deno.test("elasticsearchEncoder tells sources apart", () => {
  const same = encoder();
  const sources = ["/a", "/b", "/a"].map((stream) =>
    JSON.parse(same.encode(event({ source: sourceOf(stream) }))).source
  );
  assert.deepEqual(sources, ["/a", "/b", "/a"]);
});

Deno.test("elasticsearchEncoder rotates daily unless told, not beside other times and not in data streams", () => {
  const partition = (block: Record<string, unknown>) => encoder(block).partitionOf?.(event());
  assert.equal(partition({}), "logs-2026.11.25");
  assert.equal(partition({ index_rotation: "none" }), "logs");
  assert.equal(partition({ index: "logs-%Y" }), "logs-2026");
  assert.equal(partition({ data_stream: true }), "logs");
  assert.equal(
    partition({ index: "logs-{{ source }}", index_rotation: "yearly" }),
    "logs-_var_log_a.log-2026",
  );
});

Deno.test("elasticsearchEncoder takes the time of the index from a field, else from the record", () => {
  const by = encoder({ index_timestamp_field: "fields.at" });
  const cases = [
    ["2025-01-02T03:04:05Z", "logs-2025.01.02"],
    ["02/Jan/2025:23:04:05 -0700", "logs-2025.01.03"],
    [1735786800, "logs-2025.01.02"],
    [1735786800123, "logs-2025.01.02"],
    ["no time", "logs-2026.11.25"],
    [null, "logs-2026.11.25"],
    [{ a: 1 }, "logs-2026.11.25"],
    [undefined, "logs-2026.11.25"],
  ] as const;
  for (const [at, expected] of cases) assert.equal(by.partitionOf?.(event({ fields: { at } })), expected);
  const own = encoder({ index_timestamp_field: "@timestamp" });
  assert.equal(own.partitionOf?.(event({ fields: { "@timestamp": "2020-01-01" } })), "logs-2026.11.25");
});

Deno.test("elasticsearchEncoder tells mistakes with their key", () => {
  assert.throws(
    () => encoder({ index: "{{ fields.app }}" }),
    (error) => error instanceof KeyError && error.key === "index",
  );
  assert.throws(
    () => encoder({ index_timestamp_field: "[a" }),
    (error) => error instanceof KeyError && error.key === "index_timestamp_field",
  );
});
