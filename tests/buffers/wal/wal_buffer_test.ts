import assert from "node:assert/strict";
import type { WalBuffer } from "../../../src/buffers/wal/wal_buffer.ts";
import { bufferContract } from "../../contracts/buffer_contract.ts";
import { batchOf } from "../../contracts/batches.ts";
import { logIn, openLog, withDirectory } from "./support.ts";

/** Removes its directory when it is disposed. */
async function temporary(bounds: { events: number; bytes: number }): Promise<WalBuffer> {
  const directory = await Deno.makeTempDir();
  const log = logIn(directory, { maxEvents: bounds.events, maxBytes: bounds.bytes });
  const dispose = log[Symbol.asyncDispose].bind(log);
  log[Symbol.asyncDispose] = async () => {
    await dispose();
    await Deno.remove(directory, { recursive: true });
  };
  await log.open();
  return log;
}

bufferContract("WalBuffer", temporary);

Deno.test("WalBuffer forces a burst to the disk in time also when nothing follows it", () =>
  withDirectory(async (directory) => {
    const log = await openLog(directory, { syncInterval: 5 });
    const outcomes = Array.from({ length: 40 }, () => log.write(batchOf(["x".repeat(20_000)])));
    assert.deepEqual(new Set(await Promise.all(outcomes)), new Set(["delivered"]));
    await log[Symbol.asyncDispose]();
  }));
