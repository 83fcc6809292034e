import assert from "node:assert/strict";
import { KeyErrors } from "../../src/lib/key_error.ts";
import { Inspector } from "../../src/processing/inspector.ts";
import { buildProcessor } from "../../src/processor.ts";
import { outputOf, planJob, planOf, type PlanParts, RECEIVED } from "../support/plan.ts";

const SOURCE = { input: "in", stream: "/log", labels: {} };

async function inspected(parts: PlanParts, record: string) {
  const inspector = await Inspector.for(planOf(parts), new Map());
  return inspector.inspect(record, SOURCE, RECEIVED);
}

Deno.test("Inspector shows what a record is after every step", async () => {
  const { steps, event, outputs, warnings } = await inspected({
    parsers: [{ type: "json" }],
    transforms: [
      { type: "rename", rename: { a: "b" } },
      { type: "add", add: { list: [1] } },
      { type: "route", routes: { big: "fields.b > 1", small: "fields.b <= 1" } },
    ],
    outputs: [{ routes: ["big"] }, { routes: ["small"] }, { if: "fields.b === 2" }, { if: "!fields.b" }],
  }, '{"a":2,"msg":"m","level":"warn"}');
  assert.deepEqual(steps.map(({ name }) => name), [
    "parser json",
    "transform 1: rename",
    "transform 2: add",
    "transform 3: route",
  ]);
  assert.deepEqual(steps.map(({ after }) => after?.fields), [
    { a: 2 },
    { b: 2 },
    { b: 2, list: [1] },
    { b: 2, list: [1] },
  ]);
  assert.deepEqual([event?.message, event?.level, event?.routes], ["m", "warn", ["big"]]);
  assert.deepEqual(outputs, ["out-0", "out-2"]);
  assert.deepEqual(warnings, []);
});

Deno.test("Inspector ends at the step that drops the record", async () => {
  const transforms = [{ type: "drop", if: "fields.a" }, { type: "add", add: { b: 1 } }];
  const dropped = await inspected({ parsers: [{ type: "json" }], transforms }, '{"a":1}');
  assert.deepEqual(dropped.steps.map(({ after }) => after?.fields), [{ a: 1 }, undefined]);
  assert.deepEqual([dropped.event, dropped.outputs], [undefined, []]);
  const unparsed = await inspected({ parsers: [{ type: "json", on_error: "drop" }] }, "no");
  assert.deepEqual(unparsed.steps, [{ name: "parser json", after: undefined }]);
  const passed = await inspected({ parsers: [{ type: "json" }] }, "no");
  assert.equal(passed.event?.fields["parse_error"], 'not in the format "json"');
  assert.equal((await inspected({}, "plain")).event?.message, "plain");
});

Deno.test("Inspector tells what goes wrong with a record by that record, and of the plan by itself", async () => {
  const parser = { type: "grok", grok_pattern: "^(?<n>(\\w+)+)$", time_field: "n" };
  const inspector = await Inspector.for(planOf({ parsers: [parser] }), new Map());
  assert.equal(inspector.planWarnings.length, 1);
  assert.match(inspector.planWarnings[0]!, /doubles with every further/);
  const { warnings } = inspector.inspect("soon", SOURCE, RECEIVED);
  assert.deepEqual(warnings, ['Cannot read the time in the field "n", for example "soon"; it stays a field']);
});

Deno.test("Inspector tells all mistakes of a plan at once", async () => {
  const parts = {
    parsers: [{ type: "regex", pattern: "(" }],
    transforms: [{ type: "script", code: "return fetch" }],
    outputs: [{ if: "1 +" }],
  };
  await assert.rejects(inspected(parts, ""), (error) => {
    assert.ok(error instanceof KeyErrors, String(error));
    assert.equal(error.errors.length, 3);
    return true;
  });
});

Deno.test("Inspector sends records where the processor does", async () => {
  const parts = {
    parsers: [{ type: "json" }],
    transforms: [
      { type: "drop", if: "fields.n === 0" },
      { type: "sample", rate: 2 },
      { type: "route", routes: { odd: "fields.n % 2 === 1" } },
    ],
    outputs: [{ routes: ["odd"] }, { if: "fields.n > 3" }, { routes: ["_unmatched"], if: "fields.n < 7" }],
  };
  const records = Array.from({ length: 12 }, (_, n) => `{"n":${n % 9}}`);
  const inspector = await Inspector.for(planOf(parts), new Map());
  const inspections = records.map((record) => inspector.inspect(record, SOURCE, RECEIVED));
  const processor = await buildProcessor(planOf(parts), new Map());
  const processed = processor.process(planJob(records.map((record) => `${record}\n`)));
  for (const output of ["out-0", "out-1", "out-2"]) {
    const expected = inspections.filter(({ outputs }) => outputs.includes(output));
    const made = outputOf(processed, output).map((text) => JSON.parse(text).fields);
    assert.deepEqual(made, expected.map(({ event }) => event?.fields), output);
  }
});
