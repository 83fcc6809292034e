import { formatDuration } from "../lib/duration.ts";
import { KeyError, KeyErrors } from "../lib/key_error.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Job, Processed } from "../processing/plan.ts";
import { packedLength, packJob, type Request, type Response, type StartRequest } from "./protocol.ts";
import { SourceTable } from "./source_table.ts";
import { outputBuffers, type SpareBuffers } from "../lib/spare_buffers.ts";

/** How long a worker may take to build its processors. */
const START_LIMIT = 60_000;
/** Looks at the worker in the time that it may stay silent; counted, so that a stopped process loses no job. */
const LOOKS = 8;

/** What came of a job: its results; why it failed; or undefined: the worker ended before it came to it. */
export type Answer = { readonly processed: Processed } | { readonly failure: string } | undefined;

/** What a thread is made with. */
export interface WorkerThreadOptions {
  create(): Worker;
  readonly start: Omit<StartRequest, "sent">;
  readonly buffers: SpareBuffers;
  /** Called once when the thread ended by itself while no job was running; it takes none any more. */
  onDeath(reason: string): void;
}

interface Running {
  answer(answer: Answer): void;
}

/**
 * One worker: jobs go in and answers come out, in order. It ends at its first failure, whatever that is, since nobody
 * knows what state it has left behind.
 */
export class WorkerThread {
  /** Settles once: when the worker can take jobs, or rejects with why it never will. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #options: WorkerThreadOptions;
  readonly #running: Running[] = [];
  /** Messages that the worker has sent, in shared memory, and those that came in. */
  readonly #sent = new Int32Array(new SharedArrayBuffer(4));
  #received = 0;
  #newsWaiters: (() => void)[] = [];
  readonly #sources = new SourceTable();
  readonly #starting = Promise.withResolvers<void>();
  readonly #startTimer: ReturnType<typeof setTimeout>;
  #isReady = false;
  #ended = false;
  /** Looks after the running job; undefined when there was none at the last look. */
  #watch: ReturnType<typeof setInterval> | undefined;
  #looks = 0;

  /** Throws what the runtime throws when no worker can be created. */
  constructor(options: WorkerThreadOptions) {
    this.#options = options;
    this.ready = this.#starting.promise;
    this.#worker = options.create();
    this.#worker.onmessage = (event: MessageEvent<Response>) => {
      this.#received++;
      this.#receive(event.data);
      this.#wakeNewsWaiters();
    };
    this.#worker.onmessageerror = () => this.#fail("its answer cannot be read");
    this.#worker.onerror = (event) => {
      // Otherwise the error of the worker ends the whole process.
      event.preventDefault();
      this.#fail(reasonOf(event.message.replace(/^Uncaught (\(in promise\) )?/, "")));
    };
    const late = `it was not ready within ${formatDuration(START_LIMIT)}`;
    this.#startTimer = setTimeout(() => this.#fail(late), START_LIMIT);
    this.#send({ ...options.start, sent: this.#sent }, []);
  }

  /** Jobs that are not answered. */
  get jobs(): number {
    return this.#running.length;
  }

  /** Resolves when a message that the worker has sent is here; undefined: there is none on its way. */
  news(): Promise<void> | undefined {
    if (this.#ended || Atomics.load(this.#sent, 0) === this.#received) return undefined;
    return new Promise((resolve) => this.#newsWaiters.push(resolve));
  }

  /** Processes a job after those before it. To be called when the thread is ready. Never rejects. */
  run(plan: number, job: Job): Promise<Answer> {
    if (this.#ended) return Promise.resolve(undefined);
    const { number, newSource } = this.#sources.refer(job.source);
    const buffer = this.#options.buffers.take(packedLength(job));
    const spare = outputBuffers.takeAny();
    const transfer = spare === undefined ? [buffer] : [buffer, spare];
    this.#send(packJob(job, plan, buffer, number, newSource, spare), transfer);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#running.push({ answer: resolve });
    if (this.#running.length === 1) this.#expectAnswer();
    return promise;
  }

  /** Ends the worker; the answers to its jobs are undefined. */
  terminate(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#startTimer);
    clearInterval(this.#watch);
    this.#worker.onmessage = null;
    // An error that is on its way still must not end the process.
    this.#worker.onerror = (event) => event.preventDefault();
    this.#worker.terminate();
    if (!this.#isReady) this.#starting.reject(new Error("terminated"));
    for (const { answer } of this.#running.splice(0)) answer(undefined);
    this.#wakeNewsWaiters();
  }

  #wakeNewsWaiters(): void {
    for (const wake of this.#newsWaiters.splice(0)) wake();
  }

  #send(request: Request, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(request, transfer);
  }

  #receive(response: Response): void {
    switch (response.type) {
      case "ready":
        this.#isReady = true;
        clearTimeout(this.#startTimer);
        return this.#starting.resolve();
      case "unbuildable": {
        const { input, keys, message } = response;
        this.#starting.reject(
          keys.length === 0
            ? new Error(`Cannot build the processor of input "${input}": ${message}`)
            : new KeyErrors(keys.map(({ key, message }) => new KeyError(key, message))),
        );
        return this.#fail(message);
      }
      case "processed":
        this.#options.buffers.give(response.buffer);
        this.#looks = 0;
        return this.#running.shift()?.answer({ processed: response.processed });
      case "failed": {
        const limit = formatDuration(this.#options.start.jobTimeout);
        return this.#fail(response.hung ? `took longer than ${limit} to process` : response.message);
      }
      case "broken":
        return this.#fail(response.message);
    }
  }

  /** The job that was running bears the blame; those behind it were not begun. */
  #fail(reason: string): void {
    if (this.#ended) return;
    if (!this.#isReady) this.#starting.reject(new Error(reason));
    const suspect = this.#running.shift();
    suspect?.answer({ failure: reason });
    const idle = this.#isReady && suspect === undefined;
    this.terminate();
    if (idle) this.#options.onDeath(reason);
  }

  /**
   * The worker stops what takes too long by itself. This is for one that has vanished without a word, or that is in a
   * native call which cannot be stopped. The timer runs while there are jobs.
   */
  #expectAnswer(): void {
    this.#looks = 0;
    const { jobTimeout } = this.#options.start;
    if (jobTimeout <= 0 || this.#watch !== undefined) return;
    const silence = jobTimeout * 1.5 + 1000;
    this.#watch = setInterval(() => {
      if (this.#running.length === 0) {
        clearInterval(this.#watch);
        this.#watch = undefined;
      } else if (++this.#looks > LOOKS) {
        this.#fail(`was not answered within ${formatDuration(silence)}`);
      }
    }, silence / LOOKS);
  }
}
