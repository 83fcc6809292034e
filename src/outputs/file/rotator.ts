import * as fs from "node:fs";
import { dirname } from "node:path";
import type { JsonObject } from "../../checkpoints/checkpoint_store.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import { Compressor } from "./compressor.ts";
import type { RootDirectory } from "./directory.ts";
import type { FileOutputConfig } from "./file_output_config.ts";
import type { OpenFiles } from "./open_files.ts";
import { decodeState } from "./recovery.ts";
import { intervalOf, rotatedFiles, rotatedName, UNFINISHED_SUFFIX } from "./rotation.ts";
import type { TrackedFile } from "./tracked_file.ts";

/** After a rotation that failed, the file grows on for this long. */
const RETRY_AFTER = 60_000;
/** A file whose time has passed is closed when nothing came for this long: late records still get into it. */
const LATE_RECORDS = 60_000;

/** What a rotator works with. */
export interface RotatorOptions {
  readonly config: FileOutputConfig;
  readonly files: OpenFiles;
  readonly root: RootDirectory;
  /** A test for paths whose time has passed at `now`. */
  readonly isPast: (now: number) => (path: string) => boolean;
  /** Saves positions and states now. */
  readonly commit: () => Promise<void>;
  readonly log: Log;
}

/** Closes files by size and time, gives them names that stay, compresses them, and deletes the oldest. */
export class Rotator {
  readonly #options: RotatorOptions;
  readonly #compressor: Compressor;
  /** New names that a commit tells of before the rename has happened. */
  readonly #announced = new Set<string>();
  #leftover: readonly string[] = [];

  constructor(options: RotatorOptions) {
    this.#options = options;
    this.#compressor = new Compressor(options.log, (path) => options.root.sync(dirname(path)));
  }

  /** Files that are to be compressed, for the saved state. */
  get compressing(): readonly string[] {
    return [...this.#leftover, ...this.#compressor.pending, ...this.#announced];
  }

  /** Takes over from the saved state what an earlier run did not finish. */
  restore(state: JsonObject | undefined): void {
    this.#leftover = decodeState(state).compressing.filter((path) => this.#options.root.holds(path));
  }

  /** Goes on with what was restored. */
  resume(): void {
    for (const path of this.#leftover) {
      fs.rmSync(path + UNFINISHED_SUFFIX, { force: true });
      this.#compressor.add(path);
    }
    this.#leftover = [];
  }

  /** Whether the file must be closed before `size` more bytes are written. */
  isDue(tracked: TrackedFile, size: number, now: number): boolean {
    const { max_size, rotate_interval } = this.#options.config;
    if (max_size === undefined && rotate_interval === undefined) return false;
    if (tracked.length === 0 || now < tracked.noRotationBefore) return false;
    if (max_size !== undefined && tracked.length + size > max_size) return true;
    return rotate_interval !== undefined &&
      intervalOf(tracked.lastWrite, rotate_interval) !== intervalOf(now, rotate_interval);
  }

  /**
   * Closes a file and renames it. Only between sends: the commit before makes sure that what is saved tells of all
   * that is in it. When renaming fails (said at WARN) the file grows on. Throws when the checkpoints or the file's
   * data cannot be saved.
   */
  async rotate(tracked: TrackedFile, now: number): Promise<void> {
    const { config, files, root, commit, log } = this.#options;
    const { path } = tracked;
    tracked.file?.cutTorn();
    const target = rotatedName(path, now);
    if (config.compress) this.#announced.add(target);
    try {
      await commit();
      await files.close(tracked);
      try {
        fs.renameSync(path, target);
        root.sync(dirname(path));
      } catch (error) {
        tracked.noRotationBefore = now + RETRY_AFTER;
        log.warn(
          `Cannot rename "${path}" to "${target}": ${reasonOf(error)}; it grows on, tried again in 60s`,
          { path },
        );
        return;
      }
      files.forget(tracked);
    } finally {
      this.#announced.delete(target);
    }
    log.debug(`Closed "${target}"`, { path: target, bytes: tracked.length });
    this.#deleteOldest(path);
    if (config.compress) this.#compressor.add(target);
  }

  /** Closes idle files whose interval or whose time in the path has passed. Only between sends. */
  async sweep(now: number): Promise<void> {
    const { config, files } = this.#options;
    const isPast = config.compress ? this.#options.isPast(now) : () => false;
    for (const tracked of [...files.tracked]) {
      if (now - tracked.lastWrite < LATE_RECORDS || now < tracked.noRotationBefore || tracked.length === 0) {
        continue;
      }
      const interval = config.rotate_interval;
      const due = interval !== undefined &&
        intervalOf(tracked.lastWrite, interval) !== intervalOf(now, interval);
      if ((due || isPast(tracked.path)) && isSame(tracked)) await this.rotate(tracked, now);
    }
  }

  /** Resolves once nothing is left to compress. */
  compressed(): Promise<void> {
    return this.#compressor.idle();
  }

  async stop(): Promise<void> {
    await this.#compressor.stop();
  }

  #deleteOldest(path: string): void {
    const { config, files, log } = this.#options;
    if (config.max_files === 0) return;
    // A source may be called like a closed file of another: what is written now is never deleted.
    const current = new Set(Array.from(files.tracked, (tracked) => tracked.path));
    try {
      const closed = rotatedFiles(path).filter((file) => !current.has(file));
      for (const file of closed.slice(0, Math.max(0, closed.length - config.max_files))) {
        fs.rmSync(file, { force: true });
        log.debug(`Deleted "${file}": max_files is ${config.max_files}`, { path: file });
      }
    } catch (error) {
      log.warn(
        `Cannot delete the oldest closed files of "${path}": ${
          reasonOf(error)
        }; tried again at the next rotation`,
      );
    }
  }
}

function isSame(tracked: TrackedFile): boolean {
  const stat = fs.lstatSync(tracked.path, { throwIfNoEntry: false });
  return stat !== undefined && tracked.identity.is(stat);
}
