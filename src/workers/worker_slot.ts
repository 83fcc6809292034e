import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";
import { sleep } from "../lib/sleep.ts";
import type { Job, Processed } from "../processing/plan.ts";
import type { StartRequest } from "./protocol.ts";
import { offsetOf, recordOf, SingleRecordResults } from "./single_records.ts";
import type { SpareBuffers } from "../lib/spare_buffers.ts";
import { type Answer, WorkerThread } from "./worker_thread.ts";

/** Two, so that a worker has the next job at hand while the answer to the one before is on its way. */
const JOBS_AT_ONCE = 2;
const FIRST_WAIT = 100;
const LONGEST_WAIT = 30_000;
/** Of the records of one job that are given up, so many are logged one by one. */
const LOGGED_RECORDS = 10;

/** A job with where its results go. */
export interface Task {
  readonly plan: number;
  readonly job: Job;
  /** Its place in the order in which tasks came. */
  readonly sequence: number;
  /** Whether only the worker of its input may take it. */
  readonly isPinned: boolean;
  /** Called once; undefined: the pool was disposed first. */
  settle(processed: Processed | undefined): void;
}

/** What a slot is made with. */
export interface WorkerSlotOptions {
  /** Shown to people, from 1. */
  readonly number: number;
  create(): Worker;
  readonly start: Omit<StartRequest, "sent">;
  readonly buffers: SpareBuffers;
  readonly log: Log;
  /** Called whenever `room` may have grown. */
  onRoom(): void;
  /** Called with a task that was taken but never begun. */
  onReturn(task: Task): void;
}

/**
 * A place in the pool: one worker at a time, replaced when it dies. A job at which a worker died is done again record
 * by record, and the records that do it again are given up.
 */
export class WorkerSlot {
  readonly #options: WorkerSlotOptions;
  readonly #disposed = new AbortController();
  /** The latest thread, be it ready or not. */
  #latest: WorkerThread | undefined;
  /** The same once it is ready, as long as it is to be used. */
  #thread: WorkerThread | undefined;
  /** Resolves with a thread that is ready, or with undefined when the slot was disposed. */
  #launch: Promise<WorkerThread | undefined> | undefined;
  #isRetrying = false;
  /** Workers that ended before they had processed anything, in a row. */
  #failures = 0;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
  }

  /** Whether it has been told to start. */
  get isStarted(): boolean {
    return this.#launch !== undefined;
  }

  /** Whether it is about to have a worker that takes any task. */
  get isStarting(): boolean {
    return this.isStarted && this.#thread === undefined && !this.#isRetrying;
  }

  /** Tasks in the worker. */
  get load(): number {
    return this.#thread?.jobs ?? 0;
  }

  /** Tasks that it would take now. */
  get room(): number {
    return this.#thread === undefined || this.#isRetrying ? 0 : JOBS_AT_ONCE - this.load;
  }

  /** Resolves when a message that the worker has sent is here; undefined: there is none on its way. */
  news(): Promise<void> | undefined {
    return this.#latest?.news();
  }

  /** Starts a worker. Rejects when it cannot be started; nothing else is tried then. */
  async startOnce(): Promise<void> {
    const thread = this.#newThread();
    this.#launch = thread.ready.then(() => this.#opened(thread));
    await this.#launch;
  }

  /** Starts a worker, again and again until it is there. */
  start(): void {
    this.#launch ??= this.#launchUntilReady();
  }

  /** Gives a task to the worker; only when there is `room`. */
  async take(task: Task): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return this.#options.onReturn(task);
    const answer = await thread.run(task.plan, task.job);
    if (answer === undefined) return this.#giveBack(task);
    if ("processed" in answer) {
      this.#failures = 0;
      task.settle(answer.processed);
      this.#options.onRoom();
    } else {
      await this.#retry(task, answer.failure);
    }
  }

  /** Ends the worker. All tasks in it settle with undefined. */
  dispose(): void {
    this.#disposed.abort();
    this.#latest?.terminate();
    this.#thread = undefined;
  }

  #giveBack(task: Task): void {
    if (this.#disposed.signal.aborted) task.settle(undefined);
    else this.#options.onReturn(task);
  }

  #newThread(): WorkerThread {
    const { create, start, buffers } = this.#options;
    const thread: WorkerThread = new WorkerThread({
      create,
      start,
      buffers,
      onDeath: (reason) => {
        if (thread === this.#thread) this.#diedIdle(reason);
      },
    });
    this.#latest = thread;
    return thread;
  }

  #opened(thread: WorkerThread): WorkerThread {
    this.#thread = thread;
    this.#options.onRoom();
    return thread;
  }

  #replace(): void {
    this.#latest?.terminate();
    this.#thread = undefined;
    this.#launch = this.#launchUntilReady();
  }

  #diedIdle(reason: string): void {
    const { log, number } = this.#options;
    log.warn(`Cannot keep worker ${number}: ${reason}; another one is started`, { worker: number });
    this.#failures++;
    this.#replace();
  }

  async #launchUntilReady(): Promise<WorkerThread | undefined> {
    const { log, number } = this.#options;
    const { signal } = this.#disposed;
    // The first one that dies is replaced at once.
    if (this.#failures > 1 && !(await sleep(waitAfter(this.#failures - 1), signal))) return undefined;
    while (!signal.aborted) {
      try {
        const thread = this.#newThread();
        await thread.ready;
        return this.#opened(thread);
      } catch (error) {
        if (signal.aborted) break;
        const wait = waitAfter(++this.#failures);
        log.error(
          `Cannot start worker ${number}: ${reasonOf(error)}; next try in ${formatDuration(wait)}`,
          { worker: number, attempt: this.#failures, error },
        );
        await sleep(wait, signal);
      }
    }
    return undefined;
  }

  /** Takes no other task until all records of this one are done. */
  async #retry(task: Task, failure: string): Promise<void> {
    const { log, number } = this.#options;
    const { job, plan } = task;
    const about = { input: job.source.input, stream: job.source.stream, worker: number };
    const records = job.ends.length;
    log.warn(
      `Cannot process ${records} records ${
        placeOf(job, 0)
      }: ${failure}; worker ${number} is replaced, and the ` +
        "records are tried one by one",
      { ...about, offset: offsetOf(job, 0), records },
    );
    this.#isRetrying = true;
    this.#replace();
    const results = new SingleRecordResults();
    let given = 0;
    for (let index = 0; index < records; index++) {
      const answer = await this.#runAlone(plan, recordOf(job, index));
      if (answer === undefined) return task.settle(undefined);
      if ("processed" in answer) {
        results.add(index, answer.processed);
        continue;
      }
      results.giveUp(index, answer.failure);
      if (++given <= LOGGED_RECORDS) {
        log.error(
          `Cannot process the record ${placeOf(job, index)}: ${answer.failure}; it becomes a dead letter`,
          { ...about, offset: offsetOf(job, index), index },
        );
      }
      this.#replace();
    }
    if (given > LOGGED_RECORDS) {
      log.error(
        `Cannot process ${given} of ${records} records ${placeOf(job, 0)}; they become dead letters`,
        about,
      );
    }
    this.#isRetrying = false;
    task.settle(results.merge());
    this.#options.onRoom();
  }

  /** The answer of a worker that does nothing else; undefined: the slot was disposed. */
  async #runAlone(plan: number, job: Job): Promise<Answer> {
    for (;;) {
      const thread = await this.#launch;
      if (thread === undefined || this.#disposed.signal.aborted) return undefined;
      const answer = await thread.run(plan, job);
      if (answer !== undefined) return answer;
    }
  }
}

function waitAfter(failures: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
}

function placeOf(job: Job, index: number): string {
  const { input, stream } = job.source;
  const offset = offsetOf(job, index);
  return `${offset === undefined ? "" : `at byte ${offset} `}of "${stream}" for input "${input}"`;
}
