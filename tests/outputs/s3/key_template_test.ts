import assert from "node:assert/strict";
import fc from "fast-check";
import { type Fields, type LogEvent, newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import { compilePartition, objectKey } from "../../../src/outputs/s3/key_template.ts";
import { sourceOf } from "../../contracts/batches.ts";

const TIME = Date.UTC(2026, 1, 3, 4, 5, 6, 789);

function eventOf(fields: Fields, timestamp = TIME): LogEvent {
  const event = newEvent(sourceOf("/var/log/app.log", { file: "app.log" }, "apps"));
  return Object.assign(event, { fields, timestamp, level: "error" });
}

function keyOf(template: string, fields: Fields = {}, prefix = "logs/", extension = ""): string {
  const partition = compilePartition(prefix, template)(eventOf(fields));
  const seconds = Math.floor(TIME / 1000);
  return objectKey(partition, { id: "<id>", seconds, nanoseconds: "789000000", extension });
}

Deno.test("compilePartition renders times as Go templates and as strftime", () => {
  assert.equal(
    keyOf(
      "{{.Year}}/{{.Month}}/{{ .Day }}/{{.Hour}}/{{.Minute}}{{.Second}}-{{.Timestamp}}-{{.UnixNano}}.json",
    ),
    "logs/2026/02/03/04/0506-1770091506-1770091506789000000-<id>.json",
  );
  assert.equal(
    keyOf("%Y/%m/%d/%H%M%S/%s %T %j 100%%.x"),
    "logs/2026/02/03/040506/1770091506 04:05:06 034 100%-<id>.x",
  );
});

Deno.test("compilePartition puts the id where it is told, or before the extension", () => {
  assert.equal(keyOf("a/{{ id }}/b.json"), "logs/a/<id>/b.json");
  assert.equal(keyOf("a/b.tar.gz"), "logs/a/b-<id>.tar.gz");
  assert.equal(keyOf("a.b/c"), "logs/a.b/c-<id>");
  assert.equal(keyOf("a/"), "logs/a/<id>");
  assert.equal(keyOf(".json"), "logs/<id>.json");
  assert.equal(keyOf("{{ fields.app }}", { app: "web" }), "logs/web-<id>");
  assert.equal(keyOf("{{ fields.app }}.json", { app: "web" }, ""), "web-<id>.json");
  assert.equal(keyOf("", {}, ""), "<id>");
});

Deno.test("objectKey adds an extension once", () => {
  assert.equal(keyOf("a.json", {}, "", ".gz"), "a-<id>.json.gz");
  assert.equal(keyOf("a.json.gz", {}, "", ".gz"), "a-<id>.json.gz");
});

Deno.test("compilePartition renders values of the event", () => {
  assert.equal(
    keyOf("{{ fields.a.b }}/{{ source }}/{{ file }}/{{ input }}/{{ level }}/{{ fields.none }}/x", {
      a: { b: 7n },
    }),
    "logs/7/_var_log_app.log/app.log/apps/error/unknown/x-<id>",
  );
});

Deno.test("compilePartition tells records of one minute apart by their values only", () => {
  const partitionOf = compilePartition("", "{{ fields.app }}/%H/%M/{{.Timestamp}}");
  const at = (app: string, time: number) => partitionOf(eventOf({ app }, time));
  assert.equal(at("a", TIME), at("a", TIME + 40_000));
  assert.notEqual(at("a", TIME), at("b", TIME));
  assert.notEqual(at("a", TIME), at("a", TIME + 60_000));
  assert.equal(at("b", TIME), at("b", TIME - 5_000));
});

Deno.test("compilePartition takes any time", () => {
  const partitionOf = compilePartition("", "%Y-%m");
  for (const time of [-1e15, -1, 0, NaN, Infinity, 1e18]) {
    assert.ok(["1970-01-\x01", "9999-12-\x01"].includes(partitionOf(eventOf({}, time))));
  }
});

Deno.test("compilePartition confines values", () => {
  for (
    const [value, name] of [
      ["../../etc", "___.._etc"],
      ["..", "__"],
      [".", "_"],
      ["", "_"],
      ["a\\b\n\x01\u2028", "a_b___"],
      ["ü & ?", "ü & ?"],
      ["\ud800", "\ufffd"],
    ] as const
  ) {
    const got = keyOf("{{ fields.v }}/x", { v: value });
    assert.equal(got, `logs/${name}/x-<id>`);
    assert.equal(got.split("/").length, 3);
  }
  const long = keyOf("{{ fields.v }}/x", { v: "é".repeat(500) });
  assert.match(long, /^logs\/é+~[0-9a-f]{8}\/x-<id>$/);
  assert.notEqual(long, keyOf("{{ fields.v }}/x", { v: `${"é".repeat(500)}!` }));
});

Deno.test("compilePartition makes keys that stay below the prefix and are short enough, whatever the values are", () => {
  const partitionOf = compilePartition(
    "tenant/",
    "{{ fields.a }}/{{ fields.b }}{{ fields.c }}/{{ fields.d }}-%H",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.constantFrom("..", "/", "../..", "\x01"),
  );
  fc.assert(fc.property(text, text, text, text, (a, b, c, d) => {
    const key = objectKey(partitionOf(eventOf({ a, b, c, d })), {
      id: "i".repeat(80),
      seconds: 0,
      nanoseconds: "000000000",
      extension: ".zst",
    });
    assert.ok(new TextEncoder().encode(key).length <= 1024);
    assert.match(key, /^tenant\//);
    const segments = key.split("/");
    assert.equal(segments.length, 4);
    assert.ok(segments.every((segment) => segment !== "" && segment !== "." && segment !== ".."));
    assert.ok(!/\p{Cc}/u.test(key));
    assert.equal(
      new URL(`http://x/${key.split("/").map(encodeURIComponent).join("/")}`).pathname.split("/").length,
      5,
    );
  }));
});

Deno.test("compilePartition says what is wrong with a template", () => {
  for (
    const [template, reason] of [
      ["{{ fields.app", /"\{\{" has no "\}\}"/],
      ["{{.Weekday}}", /has no "\{\{\.Weekday\}\}"; known: \.Year/],
      ["%Q", /"%Q" is no time conversion/],
      ["{{ message }}", /an object of its own/],
      ["a/../b", /has the part "\.\."/],
      ["a\nb", /control character/],
      ["x".repeat(900), /is too long/],
      [Array.from({ length: 60 }, (_, index) => `{{ fields.f${index} }}`).join("/"), /is too long/],
    ] as const
  ) {
    assert.throws(() => compilePartition("", template), (error) => {
      assert.ok(error instanceof KeyError && error.key === "key_template");
      assert.match(error.message, reason);
      return true;
    });
  }
});
