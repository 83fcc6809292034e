import { sleep } from "../../lib/sleep.ts";
import type { TailPump } from "./tail_pump.ts";
import type { TailedFile } from "./tailed_file.ts";

/** What a handover needs. */
export interface HandoverOptions {
  readonly pump: TailPump;
  readonly stop: AbortSignal;
  /** Has those read that wait for the file. */
  release(file: TailedFile): void;
}

/** A renamed file that was quiet for this long is taken to be finished once its successor has something, in ms. */
const QUIET_MS = 100;
/** So long a successor waits for the last record of a renamed file that goes on growing, in ms. */
const LONGEST_MS = 2_000;

/**
 * Ends the last record of a renamed file, which waits for more lines, as soon as its successor has something to read
 * and the file itself is quiet: so it comes before the records of the successor.
 */
export class Handover {
  readonly #options: HandoverOptions;
  readonly #running = new WeakSet<TailedFile>();

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /**
   * Whether the file, which is at its end, has others wait for the last of its records. A later generation may have
   * been found before it was noticed that this one was renamed.
   */
  isDue(file: TailedFile): boolean {
    return file.reader.held > 0 && file.before.size > 0 &&
      (file.state === "rotated" || !file.standsUnderItsPath);
  }

  /** Delivers the last record at the right time. Called again for the same file it does nothing. */
  async begin(file: TailedFile): Promise<void> {
    const { pump, release, stop } = this.#options;
    if (this.#running.has(file)) return;
    this.#running.add(file);
    let seen = -1;
    let until = Infinity;
    while (!stop.aborted && !file.closed && this.isDue(file) && Date.now() < until) {
      const { end } = file.reader;
      const isNeeded = [...file.before].some(hasContents);
      if (isNeeded) until = Math.min(until, Date.now() + LONGEST_MS);
      if (isNeeded && (end === seen || isQuiet(file))) pump.enqueueRest(file, "lines");
      else pump.enqueue(file);
      seen = end;
      await sleep(QUIET_MS, stop);
    }
    this.#running.delete(file);
    if (Date.now() >= until && !file.closed && this.isDue(file)) release(file);
  }
}

/** Whether there is something to read in a file that waits. */
function hasContents(file: TailedFile): boolean {
  try {
    return file.recovery !== undefined || file.file.facts().size > 0;
  } catch {
    return true;
  }
}

/** Whether it was last written some time ago. */
function isQuiet(file: TailedFile): boolean {
  try {
    return Date.now() - file.file.facts().mtime > QUIET_MS;
  } catch {
    return false;
  }
}
