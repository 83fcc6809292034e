import { basename, dirname } from "node:path";

export interface WatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Never use file system notifications. */
  readonly pollOnly: boolean;
  /** Milliseconds between looks. */
  readonly pollInterval?: number;
  /** Milliseconds for which the text must stay as it is, so that a file half written is not taken. */
  readonly settleTime?: number;
}

/**
 * Calls `onChange` whenever the text of the file has become another: written in place, replaced by renaming, or
 * switched by a symbolic link above it, as Kubernetes does with a ConfigMap. A touch is no change, neither is a file
 * that is gone for a while. Calls do not overlap. Resolves when `signal` aborts; `onChange` must not reject.
 */
export async function watchConfigFile(
  file: string,
  onChange: () => void | Promise<void>,
  { signal, pollOnly, pollInterval = 1000, settleTime = 100 }: WatchOptions,
): Promise<void> {
  let known = await readIfThere(file);
  let stamp = await stampOf(file);
  const alarm = new Alarm(signal);
  const watcher = pollOnly ? undefined : watchDirectory(dirname(file), basename(file), alarm);
  try {
    while (!signal.aborted) {
      const woken = await alarm.wait(pollInterval);
      if (signal.aborted) return;
      const seen = await stampOf(file);
      // Reading is cheap, but not for nothing once a second.
      if (!woken && seen === stamp) continue;
      const text = await settled(file, settleTime, signal);
      stamp = await stampOf(file);
      if (text === undefined || text === known || signal.aborted) continue;
      known = text;
      await onChange();
    }
  } finally {
    watcher?.close();
  }
}

/** Wakes a waiter early; a call that comes while nobody waits wakes the next one at once. */
class Alarm {
  #rung = false;
  #wake: (() => void) | undefined;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.ring(), { once: true });
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves after `milliseconds`, or earlier with true when it rings. */
  async wait(milliseconds: number): Promise<boolean> {
    if (!this.#rung && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}

/** Undefined where watching fails: looking periodically is enough. */
function watchDirectory(directory: string, name: string, alarm: Alarm): Deno.FsWatcher | undefined {
  let watcher: Deno.FsWatcher;
  try {
    watcher = Deno.watchFs(directory, { recursive: false });
  } catch {
    return undefined;
  }
  void (async () => {
    try {
      for await (const { kind, paths } of watcher) {
        // `..data` is the link that a ConfigMap switches; reading a file is an event, too.
        if (kind !== "access" && paths.some((path) => [name, "..data"].includes(basename(path)))) {
          alarm.ring();
        } else if (paths.length === 0) alarm.ring();
      }
    } catch {
      // A watcher that broke leaves the periodic look.
    }
  })();
  return watcher;
}

/** The text once two reads in a row agree; undefined if the file is gone or empty. */
async function settled(file: string, settleTime: number, signal: AbortSignal): Promise<string | undefined> {
  let text = await readIfThere(file);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, settleTime));
    const again = await readIfThere(file);
    if (again === text || signal.aborted) return again === "" ? undefined : again;
    text = again;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch {
    return undefined;
  }
}

/** Changes whenever the file behind the path may have changed. */
async function stampOf(file: string): Promise<string | undefined> {
  try {
    const { mtime, size, ino, dev } = await Deno.stat(file);
    return `${mtime?.getTime()} ${size} ${ino} ${dev}`;
  } catch {
    return undefined;
  }
}
