import type { BatchBuffer, BufferedBatch } from "../buffers/batch_buffer.ts";
import type { Lots } from "./lots.ts";
import type { ReadAhead } from "./read_ahead.ts";

/** Waits; resolves with true after `ms`, with false once `stop` aborts. */
export type Sleep = (ms: number, stop: AbortSignal) => Promise<boolean>;

/**
 * Takes what may go out as one batch, once there is enough of it, its first record has waited long enough, or nothing
 * more can come: the buffer is full, no more is read ahead, all was read, or `hurry` aborts. There must be something
 * waiting.
 */
export async function gather(
  ahead: ReadAhead<Lots>,
  buffer: BatchBuffer,
  sleep: Sleep,
  stop: AbortSignal,
  hurry: AbortSignal | undefined,
): Promise<BufferedBatch[]> {
  const { waiting: lots } = ahead;
  const patience = lots.hasFull || !ahead.isReading || hurry?.aborted ? 0 : lots.patience();
  if (patience > 0) {
    const over = new AbortController();
    const late = sleep(
      patience,
      AbortSignal.any([stop, over.signal, ...(hurry === undefined ? [] : [hurry])]),
    );
    await Promise.race([late, buffer.whenFull(over.signal), lots.filled(), ahead.paused()]);
    over.abort();
  }
  return ahead.took(lots.take());
}
