import type { BatchBuffer, BufferedBatch } from "../buffers/batch_buffer.ts";
import type { Batching } from "../outputs/output.ts";
import { mergeable } from "./merge.ts";
import type { ReadAhead } from "./read_ahead.ts";

/** Waits; resolves with true after `ms`, with false once `stop` aborts. */
export type Sleep = (ms: number, stop: AbortSignal) => Promise<boolean>;

/**
 * Takes what may go out as one batch, once there is enough of it, its first record has waited long enough, or nothing
 * more can come: the buffer is full, or at its end. There must be something waiting.
 */
export async function gather(
  ahead: ReadAhead,
  buffer: BatchBuffer,
  { events, bytes, wait }: Batching,
  sleep: Sleep,
  stop: AbortSignal,
): Promise<BufferedBatch[]> {
  const patience = new AbortController();
  const late = sleep(wait, AbortSignal.any([stop, patience.signal])).then(() => "go" as const);
  const full = buffer.whenFull(patience.signal).then(() => "go" as const);
  try {
    while (!isEnough(ahead, events, bytes)) {
      const more = ahead.arrival().then(() => "look" as const);
      if (await Promise.race([late, full, more]) === "go") break;
    }
  } finally {
    patience.abort();
  }
  return ahead.take(mergeable(ahead.waiting, bytes, events));
}

/** Whether waiting would not make the batch larger. */
function isEnough({ waiting, hasEnded }: ReadAhead, maxEvents: number, maxBytes: number): boolean {
  if (hasEnded || mergeable(waiting, maxBytes, maxEvents) < waiting.length) return true;
  let events = 0;
  let bytes = 0;
  for (const { batch } of waiting) {
    events += batch.ends.length;
    bytes += batch.bytes.length;
  }
  return events >= maxEvents || bytes >= maxBytes;
}
