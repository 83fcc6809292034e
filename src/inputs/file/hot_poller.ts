import { factsOf } from "./open_file.ts";
import type { TailedFile } from "./tailed_file.ts";

/** What the poller reports. */
export interface HotPollerOptions {
  /** Look at the file. */
  onDue(file: TailedFile): void;
  /** Another file stands under the file's path, or none. */
  onMoved(file: TailedFile): void;
  /** A file has had nothing new for a while and is polled no longer. */
  onQuiet(file: TailedFile): void;
  readonly now: () => number;
}

/** A file without news for this time is left to slower ways, in ms. */
const QUIET_MS = 1_000;
/** With more hot files than this the rounds become rarer, so that polling costs no more than a few percent of a core. */
const FILES_PER_MS = 20;
/** Each round costs the same, however little there is to read; the runtime adds most of a millisecond. */
const SHORTEST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;
/** The name of a file is checked in every so many rounds. */
const ROUNDS_PER_NAME = 16;

/**
 * Polls the files that are written to all the time, every three milliseconds: at such rates notifications cost many
 * times as much.
 */
export class HotPoller {
  readonly #options: HotPollerOptions;
  readonly #hot = new Map<TailedFile, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  #closed = false;

  constructor(options: HotPollerOptions) {
    this.#options = options;
  }

  /** Polls a file from now on, for as long as it gets something, at least for `atLeast` ms. */
  add(file: TailedFile, atLeast = QUIET_MS): void {
    if (this.#closed) return;
    this.#hot.set(file, Math.max(this.#hot.get(file) ?? 0, this.#options.now() + atLeast));
    this.#schedule();
  }

  has(file: TailedFile): boolean {
    return this.#hot.has(file);
  }

  close(): void {
    this.#closed = true;
    this.#hot.clear();
    this.#schedule();
  }

  #schedule(): void {
    const { size } = this.#hot;
    if (size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      const pause = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, Math.floor(size / FILES_PER_MS)));
      this.#timer ??= setTimeout(() => this.#turn(), pause);
    }
  }

  /**
   * The next timer is set once this one's callback has returned. Deno rounds the time that is left of a timer that
   * repeats, or is set by a timer's callback, down to whole milliseconds: every third time or so it is then too early,
   * and the event loop is woken once more, which costs more than the new timer.
   */
  async #turn(): Promise<void> {
    this.#poll();
    await undefined;
    this.#timer = undefined;
    this.#schedule();
  }

  #poll(): void {
    const now = this.#options.now();
    const names = ++this.#round % ROUNDS_PER_NAME === 0;
    for (const [file, until] of this.#hot) {
      if (file.closed || (now > until && now - file.lastData > QUIET_MS)) {
        this.#hot.delete(file);
        if (!file.closed) this.#options.onQuiet(file);
        continue;
      }
      this.#options.onDue(file);
      if (names && file.state === "live" && keyAt(file.path) !== file.key) this.#options.onMoved(file);
    }
  }
}

function keyAt(path: string): string | undefined {
  try {
    return factsOf(path)?.key;
  } catch {
    return undefined;
  }
}
