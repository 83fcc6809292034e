import assert from "node:assert/strict";
import { lineEncoder } from "../../src/encoding/encoder.ts";
import { newEvent } from "../../src/event.ts";
import { MADE, Splicer } from "../../src/processing/splicer.ts";
import { recordsOf } from "../contracts/batches.ts";
import { planJob, planOf, warningContext } from "../support/plan.ts";

const ENCODER = lineEncoder("json", { plain: false, includeRaw: false });

async function splicer(): Promise<Splicer> {
  const plan = planOf({ parsers: [{ type: "json" }] });
  const made = await Splicer.for(plan, [ENCODER], warningContext().context);
  assert.ok(made !== undefined);
  return made;
}

/** What comes out of lines, and which of them had to be parsed: their events have the line as message. */
function run(made: Splicer, lines: readonly string[]): { events: string[]; parsed: number[] } {
  const job = planJob(lines);
  const parsed: number[] = [];
  made.begin(job);
  lines.forEach((line, index) => {
    const start = index === 0 ? 0 : job.ends[index - 1]!;
    if (made.splice(job.bytes, start, job.ends[index]!, index) === MADE) return;
    parsed.push(index);
    const event = newEvent(job.source);
    event.message = line;
    event.timestamp = job.receivedAt;
    made.take(event, index);
  });
  return {
    events: made.finish(job).flatMap(({ batch }) => recordsOf(batch)).map((text) => JSON.parse(text).message),
    parsed,
  };
}

Deno.test("Splicer keeps the order of spliced and parsed records", async () => {
  const lines = ['{"msg":"ü"}', "no json", '{"msg":"b"}', "also nöne", '{"msg":"c"}'];
  const { events, parsed } = run(await splicer(), lines);
  assert.deepEqual(events, ["ü", "no json", "b", "also nöne", "c"]);
  assert.deepEqual(parsed, [1, 3]);
});

Deno.test("Splicer begins every job anew, also after one that was not finished", async () => {
  const made = await splicer();
  const job = planJob(['{"msg":"given up"}']);
  made.begin(job);
  made.splice(job.bytes, 0, job.bytes.length, 0);
  assert.deepEqual(run(made, ['{"msg":"a"}']).events, ["a"]);
  assert.deepEqual(run(made, []).events, []);
});

Deno.test("Splicer takes more records, and larger ones, than it has room for at first", async () => {
  const made = await splicer();
  const many = Array.from({ length: 9000 }, (_, i) => `m${i}`);
  assert.deepEqual(run(made, many.map((msg) => JSON.stringify({ msg }))).events, many);
  const large = "x".repeat(9_000_000);
  assert.deepEqual(run(made, [JSON.stringify({ msg: large }), "ü".repeat(100)]).events, [
    large,
    "ü".repeat(100),
  ]);
  assert.deepEqual(run(made, ['{"msg":"after"}']).events, ["after"]);
});

Deno.test("Splicer is not made for plans that take events", async () => {
  const plan = planOf({ parsers: [{ type: "logfmt" }] });
  assert.equal(await Splicer.for(plan, [ENCODER], warningContext().context), undefined);
});
