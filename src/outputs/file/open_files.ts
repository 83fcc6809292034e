import * as fs from "node:fs";
import { dirname } from "node:path";
import type { JsonObject } from "../../checkpoints/checkpoint_store.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import { AppendFile } from "./append_file.ts";
import type { RootDirectory } from "./directory.ts";
import { decodeState, encodeState, recoverFiles, type SavedState } from "./recovery.ts";
import { TrackedFile } from "./tracked_file.ts";

/** At most this many files are open at once; the one written longest ago is closed for another. */
const MAX_OPEN = 512;
/** How often it is looked whether a path still leads to the open file, in milliseconds. */
const CHECK_INTERVAL = 1000;
/** Idle files are closed after this time. */
const CLOSE_AFTER = 60_000;
/** Closed files leave the saved state after this time; before the next byte they enter it again. */
const FORGET_AFTER = 600_000;

/** What the files are opened with. */
export interface OpenFilesOptions {
  readonly root: RootDirectory;
  /** Permissions of new files. */
  readonly mode: number;
  /** Whether a file is forced to disk before it is closed. */
  readonly syncOnClose: boolean;
  /** Saves positions and states now. */
  readonly commit: () => Promise<void>;
  readonly log: Log;
}

/** The files of an output that are open or were not long ago. */
export class OpenFiles {
  readonly #options: OpenFilesOptions;
  readonly #files = new Map<string, TrackedFile>();
  #open = 0;
  /** What was saved last, until `recover` has applied it. */
  #restored: { readonly state: SavedState; readonly replayable: boolean } | undefined;

  constructor(options: OpenFilesOptions) {
    this.#options = options;
  }

  /** All files that are tracked. */
  get tracked(): Iterable<TrackedFile> {
    return this.#files.values();
  }

  /** Keeps a saved state for `recover`. Paths outside of the root belong to an older configuration. */
  restore(state: JsonObject | undefined, replayable: boolean): void {
    const saved = decodeState(state);
    const files = new Map([...saved.files].filter(([path]) => this.#options.root.holds(path)));
    this.#restored = { state: { ...saved, files }, replayable };
  }

  /** Cuts files back to the saved state, once. Throws when that cannot be done; then to be called again. */
  recover(now: number): void {
    if (this.#restored === undefined) return;
    const { state, replayable } = this.#restored;
    for (const tracked of recoverFiles(state, replayable, now, this.#options.log)) {
      this.#files.set(tracked.path, tracked);
    }
    this.#restored = undefined;
  }

  /** The file, if it can be written to without further looks. */
  ready(path: string, now: number): TrackedFile | undefined {
    const tracked = this.#files.get(path);
    if (tracked?.file === undefined || !tracked.registered || now - tracked.checkedAt >= CHECK_INTERVAL) {
      return undefined;
    }
    return tracked;
  }

  /** Opens a file, or makes sure that the open one is still the one that its path leads to. */
  async open(path: string, now: number): Promise<TrackedFile> {
    const known = this.#files.get(path);
    if (known?.file !== undefined) {
      if (now - known.checkedAt < CHECK_INTERVAL) return known;
      if (this.#isStillThere(known)) {
        known.checkedAt = now;
        this.#compareSize(known, known.file.size());
        return known;
      }
      await this.#leaveMoved(known);
    }
    return await this.#openFile(path, now);
  }

  /** Makes sure that the saved state knows the file, before its first byte. */
  async register(tracked: TrackedFile): Promise<void> {
    if (tracked.registered) return;
    try {
      await this.#options.commit();
    } catch (error) {
      throw new Error(
        `Cannot begin to write to "${tracked.path}": the checkpoints cannot be saved: ${
          reasonOf(error)
        }; nothing is written before that`,
        { cause: error },
      );
    }
    tracked.registered = true;
  }

  /** Closes a file; synced first where the policy asks for it. Throws when the sync fails: it then stays open. */
  async close(tracked: TrackedFile): Promise<void> {
    const file = tracked.file;
    if (file === undefined) return;
    if (this.#options.syncOnClose && file.dirty) await this.#syncFile(file);
    this.#open--;
    await tracked.close();
  }

  /** Drops a file that is closed from the tracked ones. */
  forget(tracked: TrackedFile): void {
    if (this.#files.get(tracked.path) === tracked) this.#files.delete(tracked.path);
  }

  /** Closes files that nothing was written to for a minute. */
  async closeIdle(now: number): Promise<void> {
    for (const tracked of this.#files.values()) {
      if (tracked.file !== undefined && !tracked.file.torn && now - tracked.lastWrite >= CLOSE_AFTER) {
        await this.close(tracked);
      }
    }
  }

  /** The next write to each file looks first where its path leads. */
  checkSoon(): void {
    for (const tracked of this.#files.values()) tracked.checkedAt = 0;
  }

  /** Drops what was not written for long and returns the state to save. Synchronous. `isLast`: nothing is written after. */
  snapshot(now: number, compressing: readonly string[], isLast: boolean): JsonObject {
    // Not recovered yet: what was saved must stay saved.
    if (this.#restored !== undefined) return encodeSaved(this.#restored.state);
    for (const tracked of this.#files.values()) {
      if (tracked.file === undefined && now - tracked.lastWrite >= FORGET_AFTER) {
        this.#files.delete(tracked.path);
      }
    }
    return encodeState(this.#files.values(), compressing, isLast);
  }

  /** Files with bytes that are not known to be on disk. */
  unsynced(): readonly TrackedFile[] {
    return [...this.#files.values()].filter((tracked) => tracked.file?.dirty);
  }

  /** Forces these files to disk, all at once. Rejects when one fails, after all have ended. */
  async sync(files: readonly TrackedFile[]): Promise<void> {
    // A file that was closed meanwhile was synced before.
    const results = await Promise.allSettled(
      files.map(({ file }) => file === undefined ? undefined : this.#syncFile(file)),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /** Closes all files. */
  async dispose(): Promise<void> {
    for (const tracked of this.#files.values()) {
      try {
        await this.close(tracked);
      } catch {
        // Said by the sync already. Positions that count on these bytes are not saved.
        await tracked.close();
      }
    }
    this.#files.clear();
    this.#open = 0;
  }

  async #openFile(path: string, now: number): Promise<TrackedFile> {
    const { root, mode } = this.#options;
    if (this.#open >= MAX_OPEN) await this.#closeOldest();
    root.prepare(path);
    let file: AppendFile;
    try {
      file = AppendFile.open(path, mode);
      if (file.created) root.sync(dirname(path));
    } catch (error) {
      throw new Error(`Cannot open "${path}": ${reasonOf(error)}; the batch is kept and written later`, {
        cause: error,
      });
    }
    this.#open++;
    const known = this.#files.get(path);
    const tracked = known?.identity.is(file.identity)
      ? known
      : new TrackedFile(path, file.identity, file.length, {
        lastWrite: this.#lastWrite(path, file, now),
        checkedAt: now,
      });
    const expected = tracked.length;
    tracked.file = file;
    tracked.checkedAt = now;
    this.#files.set(path, tracked);
    this.#compareLengths(tracked, expected, file.length);
    return tracked;
  }

  /** For a file of an earlier run: its age decides whether it is rotated. */
  #lastWrite(path: string, file: AppendFile, now: number): number {
    return file.length === 0 ? now : Math.min(now, fs.lstatSync(path).mtimeMs);
  }

  #isStillThere(tracked: TrackedFile): boolean {
    const stat = fs.lstatSync(tracked.path, { throwIfNoEntry: false });
    return stat !== undefined && tracked.identity.is(stat);
  }

  #compareSize(tracked: TrackedFile, size: number): void {
    if (tracked.file === undefined || tracked.file.torn) return;
    const expected = tracked.file.length;
    if (size === expected) return;
    tracked.file.adopt(size);
    this.#compareLengths(tracked, expected, size);
  }

  #compareLengths(tracked: TrackedFile, expected: number, size: number): void {
    if (size === expected) return;
    // What others wrote must not be cut off after a crash, so the new length is saved before the next byte.
    tracked.registered = false;
    const { log } = this.#options;
    const path = tracked.path;
    log.warn(
      size < expected
        ? `File "${path}" was ${expected} bytes long and has ${size} now: somebody else cut it; going on behind what is left`
        : `File "${path}" has ${size - expected} bytes that somebody else wrote; going on behind them`,
      { path, expected, size },
    );
  }

  /** The file was renamed or deleted by somebody else: what is in it stays as it is. */
  async #leaveMoved(tracked: TrackedFile): Promise<void> {
    this.#options.log.info(`File "${tracked.path}" was moved or deleted by somebody else; opening it anew`, {
      path: tracked.path,
    });
    try {
      tracked.file?.cutTorn();
      await this.close(tracked);
    } catch {
      // Said already; nothing more can be done for a file whose name is unknown.
      this.#open--;
      await tracked.close();
    }
    this.forget(tracked);
  }

  async #closeOldest(): Promise<void> {
    let oldest: TrackedFile | undefined;
    for (const tracked of this.#files.values()) {
      if (tracked.file === undefined || tracked.file.torn) continue;
      if (oldest === undefined || tracked.lastWrite < oldest.lastWrite) oldest = tracked;
    }
    if (oldest !== undefined) await this.close(oldest);
  }

  async #syncFile(file: AppendFile): Promise<void> {
    try {
      await file.sync();
    } catch (error) {
      this.#options.log.error(reasonOf(error), { path: file.path });
      throw error;
    }
  }
}

function encodeSaved(state: SavedState): JsonObject {
  const files: Record<string, JsonObject> = {};
  for (const [path, { identity, length, complete }] of state.files) {
    const { dev, ino, born } = identity;
    files[path] = { dev, ino, born, length, ...(complete ? { complete } : {}) };
  }
  return { files, compressing: state.compressing };
}
