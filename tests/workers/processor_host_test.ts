import assert from "node:assert/strict";
import type { RawBatch } from "../../src/batch.ts";
import { KeyErrors } from "../../src/lib/key_error.ts";
import type { Job, Processed, ProcessorPlan } from "../../src/processing/plan.ts";
import { buildProcessor, type Processor } from "../../src/processor.ts";
import { ProcessorHost, type ProcessorHostOptions } from "../../src/workers/processor_host.ts";
import { outputOf, planJob, planOf, type PlanParts } from "../support/plan.ts";
import { KeptLog } from "./support.ts";

const JSON_PLAN: PlanParts = { parsers: [{ type: "json" }] };

/** A host with one plan, and what it logs. */
function hostOf(
  parts: PlanParts,
  processor: Processor | undefined,
  options: Partial<ProcessorHostOptions> = {},
): { host: ProcessorHost; log: KeptLog } {
  const log = new KeptLog();
  const plans: ProcessorPlan[] = [planOf(parts)];
  const host = new ProcessorHost({
    ways: new Map(),
    plans,
    files: new Map(),
    processors: new Map(processor === undefined ? [] : [["in", processor]]),
    workers: 1,
    grows: true,
    queueSize: 10,
    jobTimeout: 30_000,
    log,
    ...options,
  });
  return { host, log };
}

/** A processor that answers what `act` says; without batches. */
function fakeProcessor(act: (job: Job) => void): Processor {
  return {
    process(job): Processed {
      act(job);
      return {
        batches: [],
        discarded: { here: job.ends.length },
        deadLetters: [],
        unparsed: 0,
        warnings: [],
      };
    },
  };
}

function messagesOf(processed: Processed): string[] {
  return outputOf(processed).map((text) => JSON.parse(text).message);
}

const LINES: RawBatch = planJob(['{"msg":"a"}\n', '{"msg":"b"}\n']);

Deno.test("ProcessorHost processes little work without any worker", async () => {
  const { host, log } = hostOf(JSON_PLAN, await buildProcessor(planOf(JSON_PLAN), new Map()));
  await host.start();
  for (let i = 0; i < 3; i++) {
    await host.waitForRoom();
    assert.deepEqual(messagesOf(await host.process("in", LINES)), ["a", "b"]);
  }
  await assert.rejects(
    host.process("other", LINES),
    /Cannot process records of input "other": it has no plan/,
  );
  await host[Symbol.asyncDispose]();
  assert.deepEqual(log.entries, []);
});

Deno.test("ProcessorHost has workers take over once the work is not little any more", async () => {
  const busy = fakeProcessor(() => {
    const end = performance.now() + 60;
    while (performance.now() < end);
  });
  const { host, log } = hostOf(JSON_PLAN, busy);
  await host.start();
  assert.deepEqual((await host.process("in", LINES)).discarded, { here: 2 });
  await log.until("Started the first worker");
  assert.deepEqual(messagesOf(await host.process("in", LINES)), ["a", "b"]);
  await host[Symbol.asyncDispose]();
});

Deno.test("ProcessorHost shares the work with one worker where there are two cores", async () => {
  let here = 0;
  const busy = fakeProcessor(() => {
    here++;
    const end = performance.now() + 60;
    while (performance.now() < end);
  });
  const { host, log } = hostOf(JSON_PLAN, busy, { workers: undefined, cores: 2 });
  await host.start();
  await host.process("in", LINES);
  await log.until("Started the first worker");
  here = 0;
  // The worker takes two; what it has no room for is done here.
  const jobs = [];
  for (let i = 0; i < 3; i++) jobs.push(host.process("in", LINES));
  assert.equal(here, 1);
  const [first, second, third] = await Promise.all(jobs);
  assert.deepEqual([first, second].map((processed) => messagesOf(processed!)), [["a", "b"], ["a", "b"]]);
  assert.deepEqual(third!.discarded, { here: 2 });
  await host.waitForRoom();
  assert.deepEqual(messagesOf(await host.process("in", LINES)), ["a", "b"]);
  await host[Symbol.asyncDispose]();
});

Deno.test("ProcessorHost does little ahead of the worker with which it shares the work", async () => {
  let here = 0;
  const busy = fakeProcessor(() => {
    here++;
    const end = performance.now() + (here === 1 ? 60 : 0);
    while (performance.now() < end);
  });
  const { host, log } = hostOf(JSON_PLAN, busy, { workers: undefined, cores: 2 });
  await host.start();
  await host.process("in", LINES);
  await log.until("Started the first worker");
  here = 0;
  const many = planJob(new Array(100_000).fill('{"msg":"a","time":"2026-11-25T10:00:00+01:00"}\n'));
  const slow = [host.process("in", many), host.process("in", many)];
  let room = true;
  while (room && here < 100) {
    void host.process("in", LINES);
    room = await Promise.race([
      host.waitForRoom().then(() => true),
      Promise.all(slow).then(() => false),
      slow[0]!.then(() => false),
    ]);
  }
  assert.equal(here, 2);
  await Promise.all(slow);
  await host.waitForRoom();
  await host[Symbol.asyncDispose]();
});

Deno.test("ProcessorHost starts no worker for much work where it shall not", async () => {
  const busy = fakeProcessor(() => {
    const end = performance.now() + 60;
    while (performance.now() < end);
  });
  const { host, log } = hostOf(JSON_PLAN, busy, { grows: false });
  await host.start();
  for (let i = 0; i < 2; i++) {
    assert.deepEqual((await host.process("in", LINES)).discarded, { here: 2 });
  }
  // Waits for a worker that is starting, if there is one.
  await host[Symbol.asyncDispose]();
  assert.deepEqual(log.entries, []);
});

Deno.test("ProcessorHost runs code of the user's, and what remembers records, in workers only", async () => {
  const never = fakeProcessor(() => assert.fail("processed here"));
  for (const transform of [{ type: "drop", if: 'message === "b"' }, { type: "dedupe" }]) {
    const parts = { ...JSON_PLAN, transforms: [transform] };
    const { host } = hostOf(parts, never);
    await host.start();
    const processed = await host.process("in", LINES);
    assert.deepEqual(messagesOf(processed), transform.type === "drop" ? ["a"] : ["a", "b"]);
    await host[Symbol.asyncDispose]();
  }
});

Deno.test("ProcessorHost does not start where a worker refuses the plan", async () => {
  const { host } = hostOf({ transforms: [{ type: "drop", if: "levle" }] }, undefined);
  await assert.rejects(host.start(), KeyErrors);
  await host[Symbol.asyncDispose]();
});

Deno.test("ProcessorHost has workers do the job at which a processor throws, and all that follow", async () => {
  let calls = 0;
  const throwing = fakeProcessor(() => {
    calls++;
    throw new RangeError("Invalid string length");
  });
  const { host, log } = hostOf(JSON_PLAN, throwing, { grows: false });
  await host.start();
  const answers = [host.process("in", LINES), host.process("in", LINES)];
  for (const answer of answers) assert.deepEqual(messagesOf(await answer), ["a", "b"]);
  assert.deepEqual(messagesOf(await host.process("in", LINES)), ["a", "b"]);
  assert.equal(calls, 1, "nothing of what it left behind may come out");
  assert.deepEqual(log.of("warn"), [
    'Cannot process 2 records of "/log" for input "in": Invalid string length; workers take over',
  ]);
  await host[Symbol.asyncDispose]();
});

Deno.test("ProcessorHost rejects jobs as long as neither processor nor workers can do them", async () => {
  const parts = { transforms: [{ type: "lookup", file: "/none.csv", field: "a" }] };
  const throwing = fakeProcessor(() => {
    throw new Error("a defect");
  });
  const { host } = hostOf(parts, throwing, { grows: false });
  await host.start();
  for (let i = 0; i < 2; i++) await assert.rejects(host.process("in", LINES), /none\.csv/);
  await host.waitForRoom();
  await host[Symbol.asyncDispose]();
});

Deno.test("ProcessorHost ends while its first worker starts, and rejects what waits for that", async () => {
  const throwing = fakeProcessor(() => {
    throw new Error("a defect");
  });
  const { host } = hostOf(JSON_PLAN, throwing);
  await host.start();
  const waiting = host.process("in", LINES);
  const rejected = assert.rejects(waiting, /Cannot process records of input "in"/);
  await host[Symbol.asyncDispose]();
  await rejected;
});

Deno.test("ProcessorHost takes no more than its workers have at hand once the jobs are large", async () => {
  const { host } = hostOf({ ...JSON_PLAN, transforms: [{ type: "keep", if: "true" }] }, undefined);
  await host.start();
  const large = planJob([`{"msg":"${"x".repeat(600_000)}"}\n`]);
  const answered: number[] = [];
  const jobs = Array.from({ length: 4 }, async (_, index) => {
    await host.waitForRoom();
    await host.process("in", large);
    answered.push(index);
  });
  await Promise.all(jobs);
  assert.deepEqual(answered, [0, 1, 2, 3]);
  const out = [host.process("in", large), host.process("in", large), host.process("in", large)];
  let hasRoom = false;
  const room = host.waitForRoom().then(() => hasRoom = true);
  await Promise.resolve();
  assert.equal(hasRoom, false);
  await Promise.all([...out, room]);
  assert.equal(hasRoom, true);
  await host[Symbol.asyncDispose]();
});
