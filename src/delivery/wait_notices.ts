import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";

/** An output that may have to be waited for. */
export interface WaitedFor {
  readonly name: string;
}

const NOT_YET = Promise.resolve("not yet" as const);

/** Says that inputs wait for an output when the wait gets long, once until there is room again. */
export class WaitNotices {
  readonly #log: Log;
  readonly #patience: number;
  /** Since when the outputs that were told of have had no room; ms since 1970. */
  readonly #blockedSince = new Map<WaitedFor, number>();
  readonly #pausedBy = new Set<WaitedFor>();

  /** `patience`: a wait of this many ms is told. */
  constructor(log: Log, patience: number) {
    this.#log = log;
    this.#patience = patience;
  }

  /** Waits for room, and tells of the outputs that hold it up. Resolves with what `room` does. */
  async wait(waitedFor: () => readonly WaitedFor[], room: Promise<boolean>): Promise<boolean> {
    // The usual case, room at once, costs no timer.
    if (this.#blockedSince.size === 0 && await Promise.race([room, NOT_YET]) === true) return true;
    const since = Date.now();
    let blocked: readonly WaitedFor[] = [];
    const timer = setTimeout(() => {
      blocked = waitedFor();
      for (const output of blocked) this.#tell(output, since);
    }, this.#patience);
    const granted = await room;
    clearTimeout(timer);
    if (granted) { for (const output of blocked) this.#tellOfRoom(output); }
    return granted;
  }

  /** An output is gone. */
  forget(output: WaitedFor): void {
    this.#blockedSince.delete(output);
    this.#pausedBy.delete(output);
  }

  /** Nothing new is taken for any output while this one fails. */
  tellOfPause(output: WaitedFor): void {
    if (this.#pausedBy.has(output)) return;
    this.#pausedBy.add(output);
    const { name } = output;
    this.#log.warn(
      `Output "${name}" fails, and failure_strategy is stop: nothing new is taken until output "${name}" works again`,
      { output: name },
    );
  }

  /** It does not fail any more. */
  tellOfEnd(output: WaitedFor): void {
    if (!this.#pausedBy.delete(output)) return;
    const { name } = output;
    this.#log.info(`Output "${name}" works again: going on`, { output: name });
  }

  #tell(output: WaitedFor, since: number): void {
    if (this.#blockedSince.has(output)) return;
    this.#blockedSince.set(output, since);
    const { name } = output;
    const patience = formatDuration(this.#patience);
    this.#log.warn(`Output "${name}" has had no room for ${patience}: the inputs that feed it wait`, {
      output: name,
    });
  }

  #tellOfRoom(output: WaitedFor): void {
    const since = this.#blockedSince.get(output);
    if (since === undefined) return;
    this.#blockedSince.delete(output);
    const { name } = output;
    this.#log.info(`Output "${name}" has room again after ${formatDuration(Date.now() - since)}`, {
      output: name,
    });
  }
}
