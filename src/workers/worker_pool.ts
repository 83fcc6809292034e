import type { Log } from "../lib/log.ts";
import type { Job, PlanFiles, Processed, ProcessorPlan } from "../processing/plan.ts";
import { SpareBuffers } from "../lib/spare_buffers.ts";
import { type Task, WorkerSlot } from "./worker_slot.ts";

/** What a pool is made with. */
export interface WorkerPoolOptions {
  /** Workers at most; a second one is started only when the first has more to do than it can. */
  readonly size: number;
  readonly plans: readonly ProcessorPlan[];
  readonly files: PlanFiles;
  /** How long one job may take, in milliseconds; 0: as long as it likes. */
  readonly jobTimeout: number;
  /** Jobs that may wait for a worker. */
  readonly queueSize: number;
  readonly log: Log;
  /** Another entry point than the real one. */
  readonly entry?: URL;
}

/** How a job is processed. */
export interface ProcessOptions {
  /** All such jobs of an input go to one worker, in order. What that worker remembers is lost if it dies. */
  readonly pinned?: boolean;
}

/**
 * Processes records in workers without any permission. Whatever becomes of a worker, every job is answered: records
 * that kill a worker, or keep it longer than the job timeout, are among the dead letters of the answer.
 */
export class WorkerPool implements AsyncDisposable {
  readonly #options: WorkerPoolOptions;
  readonly #slots: readonly WorkerSlot[];
  readonly #plans: ReadonlyMap<string, number>;
  /** Tasks that any worker may take, oldest first: no worker is idle while there are some. */
  readonly #queue: Task[] = [];
  /** Tasks that wait for their own worker. */
  readonly #pinned = new Map<WorkerSlot, Task[]>();
  /** The worker of each pinned input. */
  readonly #homes = new Map<number, WorkerSlot>();
  #roomWaiters: (() => void)[] = [];
  #sequence = 0;
  #isDisposed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const { size, plans, files, jobTimeout, log, entry } = options;
    this.#plans = new Map(plans.map(({ input }, index) => [input, index]));
    const buffers = new SpareBuffers(2 * size + 1);
    const start = { type: "start", plans, files: shared(files), jobTimeout } as const;
    const slot = (number: number): WorkerSlot =>
      new WorkerSlot({
        number,
        create: () => createWorker(entry),
        start,
        buffers,
        log,
        onRoom: () => this.#dispatch(),
        onReturn: (task) => {
          this.#queueOf(task).unshift(task);
          this.#dispatch();
        },
      });
    this.#slots = Array.from({ length: size }, (_, index) => slot(index + 1));
  }

  /** Jobs that wait for a worker. */
  get waiting(): number {
    let waiting = this.#queue.length;
    for (const tasks of this.#pinned.values()) waiting += tasks.length;
    return waiting;
  }

  /** Whether a job would go to a worker at once. */
  get hasRoom(): boolean {
    return this.#queue.length === 0 && this.#slots.some(({ room }) => room > 0);
  }

  /** Workers that were started so far. */
  get workers(): number {
    return this.#slots.filter(({ isStarted }) => isStarted).length;
  }

  /**
   * Starts the first worker and resolves when it is ready. Rejects when it cannot be started: with KeyErrors for
   * what is wrong in the configuration of a plan. The pool is of no use then. With `hasMuchWork` the others start at
   * the same time, not one by one as they are needed.
   */
  async start(hasMuchWork = false): Promise<void> {
    const [first, ...others] = this.#slots;
    if (first === undefined) throw new Error("Cannot start a pool of 0 workers; at least one is needed");
    if (hasMuchWork) { for (const slot of others) slot.start(); }
    try {
      await first.startOnce();
    } catch (error) {
      await this.dispose();
      throw error;
    }
  }

  /**
   * Processes the records of a job of `input`, whose bytes must stay as they are until it is answered. Rejects only
   * when the pool is disposed before that; nothing of the job counts then. The caller waits for room first.
   */
  process(input: string, job: Job, { pinned = false }: ProcessOptions = {}): Promise<Processed> {
    const plan = this.#plans.get(input);
    if (plan === undefined) {
      return Promise.reject(new Error(`Cannot process records of input "${input}": it has no plan`));
    }
    if (this.#isDisposed) return Promise.reject(disposedError(input));
    const { promise, resolve, reject } = Promise.withResolvers<Processed>();
    const settle = (processed: Processed | undefined) =>
      processed === undefined ? reject(disposedError(input)) : resolve(processed);
    const task: Task = { plan, job, sequence: this.#sequence++, isPinned: pinned, settle };
    this.#queueOf(task).push(task);
    this.#dispatch();
    return promise;
  }

  /** Resolves when another job may wait. True at once as long as fewer than `queueSize` do; false: disposed. */
  async waitForRoom(): Promise<boolean> {
    while (!this.#isDisposed && this.waiting >= this.#options.queueSize) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
    return !this.#isDisposed;
  }

  /**
   * Takes in what the workers have sent. It comes only while this thread rests, and one that has always more to do rests
   * too seldom for it.
   */
  async receive(): Promise<void> {
    for (const slot of this.#slots) await slot.news();
  }

  /** Ends all workers; the answers to jobs that are in them or wait for them reject. */
  dispose(): Promise<void> {
    this.#isDisposed = true;
    for (const slot of this.#slots) slot.dispose();
    for (const tasks of [this.#queue, ...this.#pinned.values()]) {
      for (const task of tasks.splice(0)) task.settle(undefined);
    }
    this.#wakeWaiters(this.#roomWaiters.length);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** Gives what waits to the workers with the least to do. */
  #dispatch(): void {
    if (this.#isDisposed) return;
    for (;;) {
      let best: WorkerSlot | undefined;
      for (const slot of this.#slots) {
        if (
          slot.room > 0 && this.#nextFor(slot) !== undefined && (best === undefined || slot.load < best.load)
        ) {
          best = slot;
        }
      }
      const tasks = best && this.#nextFor(best);
      const task = tasks?.shift();
      if (best === undefined || task === undefined) break;
      void best.take(task);
    }
    if (this.#queue.length > 0) this.#grow();
    const room = this.#options.queueSize - this.waiting;
    if (room > 0) this.#wakeWaiters(room);
  }

  #queueOf({ plan, isPinned }: Task): Task[] {
    if (!isPinned) return this.#queue;
    let home = this.#homes.get(plan);
    if (home === undefined) {
      home = this.#newHome();
      this.#homes.set(plan, home);
      home.start();
    }
    const tasks = this.#pinned.get(home) ?? [];
    this.#pinned.set(home, tasks);
    return tasks;
  }

  /** The worker that is home to the fewest inputs. */
  #newHome(): WorkerSlot {
    const homes = [...this.#homes.values()];
    const inputs = (slot: WorkerSlot) => homes.filter((home) => home === slot).length;
    return this.#slots.reduce((best, slot) => inputs(slot) < inputs(best) ? slot : best);
  }

  /** One more worker, unless one is on its way already. */
  #grow(): void {
    let next: WorkerSlot | undefined;
    for (const slot of this.#slots) {
      if (slot.isStarting) return;
      if (!slot.isStarted) next ??= slot;
    }
    next?.start();
  }

  /** The queue with the oldest task that this worker may take. */
  #nextFor(slot: WorkerSlot): Task[] | undefined {
    const own = this.#pinned.get(slot);
    const [mine] = own ?? [];
    const [common] = this.#queue;
    if (mine === undefined) return common && this.#queue;
    return common === undefined || mine.sequence < common.sequence ? own : this.#queue;
  }

  #wakeWaiters(count: number): void {
    for (const wake of this.#roomWaiters.splice(0, count)) wake();
  }
}

function disposedError(input: string): Error {
  return new Error(`Cannot process records of input "${input}": the worker pool was disposed`);
}

function createWorker(entry: URL | undefined): Worker {
  if (entry !== undefined) return new Worker(entry, { type: "module", deno: { permissions: "none" } });
  // Written out, so that `deno compile` finds the entry point.
  return new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
}

/** The files in shared memory: a database of locations may be large, and there is one copy for all workers. */
function shared(files: PlanFiles): PlanFiles {
  const copies = [...files].map(([path, bytes]) => {
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
    copy.set(bytes);
    return [path, copy] as const;
  });
  return new Map(copies);
}
