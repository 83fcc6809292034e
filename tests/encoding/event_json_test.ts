import assert from "node:assert/strict";
import fc from "fast-check";
import { EventJson } from "../../src/encoding/event_json.ts";
import { type LogEvent, newEvent } from "../../src/event.ts";
import { anyText } from "../support/any_text.ts";

function eventOf(values: Partial<LogEvent>, stream = "/log"): LogEvent {
  return Object.assign(newEvent({ input: "in", stream, labels: {} }), values);
}

Deno.test("EventJson writes one line with the members in their order", () => {
  const event = eventOf({
    timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    message: "hello",
    level: "warn",
    fields: { a: 1 },
    raw: "as it came",
  });
  const start = '{"timestamp":"2026-01-02T03:04:05.006Z","message":"hello","level":"warn","source":"/log",';
  assert.equal(new EventJson(false).write(event), `${start}"fields":{"a":1}}\n`);
  assert.equal(new EventJson(true).write(event), `${start}"fields":{"a":1},"raw":"as it came"}\n`);
});

Deno.test("EventJson keeps the text of a time, and leaves out a level that is not known", () => {
  const event = eventOf({ timestampText: "2026-01-02T03:04:05.123456789Z" });
  assert.equal(
    new EventJson(false).write(event),
    '{"timestamp":"2026-01-02T03:04:05.123456789Z","message":"","source":"/log","fields":{}}\n',
  );
});

Deno.test("EventJson writes texts of any kind as one line that reads back the same", () => {
  const text = anyText(20);
  const json = new EventJson(true);
  fc.assert(
    fc.property(text, text, text, text, fc.double(), (message, raw, stream, value, timestamp) => {
      const line = json.write(eventOf({ message, raw, timestamp, fields: { value } }, stream));
      assert.equal(line.indexOf("\n"), line.length - 1);
      const { timestamp: time, ...rest } = JSON.parse(line);
      assert.deepEqual(rest, { message, source: stream, fields: { value }, raw });
      assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }),
    { numRuns: 200 },
  );
});

Deno.test("EventJson tells sources apart that follow each other", () => {
  const json = new EventJson(false);
  const sources = ["/a", "/b", "/a"].map((stream) => JSON.parse(json.write(eventOf({}, stream))).source);
  assert.deepEqual(sources, ["/a", "/b", "/a"]);
});
