import assert from "node:assert/strict";
import { KeyError } from "../../src/lib/key_error.ts";
import { compileEventPath, compileEventPaths } from "../../src/transforms/event_path.ts";
import { eventWith, plain, TestContext } from "./support.ts";

const path = (text: string) => compileEventPath(text, "key", new TestContext());

Deno.test("EventPath reads the event's own message, level and timestamp where no field has that name", () => {
  const own = eventWith({}, { message: "m", level: "warn" });
  assert.equal(path("message").get(own), "m");
  assert.equal(path("level").get(own), "warn");
  assert.match(String(path("timestamp").get(own)), /^2024-05-01T12:00:00/);
  const fields = eventWith({ message: 1, level: 2, timestamp: 3 }, { message: "m", level: "warn" });
  assert.deepEqual(["message", "level", "timestamp"].map((name) => path(name).get(fields)), [1, 2, 3]);
});

Deno.test("EventPath takes an empty message and no level for absent", () => {
  const event = eventWith({});
  assert.equal(path("message").get(event), undefined);
  assert.equal(path("level").get(event), undefined);
  assert.equal(path("message").remove(event), undefined);
});

Deno.test("EventPath keeps the text of a time as it was read", () => {
  const event = eventWith({}, { timestampText: "2024-05-01T12:00:00.123456789Z" });
  assert.equal(path("timestamp").get(event), "2024-05-01T12:00:00.123456789Z");
  assert.equal(path("timestamp").remove(event), "2024-05-01T12:00:00.123456789Z");
  path("timestamp").set(event, 1714564800);
  assert.equal(event.timestamp, 1714564800000);
  assert.equal(event.timestampText, undefined);
});

Deno.test("EventPath sets a field rather than the event's own where there is one", () => {
  const event = eventWith({ message: 1 }, { message: "m" });
  path("message").set(event, "new");
  assert.deepEqual([event.message, plain(event.fields)], ["m", { message: "new" }]);
});

Deno.test("EventPath makes text of any message", () => {
  const event = eventWith({});
  path("message").set(event, { a: [1] });
  assert.equal(event.message, '{"a":[1]}');
});

Deno.test("EventPath makes fields of what is no level and no time", () => {
  const event = eventWith({}, { level: "info" });
  for (const value of ["purple", 99, null, true, ["warn"]]) {
    path("level").set(event, value);
    path("level").remove(event);
  }
  for (const value of ["later", null, true, {}]) {
    path("timestamp").set(event, value);
    assert.deepEqual(plain(event.fields.timestamp), value);
    path("timestamp").remove(event);
  }
  assert.deepEqual([event.level, event.timestamp], ["info", Date.UTC(2024, 4, 1, 12)]);
});

Deno.test("EventPath takes fields. for a prefix, and brackets for the field itself", () => {
  const event = eventWith({ a: { b: 1 }, fields: { a: 2 } });
  assert.equal(path("fields.a.b").get(event), 1);
  assert.equal(path("[fields][a]").get(event), 2);
  assert.equal(path("fields.message").get(eventWith({}, { message: "m" })), undefined);
});

Deno.test("compileEventPaths says which path is wrong", () => {
  assert.throws(
    () => compileEventPaths(["a", ""], "fields", new TestContext()),
    (error) => error instanceof KeyError && error.key === "fields[1]",
  );
});
