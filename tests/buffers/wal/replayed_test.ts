import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { EncodedBatch } from "../../../src/batch.ts";
import { batchOf } from "../../contracts/batches.ts";
import { openLog, take, withDirectory } from "./support.ts";

/** A batch of a stream that covers it up to an offset. */
function covering(id: string, until: number): EncodedBatch {
  const ids = { origins: [{ id, end: 1, until }], offsets: Float64Array.of(until - 1) };
  return { ...batchOf([`${id} ${until}\n`]), ids };
}

for (const compression of ["none", "zstd"] as const) {
  Deno.test(`WalBuffer knows after a crash up to where streams were written (${compression})`, () =>
    withDirectory(async (directory) => {
      const log = await openLog(`${directory}/log`, { compression, cursorInterval: 1_000_000 });
      assert.equal(log.knownUntil("a"), undefined);
      for (let until = 1; until <= 20; until++) {
        assert.equal(await log.write(covering("a", until)), "delivered");
      }
      await log.write(covering("b", 5));
      assert.deepEqual([log.knownUntil("a"), log.knownUntil("b")], [20, 5]);
      // As a process leaves it that is killed: the cursor was not saved since the start.
      fs.cpSync(`${directory}/log`, `${directory}/copy`, { recursive: true });
      const again = await openLog(`${directory}/copy`, { compression });
      assert.deepEqual([again.knownUntil("a"), again.knownUntil("b")], [20, 5]);
      await again[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    }));
}

Deno.test("WalBuffer knows of streams whose segments are delivered and gone", () =>
  withDirectory(async (directory) => {
    const log = await openLog(directory, { segmentBytes: 4096, cursorInterval: 1 });
    const writes: Promise<unknown>[] = [];
    for (let until = 1; until <= 200; until++) writes.push(log.write(covering("a", until)));
    await Promise.all(writes);
    for (const { release } of await take(log, 200)) release("delivered");
    await log[Symbol.asyncDispose]();
    const again = await openLog(directory);
    assert.equal(again.knownUntil("a"), 200);
    await again[Symbol.asyncDispose]();
  }));
