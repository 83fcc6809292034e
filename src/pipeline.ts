import { type Acknowledgement, gravest, type Outcome, settledAs } from "./acknowledgement.ts";
import type { EncodedBatch, RawBatch } from "./batch.ts";
import type { BatchBuffer } from "./buffers/batch_buffer.ts";
import { Sender } from "./delivery/sender.ts";
import type { BackoffOptions } from "./delivery/retry.ts";
import type { Emit } from "./inputs/input.ts";
import type { CircuitBreakerOptions } from "./delivery/circuit_breaker.ts";
import type { DeadLetters } from "./delivery/dead_letter.ts";
import { parcelsOf, type Way } from "./delivery/parcels.ts";
import { WaitNotices } from "./delivery/wait_notices.ts";
import { type Counts, Ledger } from "./ledger.ts";
import { ByteBudget } from "./lib/byte_budget.ts";
import { InOrder } from "./lib/in_order.ts";
import type { Log } from "./lib/log.ts";
import { reasonOf } from "./lib/reason.ts";
import { outputBuffers } from "./lib/spare_buffers.ts";
import type { Output, OutputClosedError } from "./outputs/output.ts";
import type { Processed } from "./processing/plan.ts";

/** An output with what stands before it. */
export interface OutputLine {
  readonly name: string;
  readonly output: Output;
  readonly buffer: BatchBuffer;
}

/** What is made of records between inputs and outputs. */
export interface Processing extends AsyncDisposable {
  /** By input. */
  readonly ways: ReadonlyMap<string, Way>;
  /** Resolves when one more batch may be given to `process`. */
  waitForRoom(): Promise<void>;
  /** Parses, transforms and encodes. Rejects only when it is disposed first. */
  process(input: string, batch: RawBatch): Promise<Processed>;
}

/** What a pipeline is made of. */
export interface PipelineOptions {
  readonly log: Log;
  /** Bytes that may be between inputs and outputs. */
  readonly budget: number;
  readonly retry: BackoffOptions;
  /** When sending to a destination elsewhere pauses; absent: never longer than between two retries. */
  readonly breaker?: CircuitBreakerOptions | undefined;
  /** After this time, in ms, it is said that inputs wait for an output. */
  readonly blockTimeout: number;
  readonly deadLetters: DeadLetters;
  /** An output can never take anything again. */
  onOutputClosed(error: OutputClosedError): void;
}

interface RunningLine extends OutputLine {
  readonly sending: Promise<void>;
  readonly force: AbortController;
  /** Batches that were written and have not settled. */
  pending: number;
}

/** A processed batch that is on its way to the outputs. */
interface Forwarded {
  readonly written: Promise<Outcome>;
  readonly result: Processed;
  /** How many dead letters are kept, once it is written. */
  readonly kept: number;
}

const REFUSED = settledAs("failed");

/**
 * The way of a batch: taken from an input when there is room for it, written to the buffer of every output, as it
 * came or as processing made it, sent from there, and acknowledged with the gravest of what the outputs say. Outputs
 * and processing may be replaced while it runs.
 *
 * Whatever stands between a send and its acknowledgement are promise turns, never timers: a checkpoint that is
 * collected in any later turn of the event loop sees both, or none.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #budget: ByteBudget;
  readonly #notices: WaitNotices;
  readonly #order = new InOrder();
  /** What became of all records. */
  readonly ledger = new Ledger();
  #processing: Processing | undefined;
  #lines: readonly RunningLine[] = [];
  /** Emits wait for it while there is no output yet, and while outputs are replaced. */
  #gate: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  #refusing = false;
  #inFlight = 0;
  #drained: (() => void)[] = [];

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#budget = new ByteBudget(options.budget);
    this.#notices = new WaitNotices(options.log, options.blockTimeout);
  }

  /** Begins to send to these outputs, which are opened with retries. Until then emits wait. */
  async startOutputs(lines: readonly OutputLine[], processing?: Processing): Promise<void> {
    this.#processing = processing;
    for (const line of lines) await line.buffer.open();
    this.#lines = [...this.#lines, ...lines.map((line) => this.#startLine(line))];
    if (this.#lines.length > 0) this.#openGate();
  }

  /** What an input calls with its batches. */
  emitterFor(input: string): Emit {
    const counts = this.ledger.of(input);
    return (batch) => this.#emit(batch, counts, input);
  }

  /**
   * Replaces the outputs `names` and, if given, the processing: nothing new is taken until what these outputs hold is
   * delivered, at most `patience` ms; what is still there then has failed, and its inputs offer it again. In between
   * `successors` is called, when the old outputs send nothing any more and the new ones, which it answers, nothing yet.
   *
   * False when the pipeline was told to refuse meanwhile. Rejects when `successors` does, when a new buffer cannot be
   * opened, or when no output would be left. In all these cases the old outputs go on with what they hold.
   */
  async replaceOutputs(
    names: ReadonlySet<string>,
    patience: number,
    successors: () => Promise<readonly OutputLine[]>,
    processing: Processing | undefined = this.#processing,
  ): Promise<boolean> {
    this.#gate = Promise.withResolvers();
    const staying = this.#lines.filter(({ name }) => !names.has(name));
    const leaving = this.#lines.filter(({ name }) => names.has(name));
    try {
      await this.#drain(patience);
      if (this.#refusing) return false;
      const lines = await this.#succeed(leaving, staying, successors);
      this.#lines = staying;
      for (const { buffer } of leaving) buffer.close();
      for (const { buffer } of leaving) await buffer[Symbol.asyncDispose]();
      for (const line of leaving) await this.#disposeOutput(line);
      this.#lines = [...staying, ...lines.map((line) => this.#startLine(line))];
      const before = this.#processing;
      this.#processing = processing;
      if (before !== processing) await before?.[Symbol.asyncDispose]();
      return true;
    } finally {
      this.#openGate();
    }
  }

  /** From now on nothing is taken any more; what waits is refused, what was taken goes on. */
  refuse(): void {
    this.#refusing = true;
    this.#budget.close();
    this.#openGate();
    this.#endDrain();
  }

  /** Ends the sending: what the buffers hold is sent, for at most `patience` ms, the rest fails. */
  async close(patience: number): Promise<void> {
    this.refuse();
    await this.#stopLines(this.#lines, patience);
    await this.#processing?.[Symbol.asyncDispose]();
  }

  /** Lets go of the outputs. */
  async dispose(): Promise<void> {
    for (const line of this.#lines) await this.#disposeOutput(line);
    this.#lines = [];
    await this.#options.deadLetters[Symbol.asyncDispose]();
  }

  #openGate(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** Has the sending to `leaving` end and gets what comes after; if that fails, the sending goes on where it was. */
  async #succeed(
    leaving: readonly RunningLine[],
    staying: readonly RunningLine[],
    successors: () => Promise<readonly OutputLine[]>,
  ): Promise<readonly OutputLine[]> {
    for (const { force } of leaving) force.abort();
    await Promise.all(leaving.map(({ sending }) => sending));
    try {
      const lines = await successors();
      if (lines.length + staying.length === 0) {
        throw new Error("Cannot replace the outputs: none would be left; at least one is needed");
      }
      for (const { buffer } of lines) await buffer.open();
      return lines;
    } catch (error) {
      // A buffer gives a new sender what the one before it left behind.
      const again = new Map(leaving.map((line) => [line, this.#startLine(line)]));
      this.#lines = this.#lines.map((line) => again.get(line) ?? line);
      throw error;
    }
  }

  async #disposeOutput(line: OutputLine): Promise<void> {
    const { name, output } = line;
    this.#notices.forget(line);
    try {
      await output[Symbol.asyncDispose]();
    } catch (error) {
      this.#options.log.error(`Cannot close output "${name}": ${reasonOf(error)}; going on`, {
        output: name,
        error,
      });
    }
  }

  #startLine({ name, output, buffer }: OutputLine): RunningLine {
    const { breaker, deadLetters, log, onOutputClosed: onClosed, retry } = this.#options;
    const force = new AbortController();
    // What is on this machine is asked again as soon as it may be well.
    const pauses = output.batching === undefined ? {} : { breaker };
    const sending = new Sender({ name, output, buffer, log, retry, deadLetters, onClosed, ...pauses })
      .run(force.signal);
    return { name, output, buffer, force, sending, pending: 0 };
  }

  async #emit(batch: RawBatch, counts: Counts, input: string): Promise<Acknowledgement> {
    const bytes = batch.bytes.length;
    for (;;) {
      while (this.#gate !== undefined && !this.#refusing) await this.#gate.promise;
      if (this.#refusing || (!this.#budget.tryTake(bytes) && !(await this.#waitForBudget(bytes)))) {
        return REFUSED;
      }
      let taken: Acknowledgement | "replaced" = REFUSED;
      try {
        const processing = this.#processing;
        const way = processing?.ways.get(input);
        if (processing === undefined || way?.processed.length === 0) taken = await this.#write(batch, counts);
        // An input that a reload has removed is about to stop: nothing says any more what becomes of its records.
        else if (way !== undefined) taken = await this.#process(batch, counts, input, processing, way);
      } catch (error) {
        this.#failedTaking(batch, error);
      }
      if (taken === "replaced" || taken === REFUSED) this.#budget.give(bytes);
      if (taken !== "replaced") return taken;
    }
  }

  #failedTaking({ source: { stream } }: RawBatch, error: unknown): void {
    const message = `Cannot take lines of "${stream}": ${reasonOf(error)}; they are offered again`;
    this.#options.log.error(message, { stream, error });
  }

  /** Writes a batch to all buffers once they have room. */
  async #write(batch: RawBatch, counts: Counts): Promise<Acknowledgement | "replaced"> {
    const events = batch.ends.length;
    const lines = this.#lines;
    for (const line of lines) {
      if (await this.#waitForRoom(line, events, batch.bytes.length)) continue;
      return this.#lines === lines ? REFUSED : "replaced";
    }
    // Outputs are being replaced, or were while the batch waited: it goes to those that come.
    if (this.#gate !== undefined || lines !== this.#lines) return "replaced";
    if (batch.withdrawn?.aborted) return REFUSED;
    const { bytes, ends, source, receivedAt } = batch;
    // All partitions first: what throws must not leave the batch with some of the outputs.
    const partitions = lines.map(({ output }) => output.partitionOf(source, receivedAt));
    this.#receive(counts, events);
    const written = lines.map((line, index) =>
      this.#writeTo(line, { bytes, ends, partition: partitions[index] ?? "" })
    );
    const [only] = written;
    const outcome = written.length === 1 && only !== undefined ? only : Promise.all(written).then(gravest);
    return { settled: outcome.then((outcome) => this.#settle(outcome, events, bytes.length, counts)) };
  }

  /** Has a batch processed; what is made of it goes to the outputs in the order in which the batches came. */
  async #process(
    batch: RawBatch,
    counts: Counts,
    input: string,
    processing: Processing,
    way: Way,
  ): Promise<Acknowledgement | "replaced"> {
    const lines = this.#lines;
    await processing.waitForRoom();
    if (this.#refusing) return REFUSED;
    if (this.#gate !== undefined || lines !== this.#lines || processing !== this.#processing) {
      return "replaced";
    }
    if (batch.withdrawn?.aborted) return REFUSED;
    const events = batch.ends.length;
    const { length } = batch.bytes;
    const processed = processing.process(input, batch);
    this.#receive(counts, events);
    const settle = async (): Promise<Outcome> => {
      try {
        const forward = (result: Processed) => this.#forward(batch, result, lines, way);
        const forwarded = await this.#order.run(batch.source, processed, forward);
        if (forwarded !== undefined) {
          return this.#settle(await forwarded.written, events, length, counts, forwarded);
        }
      } catch (error) {
        // Where the processing has ended before its answer, that was said already, or is no trouble.
        if (!this.#refusing && processing === this.#processing) this.#failedTaking(batch, error);
      }
      return this.#settle("failed", events, length, counts);
    };
    return { settled: settle() };
  }

  /** Writes what was made of a batch to the buffers; undefined when that cannot be done any more. */
  async #forward(
    batch: RawBatch,
    result: Processed,
    lines: readonly RunningLine[],
    way: Way,
  ): Promise<Forwarded | undefined> {
    for (const warning of result.warnings) {
      this.#options.log.warn(warning, { input: batch.source.input });
    }
    const parcels = parcelsOf(lines, way, batch, result);
    for (const { line, batch } of parcels) {
      if (!(await this.#waitForRoom(line, batch.ends.length, batch.bytes.length))) return undefined;
    }
    const isOver = () => lines !== this.#lines || batch.withdrawn?.aborted === true;
    if (isOver()) return undefined;
    // First of all, since it may fail: no output must have got what is offered again then.
    const kept = result.deadLetters.length === 0
      ? 0
      : await this.#options.deadLetters.keep(batch, result.deadLetters);
    if (isOver()) return undefined;
    const written = parcels.map(({ line, batch }) => this.#writeTo(line, batch));
    if (kept > 0) written.push(Promise.resolve("delivered"));
    // What an output gets as it came is not discarded, whatever the conditions of others say.
    const counted = way.raw.length === 0 ? result : { ...result, discarded: {} };
    return { result: counted, kept, written: Promise.all(written).then(gravest) };
  }

  #writeTo(line: RunningLine, batch: EncodedBatch): Promise<Outcome> {
    line.pending++;
    return line.buffer.write(batch).then((outcome) => {
      line.pending--;
      return outcome;
    });
  }

  #receive(counts: Counts, events: number): void {
    counts.received += events;
    counts.inFlight += events;
    this.#inFlight++;
  }

  #settle(
    outcome: Outcome,
    events: number,
    bytes: number,
    counts: Counts,
    forwarded?: Forwarded,
  ): Outcome {
    counts.inFlight -= events;
    counts[outcome] += events;
    if (outcome !== "failed" && forwarded !== undefined) {
      this.ledger.leaveOut(counts, outcome, forwarded.result, forwarded.kept);
      // Every output has it by now; one that failed may still be writing.
      for (const { batch } of forwarded.result.batches) outputBuffers.give(batch.bytes.buffer);
    }
    this.#budget.give(bytes);
    if (--this.#inFlight === 0) this.#endDrain();
    return outcome;
  }

  /** False when the output is closed. */
  #waitForRoom(line: RunningLine, events: number, bytes: number): Promise<boolean> {
    return this.#notices.wait(() => [line], line.buffer.waitForRoom(events, bytes));
  }

  /** False when the pipeline refuses. The budget is used up by what some outputs have not delivered. */
  #waitForBudget(bytes: number): Promise<boolean> {
    const blocking = () => this.#lines.filter(({ pending }) => pending > 0);
    return this.#notices.wait(blocking, this.#budget.take(bytes));
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

  #endDrain(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  async #stopLines(lines: readonly RunningLine[], patience: number): Promise<void> {
    for (const { buffer } of lines) buffer.close();
    const timer = setTimeout(() => lines.forEach(({ force }) => force.abort()), patience);
    await Promise.all(lines.map(({ sending }) => sending));
    clearTimeout(timer);
    for (const { buffer } of lines) await buffer[Symbol.asyncDispose]();
  }
}
