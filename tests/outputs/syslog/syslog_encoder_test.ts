import assert from "node:assert/strict";
import fc from "fast-check";
import { type Fields, type LogEvent, newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import * as schema from "../../../src/lib/schema.ts";
import { utf8Length, utf8Start } from "../../../src/outputs/syslog/header_text.ts";
import { syslogOutputSchema } from "../../../src/outputs/syslog/syslog_config.ts";
import { syslogEncoder } from "../../../src/outputs/syslog/syslog_encoder.ts";
import { sourceOf } from "../../contracts/batches.ts";
import { anyText } from "../../support/any_text.ts";

const TIME = Date.UTC(2026, 10, 5, 9, 8, 7, 123);

function writer(keys: object = {}): (event: LogEvent) => string {
  const config = schema.parse(syslogOutputSchema, { address: "tcp://x", hostname: "box", ...keys });
  const encoder = syslogEncoder(config, { plain: false, includeRaw: false });
  assert.equal(encoder.kind, "text");
  return (event) => encoder.encode(event);
}

function eventOf(changes: Partial<LogEvent> = {}, fields: Fields = {}): LogEvent {
  return {
    ...newEvent(sourceOf("/a.log")),
    timestamp: TIME,
    message: "hello",
    raw: "raw",
    fields,
    ...changes,
  };
}

Deno.test("syslogEncoder writes RFC 5424 with what the event has", () => {
  const write = writer({
    facility: "local0",
    app_name: "{{ fields.app }}",
    procid: "{{ pid }}",
    msgid: "ID",
  });
  assert.equal(
    write(eventOf({ level: "error" }, { app: "shop", pid: 42 })),
    "<131>1 2026-11-05T09:08:07.123Z box shop 42 ID - hello",
  );
  assert.equal(write(eventOf({ message: "" })), "<134>1 2026-11-05T09:08:07.123Z box - - ID - raw");
});

Deno.test("syslogEncoder cuts times to the six digits that RFC 5424 allows", () => {
  const write = writer();
  for (
    const [text, expected] of [
      ["2026-11-05T09:08:07Z", "2026-11-05T09:08:07Z"],
      ["2026-11-05T09:08:07.123456Z", "2026-11-05T09:08:07.123456Z"],
      ["2026-11-05T09:08:07.123456789Z", "2026-11-05T09:08:07.123456Z"],
    ] as const
  ) assert.equal(write(eventOf({ timestampText: text })).split(" ")[1], expected);
});

Deno.test("syslogEncoder writes RFC 3164 with a tag", () => {
  const write = writer({ format: "3164", timezone: "utc", app_name: "{{ app }}", procid: "{{ pid }}" });
  assert.equal(write(eventOf({}, { app: "my app: [x]" })), "<14>Nov  5 09:08:07 box my_app___x_: hello");
  assert.equal(write(eventOf({}, { app: "app", pid: 7 })), "<14>Nov  5 09:08:07 box app[7]: hello");
});

Deno.test("syslogEncoder takes facility and severity by name, number, level, or from fields", () => {
  const priority = (keys: object, changes: Partial<LogEvent> = {}, fields: Fields = {}): number =>
    Number(/^<(\d+)>/.exec(writer(keys)(eventOf(changes, fields)))?.[1]);
  const levels = { trace: 15, debug: 15, info: 14, warn: 12, error: 11, fatal: 10 } as const;
  for (const [level, expected] of Object.entries(levels)) {
    assert.equal(priority({}, { level: level as "info" }), expected);
  }
  assert.equal(priority({}), 14);
  assert.equal(priority({ facility: "23", severity: "0" }), 184);
  assert.equal(priority({ facility: "LOCAL7", severity: "warn" }), 188);
  const templates = { facility: "{{ f }}", severity: "{{ s }}" };
  assert.equal(priority(templates, {}, { f: 4, s: "crit" }), 34);
  assert.equal(priority(templates, {}, { f: "mail", s: 7 }), 23);
  assert.equal(priority(templates, { level: "fatal" }, { f: "nonsense", s: 99 }), 10);
  assert.equal(priority(templates, {}, { f: -1, s: null }), 14);
});

Deno.test("syslogEncoder lets nothing into a header that is not printable, or too long", () => {
  const write = writer({ hostname: "{{ h }}", app_name: "{{ h }}", procid: "{{ h }}", msgid: "{{ h }}" });
  const hostile = "a b\n<13>1 ü\x01";
  const header = write(eventOf({}, { h: hostile })).split(" ").slice(2, 6);
  assert.deepEqual(header, Array(4).fill("a_b_<13>1____".slice(0, hostile.length)));
  const long = write(eventOf({}, { h: "x".repeat(1000) })).split(" ").slice(2, 6);
  assert.deepEqual(long.map(({ length }) => length), [255, 48, 128, 32]);
  assert.equal(write(eventOf()).split(" ")[2], "\x01", "the output puts the name of the machine there");
});

Deno.test("syslogEncoder sends fields as structured data, escaped as the RFC has it", () => {
  const data = (keys: object, fields: Fields) => {
    const message = writer({ structured_data: { id: "f@32473", ...keys } })(eventOf({}, fields));
    return message.slice(message.indexOf(" - - ") + 5, -" hello".length);
  };
  assert.equal(
    data({}, { a: 'x"]\\', n: { b: [1] }, big: 12n, no: null }),
    '[f@32473 a="x\\"\\]\\\\" n="{\\"b\\":[1\\]}" big="12" no="null"]',
  );
  assert.equal(data({ fields: ["n.b", "gone"] }, { n: { b: 1 } }), '[f@32473 n.b="1"]');
  assert.equal(data({}, {}), "-");
  assert.equal(data({}, { 'a="]ü b': 1 }), '[f@32473 a=___ü_b="1"]'.replace("a=___ü_b", "a_____b"));
  assert.equal(data({}, { ["x".repeat(50)]: 1 }), `[f@32473 ${"x".repeat(32)}="1"]`);
  const bounded = data({}, { big: "ü".repeat(5000), small: "s" });
  assert.equal(bounded, '[f@32473 small="s"]', "what would fill the message is left out");
});

Deno.test("syslogEncoder cuts long messages at a character, and says so", () => {
  const write = writer({ max_message_bytes: 480 });
  for (const text of ["ü".repeat(300), "€".repeat(200), "😀".repeat(200), "x".repeat(481)]) {
    const message = write(eventOf({ message: text }));
    const bytes = new TextEncoder().encode(message);
    assert.ok(bytes.length <= 480 && bytes.length > 475, `${bytes.length} bytes`);
    assert.ok(message.endsWith("[truncated]"));
    assert.ok(!new TextDecoder().decode(bytes).includes("\ufffd"));
  }
  const fits = write(eventOf({ message: "x".repeat(400) }));
  assert.ok(fits.endsWith("xx"));
});

Deno.test("syslogEncoder sends line feeds as they are where the length frames, and else escaped", () => {
  assert.ok(writer()(eventOf({ message: "a\nb" })).endsWith(" a\nb"));
  assert.ok(writer({ framing: "newline" })(eventOf({ message: "a\nb\n" })).endsWith(" a#012b#012"));
});

Deno.test("syslogEncoder sends event JSON, or a byte order mark, where it is told to", () => {
  const message = writer({ encoding: "json" })(eventOf({}, { a: 1 }));
  const json = JSON.parse(message.slice(message.indexOf("{")));
  assert.deepEqual([json.message, json.fields], ["hello", { a: 1 }]);
  assert.ok(writer({ bom: true })(eventOf()).endsWith(" - - - \ufeffhello"));
});

Deno.test("syslogEncoder tells which key is wrong", () => {
  for (
    const [key, value] of [["facility", "local8"], ["severity", "9"], ["app_name", "{{ x"], [
      "msgid",
      "}}",
    ]] as const
  ) {
    assert.throws(() => writer({ [key]: value }), (error) => error instanceof KeyError && error.key === key);
  }
});

Deno.test("utf8Length and utf8Start count as an encoder does", () => {
  fc.assert(fc.property(anyText(30), fc.nat(40), (text, limit) => {
    const wellFormed = text.toWellFormed();
    const encoded = new TextEncoder().encode(wellFormed).length;
    assert.equal(utf8Length(wellFormed), encoded);
    const start = utf8Start(wellFormed, limit);
    const size = new TextEncoder().encode(start).length;
    assert.ok(wellFormed.startsWith(start) && size <= limit);
    if (start !== wellFormed) assert.ok(size > limit - 4);
  }));
});
