import assert from "node:assert/strict";
import { BufferPool } from "../../../src/inputs/file/buffer_pool.ts";
import { TailPump, type TailPumpOptions } from "../../../src/inputs/file/tail_pump.ts";
import type { TailedFile } from "../../../src/inputs/file/tailed_file.ts";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { START } from "../../../src/inputs/file/reader.ts";
import { Bench, Collector, until } from "./support.ts";

async function fileOf(bench: Bench, registry = bench.registry(), name = "a.log"): Promise<TailedFile> {
  const file = registry.add(bench.path(name), openContents(bench.path(name)), { start: START }, bench.time);
  await registry.takeAdded();
  file.emptyAt = 0;
  return file;
}

function pumpOf(collector: Collector, options: Partial<TailPumpOptions> = {}): TailPump {
  return new TailPump({
    emit: (batch) => collector.emit(batch),
    stop: new AbortController().signal,
    pool: new BufferPool(320, 4),
    concurrency: 2,
    now: Date.now,
    onEmitted() {},
    onUnknown() {},
    onEnd() {},
    onChanged() {},
    onError() {},
    onHealed() {},
    onRefused() {},
    onCut() {},
    ...options,
  });
}

Deno.test("TailPump reads a file to its end in order, and reports positions that join", async () => {
  using bench = new Bench();
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index}\n`);
  bench.write("a.log", lines.join(""));
  const collector = new Collector();
  const positions: number[] = [];
  let ends = 0;
  const pump = pumpOf(collector, {
    onEmitted: (_, { at }) => positions.push(at.off),
    onEnd: () => ends++,
  });
  const file = await fileOf(bench);
  pump.enqueue(file);
  pump.enqueue(file);
  await pump.idle();
  assert.deepEqual(collector.records, lines);
  assert.ok(collector.batches.length > 3);
  const starts = collector.batches.map(({ origin }) => origin!.offset);
  assert.deepEqual(starts, [0, ...positions.slice(0, -1)]);
  assert.equal(new Set(collector.batches.map(({ origin }) => origin!.id)).size, 1);
  assert.equal(ends, 2, "it looked again, since it was asked meanwhile");
  file.close();
});

Deno.test("TailPump reads nothing of a file whose checkpoint is not saved, that waits, or that has ended", async () => {
  using bench = new Bench();
  for (const name of ["a.log", "b.log"]) bench.write(name, `${name}\n`);
  const registry = bench.registry();
  const collector = new Collector();
  const pump = pumpOf(collector);
  bench.store.full = true;
  const unsaved = await fileOf(bench, registry);
  pump.enqueue(unsaved);
  await pump.idle();
  assert.deepEqual(collector.records, []);
  bench.store.full = false;
  assert.deepEqual(await registry.takeAdded(), [unsaved]);
  const later = await fileOf(bench, registry, "b.log");
  later.waitFor(unsaved);
  pump.enqueue(later);
  await pump.idle();
  assert.deepEqual(collector.records, []);
  pump.enqueue(unsaved);
  await pump.idle();
  assert.deepEqual(unsaved.release(), [later]);
  later.end();
  pump.enqueue(later);
  await pump.idle();
  assert.deepEqual(collector.records, ["a.log\n"]);
  for (const file of [unsaved, later]) file.close();
});

Deno.test("TailPump.left waits for one file only, which has ended", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  bench.write("b.log", "two\n");
  const registry = bench.registry();
  const [first, second] = [await fileOf(bench, registry), await fileOf(bench, registry, "b.log")];
  const collector = new Collector();
  const held = Promise.withResolvers<void>();
  const pump = pumpOf(collector, {
    emit: async (batch) => {
      if (batch.source.labels.file === "b.log") await held.promise;
      return await collector.emit(batch);
    },
  });
  pump.enqueue(first);
  pump.enqueue(second);
  first.end();
  await pump.left(first);
  assert.equal(second.queued, true);
  held.resolve();
  await pump.idle();
  for (const file of [first, second]) file.close();
});

Deno.test("TailPump reports what reading throws, and reads on when it is asked again", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  const file = await fileOf(bench);
  const errors: unknown[] = [];
  let healed = 0;
  const collector = new Collector();
  const pump = pumpOf(collector, {
    onError: (failed, error) => {
      failed.backoff = 1;
      errors.push(error);
    },
    onHealed: () => healed++,
  });
  const read = file.file.read.bind(file.file);
  file.file.read = () => {
    throw new Error("EIO");
  };
  pump.enqueue(file);
  await pump.idle();
  assert.equal(errors.length, 1);
  file.file.read = read;
  pump.enqueue(file);
  await until("the line", () => collector.records.length === 1);
  assert.equal(healed, 1);
  file.close();
});

Deno.test("TailPump gives the buffer of a failed batch to nobody: an output may still be writing from it", async () => {
  for (const outcome of ["delivered", "failed"] as const) {
    using bench = new Bench();
    bench.write("a.log", `${"x".repeat(200)}\n`.repeat(20));
    const file = await fileOf(bench);
    const collector = new Collector();
    collector.outcome = outcome;
    const pool = new BufferPool(320, 4);
    const given: unknown[] = [];
    pool.give = (buffer) => given.push(buffer.buffer);
    const pump = pumpOf(collector, { pool });
    pump.enqueue(file);
    await pump.idle();
    assert.ok(collector.batches.length > 1);
    const used = new Set(collector.batches.map(({ bytes }) => bytes.buffer));
    assert.equal(given.some((buffer) => used.has(buffer as ArrayBuffer)), outcome === "delivered");
    file.close();
  }
});

Deno.test("TailPump counts a batch as failed that could not be handed over", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  const file = await fileOf(bench);
  const outcomes: Promise<string>[] = [];
  const refused: unknown[] = [];
  const pump = pumpOf(new Collector(), {
    emit: () => Promise.reject(new Error("no partition")),
    onEmitted: (_, __, { settled }) => outcomes.push(settled),
    onRefused: (_, error) => refused.push(error),
  });
  pump.enqueue(file);
  await pump.idle();
  assert.deepEqual(await Promise.all(outcomes), ["failed"]);
  assert.equal(refused.length, 1);
  file.close();
});

Deno.test("TailPump delivers an unfinished line in its turn, unless it grows until then", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\nhal");
  const file = await fileOf(bench);
  const collector = new Collector();
  const pump = pumpOf(collector);
  const read = async () => {
    pump.enqueue(file);
    await pump.idle();
  };
  await read();
  bench.append("a.log", "f");
  pump.enqueueRest(file, "all");
  await pump.idle();
  assert.deepEqual(collector.records, ["one\n"]);
  pump.enqueueRest(file, "all");
  await pump.idle();
  assert.deepEqual(collector.records, ["one\n", "half\n"]);
  bench.append("a.log", "two\n");
  await read();
  assert.deepEqual(collector.records, ["one\n", "half\n", "two\n"]);
  file.close();
});
