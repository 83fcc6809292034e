import { setImmediate } from "node:timers";
import type { EncodedBatch } from "../../../src/batch.ts";
import type { BatchBuffer, BufferedBatch } from "../../../src/buffers/batch_buffer.ts";
import { WalBuffer, type WalBufferOptions } from "../../../src/buffers/wal/wal_buffer.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { recordsOf } from "../../contracts/batches.ts";

export const NEVER = new AbortController().signal;

/** A log in this directory, not open yet. */
export function logIn(directory: string, options: Partial<WalBufferOptions> = {}): WalBuffer {
  return new WalBuffer({
    directory,
    segmentBytes: 1 << 20,
    maxSegments: 100,
    syncInterval: 0,
    compression: "none",
    compaction: "size",
    log: silentLog,
    ...options,
  });
}

/** An open log. */
export async function openLog(
  directory: string,
  options: Partial<WalBufferOptions> = {},
): Promise<WalBuffer> {
  const log = logIn(directory, options);
  await log.open();
  return log;
}

/** Runs with a directory that is removed afterwards. */
export async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** All that a buffer holds and has not released, without releasing it. */
export async function contents(buffer: BatchBuffer): Promise<BufferedBatch[]> {
  const held: BufferedBatch[] = [];
  let events = 0;
  const stop = new AbortController();
  // What turns out to be damaged is not counted any more, so the end may come without another batch.
  const look = () => {
    if (buffer.events <= events) stop.abort();
    else setImmediate(look);
  };
  setImmediate(look);
  for await (const buffered of buffer.read(stop.signal)) {
    held.push(buffered);
    events += buffered.batch.ends.length;
  }
  return held;
}

/** The texts of all records that a buffer holds. */
export async function texts(buffer: BatchBuffer): Promise<string[]> {
  return (await contents(buffer)).flatMap(({ batch }) => recordsOf(batch));
}

/** The next `count` batches of a reader. */
export async function take(buffer: BatchBuffer, count: number): Promise<BufferedBatch[]> {
  const taken: BufferedBatch[] = [];
  const iterator = buffer.read(NEVER)[Symbol.asyncIterator]();
  while (taken.length < count) {
    const { done, value } = await iterator.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** A batch as plain data, to be compared. */
export function plain({ bytes, ends, partition, ids, keys }: EncodedBatch): unknown {
  return {
    bytes: [...bytes],
    ends: [...ends],
    partition,
    ids: ids && { origins: [...ids.origins], offsets: [...ids.offsets] },
    keys: keys && { bytes: [...keys.bytes], ends: [...keys.ends] },
  };
}

/** Names of the segments in a directory, in order. */
export function segmentFiles(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) => name.endsWith(".wal"))
    .sort();
}
