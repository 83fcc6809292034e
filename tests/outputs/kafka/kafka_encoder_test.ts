import assert from "node:assert/strict";
import type { LogEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import { kafkaEncoder } from "../../../src/outputs/kafka/kafka_encoder.ts";
import { lengthOf, MessageReader, type Slice } from "../../../src/outputs/kafka/message_reader.ts";
import { confinedTopic, isTopicName } from "../../../src/outputs/kafka/topic_name.ts";
import { type Block, configOf, encoded, eventOf, NOW } from "./support.ts";

interface Seen {
  readonly value: string;
  readonly key: string | undefined;
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What the output sees of events that the encoder has encoded. */
function seen(block: Block, events: readonly LogEvent[]): Seen[] {
  const reader = new MessageReader(configOf(block));
  const text = (slice: Slice) =>
    lengthOf(slice) < 0 ? undefined : new TextDecoder().decode(slice.bytes.subarray(slice.start, slice.end));
  reader.use(encoded(block, events));
  return events.map((_, index) => {
    reader.move(index);
    reader.readHeaders(index);
    const headers = reader.headers.map(({ name, value }) => [new TextDecoder().decode(name), text(value)]);
    return {
      value: text(reader.value) ?? "",
      key: text(reader.key),
      topic: reader.topic,
      partition: reader.partition,
      timestamp: reader.timestamp,
      headers: Object.fromEntries(headers),
    };
  });
}

Deno.test("a message is event JSON with the event's time, its id and its source", () => {
  const event = eventOf('say "hi" \\', { n: 1 }, NOW + 0.25);
  const [message] = seen({}, [event]);
  assert.equal(JSON.parse(message!.value).message, 'say "hi" \\');
  assert.deepEqual({ ...message, value: "" }, {
    value: "",
    key: undefined,
    topic: "",
    partition: Number.NaN,
    timestamp: NOW,
    headers: { id: "stream.0.0", source: "/var/log/app.log" },
  });
  const encoder = kafkaEncoder(configOf({}), { plain: false, includeRaw: false });
  assert.deepEqual(
    [encoder.kind, encoder.keyOf],
    ["lines", undefined],
    "the fast ways to event JSON stay open",
  );
});

Deno.test("the source of event JSON is found whatever stands before it", () => {
  for (const message of ["", '"', '\\"', "\\", '","source":"x', "ü€😀", "x".repeat(5000), "\u0000\n"]) {
    for (const level of [undefined, "info"] as const) {
      for (const stream of ["/var/log/app.log", 'a"b\\c.log', "ü", ""]) {
        const event = { ...eventOf(message), level, source: { input: "i", stream, labels: {} } };
        const [found] = seen({}, [event]);
        assert.equal(found?.headers["source"], stream);
        assert.equal(found?.timestamp, NOW);
      }
    }
  }
});

Deno.test("the source of event JSON is found though records around it end alike", () => {
  const tail = ',"source":"/a","fields":{}}';
  const records = [
    { stream: "/a", message: "m", fields: {} },
    { stream: "/a", message: tail, fields: {} },
    { stream: "/b", message: "m", fields: { n: 1, source: "/a", fields: {} } },
    { stream: "/b", message: "m", fields: { n: tail } },
    { stream: "/b", message: tail.slice(0, -2), fields: {} },
    { stream: "/c/a", message: "m", fields: {} },
    { stream: "/a", message: "m", fields: { n: {} } },
    { stream: "/a", message: "", fields: {} },
    { stream: "", message: tail, fields: {} },
    { stream: "/a".repeat(400), message: "m", fields: {} },
    { stream: "/a", message: "m", fields: {} },
  ];
  const events = records.map(({ stream, message, fields }) => ({
    ...eventOf(message, fields),
    source: { input: "i", stream, labels: {} },
  }));
  for (const turn of [records.keys().toArray(), records.keys().toArray().reverse()]) {
    const found = seen({}, turn.map((index) => events[index]!));
    assert.deepEqual(
      found.map(({ headers }) => headers["source"]),
      turn.map((index) => records[index]?.stream),
    );
  }
});

Deno.test("times of event JSON are read to the millisecond", () => {
  for (
    const timestamp of [0, 1, 999, NOW + 7.5, Date.UTC(1999, 11, 31, 23, 59, 59, 999), Date.UTC(2400, 1, 29)]
  ) {
    assert.equal(seen({}, [eventOf("m", {}, timestamp)])[0]?.timestamp, Math.floor(timestamp));
  }
  const odd = { ...eventOf("m"), timestampText: "2026-11-25T10:00:00.123456789Z" };
  assert.equal(seen({}, [odd])[0]?.timestamp, Date.UTC(2026, 10, 25, 10, 0, 0, 123));
});

Deno.test("text has the same beside its value", () => {
  const events = [eventOf("one"), eventOf("two", { app: "web" })];
  const block = {
    encoding: "text",
    headers: { id: "{{ id }}", from: "{{ source }}", app: "{{ app }}", env: "prod" },
  };
  assert.deepEqual(
    seen(block, events).map(({ value, timestamp, headers }) => ({ value, timestamp, headers })),
    [
      {
        value: "one",
        timestamp: NOW,
        headers: { id: "stream.0.0", from: "/var/log/app.log", app: undefined, env: "prod" },
      },
      {
        value: "two",
        timestamp: NOW,
        headers: { id: "stream.0.2s", from: "/var/log/app.log", app: "web", env: "prod" },
      },
    ],
  );
});

Deno.test("values in headers are cut and hold no control characters", () => {
  const [message] = seen({ headers: { h: "{{ fields.h }}" } }, [
    eventOf("m", { h: `a\n\0\x1b[31m${"x".repeat(2000)}` }),
  ]);
  assert.match(message!.headers["h"]!, /^a {3}\[31mx+$/u);
  assert.equal(message!.headers["h"]!.length, 1000);
});

Deno.test("keys come from a field or a template, whatever they hold", () => {
  const keys = ["a", "", "with\nline feeds\n", "\0", "ü", "x".repeat(3000)];
  for (const more of [{}, { encoding: "text" }, { headers: { h: "{{ host }}" } }, { topic_field: "t" }]) {
    const events = [...keys.map((host) => eventOf("m", { host })), eventOf("m"), eventOf("m", { host: 7 })];
    assert.deepEqual(
      seen({ partition_key: "host", ...more }, events).map(({ key }) => key),
      [...keys.map((key) => key === "" ? undefined : key), undefined, "7"],
    );
  }
  assert.equal(seen({ partition_key: "{{ a }}-{{ b }}" }, [eventOf("m", { a: 1, b: "x" })])[0]?.key, "1-x");
});

Deno.test("a record chooses its topic only within what Kafka allows", () => {
  const topic = (block: Block, fields: LogEvent["fields"]) => seen(block, [eventOf("m", fields)])[0]?.topic;
  const template = { topic: "logs-{{ fields.app }}" };
  assert.equal(topic(template, { app: "web" }), "logs-web");
  assert.equal(topic(template, { app: "../ö b\n" }), "logs-..__b_".replace("__", "___"));
  assert.equal(topic(template, {}), "logs-");
  assert.equal(topic(template, { app: "x".repeat(400) })?.length, 249);
  assert.equal(topic({ topic: "{{ app }}-x" }, { app: "__consumer" }), "_consumer-x");
  const field = { topic_field: "t", topic: "rest" };
  assert.equal(topic(field, { t: "mine" }), "mine");
  for (const t of [undefined, "", ".", ".."]) assert.equal(topic(field, { t }), "rest");
  assert.equal(topic(field, { t: "__consumer_offsets" }), "_consumer_offsets");
  assert.equal(topic({ ...field, ...template }, { app: "web" }), "logs-web");
  for (const text of ["a", "A.b_c-1", "x".repeat(249)]) {
    assert.ok(isTopicName(text) && confinedTopic(text) === text);
  }
  for (const text of ["", ".", "..", "a b", "ä", "x".repeat(250)]) assert.ok(!isTopicName(text));
});

Deno.test("a record chooses its partition by a number", () => {
  const partition = (value: unknown) =>
    seen({ partition_strategy: "manual", partition: "shard" }, [eventOf("m", { shard: value as string })])[0]
      ?.partition;
  assert.equal(partition(3), 3);
  assert.equal(partition("12"), 12);
  for (const value of [undefined, "", "-1", "1.5", "x", "9999999999"]) {
    assert.equal(partition(value), Number.NaN);
  }
  assert.equal(
    seen({ partition_strategy: "manual", partition: "5" }, [eventOf("m")])[0]?.partition,
    Number.NaN,
  );
});

Deno.test("all parts stand beside each other", () => {
  const block = {
    ...{
      encoding: "text",
      topic_field: "t",
      partition_key: "k",
      partition_strategy: "manual",
      partition: "p",
    },
    headers: { a: "{{ a }}", id: "{{ id }}", b: "-{{ b }}-" },
  };
  const events = [eventOf("m", { t: "top", k: "k\n1", p: 2, a: "A", b: "B" }), eventOf("m", {})];
  assert.deepEqual(seen(block, events), [
    {
      ...{ value: "m", key: "k\n1", topic: "top", partition: 2, timestamp: NOW },
      headers: { a: "A", id: "stream.0.0", b: "-B-" },
    },
    {
      ...{ value: "m", key: undefined, topic: "logs", partition: Number.NaN, timestamp: NOW },
      headers: { a: undefined, id: "stream.0.2s", b: "--" },
    },
  ]);
});

Deno.test("mistakes in templates and topics are told with their key", () => {
  const cases: [Block, string, RegExp][] = [
    [{ topic: "my topic" }, "topic", /is no topic/],
    [{ topic: ".." }, "topic", /is no topic/],
    [{ topic: "x".repeat(250) }, "topic", /is no topic/],
    [{ topic: "{{ app }}" }, "topic", /is made of values alone/],
    [{ topic: "_.{{ app }}" }, "topic", /is made of values alone/],
    [{ topic: "a/{{ app }}" }, "topic", /has text that no topic may have/],
    [{ topic: "a-{{ app" }, "topic", /has no "}}"/],
    [{ topic_field: "{{ t }}" }, "topic_field", /must be the name of a field/],
    [{ partition_key: "{{ a b }}" }, "partition_key", /is no value/],
    [{ headers: { h: "{{ x" } }, "headers.h", /has no "}}"/],
  ];
  for (const [block, key, pattern] of cases) {
    assert.throws(
      () => kafkaEncoder(configOf(block), { plain: false, includeRaw: false }),
      (error: unknown) => error instanceof KeyError && error.key === key && pattern.test(error.message),
      JSON.stringify(block),
    );
  }
});

Deno.test("lines that nothing parses keep their keys and times too", () => {
  const encoder = kafkaEncoder(configOf({ encoding: "text" }), { plain: true, includeRaw: false });
  assert.equal(encoder.kind, "text");
  assert.equal(encoder.encode(eventOf("as it came")), "as it came\n");
  assert.equal(encoder.keyOf?.(eventOf("m")), `${NOW}\n/var/log/app.log`);
});
