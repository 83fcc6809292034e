import assert from "node:assert/strict";
import { examine } from "../../../src/buffers/wal/examination.ts";
import { SEGMENT_HEADER } from "../../../src/buffers/wal/segment.ts";
import { batchOf, RecordingLog, recordsOf } from "../../contracts/batches.ts";
import { SimulatedDisk } from "../../support/simulated_disk.ts";
import { contents, openLog, texts } from "./support.ts";

const DIRECTORY = "/wal";

/** A log of small batches with one record each, closed; the disk it is on, and the file. */
async function smallLog(
  count: number,
  options = {},
): Promise<{ disk: SimulatedDisk; segment: string; all: string[] }> {
  const disk = new SimulatedDisk();
  const all = Array.from({ length: count }, (_, index) => `record ${index}`);
  const log = await openLog(DIRECTORY, { files: disk, ...options });
  for (const text of all) await log.write(batchOf([text], "p"));
  await log[Symbol.asyncDispose]();
  const segment = disk.paths().find((path) => path.endsWith(".wal"));
  assert.ok(segment);
  return { disk, segment, all };
}

Deno.test("A log cut at any byte has exactly the batches that are whole, and goes on", async () => {
  const { disk, segment, all } = await smallLog(4);
  const whole = disk.read(segment) as Uint8Array;
  const frame = (whole.length - SEGMENT_HEADER) / all.length;
  for (let length = 0; length <= whole.length; length++) {
    const cut = disk.afterKill();
    cut.put(segment, whole.slice(0, length));
    // Without a cursor nothing tells that there was more.
    await cut.remove(`${DIRECTORY}/cursor.0`).catch(() => {});
    await cut.remove(`${DIRECTORY}/cursor.1`).catch(() => {});
    const log = await openLog(DIRECTORY, { files: cut });
    const complete = Math.max(0, Math.floor((length - SEGMENT_HEADER) / frame));
    assert.deepEqual(await texts(log), all.slice(0, complete), `cut at ${length}`);
    assert.equal(log.counters.lostRecords, 0);
    assert.equal(await log.write(batchOf(["more"])), "delivered");
    await log[Symbol.asyncDispose]();
    const again = await openLog(DIRECTORY, { files: cut });
    assert.deepEqual(await texts(again), [...all.slice(0, complete), "more"], `cut at ${length}`);
    await again[Symbol.asyncDispose]();
  }
});

Deno.test("A log with any one bit flipped loses that batch at most, and counts and names it", async () => {
  const { disk, segment, all } = await smallLog(2);
  const whole = disk.read(segment) as Uint8Array;
  const frame = (whole.length - SEGMENT_HEADER) / all.length;
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const byte = bit >> 3;
    const flipped = disk.afterKill();
    const bytes = whole.slice();
    bytes[byte] = (bytes[byte] ?? 0) ^ (1 << (bit & 7));
    flipped.put(segment, bytes);
    const said = new RecordingLog();
    const log = await openLog(DIRECTORY, { files: flipped, log: said });
    const found = await texts(log);
    const hit = Math.floor((byte - SEGMENT_HEADER) / frame);
    if (byte < SEGMENT_HEADER) {
      assert.deepEqual(found, all, `bit ${bit}`);
      assert.equal(log.counters.lostRecords, 0);
    } else if (found.length === all.length) {
      // Only a checksum that is kept twice was hit.
      assert.deepEqual(found, all);
      assert.equal(log.counters.lostRecords, 0);
    } else {
      assert.deepEqual(found, all.filter((_, index) => index !== hit), `bit ${bit}`);
      assert.equal(log.counters.lostRecords, 1, `bit ${bit}`);
      assert.match(
        said.of("error").join("\n"),
        /^Cannot read record \d in "\/wal(\/.*\.wal" at byte \d+|"): .*; skipped/,
      );
    }
    await log[Symbol.asyncDispose]();
  }
});

Deno.test("A zeroed sector in a large batch costs the records it touches, not the batch", async () => {
  const disk = new SimulatedDisk();
  const records = Array.from({ length: 600 }, (_, index) => `${index} ${"x".repeat(190)}\n`);
  const log = await openLog(DIRECTORY, { files: disk });
  for (let batch = 0; batch < 3; batch++) await log.write(batchOf(records, "p"));
  await log[Symbol.asyncDispose]();
  const segment = disk.paths().find((path) => path.endsWith(".wal")) ?? "";
  const whole = disk.read(segment) as Uint8Array;
  for (const at of [whole.length / 2, whole.length / 4, 70_000, 300_000]) {
    const sector = Math.floor(at / 512) * 512;
    const damaged = disk.afterKill();
    const bytes = whole.slice();
    bytes.fill(0, sector, sector + 512);
    damaged.put(segment, bytes);
    const again = await openLog(DIRECTORY, { files: damaged });
    const found = (await contents(again)).flatMap(({ batch }) => recordsOf(batch));
    const lost = 3 * records.length - found.length;
    assert.ok(lost > 0 && lost <= 14, `${lost} lost`);
    assert.equal(again.counters.lostRecords, lost);
    await again[Symbol.asyncDispose]();
  }
});

Deno.test("A frame inside a record is not taken for a frame", async () => {
  const { disk, segment } = await smallLog(2);
  const whole = disk.read(segment) as Uint8Array;
  const log = await openLog(DIRECTORY, { files: disk });
  // The log of a log: the bytes of the segment itself as a record, behind a header that will be damaged.
  const bytes = whole.slice();
  await log.write({ bytes, ends: new Uint32Array([bytes.length]), partition: "" });
  await log.write(batchOf(["last"]));
  await log[Symbol.asyncDispose]();
  const damaged = (disk.read(segment) as Uint8Array).slice();
  damaged.fill(0, whole.length, whole.length + 8);
  disk.put(segment, damaged);
  const again = await openLog(DIRECTORY, { files: disk });
  assert.deepEqual(await texts(again), ["record 0", "record 1", "last"]);
  assert.equal(again.counters.lostRecords, 1);
  await again[Symbol.asyncDispose]();
});

Deno.test("A missing segment costs what was in it", async () => {
  const disk = new SimulatedDisk();
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, segmentBytes: 500 });
  for (let index = 0; index < 12; index++) await log.write(batchOf([`record ${index}`]));
  await log[Symbol.asyncDispose]();
  const segments = disk.paths().filter((path) => path.endsWith(".wal"));
  assert.ok(segments.length >= 4);
  await disk.remove(segments[1] ?? "");
  const again = await openLog(DIRECTORY, { files: disk, log: said });
  const found = await texts(again);
  assert.ok(found.length < 12 && found.includes("record 0") && found.includes("record 11"));
  assert.equal(again.counters.lostRecords, 12 - found.length);
  assert.match(said.at("error", 0), /what stood before this place is not there/);
  await again[Symbol.asyncDispose]();
});

Deno.test("A last segment that is missing is told from what was never acknowledged", async () => {
  const disk = new SimulatedDisk();
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, segmentBytes: 500 });
  for (let index = 0; index < 12; index++) await log.write(batchOf([`record ${index}`]));
  await log[Symbol.asyncDispose]();
  await disk.remove(disk.paths().filter((path) => path.endsWith(".wal")).at(-1) ?? "");
  const again = await openLog(DIRECTORY, { files: disk, log: said });
  const found = await texts(again);
  assert.equal(again.counters.lostRecords, 12 - found.length);
  assert.match(said.at("error", 0), /although they had been on the disk/);
  assert.equal(await again.write(batchOf(["more"])), "delivered");
  assert.deepEqual(await texts(again), [...found, "more"]);
  await again[Symbol.asyncDispose]();
  const third = await openLog(DIRECTORY, { files: disk });
  assert.deepEqual(await texts(third), [...found, "more"]);
  assert.equal(third.counters.lostRecords, 0, "it is told once");
  await third[Symbol.asyncDispose]();
});

Deno.test("A damaged header of a segment costs nothing, foreign and empty files are left alone", async () => {
  const { disk, segment, all } = await smallLog(3);
  const bytes = (disk.read(segment) as Uint8Array).slice();
  bytes.fill(0, 0, SEGMENT_HEADER);
  disk.put(segment, bytes);
  disk.put(`${DIRECTORY}/notes.txt`, new Uint8Array([1]));
  disk.put(`${DIRECTORY}/0000000000000009-00000001.wal`, new Uint8Array(0));
  disk.put(`${DIRECTORY}/000000000000000a-00000001.wal`, new Uint8Array(17));
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, log: said });
  assert.deepEqual(await texts(log), all);
  assert.equal(log.counters.lostRecords, 0);
  assert.match(said.of("warn").join("\n"), /Cannot read the header of/);
  assert.deepEqual(disk.read(`${DIRECTORY}/notes.txt`), new Uint8Array([1]));
  assert.equal(disk.read(`${DIRECTORY}/0000000000000009-00000001.wal`), undefined);
  assert.ok(disk.read(`${DIRECTORY}/000000000000000a-00000001.wal.torn`));
  await log[Symbol.asyncDispose]();
});

Deno.test("A segment of a newer format is set aside and named", async () => {
  const { encodeSegmentHeader } = await import("../../../src/buffers/wal/segment.ts");
  const { crc32 } = await import("node:zlib");
  const { disk, all } = await smallLog(2);
  const header = encodeSegmentHeader({
    id: 5,
    first: 50,
    firstRecord: 50,
    before: { batch: 50, record: 50 },
    created: 0,
    version: 1,
  });
  const view = new DataView(header.buffer);
  view.setUint32(8, 2, true);
  view.setUint32(60, crc32(header.subarray(0, 60)), true);
  const path = `${DIRECTORY}/0000000000000032-00000005.wal`;
  disk.put(path, header);
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, log: said });
  assert.deepEqual(await texts(log), all);
  assert.ok(disk.read(`${path}.newer`));
  assert.match(said.of("warn").join("\n"), /its format is version 2, this program knows 1/);
  await log[Symbol.asyncDispose]();
});

Deno.test("A torn end is kept beside the segment", async () => {
  const { disk, segment } = await smallLog(3);
  const whole = disk.read(segment) as Uint8Array;
  await disk.remove(`${DIRECTORY}/cursor.0`).catch(() => {});
  await disk.remove(`${DIRECTORY}/cursor.1`).catch(() => {});
  disk.put(segment, whole.slice(0, whole.length - 10));
  const said = new RecordingLog();
  const log = await openLog(DIRECTORY, { files: disk, log: said });
  assert.deepEqual(await texts(log), ["record 0", "record 1"]);
  assert.match(
    said.at("warn", 0),
    /^Cut \d+ bytes off ".*\.wal" at byte \d+: the last write had not been finished/,
  );
  const frame = (whole.length - SEGMENT_HEADER) / 3;
  assert.deepEqual(disk.read(`${segment}.torn`), whole.slice(SEGMENT_HEADER + 2 * frame, whole.length - 10));
  await log[Symbol.asyncDispose]();
});

Deno.test("examine changes nothing", async () => {
  const { disk, segment } = await smallLog(3);
  const bytes = (disk.read(segment) as Uint8Array).slice(0, -5);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  disk.put(segment, bytes);
  const before = disk.paths().map((path) => [path, [...disk.read(path) ?? []]]);
  const found = await examine(disk, DIRECTORY, { payloads: true });
  assert.ok(found.damages.length > 0);
  assert.deepEqual(disk.paths().map((path) => [path, [...disk.read(path) ?? []]]), before);
});
