import assert from "node:assert/strict";
import * as schema from "../../src/lib/schema.ts";
import { type ParserConfig, parserConfig } from "../../src/parsers/parser_config.ts";
import type { PlanFiles, ProcessorPlan } from "../../src/processing/plan.ts";
import { type TransformConfig, transformConfig } from "../../src/transforms/transform_config.ts";
import { WorkerPool } from "../../src/workers/worker_pool.ts";
import { jobOf, KeptLog, recordsOf } from "./support.ts";

/** A plan as configuration makes it, with output "a" that writes event JSON. */
function planOf(parsers: readonly object[], transforms: readonly object[]): ProcessorPlan {
  return {
    input: "app",
    parsers: parsers.map((each) =>
      schema.parse(parserConfig as schema.Schema<unknown>, each) as ParserConfig
    ),
    transforms: transforms.map((each) =>
      schema.parse(transformConfig as schema.Schema<unknown>, each) as TransformConfig
    ),
    outputs: [{
      name: "a",
      type: "stdout",
      config: { encoding: "json" },
      routes: [],
      includeRaw: false,
    }],
  };
}

/** A pool of real workers. */
function poolOf(plan: ProcessorPlan, jobTimeout = 30_000, files: PlanFiles = new Map()): WorkerPool {
  const log = new KeptLog();
  return new WorkerPool({ size: 1, plans: [plan], files, jobTimeout, queueSize: 10, log });
}

Deno.test("the worker processes records in one job after the other", async () => {
  const plan = planOf([{ type: "json" }], [
    { type: "add", add: { seen: "yes" } },
    { type: "script", code: "event.fields.double = event.fields.n * 2" },
  ]);
  await using pool = poolOf(plan);
  await pool.start();
  for (let i = 1; i < 30; i++) {
    const records = Array.from(
      { length: i },
      (_, n) => `{"n": ${n}, "message": "héllo ${i}", "deep": {"x": [1]}}\n`,
    );
    const answer = await pool.process("app", jobOf(records));
    const events = recordsOf(answer)[""]?.map((text) => JSON.parse(text));
    assert.deepEqual(
      events?.map(({ message, fields }) => ({ message, fields })),
      records.map((_, n) => ({
        message: `héllo ${i}`,
        fields: { n, deep: { x: [1] }, seen: "yes", double: n * 2 },
      })),
    );
  }
});

Deno.test("the worker loads what parsers and transforms need without any permission", async () => {
  const files = new Map([["/hosts.csv", new TextEncoder().encode("host,team\nweb,shöp\n")]]);
  const plan = planOf([{ type: "json" }, {
    type: "grok",
    grok_pattern: "%{IP:ip} %{WORD:host} %{GREEDYDATA:agent}",
  }], [
    { type: "lookup", file: "/hosts.csv", field: "host" },
    { type: "user_agent", field: "agent" },
    { type: "drop", if: "fields.ip.startsWith('10.')" },
    { type: "redact", patterns: ["ip"], action: "hash", salt: "pepper" },
  ]);
  await using pool = poolOf(plan, 30_000, files);
  await pool.start();
  const answer = await pool.process("app", jobOf(["1.2.3.4 web curl/8.1\n", "10.2.3.4 web wget\n"]));
  const events = recordsOf(answer)[""]?.map((text) => JSON.parse(text));
  assert.equal(events?.length, 1);
  assert.match(events?.[0].fields.ip, /^[0-9a-f]{16}$/);
  assert.equal(events?.[0].fields.user_agent.name, "curl");
  assert.equal(events?.[0].fields.team, "shöp");
  assert.deepEqual(answer.discarded, { drop: 1 });
});

Deno.test("the worker stops a script that never ends, and goes on behind it", async () => {
  const plan = planOf([{ type: "json" }], [
    { type: "script", code: "while (event.fields.n === 1) event.fields.x = 1" },
  ]);
  await using pool = poolOf(plan, 500);
  await pool.start();
  const answer = await pool.process("app", jobOf(['{"n":0}\n', '{"n":1}\n', '{"n":2}\n']));
  assert.deepEqual(answer.deadLetters, [{ index: 1, reason: "took longer than 500ms to process" }]);
  assert.deepEqual(recordsOf(answer)[""]?.map((text) => JSON.parse(text).fields.n), [0, 2]);
});
