import { type Acknowledgement, gravest, type Outcome, settledAs } from "./acknowledgement.ts";
import type { RawBatch } from "./batch.ts";
import type { BatchBuffer } from "./buffers/batch_buffer.ts";
import { Sender } from "./delivery/sender.ts";
import type { BackoffOptions } from "./delivery/retry.ts";
import type { Emit } from "./inputs/input.ts";
import { ByteBudget } from "./lib/byte_budget.ts";
import { formatDuration } from "./lib/duration.ts";
import type { Log } from "./lib/log.ts";
import type { Output, OutputClosedError } from "./outputs/output.ts";

/** Records by what became of them; `received` equals the sum of the others. */
export interface Counts {
  received: number;
  delivered: number;
  discarded: number;
  /** Not delivered by this process; their inputs offer them again. */
  failed: number;
  inFlight: number;
}

/** An output with what stands before it. */
export interface OutputLine {
  readonly name: string;
  readonly output: Output;
  readonly buffer: BatchBuffer;
}

/** What a pipeline is made of. */
export interface PipelineOptions {
  readonly log: Log;
  /** Bytes that may be between inputs and outputs. */
  readonly budget: number;
  readonly retry: BackoffOptions;
  /** After this time, in ms, it is said that inputs wait for an output. */
  readonly blockTimeout: number;
  /** An output can never take anything again. */
  onOutputClosed(error: OutputClosedError): void;
}

interface RunningLine extends OutputLine {
  readonly sending: Promise<void>;
  readonly force: AbortController;
  blockedSince: number | undefined;
}

const REFUSED = settledAs("failed");

/**
 * The way of a batch: taken from an input when there is room for it, written to the buffer of every output, sent from
 * there, and acknowledged with the gravest of what the outputs say. Outputs may be replaced while it runs.
 *
 * Whatever stands between a send and its acknowledgement are promise turns, never timers: a checkpoint that is
 * collected in any later turn of the event loop sees both, or none.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #budget: ByteBudget;
  readonly #counts = new Map<string, Counts>();
  #lines: readonly RunningLine[] = [];
  /** While outputs are replaced: emits wait for it. */
  #gate: PromiseWithResolvers<void> | undefined;
  #refusing = false;
  #inFlight = 0;
  #drained: (() => void)[] = [];

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#budget = new ByteBudget(options.budget);
  }

  /** The counts of every input that ever emitted. */
  get counts(): ReadonlyMap<string, Readonly<Counts>> {
    return this.#counts;
  }

  /** Begins to send to these outputs, which are open or will be opened with retries. */
  async startOutputs(lines: readonly OutputLine[]): Promise<void> {
    for (const line of lines) await line.buffer.open();
    this.#lines = [...this.#lines, ...lines.map((line) => this.#startLine(line))];
  }

  /** What an input calls with its batches. */
  emitterFor(input: string): Emit {
    const counts = this.#counts.get(input) ??
      { received: 0, delivered: 0, discarded: 0, failed: 0, inFlight: 0 };
    this.#counts.set(input, counts);
    return (batch) => this.#emit(batch, counts);
  }

  /**
   * Replaces the outputs `names`: nothing new is taken until what these outputs hold is delivered, at most `patience`
   * ms; what is still there then has failed, and its inputs offer it again. In between `successors` is called, when
   * the old outputs take nothing any more and the new ones, which it answers, nothing yet.
   */
  async replaceOutputs(
    names: ReadonlySet<string>,
    patience: number,
    successors: () => Promise<readonly OutputLine[]>,
  ): Promise<void> {
    const gate = this.#gate = Promise.withResolvers<void>();
    try {
      const leaving = this.#lines.filter(({ name }) => names.has(name));
      await this.#drain(patience);
      this.#lines = this.#lines.filter(({ name }) => !names.has(name));
      await this.#stopLines(leaving, this.#inFlight === 0 ? patience : 0);
      const lines = await successors();
      for (const { output } of leaving) await output[Symbol.asyncDispose]();
      await this.startOutputs(lines);
    } finally {
      this.#gate = undefined;
      gate.resolve();
    }
  }

  /** From now on nothing is taken any more; what waits is refused, what was taken goes on. */
  refuse(): void {
    this.#refusing = true;
    this.#budget.close();
    this.#gate?.resolve();
  }

  /** Ends the sending: what the buffers hold is sent, for at most `patience` ms, the rest fails. */
  async close(patience: number): Promise<void> {
    this.refuse();
    await this.#stopLines(this.#lines, patience);
  }

  /** Lets go of the outputs. */
  async dispose(): Promise<void> {
    for (const { output } of this.#lines) await output[Symbol.asyncDispose]();
    this.#lines = [];
  }

  #startLine(line: OutputLine): RunningLine {
    const { log, onOutputClosed, retry } = this.#options;
    const force = new AbortController();
    const sender = new Sender({ ...line, log, retry, onClosed: onOutputClosed });
    return { ...line, force, sending: sender.run(force.signal), blockedSince: undefined };
  }

  async #emit(batch: RawBatch, counts: Counts): Promise<Acknowledgement> {
    const bytes = batch.bytes.length;
    const events = batch.ends.length;
    while (this.#gate !== undefined && !this.#refusing) await this.#gate.promise;
    if (this.#refusing || (!this.#budget.tryTake(bytes) && !(await this.#budget.take(bytes)))) return REFUSED;
    const lines = this.#lines;
    for (const line of lines) {
      if (await this.#waitForRoom(line, events, bytes)) continue;
      this.#budget.give(bytes);
      return this.#lines.includes(line) ? REFUSED : this.#emit(batch, counts);
    }
    // Outputs are being replaced, or were while the batch waited: it goes to those that come.
    if (this.#gate !== undefined || lines !== this.#lines) {
      this.#budget.give(bytes);
      return this.#emit(batch, counts);
    }
    if (batch.withdrawn?.aborted) {
      this.#budget.give(bytes);
      return REFUSED;
    }
    const written: Promise<Outcome>[] = [];
    for (const { output, buffer } of this.#lines) {
      const partition = output.partitionOf(batch.source, batch.receivedAt);
      written.push(buffer.write({ bytes: batch.bytes, ends: batch.ends, partition }));
    }
    counts.received += events;
    counts.inFlight += events;
    this.#inFlight++;
    const [only] = written;
    const outcome = written.length === 1 && only !== undefined ? only : Promise.all(written).then(gravest);
    return { settled: outcome.then((outcome) => this.#settle(outcome, events, bytes, counts)) };
  }

  #settle(outcome: Outcome, events: number, bytes: number, counts: Counts): Outcome {
    counts.inFlight -= events;
    counts[outcome] += events;
    this.#budget.give(bytes);
    if (--this.#inFlight === 0) { for (const resolve of this.#drained.splice(0)) resolve(); }
    return outcome;
  }

  /** False when the output is closed. Says when the wait gets long, once until there is room again. */
  async #waitForRoom(line: RunningLine, events: number, bytes: number): Promise<boolean> {
    const room = line.buffer.waitForRoom(events, bytes);
    const { blockTimeout, log } = this.#options;
    const since = Date.now();
    const timer = line.blockedSince !== undefined ? undefined : setTimeout(() => {
      if (line.blockedSince !== undefined) return;
      line.blockedSince = since;
      log.warn(
        `Output "${line.name}" has had no room for ${
          formatDuration(blockTimeout)
        }: the inputs that feed it wait`,
        { output: line.name },
      );
    }, blockTimeout);
    const granted = await room;
    clearTimeout(timer);
    if (granted && line.blockedSince !== undefined) {
      const waited = formatDuration(Date.now() - line.blockedSince);
      line.blockedSince = undefined;
      log.info(`Output "${line.name}" has room again after ${waited}`, { output: line.name });
    }
    return granted;
  }

  #drain(patience: number): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patience);
      this.#drained.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #stopLines(lines: readonly RunningLine[], patience: number): Promise<void> {
    for (const { buffer } of lines) buffer.close();
    const timer = setTimeout(() => lines.forEach(({ force }) => force.abort()), patience);
    await Promise.all(lines.map(({ sending }) => sending));
    clearTimeout(timer);
    for (const { buffer } of lines) await buffer[Symbol.asyncDispose]();
  }
}
