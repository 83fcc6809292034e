import assert from "node:assert/strict";
import { type Encoder, lineEncoder } from "../../src/encoding/encoder.ts";
import type { OutputPlan } from "../../src/processing/plan.ts";
import { splicePlanOf } from "../../src/processing/splice_plan.ts";
import { planOf, type PlanParts, warningContext } from "../support/plan.ts";

const LINES = lineEncoder("json", { plain: false, includeRaw: false });

function spliced(parts: PlanParts, encoders: readonly Encoder[] = [LINES]) {
  const plan = planOf({ parsers: [{ type: "json" }], ...parts });
  return splicePlanOf(plan, encoders, warningContext().context);
}

Deno.test("splicePlanOf turns parser and transforms into steps, in their order", async () => {
  const plan = await spliced({
    parsers: [
      { type: "multiline", multiline: { pattern: "^x" }, custom_fields: { site: "eu" } },
      { type: "json", level_field: "sev", custom_fields: { n: 1 } },
    ],
    transforms: [
      { type: "rename", rename: { a: "b", c: "d" } },
      { type: "add", add: { x: { y: [1] } }, overwrite: false },
      { type: "filter", include_fields: ["x"], exclude_fields: ["y"] },
      { type: "remove", fields: ["z"] },
    ],
  });
  assert.deepEqual(plan?.levelFields, ["sev"]);
  assert.ok(plan.timeFields.includes("@timestamp") && plan.messageFields.includes("msg"));
  assert.deepEqual(plan.steps, [
    { kind: "add", name: "site", json: '"eu"', overwrite: true },
    { kind: "add", name: "n", json: "1", overwrite: true },
    { kind: "rename", from: "a", to: "b" },
    { kind: "rename", from: "c", to: "d" },
    { kind: "add", name: "x", json: '{"y":[1]}', overwrite: false },
    { kind: "keep", names: ["x"] },
    { kind: "remove", names: ["y"] },
    { kind: "remove", names: ["z"] },
  ]);
});

Deno.test("splicePlanOf answers undefined wherever it takes events", async () => {
  const output = (keys: Partial<OutputPlan>): PlanParts => ({ outputs: [keys] });
  const transform = (block: object): PlanParts => ({ transforms: [block] });
  const parser = (keys: object): PlanParts => ({ parsers: [{ type: "json", ...keys }] });
  const parts: Record<string, PlanParts> = {
    "another parser": { parsers: [{ type: "logfmt" }] },
    "no parser": { parsers: [] },
    "two parsers": { parsers: [{ type: "json" }, { type: "logfmt" }] },
    "two outputs": { outputs: [{}, {}] },
    "a condition of the output": output({ if: "true" }),
    routes: output({ routes: ["a"] }),
    "the raw line": output({ includeRaw: true }),
    "a nested time": parser({ time_field: "a.b" }),
    "a nested level": parser({ level_field: "[a][b]" }),
    "a nested custom field": parser({ custom_fields: { "a.b": 1 } }),
    "a custom field that is the event's": parser({ custom_fields: { message: "x" } }),
    "a condition on the time": transform({ type: "remove", fields: ["a"], if: "timestamp > 5" }),
    "a condition on the input": transform({ type: "remove", fields: ["a"], if: 'input === "a"' }),
    "a condition on the whole event": transform({ type: "remove", fields: ["a"], if: "event.level" }),
    "a condition on all fields": transform({ type: "drop", if: '"a" in fields' }),
    "a condition on a field named by another": transform({ type: "keep", if: "fields[level] === 1" }),
    "a condition on what all objects have": transform({ type: "keep", if: "fields.valueOf === 1" }),
    "fields kept under a condition": transform({ type: "filter", fields: ["a"], if: "level" }),
    "patterns to remove": transform({ type: "remove", fields: ["a"], patterns: ["b"] }),
    "patterns to keep": transform({ type: "filter", fields: ["a"], patterns: ["b"] }),
    "the event's level": transform({ type: "remove", fields: ["level"] }),
    "a nested field": transform({ type: "rename", rename: { a: "b.c" } }),
    "a rename that overwrites nothing": transform({
      type: "rename",
      rename: { a: "b" },
      overwrite: false,
    }),
    "a template": transform({ type: "add", add: { a: { deep: ["{{ message }}"] } } }),
    "another transform": transform({ type: "script", code: "return event" }),
    "a prototype": transform({ type: "remove", fields: ["__proto__"] }),
  };
  assert.ok(await spliced({}) !== undefined, "the control");
  for (const [what, part] of Object.entries(parts)) {
    const { outputs = [{}] } = part;
    assert.equal(await spliced(part, outputs.map(() => LINES)), undefined, what);
  }
  const text = lineEncoder("text", { plain: false, includeRaw: false });
  assert.equal(await spliced({}, [text]), undefined, "text");
  assert.equal(await spliced({}, [{ ...LINES, partitionOf: () => "" }]), undefined, "partitions");
});

Deno.test("splicePlanOf has conditions on level, message, source and fields tested, and drops where they say so", async () => {
  const plan = await spliced({
    transforms: [
      { type: "remove", fields: ["a"], if: "fields.b.c > 1 && fields['d e'] === level" },
      { type: "drop", if: "message.includes('x') && source" },
      { type: "keep", if: "true" },
    ],
  });
  const read = plan?.steps.map((step) => {
    assert.equal(step.kind, "if");
    const { condition: { fields, readsMessage }, negated, steps } = step as typeof step & { kind: "if" };
    return { fields, readsMessage, negated, steps };
  });
  assert.deepEqual(read, [
    { fields: ["b", "d e"], readsMessage: false, negated: false, steps: [{ kind: "remove", names: ["a"] }] },
    { fields: [], readsMessage: true, negated: false, steps: [{ kind: "drop", transform: 1 }] },
    { fields: [], readsMessage: false, negated: true, steps: [{ kind: "drop", transform: 2 }] },
  ]);
});
