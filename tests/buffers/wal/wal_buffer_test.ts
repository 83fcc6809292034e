import type { WalBuffer } from "../../../src/buffers/wal/wal_buffer.ts";
import { bufferContract } from "../../contracts/buffer_contract.ts";
import { logIn } from "./support.ts";

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
