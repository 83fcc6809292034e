import { type Acknowledgement, gravest, type Outcome, settledAs } from "./acknowledgement.ts";
import type { RawBatch } from "./batch.ts";
import type { BatchBuffer } from "./buffers/batch_buffer.ts";
import { Sender } from "./delivery/sender.ts";
import type { BackoffOptions } from "./delivery/retry.ts";
import type { Emit } from "./inputs/input.ts";
import { ByteBudget } from "./lib/byte_budget.ts";
import { formatDuration } from "./lib/duration.ts";
import type { Log } from "./lib/log.ts";
import { reasonOf } from "./lib/reason.ts";
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
  /** Batches that were written and have not settled. */
  pending: number;
  blockedSince: number | undefined;
}

const NOT_YET = Promise.resolve("not yet" as const);
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
  /** Emits wait for it while there is no output yet, and while outputs are replaced. */
  #gate: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
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

  /** Begins to send to these outputs, which are opened with retries. Until then emits wait. */
  async startOutputs(lines: readonly OutputLine[]): Promise<void> {
    for (const line of lines) await line.buffer.open();
    this.#lines = [...this.#lines, ...lines.map((line) => this.#startLine(line))];
    if (this.#lines.length > 0) this.#openGate();
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
   * the old outputs send nothing any more and the new ones, which it answers, nothing yet.
   *
   * False when the pipeline was told to refuse meanwhile. Rejects when `successors` does, when a new buffer cannot be
   * opened, or when no output would be left. In all these cases the old outputs go on with what they hold.
   */
  async replaceOutputs(
    names: ReadonlySet<string>,
    patience: number,
    successors: () => Promise<readonly OutputLine[]>,
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
  }

  /** Lets go of the outputs. */
  async dispose(): Promise<void> {
    for (const line of this.#lines) await this.#disposeOutput(line);
    this.#lines = [];
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

  async #disposeOutput({ name, output }: OutputLine): Promise<void> {
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
    const { log, onOutputClosed, retry } = this.#options;
    const force = new AbortController();
    const sender = new Sender({ name, output, buffer, log, retry, onClosed: onOutputClosed });
    const sending = sender.run(force.signal);
    return { name, output, buffer, force, sending, pending: 0, blockedSince: undefined };
  }

  async #emit(batch: RawBatch, counts: Counts): Promise<Acknowledgement> {
    const bytes = batch.bytes.length;
    for (;;) {
      while (this.#gate !== undefined && !this.#refusing) await this.#gate.promise;
      if (this.#refusing || (!this.#budget.tryTake(bytes) && !(await this.#waitForBudget(bytes)))) {
        return REFUSED;
      }
      let taken: Acknowledgement | "replaced" = REFUSED;
      try {
        taken = await this.#write(batch, counts);
      } catch (error) {
        const { stream } = batch.source;
        this.#options.log.error(
          `Cannot take lines of "${stream}": ${reasonOf(error)}; they are offered again`,
          {
            stream,
            error,
          },
        );
      }
      if (taken === "replaced" || taken === REFUSED) this.#budget.give(bytes);
      if (taken !== "replaced") return taken;
    }
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
    counts.received += events;
    counts.inFlight += events;
    this.#inFlight++;
    const written = lines.map((line, index) => {
      line.pending++;
      const written = line.buffer.write({ bytes, ends, partition: partitions[index] ?? "" });
      return written.then((outcome) => {
        line.pending--;
        return outcome;
      });
    });
    const [only] = written;
    const outcome = written.length === 1 && only !== undefined ? only : Promise.all(written).then(gravest);
    return { settled: outcome.then((outcome) => this.#settle(outcome, events, bytes.length, counts)) };
  }

  #settle(outcome: Outcome, events: number, bytes: number, counts: Counts): Outcome {
    counts.inFlight -= events;
    counts[outcome] += events;
    this.#budget.give(bytes);
    if (--this.#inFlight === 0) this.#endDrain();
    return outcome;
  }

  /** False when the output is closed. */
  #waitForRoom(line: RunningLine, events: number, bytes: number): Promise<boolean> {
    return this.#tellingOf(() => [line], line.buffer.waitForRoom(events, bytes));
  }

  /** False when the pipeline refuses. The budget is used up by what some outputs have not delivered. */
  #waitForBudget(bytes: number): Promise<boolean> {
    const blocking = () => this.#lines.filter(({ pending }) => pending > 0);
    return this.#tellingOf(blocking, this.#budget.take(bytes));
  }

  /** Says of each output that is waited for when the wait gets long, once until there is room again. */
  async #tellingOf(waitedFor: () => readonly RunningLine[], room: Promise<boolean>): Promise<boolean> {
    // The usual case, room at once, costs no timer.
    const isTold = this.#lines.some(({ blockedSince }) => blockedSince !== undefined);
    if (!isTold && await Promise.race([room, NOT_YET]) === true) return true;
    const { blockTimeout, log } = this.#options;
    const since = Date.now();
    const blocked: RunningLine[] = [];
    const timer = setTimeout(() => {
      for (const line of waitedFor()) {
        blocked.push(line);
        if (line.blockedSince !== undefined) continue;
        line.blockedSince = since;
        log.warn(
          `Output "${line.name}" has had no room for ${
            formatDuration(blockTimeout)
          }: the inputs that feed it wait`,
          { output: line.name },
        );
      }
    }, blockTimeout);
    const granted = await room;
    clearTimeout(timer);
    for (const line of blocked) {
      if (!granted || line.blockedSince === undefined) continue;
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
