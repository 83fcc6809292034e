import { dirname } from "node:path";
import { CheckpointTracker } from "../../checkpoints/checkpoint_tracker.ts";
import { reasonOf } from "../../lib/reason.ts";
import { sleep } from "../../lib/sleep.ts";
import type { Emit, InputContext } from "../input.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { CopyRecovery } from "./copy_recovery.ts";
import { type DirectoryChange, DirectoryWatcher } from "./directory_watcher.ts";
import type { Discovery } from "./discovery.ts";
import type { FileInputConfig } from "./file_input_config.ts";
import { Handover } from "./handover.ts";
import { HotPoller } from "./hot_poller.ts";
import { longerPause, Rewind } from "./rewind.ts";
import { TailPump } from "./tail_pump.ts";
import type { TailRegistry } from "./tail_registry.ts";
import type { LineagePosition } from "./lineage.ts";
import type { TailedFile } from "./tailed_file.ts";

/** How often files are searched without a sign of a change, in ms. */
const SCAN_INTERVAL_MS = 1_000;
/** The shortest pause between two searches, in ms. */
const SCAN_PAUSE_MS = 5;
/** How long a copy must have stopped growing before it counts as whole, in ms. */
const COPY_QUIET_MS = 50;
/** After a sign of a rotation a file is read without pause for this time: what a truncation destroys is read before. */
const ROTATION_MS = 60;
/** Watched files that were quiet for this long are looked at once a second only, in ms. */
const LONG_QUIET_MS = 2_000;
/** Once the pauses between attempts to read a file are this long, later generations wait for it no more, in ms. */
const PATIENCE_MS = 1_000;
/** A file that had something to read this short a time ago is read without a small read before, in ms. */
const STEADY_MS = 5;

/** The reading of one file input, from its start to its stop: which file is looked at when, and what follows. */
export class FileInputRun {
  readonly #tracker: CheckpointTracker<LineagePosition>;
  readonly #pump: TailPump;
  readonly #watcher: DirectoryWatcher;
  readonly #poller: HotPoller;
  readonly #recovery: CopyRecovery;
  readonly #handover: Handover;
  readonly #rewind: Rewind;
  readonly #byLineage = new Map<string, TailedFile>();
  /** Where the end of a copy was seen, and since when it has been there, in ms. */
  readonly #copyEnds = new WeakMap<TailedFile, { readonly end: number; readonly since: number }>();
  #wake: (() => void) | undefined;
  #scanAsked = true;
  #lastFullSweep = 0;

  constructor(
    private readonly config: FileInputConfig,
    private readonly context: InputContext,
    private readonly registry: TailRegistry,
    private readonly discovery: Discovery,
    pool: BufferPool,
    emit: Emit,
    private readonly stop: AbortSignal,
  ) {
    const { log } = context;
    this.#tracker = new CheckpointTracker({
      advance: (lid, position) => this.#advance(lid, position),
      failed: (lid) => this.#rewind.begin(this.#byLineage.get(lid)),
    });
    this.#pump = new TailPump({
      emit,
      stop,
      pool,
      concurrency: context.concurrentReads,
      now: Date.now,
      onEmitted: (file, position, acknowledgement) => {
        // A sweep may have had it read before it was taken.
        this.#byLineage.set(file.lid, file);
        this.#tracker.track(file.lid, position, acknowledgement);
      },
      onUnknown: (file) => this.#beginUnknown(file),
      onEnd: (file) => this.#atEnd(file),
      onChanged: (file) => this.#recovery.recover(file),
      onError: (file, error) => this.#failedRead(file, error),
      onHealed: (file) => this.discovery.unobstruct(file.path),
      onRefused: (file, error) =>
        log.error(`Cannot hand over lines of "${file.path}": ${reasonOf(error)}; reading them again`, {
          path: file.path,
          error,
        }),
      onCut: (file, lines) =>
        log.warn(`Cut ${lines} line(s) of "${file.path}" to max_line_bytes`, { path: file.path, lines }),
    });
    this.#watcher = new DirectoryWatcher({
      log,
      onChange: (directory, change) => this.#changed(directory, change),
      onFlood: (directory) => this.#flooded(directory),
    });
    this.#poller = new HotPoller({
      now: Date.now,
      onDue: (file) => this.#look(file),
      onMoved: () => this.#askScan(),
      onQuiet: (file) => this.#calmed(file),
    });
    this.#handover = new Handover({ pump: this.#pump, stop, release: (file) => this.#release(file) });
    const onReady = (file: TailedFile) => this.#take(file);
    this.#recovery = new CopyRecovery({ registry, discovery, stop, onReady });
    this.#rewind = new Rewind({ tracker: this.#tracker, pump: this.#pump, discovery, log, stop, onReady });
  }

  async run(): Promise<void> {
    const wake = () => this.#wake?.();
    this.stop.addEventListener("abort", wake);
    try {
      await this.#loop();
    } finally {
      this.stop.removeEventListener("abort", wake);
      this.#watcher.close();
      this.#poller.close();
      await this.#pump.idle();
      await this.#tracker.idle();
      await this.discovery.close();
      for (const file of this.registry.open.values()) {
        this.context.checkpoints.set(file.checkpointKey, file.checkpoint(Date.now()));
      }
      this.registry.dropAll();
    }
  }

  async #loop(): Promise<void> {
    let nextScan = 0;
    let nextSweep = 0;
    while (!this.stop.aborted) {
      let now = Date.now();
      if (this.#scanAsked || now >= nextScan) {
        this.#scanAsked = false;
        await this.#scan();
        now = Date.now();
        nextScan = now + SCAN_INTERVAL_MS;
      }
      if (now >= nextSweep) {
        this.#sweep();
        nextSweep = Date.now() + this.config.poll_interval;
      }
      if (this.context.once && this.#isFinished()) return;
      const pause = this.context.once ? SCAN_PAUSE_MS : Math.min(nextScan, nextSweep) - Date.now();
      await this.#pause(pause);
      if (this.#scanAsked && !this.stop.aborted) await sleep(SCAN_PAUSE_MS, this.stop);
    }
  }

  /** Waits, at most `ms`, until a search is asked for or the input stops. */
  async #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#scanAsked || this.stop.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #askScan(): void {
    this.#scanAsked = true;
    this.#wake?.();
  }

  async #scan(): Promise<void> {
    try {
      for (const file of await this.discovery.scan()) this.#take(file);
    } catch (error) {
      const { log, name } = this.context;
      log.warn(`Cannot search the files of input "${name}": ${reasonOf(error)}; trying again`, { error });
    }
    for (const file of this.registry.open.values()) if (file.state === "rotated") this.#look(file);
    if (this.context.once) return;
    if (!this.context.pollOnly) this.#watcher.update(this.discovery.directories);
  }

  /** Begins to read a file that was opened. */
  #take(file: TailedFile): void {
    for (const earlier of file.after) this.#pump.enqueue(earlier);
    if (file.lost !== undefined) this.#recovery.recover(file);
    else this.#next(file);
  }

  /** It is a file's turn. */
  #next(file: TailedFile): void {
    // Others may wait for its end, which it must come to again.
    if (file.before.size > 0) this.#pump.enqueue(file);
    else this.#look(file);
  }

  /** Has a file read if there is news in it, or most likely is. */
  #look(file: TailedFile): void {
    if (file.queued) {
      file.lookAgain = true;
      return;
    }
    if (!file.isReadable || file.retryAt > Date.now()) return;
    let news = true;
    try {
      news = !file.canProbe || Date.now() - file.lastData < STEADY_MS || file.reader.probe() === "news";
    } catch (error) {
      return this.#failedRead(file, error);
    }
    if (file.atEnd && !news && !file.hasChangedEmpty) return;
    this.#pump.enqueue(file);
    if (this.context.pollOnly || this.#watcher.isPaused(file.directory)) this.#poller.add(file);
  }

  /** A file that was empty when last seen has nothing to tell a truncation by. */
  #beginUnknown(file: TailedFile): void {
    const now = Date.now();
    try {
      if (file.hasChangedEmpty || file.reader.probe() === "news") return void this.#recovery.begin(file);
    } catch (error) {
      return this.#failedRead(file, error);
    }
    if (file.backoff > 0) {
      file.backoff = 0;
      this.discovery.unobstruct(file.path);
    }
    file.reachEnd(now);
    this.#atEnd(file);
  }

  #changed(directory: string, change: DirectoryChange): void {
    if (change.kind === "listing") {
      this.#expectRotation(directory);
      return this.#askScan();
    }
    const file = this.registry.standing.get(change.path);
    if (file !== undefined) {
      // What was written may be gone from it by now.
      if (file.isEmptySoFar) file.facts = file.file.facts();
      return this.#look(file);
    }
    // A renamed file is reported under its new name.
    for (const open of this.registry.open.values()) {
      if (open.state === "rotated" && open.directory === directory) this.#look(open);
    }
    if (this.discovery.concerns(change.path)) this.#askScan();
  }

  /** Something was created or renamed: if a copy is being made, its original is truncated next. */
  #expectRotation(directory: string): void {
    let expected = 0;
    for (const file of this.registry.open.values()) {
      if (
        file.directory !== directory || file.state !== "live" || Date.now() - file.lastData > SCAN_INTERVAL_MS
      ) continue;
      this.#poller.add(file, ROTATION_MS);
      if (++expected === 20) return;
    }
  }

  #flooded(directory: string): void {
    for (const file of this.registry.open.values()) {
      if (dirname(file.path) === directory) this.#poller.add(file);
    }
    this.#askScan();
  }

  /** Once all files of a flooded directory are quiet, it is watched again. */
  #calmed(file: TailedFile): void {
    if (!this.#watcher.isPaused(file.directory)) return;
    for (const other of this.registry.open.values()) {
      if (other.directory === file.directory && this.#poller.has(other)) return;
    }
    this.#watcher.resume(file.directory);
    this.#askScan();
  }

  #atEnd(file: TailedFile): void {
    if (file.recovery === "copy") this.#atCopyEnd(file);
    else if (this.#handover.isDue(file)) this.#handover.begin(file);
    else this.#release(file);
  }

  /** Has those read that waited for `file`. */
  #release(file: TailedFile): void {
    for (const later of file.release()) {
      if (later.recovery === "between") this.#recovery.proceed(later);
      else this.#next(later);
    }
  }

  /** A copy is whole once it has stopped growing; then its last line is, too. */
  async #atCopyEnd(file: TailedFile): Promise<void> {
    const { end, position } = file.reader;
    const seen = this.#copyEnds.get(file);
    if (seen?.end !== end) this.#copyEnds.set(file, { end, since: Date.now() });
    if (seen?.end !== end || Date.now() - seen.since < COPY_QUIET_MS) {
      await sleep(COPY_QUIET_MS, this.stop);
      return this.#pump.enqueue(file);
    }
    // Once the last record is taken, or if that fails, the pump is at the end again.
    if (end > position.off) return this.#pump.enqueueRest(file, "all");
    this.#copyEnds.delete(file);
    await this.#recovery.proceed(file);
  }

  #failedRead(file: TailedFile, error: unknown): void {
    file.backoff = longerPause(file.backoff);
    file.retryAt = Date.now() + file.backoff;
    file.atEnd = false;
    if (file.recovery === "copy") this.#searchCopyAgain(file);
    this.discovery.obstruct(file.path, error);
    // Later generations must not wait long for a file that may never be readable again.
    if (file.backoff >= PATIENCE_MS) this.#release(file);
  }

  /** A copy that cannot be read to its end may be half compressed: soon there is a whole one. */
  async #searchCopyAgain(file: TailedFile): Promise<void> {
    file.lost = file.fingerprint();
    file.recovery = undefined;
    await sleep(file.backoff, this.stop);
    if (!this.stop.aborted) await this.#recovery.recover(file);
  }

  /** Looks at every file, since notifications may be missing; flushes and closes what has been quiet long enough. */
  #sweep(): void {
    const now = Date.now();
    const all = now - this.#lastFullSweep >= SCAN_INTERVAL_MS;
    if (all) this.#lastFullSweep = now;
    for (const file of [...this.registry.open.values()]) {
      // What is watched and has been quiet for long wakes us by itself; the looks are for where that fails.
      if (!all && now - file.lastData > LONG_QUIET_MS && this.#watcher.isWatching(file.directory)) continue;
      this.#look(file);
      if (!file.atEnd || file.queued || file.recovery !== undefined) continue;
      const { partial_line_timeout: timeout, rotated_wait: wait } = this.config;
      const quietFor = now - Math.max(file.lastData, file.rotatedAt, file.lastGrowth);
      const finished = file.state === "rotated" && (quietFor > wait || !file.canProbe);
      const { held, partial } = file.reader;
      const unfinished = held + partial > 0;
      if (unfinished && (finished || (partial > 0 && timeout !== undefined && quietFor > timeout))) {
        this.#pump.enqueueRest(file, "all");
      } else if (held > 0 && quietFor > (this.registry.context.reader.framer?.timeout ?? 0)) {
        this.#pump.enqueueRest(file, "lines");
      } else if (finished && !unfinished && this.#tracker.pending(file.lid) === 0) {
        this.registry.retire(file);
      }
    }
  }

  #isFinished(): boolean {
    if (this.#scanAsked || this.discovery.isUndecided) return false;
    const { partial_line_timeout: timeout } = this.config;
    for (const file of this.registry.open.values()) {
      // It waits for one of the records that are ended below.
      if ([...file.after].some(hasHeldRecord)) continue;
      // The sweep will deliver it.
      if (timeout !== undefined && file.reader.partial > 0) return false;
      if (!file.atEnd && file.backoff === 0) return false;
      if (file.queued || file.recovery !== undefined || file.after.size > 0) return false;
    }
    if (this.#endRecords()) return false;
    for (const file of this.registry.open.values()) this.#leavePartial(file);
    return true;
  }

  /** Has records delivered that wait for more lines; answers whether there are any. */
  #endRecords(): boolean {
    let found = false;
    for (const file of this.registry.open.values()) {
      if (!hasHeldRecord(file)) continue;
      this.#pump.enqueueRest(file, "lines");
      found = true;
    }
    return found;
  }

  /** Somebody may be about to finish the line: it stays for the next run. */
  #leavePartial({ path, reader }: TailedFile): void {
    if (reader.partial === 0) return;
    this.context.log.info(`Left the last line of "${path}" for the next run: it has no line break yet`, {
      path,
      bytes: reader.partial,
    });
  }

  #advance(lid: string, position: LineagePosition): void {
    const file = this.#byLineage.get(lid);
    if (file === undefined) return;
    file.mark = position;
    this.#rewind.delivered(lid);
    this.context.checkpoints.set(file.checkpointKey, () => file.checkpoint(Date.now()));
  }
}

/** Whether a file is at its end, and its last record waits for more lines. */
function hasHeldRecord({ atEnd, reader }: TailedFile): boolean {
  return atEnd && reader.held > 0;
}
