import type { RawBatch } from "../batch.ts";
import type { Way } from "../delivery/parcels.ts";
import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";
import { reasonForIsolation } from "../processing/isolation.ts";
import type { Job, PlanFiles, Processed, ProcessorPlan } from "../processing/plan.ts";
import { isPinned, type Processor } from "../processor.ts";
import { expectDetachedBuffers } from "./detached_buffers.ts";
import { WorkerPool } from "./worker_pool.ts";

/** What a processor host is made of. */
export interface ProcessorHostOptions {
  /** Which outputs get what, by input; handed through to the pipeline. */
  readonly ways: ReadonlyMap<string, Way>;
  readonly plans: readonly ProcessorPlan[];
  readonly files: PlanFiles;
  /** Processors of the plans by input, for little work. */
  readonly processors: ReadonlyMap<string, Processor>;
  /** Workers to start at most, when there is work for them. Unset: as many as there are cores for them. */
  readonly workers: number | undefined;
  /** Unset: those that there are. */
  readonly cores?: number;
  /** Whether workers take over plans that may run among the inputs and outputs once there is more work. */
  readonly grows: boolean;
  /** Batches that may wait for a worker. */
  readonly queueSize: number;
  /** How long a batch may take before its worker is replaced, in ms. */
  readonly jobTimeout: number;
  readonly log: Log;
}

/** The work of this time, in ms, decides whether it is little. */
const WINDOW_MS = 250;
/** Little is what takes less than this share of the main thread. */
const LITTLE = 0.2;
/** With so many bytes in jobs, no more are taken than the workers have at hand: they and their results are memory. */
const BYTES_AT_ONCE = 1024 * 1024;

/** So many jobs in a row are done here while a worker is at one from before them: their results are memory, too. */
const MOST_AHEAD = 2;

/**
 * Where the processors run: among the inputs and outputs as long as there is little work, in workers when there is
 * more; with two cores in one worker and also here. Plans with code of the user's, or with patterns that only a time
 * limit stops, run in workers from the start.
 */
export class ProcessorHost {
  /** Which outputs get what, by input. */
  readonly ways: ReadonlyMap<string, Way>;
  readonly #options: ProcessorHostOptions;
  readonly #pinned: ReadonlySet<string>;
  readonly #isolated: boolean;
  /** Whether this thread does what the worker has no room for. */
  readonly #takesPart: boolean;
  /** Jobs done here since the last one was given to the worker. */
  #ahead = 0;
  #pool: WorkerPool | undefined;
  /** The pool once it was told to start. */
  #launched: WorkerPool | undefined;
  #starting: Promise<void> | undefined;
  #isDisposed = false;
  /** A processor threw here: what it has left behind must not come among other records. */
  #isBroken = false;
  #windowStart = 0;
  #windowWork = 0;
  /** Jobs that are not answered, and their bytes. */
  #jobs = 0;
  #bytes = 0;
  #roomWaiters: (() => void)[] = [];

  constructor(options: ProcessorHostOptions) {
    expectDetachedBuffers();
    this.#options = options;
    this.ways = options.ways;
    const { plans, grows, workers, cores = navigator.hardwareConcurrency } = options;
    this.#pinned = new Set(plans.filter(isPinned).map(({ input }) => input));
    // What a processor remembers does not move to another: where workers may be used, it begins there.
    this.#isolated = plans.some((plan) =>
      reasonForIsolation(plan) !== undefined || (grows && isPinned(plan))
    );
    // A second worker would only take turns with this thread.
    this.#takesPart = !this.#isolated && workers === undefined && cores === 2;
  }

  /** Starts workers if a plan runs nowhere else. Rejects when none can be started. */
  async start(): Promise<void> {
    if (this.#isolated) await this.#startPool(false);
  }

  /** Resolves when one more batch may be given to `process`. */
  async waitForRoom(): Promise<void> {
    // It must not run out of jobs.
    await this.#launched?.receive();
    // What was done here waits for what the worker has begun before. Without room or jobs, the worker is being replaced.
    while (
      this.#ahead >= MOST_AHEAD && this.#jobs > 0 && this.#pool?.hasRoom === false && !this.#isDisposed
    ) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
    while (
      this.#bytes >= BYTES_AT_ONCE && this.#jobs > 2 * (this.#pool?.workers ?? 0) && !this.#isDisposed
    ) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
    await this.#pool?.waitForRoom();
  }

  /** Parses, transforms and encodes. Rejects only when the host is disposed first. */
  process(input: string, batch: RawBatch): Promise<Processed> {
    const { bytes, ends, source, receivedAt, origin } = batch;
    const job = { bytes, ends, source, receivedAt, ...(origin === undefined ? {} : { origin }) };
    this.#jobs++;
    this.#bytes += bytes.length;
    const answered = () => {
      this.#jobs--;
      this.#bytes -= bytes.length;
      for (const wake of this.#roomWaiters.splice(0)) wake();
    };
    const processed = this.#process(input, job);
    processed.then(answered, answered);
    return processed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const wake of this.#roomWaiters.splice(0)) wake();
    await this.#starting?.catch(() => {});
    await this.#pool?.dispose();
  }

  #process(input: string, job: Job): Promise<Processed> {
    const pool = this.#pool;
    if (pool !== undefined) {
      if (this.#takesPart && !this.#isBroken && !pool.hasRoom) {
        this.#ahead++;
        return this.#processHere(input, job);
      }
      this.#ahead = 0;
      return pool.process(input, job, { pinned: this.#pinned.has(input) });
    }
    return this.#isBroken ? this.#processInPool(input, job) : this.#processHere(input, job);
  }

  async #processInPool(input: string, job: Job): Promise<Processed> {
    const starting = this.#startPool(false);
    try {
      await starting;
    } catch (error) {
      // The records are offered again: then it is tried again.
      if (this.#starting === starting) this.#starting = undefined;
      throw error;
    }
    if (this.#pool === undefined) {
      throw new Error(`Cannot process records of input "${input}": there are no workers`);
    }
    return await this.#process(input, job);
  }

  #processHere(input: string, job: Job): Promise<Processed> {
    const processor = this.#options.processors.get(input);
    if (processor === undefined) {
      return Promise.reject(new Error(`Cannot process records of input "${input}": it has no plan`));
    }
    const begin = performance.now();
    try {
      return Promise.resolve(processor.process(job));
    } catch (error) {
      // In a worker it costs the records that are to blame, not the others.
      this.#options.log.warn(
        `Cannot process ${job.ends.length} records of "${job.source.stream}" for input "${input}": ${
          reasonOf(error)
        }; workers take over`,
        { input, stream: job.source.stream, records: job.ends.length, error },
      );
      this.#isBroken = true;
      return this.#processInPool(input, job);
    } finally {
      this.#worked(begin, performance.now());
    }
  }

  /** Has workers started once the work of a window is not little any more. Both in milliseconds of one clock. */
  #worked(begin: number, end: number): void {
    if (!this.#options.grows || this.#starting !== undefined) return;
    if (begin - this.#windowStart > WINDOW_MS) {
      this.#windowStart = begin;
      this.#windowWork = 0;
    }
    this.#windowWork += end - begin;
    if (this.#windowWork < WINDOW_MS * LITTLE) return;
    this.#startPool(true).catch((error: unknown) => {
      this.#options.log.warn("Cannot start workers; going on without them", { error });
    });
  }

  #startPool(hasMuchWork: boolean): Promise<void> {
    return this.#starting ??= this.#createPool(hasMuchWork);
  }

  async #createPool(hasMuchWork: boolean): Promise<void> {
    const { plans, files, workers, jobTimeout, queueSize, log } = this.#options;
    const { cores = navigator.hardwareConcurrency } = this.#options;
    const size = workers ?? (this.#takesPart ? 1 : cores);
    const pool = new WorkerPool({ size, plans, files, jobTimeout, queueSize, log });
    this.#launched = pool;
    await pool.start(hasMuchWork);
    if (this.#isDisposed) return await pool.dispose();
    this.#pool = pool;
    log.debug("Started the first worker", { workers_at_most: size });
  }
}
