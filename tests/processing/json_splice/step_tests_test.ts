import assert from "node:assert/strict";
import fc from "fast-check";
import { lineEncoder } from "../../../src/encoding/encoder.ts";
import { buildProcessor, type Processor } from "../../../src/processor.ts";
import { GENERAL, Splicer } from "../../../src/processing/splicer.ts";
import { outputOf, planJob, planOf, warningContext } from "../../support/plan.ts";

const ENCODER = lineEncoder("json", { plain: false, includeRaw: false });

/** A condition on all fields, which takes events. */
const EVENTS = { type: "keep", if: "fields !== 1" };

/** Splices under conditions; and a processor that makes the same plan's events. */
async function both(transforms: object[]): Promise<{ spliced: Processor; general: Processor }> {
  const parsers = [{ type: "json", custom_fields: { site: "eu", rack: { row: 4 } } }];
  const plan = planOf({ parsers, transforms });
  assert.ok(await Splicer.for(plan, [ENCODER], warningContext().context) !== undefined);
  return {
    spliced: await buildProcessor(plan, new Map()),
    general: await buildProcessor(planOf({ parsers, transforms: [...transforms, EVENTS] }), new Map()),
  };
}

const value = fc.constantFrom(
  ...["1", "0", "-2.5", "1e3", "500", "12345678901234567890", "123456789012345678901234567890.5"],
  ...['""', '"a"', '"é\\n\\u0041"', `"${"long ".repeat(30)}"`, '"500"', "true", "false", "null"],
  ...['{"b":1}', '{"b":{"c":12345678901234567890}}', "[1,2]", "[]", "{}"],
);
const word = fc.constantFrom('"debug"', '"ERROR"', '"strange"', "3", "null");
const line = fc.record({
  level: word,
  msg: value,
  status: value,
  a: value,
  b: value,
  site: value,
}, { requiredKeys: [] }).map((members) =>
  `{${Object.entries(members).map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(", ")}}`
);
const condition = fc.constantFrom(
  'level === "debug"',
  "fields.status >= 500",
  "!fields.status",
  'message.includes("a") || fields.a === null',
  "fields.a.b.c > 1",
  "fields.a?.b === 1 || typeof fields.b === 'bigint'",
  'fields.site !== "eu"',
  "fields.rack.row === 4 && fields['a'] === fields.b",
  'source.endsWith("log") && fields.level === undefined',
  'message === ""',
  "fields.b.length > 1",
);
const change = fc.constantFrom(
  { type: "remove", fields: ["a"] },
  { type: "rename", rename: { a: "b", msg: "text" } },
  { type: "add", add: { a: "new", status: 200 } },
  { type: "add", add: { b: [1] }, overwrite: false },
  { type: "filter", exclude_fields: ["status", "site"] },
  { type: "drop" },
  { type: "keep" },
);
const transform = fc.oneof(
  fc.tuple(change, condition).map(([change, condition]) => ({ ...change, if: condition })),
  change.filter(({ type }) => type !== "drop" && type !== "keep"),
);

Deno.test("StepTests has steps done as the general path does transforms under the same conditions", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(transform, { minLength: 1, maxLength: 4 }),
      fc.array(line, { minLength: 1, maxLength: 30 }),
      async (transforms, lines) => {
        const { spliced, general } = await both(transforms);
        const job = () => planJob([...lines, "no json"].map((text) => `${text}\n`));
        for (let round = 0; round < 2; round++) {
          const [one, other] = [spliced.process(job()), general.process(job())];
          const parsed = (output: readonly string[]) => output.map((text) => JSON.parse(text));
          assert.deepEqual(parsed(outputOf(one)), parsed(outputOf(other)));
          assert.deepEqual(one.batches[0]?.records, other.batches[0]?.records);
          assert.deepEqual(one.discarded, other.discarded);
          assert.deepEqual([one.unparsed, one.warnings], [other.unparsed, other.warnings]);
        }
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("Splicer drops lines under conditions, and leaves lists and rounded integers to the general path", async () => {
  const plan = planOf({
    parsers: [{ type: "json" }],
    transforms: [{ type: "remove", fields: ["x"] }, { type: "drop", if: "fields.a === 1" }],
  });
  const splicer = (await Splicer.for(plan, [ENCODER], warningContext().context))!;
  const answerTo = (line: string): number => {
    const job = planJob([line]);
    splicer.begin(job);
    return splicer.splice(job.bytes, 0, job.bytes.length, 0);
  };
  assert.equal(answerTo('{"a":1}'), 1);
  assert.ok(answerTo('{"a":2}') !== GENERAL);
  assert.ok(answerTo('{"b":[12345678901234567890]}') !== GENERAL);
  assert.equal(answerTo('{"a":[1]}'), GENERAL);
  assert.equal(answerTo('{"a":12345678901234567890}'), GENERAL);
});
