import assert from "node:assert/strict";
import { type Fields, type LogEvent, newEvent } from "../../src/event.ts";
import { KeyError } from "../../src/lib/key_error.ts";
import type { KnownFields } from "../../src/parsers/registry.ts";
import { compileExtraction, extractedFields, type Extraction } from "../../src/processing/extraction.ts";
import { parserOf, RECEIVED, warningContext } from "../support/plan.ts";

const KNOWN: KnownFields = { time: ["ts", "time"], level: ["level"], message: ["msg", "message"] };

function eventOf(fields: Fields): LogEvent {
  const event = newEvent({ input: "in", stream: "/log", labels: {} });
  event.timestamp = RECEIVED;
  event.fields = fields;
  return event;
}

/** What an extraction makes of fields; absent ones left out. */
function extracted(extract: Extraction, fields: Fields) {
  const event = eventOf(fields);
  extract(event);
  const left = Object.fromEntries(Object.entries(event.fields).filter(([, value]) => value !== undefined));
  const { timestamp, timestampText, level, message } = event;
  return { time: new Date(timestamp).toISOString(), timestampText, level, message, left };
}

function extraction(keys: object = {}, known = KNOWN): { extract: Extraction; warnings: string[] } {
  const { context, warnings } = warningContext();
  return { extract: compileExtraction(known, parserOf({ type: "json", ...keys }), context), warnings };
}

Deno.test("Extraction moves time, level and message out of the fields that are known", () => {
  const { extract } = extraction();
  const text = "2026-01-02T03:04:05.123456789Z";
  assert.deepEqual(extracted(extract, { ts: text, level: "WARNING", msg: "hello", other: 1 }), {
    time: "2026-01-02T03:04:05.123Z",
    timestampText: text,
    level: "warn",
    message: "hello",
    left: { other: 1 },
  });
});

Deno.test("Extraction takes the first field that fits, and leaves what does not", () => {
  const { extract } = extraction();
  const { left, time, level, message } = extracted(extract, {
    ts: "soon",
    time: "2026-01-02T03:04:05Z",
    level: "loud",
    msg: { nested: true },
    message: 17,
  });
  assert.deepEqual(left, { ts: "soon", level: "loud", msg: { nested: true } });
  assert.deepEqual([time, level, message], ["2026-01-02T03:04:05.000Z", undefined, "17"]);
});

Deno.test("Extraction leaves events without such fields as they are", () => {
  const { extract } = extraction();
  const { time, left, timestampText } = extracted(extract, { ts: null, time: true, other: "x" });
  assert.deepEqual([time, timestampText], [new Date(RECEIVED).toISOString(), undefined]);
  assert.deepEqual(left, { ts: null, time: true, other: "x" });
});

Deno.test("Extraction keeps the text of a time only where it is that time in RFC 3339", () => {
  const { extract } = extraction();
  const canonical = "2026-01-02T03:04:05Z";
  const texts = [canonical, canonical, "2026-01-02T05:04:05+02:00", "2026-01-02T05:04:05+02:00", canonical];
  assert.deepEqual(texts.map((ts) => extracted(extract, { ts }).timestampText), [
    canonical,
    canonical,
    undefined,
    undefined,
    canonical,
  ]);
  assert.equal(extracted(extract, { ts: 1767323045 }).timestampText, undefined);
});

Deno.test("Extraction reads a time without a date anew when the records arrived later", () => {
  let now = RECEIVED;
  const { context } = warningContext();
  const config = parserOf({ type: "json", time_field: "at", time_format: "15:04:05" });
  const extract = compileExtraction(KNOWN, config, { ...context, now: () => now });
  const timeOf = () => {
    const event = eventOf({ at: "09:00:00" });
    event.timestamp = now;
    extract(event);
    return new Date(event.timestamp).toISOString();
  };
  assert.deepEqual([timeOf(), timeOf()], ["2026-11-25T09:00:00.000Z", "2026-11-25T09:00:00.000Z"]);
  now += 86_400_000;
  assert.equal(timeOf(), "2026-11-26T09:00:00.000Z");
});

Deno.test("Extraction reads big integers, in the unit that is configured", () => {
  const { extract } = extraction({ time_field: "at", time_format: "unix_ns" });
  assert.equal(extracted(extract, { at: 1767323045123456789n }).time, "2026-01-02T03:04:05.123Z");
});

Deno.test("Extraction takes only what the configuration names, in place of what is known", () => {
  const { extract } = extraction({ time_field: "a.at", level_field: "[a][level]", message_field: "text" });
  const { left, time, level, message } = extracted(extract, {
    ts: "2020-01-01T00:00:00Z",
    msg: "known",
    a: { at: "2026-01-02T03:04:05Z", level: "E", more: 1 },
    text: "named",
  });
  assert.deepEqual([time, level, message], ["2026-01-02T03:04:05.000Z", "error", "named"]);
  assert.deepEqual({ ts: left["ts"], msg: left["msg"] }, { ts: "2020-01-01T00:00:00Z", msg: "known" });
  assert.equal(JSON.stringify(left["a"]), '{"more":1}');
});

Deno.test("Extraction finds nothing in fields that every object inherits", () => {
  const keys = { time_field: "valueOf", level_field: "toString", message_field: "constructor" };
  const { extract } = extraction(keys);
  const { message, level, left } = extracted(extract, { a: 1 });
  assert.deepEqual([message, level, left], ["", undefined, { a: 1 }]);
  assert.equal(extracted(extract, JSON.parse('{"constructor":"own"}')).message, "own");
});

Deno.test("Extraction warns of a configured time that cannot be read in one short text", () => {
  const { extract, warnings } = extraction({ time_field: "at" });
  for (let i = 0; i < 3; i++) extracted(extract, { at: `never ${i}${"!".repeat(10_000)}` });
  assert.equal(new Set(warnings).size, 1);
  assert.match(warnings[0]!, /^Cannot read the time in the field "at", for example "never 0!+"; it stays/);
  assert.ok(warnings[0]!.length < 250);
  const guessed = extraction();
  extracted(guessed.extract, { ts: "never" });
  assert.deepEqual(guessed.warnings, [], "a field that only may be the time");
});

Deno.test("compileExtraction tells the key of what is no path, no format and no zone", () => {
  const keyOf = (keys: object) => {
    try {
      extraction(keys);
    } catch (error) {
      assert.ok(error instanceof KeyError, String(error));
      return error.key;
    }
    throw new Error("accepted");
  };
  assert.equal(keyOf({ time_field: "[a" }), "time_field");
  assert.equal(keyOf({ level_field: "" }), "level_field");
  assert.equal(keyOf({ message_field: "[" }), "message_field");
  assert.equal(keyOf({ time_format: "yesterday" }), "time_format");
  assert.equal(keyOf({ timezone: "Mars/Olympus" }), "timezone");
});

Deno.test("extractedFields names what the configuration says, or what is known", () => {
  const config = parserOf({ type: "json", level_field: "sev" });
  assert.deepEqual(extractedFields(KNOWN, config), { ...KNOWN, level: ["sev"] });
});
