import type { EncodedBatch } from "../../batch.ts";
import type { CheckpointParticipant, JsonObject } from "../../checkpoints/checkpoint_store.ts";
import { lineTextBytes } from "../../encoding/line_text.ts";
import type { Source } from "../../event.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import { ALL_SENT, type Output, type OutputContext, type SendResult } from "../output.ts";
import { RootDirectory } from "./directory.ts";
import { type FileOutputConfig, modesOf } from "./file_output_config.ts";
import { OpenFiles } from "./open_files.ts";
import { PathTemplate } from "./path_template.ts";
import { Rotator } from "./rotator.ts";
import type { TrackedFile } from "./tracked_file.ts";

/** How often idle files are looked at, in milliseconds. */
const SWEEP_INTERVAL = 10_000;

/**
 * Appends lines to files, each exactly once, also over a crash: the lengths of the files are saved in the same commit
 * as the inputs' positions, and what stands behind them is cut off at the next start. Three rules make that hold:
 * a length counts only batches whose `send` has resolved; no byte goes to a file before the saved state knows the
 * file; and a file is renamed only when what is saved tells of all that is in it. After an orderly stop nothing behind
 * the lengths is the output's own, so it stays.
 */
export class FileOutput implements Output {
  readonly participant: CheckpointParticipant;
  readonly #template: PathTemplate;
  readonly #root: RootDirectory;
  readonly #files: OpenFiles;
  readonly #rotator: Rotator;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #fsync: FileOutputConfig["fsync"];
  readonly #fsyncInterval: number;
  #timers: ReturnType<typeof setInterval>[] = [];
  #sending = false;
  /** Its last state was taken, which says that nothing is written any more. */
  #hasEnded = false;
  /** Housekeeping that runs: sends wait for it, since both change which files are open. */
  #sweeping: Promise<void> | undefined;

  /** `now`: for tests, milliseconds since 1970. */
  constructor(config: FileOutputConfig, context: OutputContext, now: () => number = Date.now) {
    const mode = modesOf(config.mode);
    this.#log = context.log;
    this.#now = now;
    this.#fsync = config.fsync;
    this.#fsyncInterval = config.fsync_interval;
    this.#template = new PathTemplate(config.path, config.timezone);
    this.#root = new RootDirectory(this.#template.root, mode.directory, config.fsync !== "never");
    this.#files = new OpenFiles({
      root: this.#root,
      mode: mode.file,
      syncOnClose: config.fsync !== "never",
      commit: () => this.#commit(),
      log: context.log,
    });
    this.#rotator = new Rotator({
      config,
      files: this.#files,
      root: this.#root,
      isPast: (now) => this.#isPast(now),
      commit: () => this.#commit(),
      log: context.log,
    });
    this.participant = {
      key: `file:${context.name}`,
      snapshot: (isLast) => this.#snapshot(isLast),
      restore: (state, replayable) => {
        this.#files.restore(state, replayable);
        this.#rotator.restore(state);
      },
    };
  }

  open(): Promise<void> {
    this.#root.open();
    this.#files.recover(this.#now());
    this.#rotator.resume();
    if (this.#timers.length === 0) {
      this.#every(SWEEP_INTERVAL, () => this.sweep());
      if (this.#fsync === "interval") this.#every(this.#fsyncInterval, () => this.#syncAll());
    }
    return Promise.resolve();
  }

  partitionOf(source: Source, time: number): string {
    return this.#template.render(source, time);
  }

  async send(batch: EncodedBatch, signal?: AbortSignal): Promise<SendResult> {
    if (batch.bytes.length === 0) return ALL_SENT;
    if (this.#sweeping !== undefined) await this.#sweeping;
    if (this.#hasEnded) throw new Error("Cannot write: the output has ended");
    this.#sending = true;
    try {
      const bytes = lineTextBytes(batch);
      const now = this.#now();
      const ready = this.#files.ready(batch.partition, now);
      const tracked = ready !== undefined && !this.#rotator.isDue(ready, bytes.length, now)
        ? ready
        : await this.#prepare(batch.partition, bytes.length, now);
      const file = tracked.file;
      if (file === undefined) {
        throw new Error(`Cannot write to "${tracked.path}": it is not open; opening it again`);
      }
      // A batch that was given up meanwhile is offered again, perhaps to this output's successor.
      signal?.throwIfAborted();
      file.append(bytes);
      if (this.#fsync === "always") {
        try {
          await file.sync();
          signal?.throwIfAborted();
        } catch (error) {
          file.takeBack();
          throw error;
        }
      }
      file.keep();
      tracked.lastWrite = now;
      return ALL_SENT;
    } finally {
      this.#sending = false;
    }
  }

  /** Looks at every file again before the next write to it: a tool that rotates files asks for that. */
  reopen(): void {
    this.#files.checkSoon();
  }

  /** Rotates and closes idle files. Runs by itself; public for tests. */
  async sweep(): Promise<void> {
    if (this.#sending || this.#sweeping !== undefined) return;
    const now = this.#now();
    this.#sweeping = this.#rotator.sweep(now).then(() => this.#files.closeIdle(now));
    try {
      await this.#sweeping;
    } catch (error) {
      this.#log.warn(`Cannot close idle files: ${reasonOf(error)}; tried again later`);
    } finally {
      this.#sweeping = undefined;
    }
  }

  /** Resolves once all closed files are compressed; for tests. */
  compressed(): Promise<void> {
    return this.#rotator.compressed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await this.#sweeping?.catch(() => {});
    await this.#rotator.stop();
    await this.#files.dispose();
  }

  async #prepare(path: string, size: number, now: number): Promise<TrackedFile> {
    let tracked = await this.#files.open(path, now);
    if (this.#rotator.isDue(tracked, size, now)) {
      await this.#rotator.rotate(tracked, now);
      tracked = await this.#files.open(path, now);
    }
    await this.#files.register(tracked);
    return tracked;
  }

  /** Called in the turn in which the store collects the positions. */
  #snapshot(isLast = false): { readonly state: JsonObject; sync(): Promise<void> } {
    this.#hasEnded = isLast;
    const state = this.#files.snapshot(this.#now(), this.#rotator.compressing, isLast);
    const unsynced = this.#fsync === "checkpoint" ? this.#files.unsynced() : [];
    return { state, sync: () => this.#files.sync(unsynced) };
  }

  /**
   * Saves positions and lengths of one moment. The positions of the batch before follow its `send` within the same
   * turn, through promises alone, so one turn is waited for them.
   */
  async #commit(): Promise<void> {
    if (this.participant.commit === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    await this.participant.commit?.();
  }

  #isPast(now: number): (path: string) => boolean {
    if (!this.#template.timed) return () => false;
    const matches = this.#template.matcher(now);
    return (path) => !matches(path);
  }

  async #syncAll(): Promise<void> {
    // The message is logged where it fails; the next interval tries again.
    await this.#files.sync(this.#files.unsynced()).catch(() => {});
  }

  #every(interval: number, work: () => Promise<void>): void {
    const timer = setInterval(() => void work(), interval);
    Deno.unrefTimer(timer);
    this.#timers.push(timer);
  }
}
