import assert from "node:assert/strict";
import { MemoryBuffer } from "../../src/buffers/memory.ts";
import { NoDeadLetters } from "../../src/delivery/dead_letter.ts";
import { Lead } from "../../src/delivery/lead.ts";
import { type FullPolicy, type OutputLine, RunningLine } from "../../src/delivery/output_line.ts";
import { batchOf, RecordingLog } from "../contracts/batches.ts";
import { FakeOutput, stateOf, turn } from "../support/pipeline.ts";

/** An output that holds a first record, which it is being sent, behind a buffer with room for four more. */
async function heldLine(full: FullPolicy, more: Partial<OutputLine> = {}) {
  const output = new FakeOutput();
  output.hold();
  const log = new RecordingLog();
  const buffer = new MemoryBuffer({ events: 4, bytes: 1000 });
  const line = new RunningLine({ name: "out", output, buffer, full, ...more }, {
    log,
    deadLetters: new NoDeadLetters(log),
  });
  void line.write(batchOf(["held\n"]), "room");
  await turn();
  return { line, output, log, buffer };
}

/** Writes a batch as the pipeline does; answers what became of it so far. */
async function write(line: RunningLine, records: string[]): Promise<string> {
  const batch = batchOf(records);
  const room = line.buffer.hasRoom(batch.ends.length, batch.bytes.length)
    ? "room"
    : await line.waitForRoom(batch.ends.length, batch.bytes.length);
  return await stateOf(line.write(batch, room));
}

function checkBalance({ counts: { received, ...others } }: RunningLine): void {
  assert.equal(received, Object.values(others).reduce((sum, records) => sum + records, 0));
}

Deno.test("RunningLine with drop_newest drops what comes while the buffer is full, and counts it", async () => {
  const { line, output, log } = await heldLine({ strategy: "drop_newest", sampleRate: 1 });
  assert.equal(await write(line, ["a\n", "b\n", "c\n"]), "waiting");
  assert.equal(await write(line, ["d\n", "e\n"]), "discarded");
  assert.equal(await write(line, ["f\n"]), "waiting");
  assert.deepEqual({ ...line.counts }, {
    ...{ received: 7, delivered: 0, dropped: 2, deadLettered: 0, lost: 0, failed: 0, inFlight: 5 },
  });
  output.letGo();
  await line.close(1000, true);
  assert.deepEqual(output.records, ["held\n", "a\n", "b\n", "c\n", "f\n"]);
  assert.deepEqual(log.of("warn"), ['Dropped 2 records for output "out", the newest: its buffer is full']);
  assert.equal(line.counts.delivered, 5);
  checkBalance(line);
});

Deno.test("RunningLine with drop_oldest makes room by what no sender has taken yet", async () => {
  const { line, output, buffer } = await heldLine({ strategy: "drop_oldest", sampleRate: 1 });
  const first = line.write(batchOf(["a\n"]), "room");
  const second = line.write(batchOf(["b\n", "c\n"]), "room");
  assert.equal(await write(line, ["d\n", "e\n"]), "waiting");
  assert.equal(await first, "discarded");
  assert.equal(buffer.events, 5);
  output.letGo();
  await line.close(1000, true);
  assert.equal(await second, "delivered");
  assert.deepEqual(output.records, ["held\n", "b\n", "c\n", "d\n", "e\n"]);
  assert.equal(line.counts.dropped, 1);
  checkBalance(line);
});

Deno.test("RunningLine with sample keeps one of so many records, and has only that one wait", async () => {
  const { line, output } = await heldLine({ strategy: "sample", sampleRate: 3 });
  assert.equal(await write(line, ["a\n", "b\n", "c\n", "d\n"]), "waiting");
  const room = line.waitForRoom(6, 12);
  assert.equal(await stateOf(room), "waiting");
  output.letGo();
  assert.equal(await room, "sample");
  assert.equal(await line.write(batchOf(["1\n", "2\n", "3\n", "4\n", "5\n", "6\n"]), "sample"), "delivered");
  await line.close(1000, true);
  assert.deepEqual(output.records.slice(5), ["1\n", "4\n"]);
  assert.equal(line.counts.dropped, 4);
  checkBalance(line);
});

Deno.test("RunningLine with block waits for room, and is told when there will be none", async () => {
  const { line } = await heldLine({ strategy: "block", sampleRate: 1 });
  await write(line, ["a\n", "b\n", "c\n", "d\n"]);
  const room = line.waitForRoom(1, 2);
  assert.equal(await stateOf(room), "waiting");
  await line.close(0, false);
  assert.equal(await room, "closed");
  assert.equal(line.counts.failed, 5);
  checkBalance(line);
});

Deno.test("RunningLine that is optional never waits, whatever its strategy", async () => {
  for (const strategy of ["block", "drop_newest", "drop_oldest", "sample"] as const) {
    const { line } = await heldLine({ strategy, sampleRate: 2 }, { optional: true });
    assert.equal(line.mayWait, false);
    for (let i = 0; i < 10; i++) assert.notEqual(await write(line, ["x\n", "y\n", "z\n"]), "failed");
    assert.ok(line.counts.dropped > 0, strategy);
    assert.ok(line.buffer.events <= 5, strategy);
    checkBalance(line);
    await line.close(0, false);
    checkBalance(line);
  }
});

Deno.test("RunningLine knows what its log has, and what the output had before it got the log", async () => {
  const lead = new Lead("out");
  lead.add("a", 10, 20);
  lead.add("a", 30, 40);
  lead.add("b", 5, 6);
  const { line, buffer } = await heldLine({ strategy: "block", sampleRate: 1 }, { lead });
  assert.deepEqual(line.knownOf("a"), [{ from: 10, until: 20 }, { from: 30, until: 40 }]);
  Object.assign(buffer, { knownUntil: (stream: string) => stream === "a" ? 25 : undefined });
  assert.deepEqual(line.knownOf("a"), [{ from: 0, until: 25 }, { from: 30, until: 40 }]);
  assert.deepEqual(line.knownOf("b"), [{ from: 5, until: 6 }]);
  assert.equal(line.knownOf("c"), undefined);
  await line.close(0, false);
});

Deno.test("RunningLine goes on with what it held after its sending was stopped", async () => {
  const { line, output } = await heldLine({ strategy: "block", sampleRate: 1 });
  const written = line.write(batchOf(["a\n", "b\n"]), "room");
  const stopped = line.stop();
  output.letGo();
  await stopped;
  line.start();
  assert.equal(await written, "delivered");
  await line.close(1000, true);
  assert.equal(line.counts.received, 3);
  checkBalance(line);
});
