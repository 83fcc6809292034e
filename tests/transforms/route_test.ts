import assert from "node:assert/strict";
import { type LogEvent, newEvent } from "../../src/event.ts";
import { KeyError } from "../../src/lib/key_error.ts";
import { createRoute } from "../../src/transforms/route.ts";

const warnings: string[] = [];
const context = {
  resources: { file: () => new Uint8Array(), directory: () => new Map() },
  now: () => 0,
  warn: (text: string) => void warnings.push(text),
};

function eventOf(level: LogEvent["level"], status: number): LogEvent {
  const event = newEvent({ input: "in", stream: "/a.log", labels: {} });
  return Object.assign(event, { level, fields: { status } });
}

const routes = { errors: 'level === "error"', slow: "fields.status > 499", all: 'level !== "debug"' };

Deno.test("createRoute gives an event the names of all routes whose condition holds, in their order", async () => {
  const route = await createRoute({ routes }, context);
  assert.deepEqual(route.apply(eventOf("error", 500))?.routes, ["errors", "slow", "all"]);
  assert.deepEqual(route.apply(eventOf("error", 200))?.routes, ["errors", "all"]);
  assert.deepEqual(route.apply(eventOf("debug", 200))?.routes, ["_unmatched"]);
});

Deno.test("createRoute gives records with the same routes the same list", async () => {
  const route = await createRoute({ routes }, context);
  const first = route.apply(eventOf("error", 500))?.routes;
  route.apply(eventOf("debug", 1));
  assert.equal(route.apply(eventOf("error", 501))?.routes, first);
});

Deno.test("createRoute adds to the routes that an event has, without doubling any", async () => {
  const first = await createRoute({ routes: { a: 'level === "error"', b: "fields.status > 1" } }, context);
  const second = await createRoute({ routes: { b: "fields.status > 2", c: 'level === "warn"' } }, context);
  const both = (event: LogEvent) => second.apply(first.apply(event) as LogEvent)?.routes;
  assert.deepEqual(both(eventOf("error", 3)), ["a", "b"]);
  assert.deepEqual(both(eventOf("error", 0)), ["a"]);
  assert.deepEqual(both(eventOf("warn", 0)), ["c"]);
  assert.deepEqual(both(eventOf("warn", 3)), ["b", "c"]);
  assert.deepEqual(both(eventOf("info", 0)), ["_unmatched"]);
});

Deno.test("createRoute takes a condition that throws as one that does not hold", async () => {
  const route = await createRoute({ routes: { a: "fields.user.name === 1", b: "true" } }, context);
  assert.deepEqual(route.apply(eventOf("info", 0))?.routes, ["b"]);
  assert.match(warnings.join(), /condition under "routes.a"/);
});

Deno.test("createRoute refuses no routes, a condition that is wrong, and the name of what takes none", async () => {
  const refused = async (given: Record<string, string>, key: string, message: RegExp) => {
    const error = await createRoute({ routes: given }, context).then(() => undefined, (error) => error);
    assert.ok(error instanceof KeyError);
    assert.equal(error.key, key);
    assert.match(error.message, message);
  };
  await refused({}, "routes", /no route/);
  await refused({ a: "lvl === 1" }, "routes.a", /lvl is not available/);
  await refused({ _unmatched: "true" }, "routes._unmatched", /no condition takes/);
});
