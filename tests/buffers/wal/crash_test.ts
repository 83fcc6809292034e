import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonObject } from "../../../src/checkpoints/checkpoint_store.ts";
import type { WalBuffer } from "../../../src/buffers/wal/wal_buffer.ts";
import { batchOf, recordsOf, turn } from "../../contracts/batches.ts";
import { ioError, SimulatedDisk } from "../../support/simulated_disk.ts";
import { NEVER, openLog, texts } from "./support.ts";

const DIRECTORY = "/wal";

/** What is done to a log, one after the other. */
type Step =
  | { readonly kind: "write"; readonly records: number }
  | { readonly kind: "read"; readonly count: number }
  | { readonly kind: "release"; readonly which: number }
  | { readonly kind: "turn" };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), records: fc.nat({ max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("read" as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.constant({ kind: "turn" as const }) },
);

interface Life {
  readonly written: string[];
  readonly acknowledged: Set<string>;
  readonly released: Set<string>;
}

/** Does the steps; the log is not closed afterwards. */
async function live(log: WalBuffer, steps: readonly Step[], life: Life): Promise<void> {
  const iterator = log.read(NEVER)[Symbol.asyncIterator]();
  const held: { texts: string[]; release(): void }[] = [];
  for (const step of steps) {
    if (step.kind === "write") {
      const records = Array.from({ length: step.records }, (_, index) => `${life.written.length + index}`);
      life.written.push(...records);
      void log.write(batchOf(records)).then((outcome) => {
        if (outcome === "delivered") { for (const record of records) life.acknowledged.add(record); }
      });
    } else if (step.kind === "read") {
      for (
        let count = 0;
        count < step.count && log.events > held.reduce((sum, each) => sum + each.texts.length, 0);
        count++
      ) {
        const { value } = await iterator.next();
        held.push({ texts: recordsOf(value.batch), release: () => value.release("delivered") });
      }
    } else if (step.kind === "release" && held.length > 0) {
      const [chosen] = held.splice(step.which % held.length, 1);
      for (const text of chosen?.texts ?? []) life.released.add(text);
      chosen?.release();
    } else await turn();
  }
}

const newLife = (): Life => ({ written: [], acknowledged: new Set(), released: new Set() });

Deno.test("What was acknowledged is there after any power cut, in order, unless it was delivered", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyStep, { maxLength: 40 }), { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.constantFrom(0, 3),
      // Every so many syncs of a segment one fails.
      fc.constantFrom(Infinity, 2, 3, 5),
      async (lives, seed, syncInterval, failing) => {
        let disk = new SimulatedDisk();
        const life = newLife();
        for (const steps of lives) {
          const log = await openLog(DIRECTORY, {
            files: disk,
            segmentBytes: 700,
            syncInterval,
            cursorInterval: 2,
          });
          let syncs = 0;
          disk.fault = (operation, path) =>
            operation === "sync" && path.endsWith(".wal") && ++syncs % failing === 0 ? ioError() : undefined;
          await live(log, steps, life);
          // As of this moment nothing more is acknowledged: the power is gone.
          const acknowledged = [...life.acknowledged];
          const released = new Set(life.released);
          const next = disk.afterPowerCut((unsynced) => seed % (unsynced + 1));
          await log[Symbol.asyncDispose]();
          disk = next;
          const again = await openLog(DIRECTORY, { files: disk.afterKill(), segmentBytes: 700 });
          const found = await texts(again);
          for (const record of acknowledged) {
            assert.ok(released.has(record) || found.includes(record), `${record} is lost`);
          }
          assert.deepEqual(found, [...found].sort((a, b) => Number(a) - Number(b)), "order");
          assert.equal(new Set(found).size, found.length, "doubled");
          assert.ok(found.every((record) => life.written.includes(record)), "invented");
          assert.equal(again.counters.lostRecords, 0);
          await again[Symbol.asyncDispose]();
          life.acknowledged.clear();
          for (const record of acknowledged) life.acknowledged.add(record);
        }
      },
    ),
    { numRuns: 80 },
  );
});

/** An output that appends to a file in memory, and whose state is its length. */
class Appender {
  readonly key = "appender";
  records: string[] = [];
  commit?: () => Promise<void>;
  snapshot(): { state: JsonObject; sync(): Promise<void> } {
    return { state: { length: this.records.length }, sync: () => Promise.resolve() };
  }
  restore(state: JsonObject | undefined, replayable: boolean): void {
    const length = state?.["length"];
    if (replayable && typeof length === "number") this.records.length = Math.min(this.records.length, length);
  }
}

Deno.test("An output whose state is saved with the position has every record exactly once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyStep, { maxLength: 40 }), { minLength: 1, maxLength: 4 }),
      async (lives) => {
        let disk = new SimulatedDisk();
        const output = new Appender();
        const life = newLife();
        for (const steps of lives) {
          const log = await openLog(DIRECTORY, {
            files: disk,
            segmentBytes: 700,
            cursorInterval: 2,
            participant: output,
          });
          const iterator = log.read(NEVER)[Symbol.asyncIterator]();
          for (const step of steps) {
            if (step.kind === "write") {
              const records = Array.from(
                { length: step.records },
                (_, index) => `${life.written.length + index}`,
              );
              life.written.push(...records);
              // Nothing is lost at a kill but what was not written yet, which no input takes for delivered.
              assert.equal(await log.write(batchOf(records)), "delivered");
            } else if (step.kind === "read" && log.events > 0) {
              const { value } = await iterator.next();
              // As the file output does it: the state knows of a file before its first byte.
              if (output.records.length === 0) await output.commit?.();
              output.records.push(...recordsOf(value.batch));
              value.release("delivered");
            } else if (step.kind === "release") {
              await output.commit?.();
            } else await turn();
          }
          disk = disk.afterKill();
          output.commit = () => Promise.resolve();
        }
        const last = await openLog(DIRECTORY, { files: disk, participant: output });
        assert.deepEqual([...output.records, ...await texts(last)], life.written);
        await last[Symbol.asyncDispose]();
      },
    ),
    { numRuns: 80 },
  );
});

Deno.test("Damage keeps an output from being cut back to what cannot be read again", async () => {
  const disk = new SimulatedDisk();
  const output = new Appender();
  const log = await openLog(DIRECTORY, { files: disk, participant: output, cursorInterval: 1e9 });
  for (let index = 0; index < 4; index++) await log.write(batchOf([`record ${index}`]));
  const killed = disk.afterKill();
  const segment = killed.paths().find((path) => path.endsWith(".wal")) ?? "";
  const bytes = (killed.read(segment) as Uint8Array).slice();
  bytes[64 + 56 + 30] = 0xff;
  killed.put(segment, bytes);
  const replayable: boolean[] = [];
  const again = await openLog(DIRECTORY, {
    files: killed,
    participant: {
      key: "a",
      snapshot: () => output.snapshot(),
      restore: (_, may) => void replayable.push(may),
    },
  });
  assert.deepEqual(replayable, [false]);
  await again[Symbol.asyncDispose]();
  await log[Symbol.asyncDispose]();
});

Deno.test("Segments are deleted only after the cursors that do not need them are on the disk", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, { files: disk, segmentBytes: 400, cursorInterval: 1 });
  for (let index = 0; index < 12; index++) await log.write(batchOf([`record ${index}`]));
  const iterator = log.read(NEVER)[Symbol.asyncIterator]();
  for (let index = 0; index < 9; index++) {
    const { value } = await iterator.next();
    value.release("delivered");
  }
  while (log.counters.deletedSegments === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const { operations } = disk;
  const removal = operations.findIndex((operation) => operation.startsWith("remove "));
  const before = operations.slice(0, removal);
  for (const slot of ["cursor.0", "cursor.1"]) assert.ok(before.includes(`sync ${DIRECTORY}/${slot}`), slot);
  assert.ok(operations.slice(removal).includes(`syncDirectory ${DIRECTORY}`));
  // Either cursor alone is enough to go on.
  for (const slot of ["cursor.0", "cursor.1"]) {
    const damaged = disk.afterKill();
    damaged.put(`${DIRECTORY}/${slot}`, new Uint8Array([1, 2, 3]));
    const again = await openLog(DIRECTORY, { files: damaged });
    assert.equal(again.counters.lostRecords, 0);
    const found = await texts(again);
    assert.deepEqual(found.slice(-3), ["record 9", "record 10", "record 11"]);
    await again[Symbol.asyncDispose]();
  }
  await log[Symbol.asyncDispose]();
});

Deno.test("What was delivered before it was on the disk does not hide what comes after a power cut", async () => {
  const disk = new SimulatedDisk();
  const log = await openLog(DIRECTORY, { files: disk, syncInterval: 1e9, cursorInterval: 1 });
  void log.write(batchOf(["a"]));
  void log.write(batchOf(["b"]));
  const iterator = log.read(NEVER)[Symbol.asyncIterator]();
  for (let index = 0; index < 2; index++) (await iterator.next()).value.release("delivered");
  const saved = (slot: number) => new TextDecoder().decode(disk.read(`${DIRECTORY}/cursor.${slot}`));
  while (!(saved(0) + saved(1)).includes('"mark":[3,3]')) await turn();
  const cut = disk.afterPowerCut();
  await log[Symbol.asyncDispose]();
  const again = await openLog(DIRECTORY, { files: cut });
  await again.write(batchOf(["c"]));
  assert.deepEqual(await texts(again), ["c"]);
  await again[Symbol.asyncDispose]();
  const third = await openLog(DIRECTORY, { files: cut });
  assert.deepEqual(await texts(third), ["c"]);
  assert.equal(third.counters.lostRecords, 0);
  await third[Symbol.asyncDispose]();
});

Deno.test("With a saved state a batch is answered once it is on the disk, not when it is delivered", async () => {
  const log = await openLog(DIRECTORY, {
    files: new SimulatedDisk(),
    participant: new Appender(),
    syncInterval: 3_600_000,
  });
  let outcome = "";
  void log.write(batchOf(["a"])).then((settled) => outcome = settled);
  (await log.read(NEVER)[Symbol.asyncIterator]().next()).value.release("delivered");
  await turn();
  assert.equal(outcome, "");
  await log.flush();
  assert.equal(outcome, "delivered");
  await log[Symbol.asyncDispose]();
});

Deno.test("A cursor is written only once what the output's state tells of is on the disk", async () => {
  const disk = new SimulatedDisk();
  const gate = Promise.withResolvers<void>();
  const output = new Appender();
  output.snapshot = () => ({ state: { length: 7 }, sync: () => gate.promise });
  const log = await openLog(DIRECTORY, { files: disk, participant: output, cursorInterval: 1e9 });
  const cursors = () => ["cursor.0", "cursor.1"].map((name) => disk.read(`${DIRECTORY}/${name}`));
  const before = cursors();
  await log.write(batchOf(["a"]));
  const saved = output.commit?.();
  await turn();
  await turn();
  assert.deepEqual(cursors(), before);
  gate.resolve();
  await saved;
  const after = cursors();
  assert.equal(after.filter((bytes, slot) => bytes !== before[slot]).length, 1);
  output.snapshot = () => ({ state: {}, sync: () => Promise.reject(new Error("no space")) });
  await assert.rejects(async () => await output.commit?.(), /no space/);
  assert.deepEqual(cursors(), after);
  await log[Symbol.asyncDispose]();
});
