import assert from "node:assert/strict";
import { batchOf, RecordingLog, recordsOf, turn } from "../../contracts/batches.ts";
import { diskFull, ioError, quotaExceeded, SimulatedDisk } from "../../support/simulated_disk.ts";
import { openLog, take, texts } from "./support.ts";

const DIRECTORY = "/wal";

/** Waits until something is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

Deno.test("After a failed sync everything since the last good one is written to a new segment", async () => {
  const disk = new SimulatedDisk();
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, log: said });
  await log.write(batchOf(["a"]));
  let failures = 1;
  const synced: string[] = [];
  disk.fault = (operation, path) => {
    if (operation !== "sync" || !path.endsWith(".wal")) return undefined;
    if (failures-- > 0) return ioError();
    synced.push(path);
    return undefined;
  };
  const outcomes = await Promise.all(["b", "c"].map((text) => log.write(batchOf([text]))));
  assert.deepEqual(outcomes, ["delivered", "delivered"]);
  const segments = disk.paths().filter((path) => path.endsWith(".wal"));
  assert.equal(segments.length, 2);
  assert.ok(synced.every((path) => path === segments[1]), "the file that failed is never synced again");
  assert.equal(said.of("warn").length, 2);
  assert.match(
    said.at("warn", 0),
    /^Cannot write to ".*": input\/output error; what may not be on the disk is written/,
  );
  assert.match(said.at("warn", 1), /^Writing to "\/wal" again after /);
  assert.equal(await log.write(batchOf(["d"])), "delivered");
  const cut = disk.afterPowerCut();
  await log[Symbol.asyncDispose]();
  const again = await openLog(DIRECTORY, { files: cut });
  assert.deepEqual(await texts(again), ["a", "b", "c", "d"]);
  assert.equal(again.counters.lostRecords, 0);
  await again[Symbol.asyncDispose]();
});

Deno.test("What a failed sync left behind in the old segment is not read twice", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, { files: disk });
  await log.write(batchOf(["a"]));
  let failures = 1;
  disk.fault = (operation, path) => {
    if (!path.endsWith(".wal")) return undefined;
    // Nor can the old segment be cut.
    if (operation === "truncate") return ioError();
    return operation === "sync" && failures-- > 0 ? ioError() : undefined;
  };
  await Promise.all(["b", "c"].map((text) => log.write(batchOf([text]))));
  const old = disk.paths().find((path) => path.endsWith(".wal")) ?? "";
  for (const isDamaged of [false, true]) {
    const killed = disk.afterKill();
    const bytes = (killed.read(old) as Uint8Array).slice();
    const frame = (bytes.length - 64) / 3;
    // What may not have reached the disk may be anything: here the second frame is gone, the third is there.
    if (isDamaged) bytes.fill(0, 64 + frame, 64 + 2 * frame);
    killed.put(old, bytes);
    const again = await openLog(DIRECTORY, { files: killed });
    assert.deepEqual(await texts(again), ["a", "b", "c"]);
    assert.equal(again.counters.lostRecords, 0);
    await again[Symbol.asyncDispose]();
  }
  await log[Symbol.asyncDispose]();
});

Deno.test("While every sync fails nothing is acknowledged and there is no room; then all of it is", async () => {
  const disk = new SimulatedDisk();
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, log: said });
  disk.fault = (operation, path) => operation === "sync" && path.endsWith(".wal") ? ioError() : undefined;
  let outcome = "";
  void log.write(batchOf(["a"])).then((settled) => outcome = settled);
  await until(() => said.of("error").length > 0);
  assert.equal(outcome, "");
  assert.equal(log.hasRoom(1, 1), false);
  assert.match(said.at("error", 0), /inputs wait until the disk takes the records/);
  disk.fault = () => undefined;
  assert.equal(await log.waitForRoom(1, 1), true);
  assert.equal(outcome, "delivered");
  assert.equal(
    disk.paths().filter((path) => path.endsWith(".wal")).length,
    1,
    "what never held anything is gone",
  );
  assert.deepEqual(await texts(log), ["a"]);
  await log[Symbol.asyncDispose]();
});

Deno.test("A full disk gives backpressure, is told once, and the log goes on by itself", async () => {
  for (const byQuota of [false, true]) {
    const disk = new SimulatedDisk();
    const said = new RecordingLog();
    const log = await openLog(DIRECTORY, { files: disk, log: said });
    await log.write(batchOf(["first"]));
    const used = disk.paths().reduce((sum, path) => sum + (disk.read(path)?.length ?? 0), 0);
    if (byQuota) disk.fault = (operation) => operation === "write" ? quotaExceeded() : undefined;
    // A part of the next frame fits: the short write comes before the error.
    else disk.capacity = used + 30;
    const outcomes = ["a", "b"].map((text) => log.write(batchOf([text])));
    await until(() => said.of("warn").length > 0);
    assert.match(
      said.at("warn", 0),
      /^Cannot write to "\/wal\/.*\.wal": (no space left on device|Disk quota.*); inputs wait, trying again every 500ms$/,
    );
    assert.equal(log.hasRoom(1, 1), false);
    // Nothing of the frame that did not fit is left.
    const segment = disk.paths().find((path) => path.endsWith(".wal")) ?? "";
    await until(() => (disk.read(segment)?.length ?? 0) % 8 === 0);
    const killed = await openLog(DIRECTORY, { files: disk.afterKill() });
    assert.deepEqual(await texts(killed), ["first"]);
    await killed[Symbol.asyncDispose]();
    disk.capacity = Infinity;
    disk.fault = () => undefined;
    assert.equal(await log.waitForRoom(1, 1), true);
    assert.deepEqual(await Promise.all(outcomes), ["delivered", "delivered"]);
    assert.deepEqual(said.of("warn").length, 2);
    assert.deepEqual(await texts(log), ["first", "a", "b"]);
    await log[Symbol.asyncDispose]();
    const again = await openLog(DIRECTORY, { files: disk });
    assert.deepEqual(await texts(again), ["first", "a", "b"]);
    await again[Symbol.asyncDispose]();
  }
});

Deno.test("A log that is closed while the disk is full fails what it could not write, and keeps the rest", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, { files: disk });
  await log.write(batchOf(["a"]));
  disk.fault = (operation) => operation === "write" ? diskFull() : undefined;
  const outcome = log.write(batchOf(["b"]));
  await until(() => !log.hasRoom(1, 1));
  await log[Symbol.asyncDispose]();
  assert.equal(await outcome, "failed");
  disk.fault = () => undefined;
  const again = await openLog(DIRECTORY, { files: disk });
  assert.deepEqual(await texts(again), ["a"]);
  await again[Symbol.asyncDispose]();
});

Deno.test("A failed write begins a new segment, and batches come out in order", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, { files: disk, segmentBytes: 400, syncInterval: 1e9 });
  let failures = 2;
  disk.fault = (operation) => operation === "write" && failures-- > 0 ? ioError() : undefined;
  const all = Array.from({ length: 12 }, (_, index) => `record ${index}`);
  const outcomes = all.map((text) => log.write(batchOf([text])));
  await log.flush();
  assert.ok((await Promise.all(outcomes)).every((outcome) => outcome === "delivered"));
  await log[Symbol.asyncDispose]();
  const again = await openLog(DIRECTORY, { files: disk });
  assert.deepEqual(await texts(again), all);
  assert.equal(again.counters.lostRecords, 0);
  await again[Symbol.asyncDispose]();
});

Deno.test("A cursor that cannot be saved is told once, and nothing is deleted until it can", async () => {
  const disk = new SimulatedDisk();
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, log: said, segmentBytes: 400, cursorInterval: 1 });
  disk.fault = (operation, path) =>
    operation === "overwrite" && path.includes("cursor") ? diskFull() : undefined;
  for (let index = 0; index < 8; index++) await log.write(batchOf([`record ${index}`]));
  for (const buffered of await take(log, 8)) buffered.release("delivered");
  await until(() => said.of("warn").length > 0);
  assert.match(
    said.at("warn", 0),
    /^Cannot save the cursor of "\/wal": no space left on device; after a crash/,
  );
  assert.equal(log.counters.deletedSegments, 0);
  disk.fault = () => undefined;
  await until(() => log.counters.deletedSegments > 0);
  assert.equal(said.of("warn").length, 1);
  await log[Symbol.asyncDispose]();
});

Deno.test("Files that vanish while the log is open cost what was in them, and are told", async () => {
  const disk = new SimulatedDisk();
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, log: said, segmentBytes: 500, memoryBytes: 1 });
  for (let index = 0; index < 12; index++) await log.write(batchOf([`record ${index}`]));
  const second = disk.paths().filter((path) => path.endsWith(".wal"))[1] ?? "";
  await disk.remove(second);
  const found = (await texts(log)).length;
  assert.ok(found < 12 && found > 0);
  assert.equal(log.counters.lostRecords, 12 - found);
  assert.match(said.at("error", 0), /^Cannot read records? \d+.* skipped what could not be read$/);
  await log[Symbol.asyncDispose]();
});

Deno.test("A reader that lags behind reads from the disk what memory has no room for", async () => {
  for (const compression of ["none", "gzip", "zstd"] as const) {
    const disk = new SimulatedDisk();
    const log = await openLog(DIRECTORY, { files: disk, segmentBytes: 5000, memoryBytes: 1000, compression });
    const all = Array.from({ length: 100 }, (_, index) => `record ${index} ${"text ".repeat(20)}`);
    const taken = [];
    for (const [index, text] of all.entries()) {
      await log.write(batchOf([text]));
      if (index % 3 === 0) taken.push(index);
    }
    const batches = await take(log, 100);
    assert.deepEqual(batches.flatMap(({ batch }) => recordsOf(batch)), all);
    for (const buffered of batches.reverse()) buffered.release("delivered");
    assert.equal(log.events, 0);
    assert.equal(log.bytes, 0);
    await log[Symbol.asyncDispose]();
    assert.deepEqual(disk.paths().filter((path) => path.endsWith(".wal")), []);
  }
});

Deno.test("While the disk is full, what is written already is forced to it, and delivered segments go", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, {
    files: disk,
    segmentBytes: 400,
    syncInterval: 3,
    cursorInterval: 1,
  });
  disk.capacity = disk.paths().reduce((sum, path) => sum + (disk.read(path)?.length ?? 0), 0) + 900;
  const outcomes: string[] = [];
  for (let index = 0; index < 12; index++) {
    void log.write(batchOf([`record ${index}`])).then((outcome) => outcomes.push(outcome));
  }
  await until(() => outcomes.length >= 4);
  assert.equal(log.hasRoom(1, 1), false);
  for (const buffered of await take(log, 12)) buffered.release("delivered");
  await until(() => log.counters.deletedSegments > 0);
  await log.flush();
  assert.equal(outcomes.length, 12);
  assert.ok(outcomes.every((outcome) => outcome === "delivered"));
  await log[Symbol.asyncDispose]();
});
