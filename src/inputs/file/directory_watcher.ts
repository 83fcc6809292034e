import type { Log } from "../../lib/log.ts";
import { factsOf } from "./open_file.ts";

/** What a notification means for the input: look at this file, or search the directory again. */
export type DirectoryChange = { readonly kind: "written"; readonly path: string } | {
  readonly kind: "listing";
};

/** Settings of a watcher. */
export interface DirectoryWatcherOptions {
  readonly log: Log;
  onChange(directory: string, change: DirectoryChange): void;
  /** A directory reports so much that it is cheaper to poll; it is not watched until `resume`. */
  onFlood(directory: string): void;
}

/** More notifications than this in a window cost more than polling. */
const FLOOD_EVENTS = 40;
const FLOOD_WINDOW_MS = 100;

interface Watched {
  readonly watcher: Deno.FsWatcher;
  /** Key of the directory that is watched, to notice when another one takes its place. */
  readonly key: string;
}

/**
 * Watches directories, not files: one notification source each, so that every notification is matched only once.
 * Watching only shortens the wait until the next poll; where it fails this is said once, and polling goes on.
 */
export class DirectoryWatcher {
  readonly #options: DirectoryWatcherOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #paused = new Set<string>();
  #saidFailure = false;

  constructor(options: DirectoryWatcherOptions) {
    this.#options = options;
  }

  /**
   * Watches these directories and no others. A directory that was removed or replaced is let go and watched again by a
   * later call: the system would stay silent if both happened at once.
   */
  update(directories: ReadonlySet<string>): void {
    for (const [directory, { key }] of this.#watched) {
      if (!directories.has(directory) || keyAt(directory) !== key) this.#close(directory);
    }
    for (const directory of this.#paused) if (!directories.has(directory)) this.#paused.delete(directory);
    for (const directory of directories) {
      if (!this.#watched.has(directory) && !this.#paused.has(directory)) this.#open(directory);
    }
  }

  /** Whether a directory is left to polling after a flood. */
  isPaused(directory: string): boolean {
    return this.#paused.has(directory);
  }

  /** Whether changes in a directory are reported. */
  isWatching(directory: string): boolean {
    return this.#watched.has(directory);
  }

  /** Watches a flooded directory again, from the next `update` on. */
  resume(directory: string): void {
    this.#paused.delete(directory);
  }

  close(): void {
    for (const directory of [...this.#watched.keys()]) this.#close(directory);
  }

  #open(directory: string): void {
    const key = keyAt(directory);
    if (key === undefined) return;
    try {
      const watcher = Deno.watchFs(directory, { recursive: false });
      this.#watched.set(directory, { watcher, key });
      this.#listen(directory, watcher);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || this.#saidFailure) return;
      this.#saidFailure = true;
      this.#options.log.warn(`Cannot watch "${directory}": ${messageOf(error)}; polling it instead`, {
        directory,
      });
    }
  }

  #close(directory: string): void {
    const watched = this.#watched.get(directory);
    this.#watched.delete(directory);
    try {
      watched?.watcher.close();
    } catch {
      // It ended by itself.
    }
  }

  async #listen(directory: string, watcher: Deno.FsWatcher): Promise<void> {
    let windowStart = 0;
    let events = 0;
    try {
      for await (const event of watcher) {
        const now = performance.now();
        if (now - windowStart > FLOOD_WINDOW_MS) {
          windowStart = now;
          events = 0;
        }
        if (++events > FLOOD_EVENTS) {
          this.#paused.add(directory);
          this.#close(directory);
          this.#options.onFlood(directory);
          return;
        }
        // Closing after a write is reported as an access, behind the modification itself.
        if (event.kind === "access") continue;
        const path = event.paths[0];
        const written = event.kind === "modify" && path !== undefined;
        this.#options.onChange(directory, written ? { kind: "written", path } : { kind: "listing" });
      }
    } catch (error) {
      this.#options.log.warn(
        `Cannot watch "${directory}" any longer: ${messageOf(error)}; polling it instead`,
      );
    }
  }
}

function keyAt(directory: string): string | undefined {
  try {
    const facts = factsOf(directory);
    return facts?.kind === "directory" ? facts.key : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
