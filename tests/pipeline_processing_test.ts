import assert from "node:assert/strict";
import fc from "fast-check";
import type { RawBatch } from "../src/batch.ts";
import type { DeadLetters, Letters } from "../src/delivery/dead_letter.ts";
import type { Way } from "../src/delivery/parcels.ts";
import type { Pipeline } from "../src/pipeline.ts";
import type { Processing } from "../src/pipeline_options.ts";
import type { Processed } from "../src/processing/plan.ts";
import { batchOf, RecordingLog, recordsOf, sourceOf } from "./contracts/batches.ts";
import {
  end,
  FakeOutput,
  lineOf,
  outcomeOf,
  pipelineOf,
  rawBatch,
  replaceOutputs,
  stateOf,
  turn,
} from "./support/pipeline.ts";

/** A job that waits for its answer. */
interface OpenJob {
  readonly records: readonly string[];
  answer(processed: Processed): void;
  fail(error: Error): void;
}

/** Processing whose answers the test gives, and whose room it holds. */
class FakeProcessing implements Processing {
  readonly ways: Map<string, Way>;
  readonly jobs: OpenJob[] = [];
  disposed = false;
  room: Promise<void> = Promise.resolve();

  constructor(ways: Record<string, Way> = { in: { raw: [], processed: ["out"] } }) {
    this.ways = new Map(Object.entries(ways));
  }
  waitForRoom(): Promise<void> {
    return this.room;
  }
  process(_input: string, batch: RawBatch): Promise<Processed> {
    const { promise, resolve, reject } = Promise.withResolvers<Processed>();
    this.jobs.push({ records: recordsOf({ ...batch, partition: "" }), answer: resolve, fail: reject });
    return promise;
  }
  /** Makes of a job what its records say, in upper case. */
  finish(index: number): void {
    const job = this.jobs[index];
    job?.answer(made(job.records.map((record) => record.toUpperCase())));
  }
  [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    for (const { fail } of this.jobs) fail(new Error("disposed"));
    return Promise.resolve();
  }
}

function made(records: readonly string[], more: Partial<Processed> = {}): Processed {
  const batches = records.length === 0 ? [] : [{ output: "out", batch: batchOf(records) }];
  return { batches, discarded: {}, deadLetters: [], unparsed: 0, warnings: [], ...more };
}

/** Keeps dead letters, or does not. */
class FakeDeadLetters implements DeadLetters {
  readonly kept: number[] = [];
  keeps = true;
  error: Error | undefined;

  keep(_batch: RawBatch, letters: Letters): Promise<number> {
    if (this.error !== undefined) return Promise.reject(this.error);
    if (!this.keeps) return Promise.resolve(0);
    this.kept.push(...letters.map(({ index }) => index));
    return Promise.resolve(letters.length);
  }
  keepRefused(): Promise<number> {
    return Promise.resolve(0);
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A pipeline with one output behind processing. */
async function begun(options: Parameters<typeof pipelineOf>[0] = {}) {
  const log = new RecordingLog();
  const pipeline = pipelineOf({ log, ...options });
  const output = new FakeOutput();
  const processing = new FakeProcessing();
  await pipeline.startOutputs([lineOf("out", output)], processing);
  return { log, pipeline, output, processing, emit: pipeline.emitterFor("in") };
}

/** What became of the records of the input; checked: nothing is missing, nothing counted twice. */
function countsOf(pipeline: Pipeline, input = "in") {
  const { received = 0, ...others } = pipeline.ledger.inputs.get(input) ?? {};
  assert.equal(received, Object.values(others).reduce((sum, count) => sum + count, 0), "the balance");
  return Object.fromEntries(Object.entries(others).filter(([, count]) => count !== 0));
}

Deno.test("Pipeline sends what was made of a stream in the order of its batches, whoever is ready first", async () => {
  const permutations = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 6 }).chain((streams) =>
    fc.tuple(fc.constant(streams), fc.shuffledSubarray([...streams.keys()], { minLength: streams.length }))
  );
  await fc.assert(
    fc.asyncProperty(permutations, async ([streams, order]) => {
      const { pipeline, output, processing, emit } = await begun();
      const outcomes = [];
      for (const [index, stream] of streams.entries()) {
        // Generations of a file have sources of their own, and are one stream.
        const source = sourceOf(`/${stream}`);
        outcomes.push((await emit(rawBatch([`${stream}${index}\n`], { source }))).settled);
      }
      for (const index of order) {
        processing.finish(index);
        await turn();
      }
      assert.deepEqual(await Promise.all(outcomes), streams.map(() => "delivered"));
      for (const stream of ["a", "b"] as const) {
        const own = streams.flatMap((each, index) =>
          each === stream ? [`${each}${index}\n`.toUpperCase()] : []
        );
        assert.deepEqual(output.records.filter((record) => record.startsWith(stream.toUpperCase())), own);
      }
      await end(pipeline);
    }),
    { numRuns: 30 },
  );
});

Deno.test("Pipeline waits for room in the processing, and refuses what waits once it is told to", async () => {
  const { pipeline, processing, emit, output } = await begun();
  const room = Promise.withResolvers<void>();
  processing.room = room.promise;
  const waiting = emit(rawBatch(["a\n"]));
  assert.equal(await stateOf(waiting), "waiting");
  assert.deepEqual(countsOf(pipeline), {}, "what waits is not received yet");
  pipeline.refuse();
  room.resolve();
  assert.equal(await outcomeOf(waiting), "failed");
  assert.deepEqual([processing.jobs, output.records], [[], []]);
  await end(pipeline);
});

Deno.test("Pipeline gives a batch that waits for room to the processing that comes", async () => {
  const { pipeline, processing, emit, output } = await begun();
  const room = Promise.withResolvers<void>();
  processing.room = room.promise;
  const waiting = emit(rawBatch(["a\n"]));
  await turn();
  const next = new FakeProcessing();
  assert.ok(await replaceOutputs(pipeline, new Set(), 1000, () => Promise.resolve([]), next));
  assert.ok(processing.disposed);
  room.resolve();
  const { settled } = await waiting;
  next.finish(0);
  assert.equal(await settled, "delivered");
  assert.deepEqual([processing.jobs, output.records], [[], ["A\n"]]);
  await end(pipeline);
});

Deno.test("Pipeline lets jobs end before the processing is replaced", async () => {
  const { pipeline, processing, emit, output } = await begun();
  const { settled } = await emit(rawBatch(["a\n"]));
  const replaced = replaceOutputs(
    pipeline,
    new Set(),
    60_000,
    () => Promise.resolve([]),
    new FakeProcessing(),
  );
  await turn();
  assert.equal(processing.disposed, false);
  processing.finish(0);
  assert.equal(await settled, "delivered");
  assert.ok(await replaced);
  assert.ok(processing.disposed && !output.disposed);
  await end(pipeline);
});

Deno.test("Pipeline fails a job that does not end before the processing is replaced, and sends nothing of it", async () => {
  const { pipeline, processing, emit, output, log } = await begun();
  const { settled } = await emit(rawBatch(["a\n"]));
  const next = new FakeProcessing();
  await replaceOutputs(pipeline, new Set(), 5, () => Promise.resolve([]), next);
  processing.finish(0);
  assert.equal(await settled, "failed");
  const again = await emit(rawBatch(["a\n"]));
  next.finish(0);
  assert.equal(await again.settled, "delivered");
  assert.deepEqual(output.records, ["A\n"]);
  assert.deepEqual(countsOf(pipeline), { delivered: 1, failed: 1 });
  assert.deepEqual(log.of("error"), []);
  await end(pipeline);
});

Deno.test("Pipeline sends nothing of a batch that was withdrawn while it was processed", async () => {
  const { pipeline, processing, emit, output } = await begun();
  const withdrawal = new AbortController();
  const { settled } = await emit(rawBatch(["a\n"], { withdrawn: withdrawal.signal }));
  withdrawal.abort();
  processing.finish(0);
  assert.equal(await settled, "failed");
  assert.deepEqual(output.records, []);
  await end(pipeline);
});

Deno.test("Pipeline refuses the batches of an input that the processing does not know", async () => {
  const { pipeline, processing, output } = await begun();
  assert.equal(await outcomeOf(pipeline.emitterFor("removed")(rawBatch(["a\n"]))), "failed");
  assert.deepEqual([processing.jobs, output.records], [[], []]);
  assert.deepEqual(countsOf(pipeline, "removed"), {});
  await end(pipeline);
});

Deno.test("Pipeline settles what nobody gets as discarded, and counts it by reason", async () => {
  const { pipeline, processing, emit, output } = await begun();
  const { settled } = await emit(rawBatch(["a\n", "b\n"]));
  processing.jobs[0]?.answer(made([], { discarded: { drop: 2 }, unparsed: 1 }));
  assert.equal(await settled, "discarded");
  const mixed = await emit(rawBatch(["a\n", "b\n", "c\n"]));
  processing.jobs[1]?.answer(made(["A\n"], { discarded: { drop: 1, no_output: 1 } }));
  assert.equal(await mixed.settled, "delivered");
  assert.deepEqual(countsOf(pipeline), { delivered: 1, discarded: 4 });
  assert.deepEqual(Object.fromEntries(pipeline.ledger.reasons), { drop: 3, no_output: 1 });
  assert.equal(pipeline.ledger.unparsed, 1);
  assert.deepEqual(output.records, ["A\n"]);
  await end(pipeline);
});

Deno.test("Pipeline counts dead letters that are kept, and those that are not", async () => {
  const deadLetters = new FakeDeadLetters();
  const { pipeline, processing, emit } = await begun({ deadLetters });
  const letters = { deadLetters: [{ index: 1, reason: "bad" }] };
  const first = await emit(rawBatch(["a\n", "b\n"]));
  processing.jobs[0]?.answer(made(["A\n"], letters));
  assert.equal(await first.settled, "delivered");
  assert.deepEqual(countsOf(pipeline), { delivered: 1, deadLettered: 1 });
  const alone = await emit(rawBatch(["b\n"]));
  processing.jobs[1]?.answer(made([], { deadLetters: [{ index: 0, reason: "bad" }] }));
  assert.equal(await alone.settled, "delivered");
  assert.deepEqual(countsOf(pipeline), { delivered: 1, deadLettered: 2 });
  deadLetters.keeps = false;
  const lost = await emit(rawBatch(["b\n"]));
  processing.jobs[2]?.answer(made([], { deadLetters: [{ index: 0, reason: "bad" }] }));
  assert.equal(await lost.settled, "discarded");
  assert.deepEqual(countsOf(pipeline), { delivered: 1, deadLettered: 2, discarded: 1 });
  assert.deepEqual(Object.fromEntries(pipeline.ledger.reasons), { no_dead_letter_queue: 1 });
  assert.deepEqual(deadLetters.kept, [1, 0]);
  await end(pipeline);
});

Deno.test("Pipeline fails a batch whose dead letters cannot be kept, and doubles none of its records", async () => {
  const deadLetters = new FakeDeadLetters();
  deadLetters.error = new Error("no space left on device");
  const { pipeline, processing, emit, output, log } = await begun({ deadLetters });
  const offer = async () => {
    const { settled } = await emit(rawBatch(["a\n", "b\n"]));
    processing.jobs.at(-1)?.answer(made(["A\n"], { deadLetters: [{ index: 1, reason: "bad" }] }));
    return await settled;
  };
  assert.deepEqual([await offer(), await offer()], ["failed", "failed"]);
  assert.match(
    log.at("error", 0),
    /^Cannot take lines of "\/log": no space left on device; they are offered/,
  );
  deadLetters.error = undefined;
  assert.equal(await offer(), "delivered");
  assert.deepEqual(output.records, ["A\n"]);
  assert.deepEqual(countsOf(pipeline), { delivered: 1, deadLettered: 1, failed: 4 });
  await end(pipeline);
});

Deno.test("Pipeline fails what cannot be processed and gives its room back", async () => {
  const { pipeline, processing, emit, output, log } = await begun({ budget: 2 });
  const { settled } = await emit(rawBatch(["a\n"]));
  processing.jobs[0]?.fail(new Error("a defect"));
  assert.equal(await settled, "failed");
  const { process } = processing;
  processing.process = () => {
    throw new Error("at once");
  };
  assert.equal(await outcomeOf(emit(rawBatch(["a\n"]))), "failed");
  processing.process = process;
  const again = await emit(rawBatch(["a\n"]));
  processing.finish(1);
  assert.equal(await again.settled, "delivered");
  assert.deepEqual(output.records, ["A\n"]);
  assert.equal(log.of("error").length, 2);
  assert.deepEqual(countsOf(pipeline), { delivered: 1, failed: 1 });
  await end(pipeline);
});

Deno.test("Pipeline fails, without a word, what is still processed when it ends", async () => {
  const { pipeline, processing, emit, log } = await begun();
  const { settled } = await emit(rawBatch(["a\n"]));
  await end(pipeline);
  assert.equal(await settled, "failed");
  assert.ok(processing.disposed);
  assert.deepEqual(log.lines, []);
  assert.deepEqual(countsOf(pipeline), { failed: 1 });
});

Deno.test("Pipeline sends records as they came beside what is made of them, and discards none of those", async () => {
  const pipeline = pipelineOf();
  const [raw, out] = [new FakeOutput(), new FakeOutput()];
  const processing = new FakeProcessing({ in: { raw: ["raw"], processed: ["out"] } });
  await pipeline.startOutputs([lineOf("raw", raw), lineOf("out", out)], processing);
  const { settled } = await pipeline.emitterFor("in")(rawBatch(["a\n", "b\n"]));
  processing.jobs[0]?.answer(made(["A\n"], { discarded: { no_output: 1 } }));
  assert.equal(await settled, "delivered");
  assert.deepEqual([raw.records, out.records], [["a\n", "b\n"], ["A\n"]]);
  assert.deepEqual(countsOf(pipeline), { delivered: 2 });
  await end(pipeline);
});

Deno.test("Pipeline sends batches past the processing where every output takes them as they came", async () => {
  const pipeline = pipelineOf();
  const output = new FakeOutput();
  const processing = new FakeProcessing({ in: { raw: ["out"], processed: [] } });
  await pipeline.startOutputs([lineOf("out", output)], processing);
  assert.equal(await outcomeOf(pipeline.emitterFor("in")(rawBatch(["a\n"]))), "delivered");
  assert.deepEqual([processing.jobs, output.records], [[], ["a\n"]]);
  await end(pipeline);
});

Deno.test("Pipeline says what the processing warns of", async () => {
  const { pipeline, processing, emit, log } = await begun();
  const { settled } = await emit(rawBatch(["a\n"]));
  processing.jobs[0]?.answer(made(["A\n"], { warnings: ["take care"] }));
  await settled;
  assert.deepEqual(log.of("warn"), ["take care"]);
  await end(pipeline);
});
