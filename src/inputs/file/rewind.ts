import type { CheckpointTracker } from "../../checkpoints/checkpoint_tracker.ts";
import type { Log } from "../../lib/log.ts";
import { sleep } from "../../lib/sleep.ts";
import type { Discovery } from "./discovery.ts";
import type { TailPump } from "./tail_pump.ts";
import type { LineagePosition } from "./lineage.ts";
import type { TailedFile } from "./tailed_file.ts";

const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 30_000;

/** How long to wait after another failure, in ms. `pause`: how long after the one before; 0 when there was none. */
export function longerPause(pause: number): number {
  return Math.min(LAST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, pause * 2));
}

/** What a rewind needs. */
export interface RewindOptions {
  readonly tracker: CheckpointTracker<LineagePosition>;
  readonly pump: TailPump;
  readonly discovery: Discovery;
  readonly log: Log;
  readonly stop: AbortSignal;
  /** The file was opened again and can be read. */
  onReady(file: TailedFile): void;
}

/** Has files read again from their settled positions when records of theirs were not delivered. */
export class Rewind {
  readonly #options: RewindOptions;
  /** How long the next rewind of a lineage waits, in ms, since nothing was delivered after the last one. */
  readonly #pauses = new Map<string, number>();

  constructor(options: RewindOptions) {
    this.#options = options;
  }

  /** Records of a lineage were delivered: the next failure is the first one again. */
  delivered(lid: string): void {
    this.#pauses.delete(lid);
  }

  /** A batch of the file failed: what follows the settled position is read again. */
  async begin(file: TailedFile | undefined): Promise<void> {
    const { discovery, log, onReady, pump, stop, tracker } = this.#options;
    if (file === undefined || stop.aborted) return;
    const { lid, mark, path } = file;
    log.warn(`Reading "${path}" again from byte ${mark.at.off}: its records were not delivered`, { path });
    file.end();
    await pump.left(file);
    await this.#pause(lid);
    if (stop.aborted) return;
    tracker.forget(lid);
    try {
      for (const again of await discovery.reopen(file)) onReady(again);
    } catch (error) {
      // The next search finds the file as it would after a restart.
      discovery.obstruct(path, error);
    }
  }

  /** An output that refuses all must not have the same lines read as fast as they can be. */
  async #pause(lid: string): Promise<void> {
    const pause = this.#pauses.get(lid) ?? 0;
    this.#pauses.set(lid, longerPause(pause));
    if (pause > 0) await sleep(pause, this.#options.stop);
  }
}
