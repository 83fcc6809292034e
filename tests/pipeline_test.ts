import assert from "node:assert/strict";
import type { Outcome } from "../src/acknowledgement.ts";
import { OutputClosedError } from "../src/outputs/output.ts";
import type { OutputLine } from "../src/delivery/output_line.ts";
import { RecordingLog } from "./contracts/batches.ts";
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

Deno.test("Pipeline acknowledges a batch as delivered once every output has it", async () => {
  const pipeline = pipelineOf();
  const [fast, slow] = [new FakeOutput(), new FakeOutput()];
  slow.hold();
  await pipeline.startOutputs([lineOf("fast", fast), lineOf("slow", slow)]);
  const { settled } = await pipeline.emitterFor("in")(rawBatch(["a\n", "b\n"]));
  assert.equal(await stateOf(settled), "waiting");
  assert.deepEqual(fast.records, ["a\n", "b\n"]);
  assert.deepEqual(pipeline.ledger.inputs.get("in"), {
    received: 2,
    delivered: 0,
    discarded: 0,
    deadLettered: 0,
    failed: 0,
    inFlight: 2,
  });
  slow.letGo();
  assert.equal(await settled, "delivered");
  assert.deepEqual(slow.records, ["a\n", "b\n"]);
  assert.deepEqual(slow.partitions, ["partition"]);
  assert.deepEqual(pipeline.ledger.inputs.get("in"), {
    received: 2,
    delivered: 2,
    discarded: 0,
    deadLettered: 0,
    failed: 0,
    inFlight: 0,
  });
  await end(pipeline);
  assert.ok(fast.disposed && slow.disposed);
});

Deno.test("Pipeline settles with the gravest of what its outputs say", async () => {
  const rejecting = new FakeOutput();
  rejecting.answer = ({ ends }) => ({
    retry: [],
    rejected: [...ends.keys()].map((index) => ({ index, reason: "no" })),
  });
  const alone = pipelineOf();
  await alone.startOutputs([lineOf("rejecting", rejecting)]);
  assert.equal(await outcomeOf(alone.emitterFor("in")(rawBatch(["a\n"]))), "discarded");
  await end(alone);

  rejecting.disposed = false;
  const hanging = new FakeOutput();
  const three = pipelineOf();
  await three.startOutputs([
    lineOf("rejecting", rejecting),
    lineOf("fine", new FakeOutput()),
    lineOf("hanging", hanging),
  ]);
  const emit = three.emitterFor("in");
  assert.equal(await outcomeOf(emit(rawBatch(["a\n"]))), "delivered");
  hanging.hold();
  const { settled } = await emit(rawBatch(["b\n"]));
  await three.close(0);
  assert.equal(await settled, "failed");
  assert.deepEqual(three.ledger.inputs.get("in"), {
    received: 2,
    delivered: 1,
    discarded: 0,
    deadLettered: 0,
    failed: 1,
    inFlight: 0,
  });
  hanging.letGo();
  await turn();
  await three.dispose();
});

Deno.test("Pipeline takes no more than its budget and gives back what has settled", async () => {
  const pipeline = pipelineOf({ budget: 4 });
  const output = new FakeOutput();
  output.hold();
  await pipeline.startOutputs([lineOf("out", output)]);
  const emit = pipeline.emitterFor("in");
  const first = await emit(rawBatch(["ab\n"]));
  const second = emit(rawBatch(["cd\n"]));
  assert.equal(await stateOf(second), "waiting");
  output.letGo();
  assert.equal(await first.settled, "delivered");
  assert.equal(await outcomeOf(second), "delivered");
  await end(pipeline);
});

Deno.test("Pipeline refuses what waits for room once it refuses, and goes on with what it has taken", async () => {
  const pipeline = pipelineOf({ budget: 4 });
  const output = new FakeOutput();
  output.hold();
  await pipeline.startOutputs([lineOf("out", output)]);
  const emit = pipeline.emitterFor("in");
  const taken = await emit(rawBatch(["ab\n"]));
  const waiting = emit(rawBatch(["cd\n"]));
  await turn();
  pipeline.refuse();
  assert.equal(await outcomeOf(waiting), "failed");
  assert.equal(await outcomeOf(emit(rawBatch(["ef\n"]))), "failed");
  output.letGo();
  assert.equal(await taken.settled, "delivered");
  assert.equal(pipeline.ledger.inputs.get("in")?.received, 1);
  await end(pipeline);
});

Deno.test("Pipeline does not take a batch that was withdrawn while it waited", async () => {
  const pipeline = pipelineOf({ budget: 4 });
  const output = new FakeOutput();
  output.hold();
  await pipeline.startOutputs([lineOf("out", output)]);
  const emit = pipeline.emitterFor("in");
  await emit(rawBatch(["ab\n"]));
  const withdrawal = new AbortController();
  const waiting = emit(rawBatch(["cd\n"], { withdrawn: withdrawal.signal }));
  const behind = emit(rawBatch(["ef\n"]));
  await turn();
  withdrawal.abort();
  output.letGo();
  assert.equal(await outcomeOf(waiting), "failed");
  assert.equal(await outcomeOf(behind), "delivered", "the room of the withdrawn batch is free again");
  assert.deepEqual(output.records, ["ab\n", "ef\n"]);
  await end(pipeline);
});

Deno.test("Pipeline says once that an output has no room, and once that it has room again", async () => {
  const log = new RecordingLog();
  const pipeline = pipelineOf({ log, blockTimeout: 5 });
  const output = new FakeOutput();
  output.hold();
  await pipeline.startOutputs([lineOf("out", output, { events: 1, bytes: 1000 })]);
  const emit = pipeline.emitterFor("in");
  const first = emit(rawBatch(["a\n"]));
  await turn();
  const second = emit(rawBatch(["b\n"]));
  await turn();
  const emitted = [first, second, ...["c\n", "d\n"].map((record) => emit(rawBatch([record])))];
  await turn(30);
  assert.deepEqual(log.of("warn"), [
    'Output "out" has had no room for 5ms: the inputs that feed it wait',
  ]);
  output.letGo();
  for (const acknowledgement of emitted) assert.equal(await outcomeOf(acknowledgement), "delivered");
  assert.equal(log.of("warn").length, 1);
  assert.equal(log.of("info").filter((line) => line.includes("room again")).length, 1);
  await end(pipeline);
});

Deno.test("Pipeline reports an output that is closed for good", async () => {
  const closed: Error[] = [];
  const pipeline = pipelineOf({ onOutputClosed: (error) => closed.push(error) });
  const output = new FakeOutput();
  output.answer = () => {
    throw new OutputClosedError("gone");
  };
  await pipeline.startOutputs([lineOf("out", output)]);
  const { settled } = await pipeline.emitterFor("in")(rawBatch(["a\n"]));
  assert.equal(await stateOf(settled), "waiting");
  assert.equal(closed[0]?.message, "gone");
  await pipeline.close(1000);
  assert.equal(await settled, "failed");
  await pipeline.dispose();
});

Deno.test("Pipeline delivers every batch exactly once while its outputs are replaced", async () => {
  const pipeline = pipelineOf({ budget: 64 });
  const outputs = [new FakeOutput()];
  await pipeline.startOutputs([lineOf("out", outputs[0]!, { events: 4, bytes: 1000 })]);
  const expected: string[] = [];
  let stop = false;
  const producers = ["x", "y", "z"].map(async (name) => {
    const emit = pipeline.emitterFor(name);
    const settled: Promise<Outcome>[] = [];
    for (let i = 0; !stop; i++) {
      const record = `${name}${i}\n`;
      const acknowledgement = await emit(rawBatch([record]));
      expected.push(record);
      settled.push(acknowledgement.settled);
      if (i % 7 === 0) await turn();
    }
    for (const outcome of await Promise.all(settled)) assert.equal(outcome, "delivered");
  });
  for (let round = 0; round < 20; round++) {
    await turn();
    const next = new FakeOutput();
    await replaceOutputs(pipeline, new Set(["out"]), 1000, () => {
      outputs.push(next);
      return Promise.resolve([lineOf("out", next, { events: 4, bytes: 1000 })]);
    });
  }
  stop = true;
  await Promise.all(producers);
  const records = outputs.flatMap((output) => output.records);
  assert.deepEqual([...records].sort(), [...expected].sort());
  assert.ok(outputs.filter((output) => output.records.length > 0).length > 3, "several outputs were at work");
  for (const name of ["x", "y", "z"]) {
    const own = records.filter((record) => record.startsWith(name)).map((record) =>
      parseInt(record.slice(1))
    );
    assert.deepEqual(own, [...own].sort((a, b) => a - b), "each input's records keep their order");
  }
  for (const gone of outputs.slice(0, -1)) assert.ok(gone.disposed);
  await end(pipeline);
});

Deno.test("Pipeline gives a batch to the new output that was offered in the turn of the replacement", async () => {
  for (let microtasks = 0; microtasks < 12; microtasks++) {
    const pipeline = pipelineOf();
    const [before, after] = [new FakeOutput(), new FakeOutput()];
    await pipeline.startOutputs([lineOf("out", before)]);
    const emitted = pipeline.emitterFor("in")(rawBatch(["a\n"]));
    for (let i = 0; i < microtasks; i++) await Promise.resolve();
    await replaceOutputs(pipeline, new Set(["out"]), 1000, () => Promise.resolve([lineOf("out", after)]));
    assert.equal(await outcomeOf(emitted), "delivered", `after ${microtasks} microtasks`);
    assert.deepEqual([...before.records, ...after.records], ["a\n"], `after ${microtasks} microtasks`);
    await end(pipeline);
  }
});

Deno.test("Pipeline fails what an output holds that is replaced and does not deliver in time", async () => {
  const pipeline = pipelineOf();
  const [hanging, next] = [new FakeOutput(), new FakeOutput()];
  hanging.hold();
  await pipeline.startOutputs([lineOf("out", hanging)]);
  const emit = pipeline.emitterFor("in");
  const held = await emit(rawBatch(["a\n"]));
  const replaced = replaceOutputs(
    pipeline,
    new Set(["out"]),
    5,
    () => Promise.resolve([lineOf("out", next)]),
  );
  const during = emit(rawBatch(["b\n"]));
  assert.equal(await held.settled, "failed");
  await replaced;
  assert.equal(await outcomeOf(during), "delivered");
  assert.deepEqual(next.records, ["b\n"]);
  hanging.disposed = false;
  hanging.letGo();
  await turn();
  await end(pipeline);
});

Deno.test("Pipeline refuses what waits for a replacement when it is stopped meanwhile", async () => {
  const pipeline = pipelineOf();
  const hanging = new FakeOutput();
  hanging.hold();
  await pipeline.startOutputs([lineOf("out", hanging)]);
  const emit = pipeline.emitterFor("in");
  const held = await emit(rawBatch(["a\n"]));
  const replaced = replaceOutputs(pipeline, new Set(["out"]), 60_000, () => Promise.resolve([]));
  const waiting = emit(rawBatch(["b\n"]));
  await turn();
  pipeline.refuse();
  assert.equal(await outcomeOf(waiting), "failed");
  assert.equal(await replaced, false);
  hanging.letGo();
  assert.equal(await held.settled, "delivered", "the old output goes on until the end");
  await end(pipeline);
});

Deno.test("Pipeline holds what is emitted before it has an output", async () => {
  const pipeline = pipelineOf();
  const emitted = pipeline.emitterFor("in")(rawBatch(["a\n"]));
  assert.equal(await stateOf(emitted), "waiting");
  await pipeline.startOutputs([]);
  assert.equal(await stateOf(emitted), "waiting");
  const output = new FakeOutput();
  await pipeline.startOutputs([lineOf("out", output)]);
  assert.equal(await outcomeOf(emitted), "delivered");
  assert.deepEqual(output.records, ["a\n"]);
  await end(pipeline);
});

Deno.test("Pipeline goes on with the old outputs when they cannot be replaced", async () => {
  const failures: Record<string, () => Promise<OutputLine[]>> = {
    "no successor": () => Promise.resolve([]),
    "successors that cannot be made": () => Promise.reject(new Error("no state")),
    "a buffer that cannot be opened": () => {
      const line = lineOf("out", new FakeOutput());
      line.buffer.open = () => Promise.reject(new Error("no disk"));
      return Promise.resolve([line]);
    },
  };
  for (const [what, successors] of Object.entries(failures)) {
    const pipeline = pipelineOf();
    const output = new FakeOutput();
    output.hold();
    await pipeline.startOutputs([lineOf("out", output)]);
    const emit = pipeline.emitterFor("in");
    const held = await emit(rawBatch(["a\n"]));
    await turn();
    const replaced = replaceOutputs(pipeline, new Set(["out"]), 5, successors);
    const during = emit(rawBatch(["b\n"]));
    await assert.rejects(replaced, what);
    output.letGo();
    assert.equal(await held.settled, "delivered", what);
    assert.equal(await outcomeOf(during), "delivered", what);
    assert.equal(output.disposed, false, what);
    assert.ok(output.records.includes("a\n") && output.records.includes("b\n"), what);
    await end(pipeline);
  }
});

Deno.test("Pipeline refuses what an output can find no partition for, and gives its room back", async () => {
  const log = new RecordingLog();
  const pipeline = pipelineOf({ budget: 3, log });
  const [fine, broken] = [new FakeOutput(), new FakeOutput()];
  broken.partitionOf = () => {
    throw new Error("no such field");
  };
  await pipeline.startOutputs([lineOf("fine", fine), lineOf("broken", broken)]);
  const emit = pipeline.emitterFor("in");
  for (const record of ["ab\n", "cd\n"]) assert.equal(await outcomeOf(emit(rawBatch([record]))), "failed");
  assert.deepEqual(fine.records, [], "no output got what another one will be offered again");
  assert.equal(log.of("error").length, 2);
  assert.equal(pipeline.ledger.inputs.get("in")?.received, 0);
  broken.partitionOf = () => "";
  assert.equal(await outcomeOf(emit(rawBatch(["ef\n"]))), "delivered");
  await end(pipeline);
});

Deno.test("Pipeline says it of the output that holds the budget", async () => {
  const log = new RecordingLog();
  const pipeline = pipelineOf({ log, budget: 4, blockTimeout: 5 });
  const [fine, slow] = [new FakeOutput(), new FakeOutput()];
  slow.hold();
  await pipeline.startOutputs([lineOf("fine", fine), lineOf("slow", slow)]);
  const emit = pipeline.emitterFor("in");
  const emitted = [emit(rawBatch(["ab\n"])), emit(rawBatch(["cd\n"]))];
  await turn(30);
  assert.deepEqual(log.of("warn"), [
    'Output "slow" has had no room for 5ms: the inputs that feed it wait',
  ]);
  slow.letGo();
  for (const acknowledgement of emitted) assert.equal(await outcomeOf(acknowledgement), "delivered");
  assert.equal(log.of("info").filter((line) => line.includes('"slow" has room again')).length, 1);
  await end(pipeline);
});
