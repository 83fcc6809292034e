import assert from "node:assert/strict";
import type { BufferedBatch } from "../../../src/buffers/batch_buffer.ts";
import type { WalBuffer } from "../../../src/buffers/wal/wal_buffer.ts";
import { batchOf, RecordingLog, turn } from "../../contracts/batches.ts";
import { ioError, SimulatedDisk } from "../../support/simulated_disk.ts";
import { NEVER, openLog, texts } from "./support.ts";

const DIRECTORY = "/wal";
const isSegment = (path: string) => path.endsWith(".wal");

/** Waits until something is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Lets through what waits, as far as nothing but turns of the event loop is needed. */
async function turns(count = 20): Promise<void> {
  for (let index = 0; index < count; index++) await turn();
}

/** Reads batches one after the other. */
function reader(log: WalBuffer): () => Promise<BufferedBatch> {
  const iterator = log.read(NEVER)[Symbol.asyncIterator]();
  return async () => (await iterator.next()).value;
}

function written(disk: SimulatedDisk): number {
  return disk.operations.filter((operation) => operation.startsWith("write ") && isSegment(operation)).length;
}

Deno.test("What an output takes soon is written, and never forced to the disk", async () => {
  const disk = new SimulatedDisk();
  // 4 KiB may be in memory, of which 1 KiB would be forced to the disk.
  const log = await openLog(DIRECTORY, {
    files: disk,
    memoryBytes: 4096,
    segmentBytes: 8192,
    syncInterval: 1e9,
  });
  const next = reader(log);
  for (let index = 0; index < 200; index++) {
    assert.equal(log.hasRoom(1, 300), true);
    const before = written(disk);
    const outcome = log.write(batchOf(["x".repeat(300)]));
    const batch = await next();
    // Sometimes it is delivered before it is written.
    if (index % 3 > 0) await until(() => written(disk) > before);
    batch.release("delivered");
    assert.equal(await outcome, "delivered");
  }
  assert.deepEqual(disk.operations.filter((each) => each.startsWith("sync ") && isSegment(each)), []);
  await log[Symbol.asyncDispose]();
});

Deno.test("A disk that takes long for a sync holds up nothing but what waits for it", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, { files: disk, memoryBytes: 4096 });
  const gate = Promise.withResolvers<void>();
  let syncs = 0;
  disk.beforeSync = () => {
    syncs++;
    return gate.promise;
  };
  const next = reader(log);
  let outcome = "";
  void log.write(batchOf(["waits"])).then((settled) => outcome = settled);
  const waiting = await next();
  await until(() => syncs > 0);
  for (let index = 0; index < 50; index++) {
    assert.equal(log.hasRoom(1, 300), true);
    void log.write(batchOf(["x".repeat(300)]));
    (await next()).release("delivered");
    await turns(3);
  }
  assert.equal(outcome, "");
  gate.resolve();
  await until(() => outcome === "delivered");
  waiting.release("delivered");
  await log[Symbol.asyncDispose]();
});

Deno.test("After a failed sync what is delivered is not written again, and nothing counts as lost", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, { files: disk, syncInterval: 1e9, cursorInterval: 1e9 });
  const next = reader(log);
  const outcomes = ["a", "b", "c", "d", "e"].map((text) => log.write(batchOf([text])));
  const batches = [await next(), await next(), await next(), await next(), await next()];
  await until(() => written(disk) > 0);
  batches[1]?.release("delivered");
  batches[4]?.release("delivered");
  let failures = 1;
  disk.fault = (operation, path) =>
    operation === "sync" && isSegment(path) && failures-- > 0 ? ioError() : undefined;
  await log.flush();
  assert.deepEqual(await Promise.all(outcomes), Array(5).fill("delivered"));
  assert.equal(
    await Promise.race([log.write(batchOf(["f"])), log.flush().then(() => "delivered")]),
    "delivered",
  );
  await turns();
  for (const left of [disk.afterKill(), disk.afterPowerCut()]) {
    const again = await openLog(DIRECTORY, { files: left });
    assert.deepEqual(await texts(again), ["a", "c", "d", "f"]);
    assert.equal(again.counters.lostRecords, 0);
    assert.equal(await again.write(batchOf(["g"])), "delivered");
    await again[Symbol.asyncDispose]();
    const third = await openLog(DIRECTORY, { files: left });
    assert.deepEqual(await texts(third), ["a", "c", "d", "f", "g"]);
    assert.equal(third.counters.lostRecords, 0);
    await third[Symbol.asyncDispose]();
  }
  await log[Symbol.asyncDispose]();
});

Deno.test("A power cut leaves no gap where what was delivered stood before what was forced to the disk", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, {
    files: disk,
    segmentBytes: 400,
    syncInterval: 1e9,
    cursorInterval: 1e9,
  });
  const next = reader(log);
  for (let index = 0; index < 9; index++) {
    const before = written(disk);
    void log.write(batchOf([`${index}`.repeat(100)]));
    const batch = await next();
    await until(() => written(disk) > before);
    if (index < 8) batch.release("delivered");
  }
  assert.ok(disk.paths().filter(isSegment).length > 2);
  await log.flush();
  const cut = disk.afterPowerCut();
  await log[Symbol.asyncDispose]();
  const again = await openLog(DIRECTORY, { files: cut });
  assert.equal((await texts(again)).at(-1), "8".repeat(100));
  assert.equal(again.counters.lostRecords, 0);
  await again[Symbol.asyncDispose]();
});

Deno.test("While every sync fails, records come in again once those before them are delivered", async () => {
  const disk = new SimulatedDisk();
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, log: said });
  disk.fault = (operation, path) => operation === "sync" && isSegment(path) ? ioError() : undefined;
  const next = reader(log);
  for (const text of ["a", "b"]) {
    assert.equal(await log.waitForRoom(1, 1), true);
    const outcome = log.write(batchOf([text]));
    const batch = await next();
    await until(() => !log.hasRoom(1, 1));
    batch.release("delivered");
    assert.equal(await outcome, "delivered");
  }
  disk.fault = () => undefined;
  assert.equal(await log.waitForRoom(1, 1), true);
  assert.equal(await log.write(batchOf(["c"])), "delivered");
  const cut = disk.afterPowerCut();
  await log[Symbol.asyncDispose]();
  const again = await openLog(DIRECTORY, { files: cut });
  assert.equal((await texts(again)).at(-1), "c");
  assert.equal(again.counters.lostRecords, 0);
  await again[Symbol.asyncDispose]();
});

Deno.test("What a killed process had only written is forced to the disk by the next start", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, { files: disk, syncInterval: 1e9 });
  void log.write(batchOf(["a"]));
  await until(() => written(disk) > 0);
  await turns();
  const killed = disk.afterKill();
  const again = await openLog(DIRECTORY, { files: killed });
  const cut = killed.afterPowerCut();
  await again[Symbol.asyncDispose]();
  const third = await openLog(DIRECTORY, { files: cut });
  assert.deepEqual(await texts(third), ["a"]);
  await third[Symbol.asyncDispose]();
  await log[Symbol.asyncDispose]();
});
