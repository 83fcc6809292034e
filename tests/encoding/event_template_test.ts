import assert from "node:assert/strict";
import { KeyError } from "../../src/lib/key_error.ts";
import {
  compileEventKey,
  compileEventTemplate,
  compileEventValue,
} from "../../src/encoding/event_template.ts";
import { eventWith, fieldsFrom, plain } from "../transforms/support.ts";

const EVENT = () =>
  eventWith(
    {
      a: { b: 5, list: [1, 2] },
      "dotted.name": true,
      file: "a field",
      message: "a field",
      none: null,
      big: 12345678901234567890n,
    },
    { message: "hello", level: "warn" },
  );
const value = (template: string) => compileEventTemplate(template, "key")(EVENT());

Deno.test("compileEventTemplate fills in what the event has", () => {
  assert.equal(
    value("{{ message }}|{{level}}|{{ source }}|{{ input }}|{{ file }}"),
    "hello|warn|/var/log/app.log|files|app.log",
  );
  assert.match(String(value("{{ timestamp }}")), /^2024-05-01T12:00:00/);
});

Deno.test("compileEventTemplate gives the id of the record, or nothing where it has none", () => {
  const event = EVENT();
  const template = compileEventTemplate("{{ id }}", "key");
  assert.equal(template(event), undefined);
  event.origin = "lineage.2";
  event.offset = 71;
  assert.equal(template(event), "lineage.2.1z");
});

Deno.test("compileEventTemplate fills in fields, nested ones too", () => {
  assert.equal(
    value("{{ a.b }}-{{ fields.a.b }}-{{ dotted.name }}-{{ big }}"),
    "5-5-true-12345678901234567890",
  );
  assert.equal(value("{{ fields.message }}-{{ fields.file }}"), "a field-a field");
  assert.equal(value("<{{ a.list }}{{ none }}>"), "<[1,2]null>");
});

Deno.test("compileEventTemplate keeps the type of a single value", () => {
  assert.equal(value("{{ a.b }}"), 5);
  assert.equal(value("{{ dotted.name }}"), true);
  assert.deepEqual(plain(value("{{ a }}")), { b: 5, list: [1, 2] });
  assert.equal(value(" {{ a.b }}"), " 5");
});

Deno.test("compileEventTemplate takes what is absent for no text", () => {
  assert.equal(value("{{ absent }}"), undefined);
  assert.equal(value("<{{ absent.x }}{{ constructor }}{{ a.__proto__ }}>"), "<>");
  assert.equal(value(""), "");
});

Deno.test("compileEventTemplate takes a field for the level where the event has none", () => {
  assert.equal(compileEventTemplate("{{ level }}", "key")(eventWith({ level: "purple" })), "purple");
});

Deno.test("compileEventTemplate follows the labels of each source", () => {
  const template = compileEventTemplate("{{ pod }}", "key");
  const event = eventWith({ pod: "field" });
  const told = [{ pod: "a" }, { pod: "b" }, {}].map((labels) => {
    event.source = { input: "i", stream: "s", labels };
    return template(event);
  });
  assert.deepEqual(told, ["a", "b", "field"]);
});

Deno.test("compileEventTemplate says what is wrong", () => {
  assert.throws(
    () => compileEventTemplate("{{ a", "add.x"),
    (error) => error instanceof KeyError && error.key === "add.x",
  );
});

Deno.test("compileEventValue fills templates in at any depth", () => {
  const make = compileEventValue({
    x: "{{ a.b }}",
    y: ["{{ absent }}", { z: "{{ level }}" }],
    gone: "{{ absent }}",
    n: 1,
  }, "key");
  assert.deepEqual(plain(make(EVENT())), { x: 5, y: [null, { z: "warn" }], n: 1 });
});

Deno.test("compileEventKey makes text of any value", () => {
  const key = (text: string) => compileEventKey(text, "key")(EVENT());
  assert.deepEqual(["a.b", "a", "{{ a.b }}!", "source", "file", "absent"].map(key), [
    "5",
    '{"b":5,"list":[1,2]}',
    "5!",
    "/var/log/app.log",
    "app.log",
    undefined,
  ]);
  assert.equal(compileEventKey("__proto__", "key")(eventWith(fieldsFrom('{"__proto__":1}'))), "1");
});
