import { type Acknowledgement, gravest, type Outcome, settledAs } from "./acknowledgement.ts";
import type { RawBatch } from "./batch.ts";
import { FanOut } from "./delivery/fan_out.ts";
import { Leads } from "./delivery/leads.ts";
import { type OutputLine, RunningLine } from "./delivery/output_line.ts";
import type { Emit } from "./inputs/input.ts";
import { checkHealth } from "./delivery/health_check.ts";
import { parcelsOf, rawParcelsOf, type Way } from "./delivery/parcels.ts";
import { WaitNotices } from "./delivery/wait_notices.ts";
import { type Counts, Ledger } from "./ledger.ts";
import { ByteBudget } from "./lib/byte_budget.ts";
import { InOrder } from "./lib/in_order.ts";
import { reasonOf } from "./lib/reason.ts";
import { within } from "./lib/within.ts";
import type { PipelineOptions, PipelineSettings, Processing, Replacement } from "./pipeline_options.ts";
import type { Processed } from "./processing/plan.ts";

/** A processed batch that is on its way to the outputs; `kept`: how many dead letters are kept, once it is written. */
interface Forwarded {
  readonly result: Processed;
  readonly kept: number;
  /** What the input is told: the gravest of what the outputs say, without those that are optional. */
  readonly outcome: Promise<Outcome>;
}

const REFUSED = settledAs("failed");
/** Inputs that were given nothing to wait for are at their end after this time, in ms. */
const QUIET_MS = 50;

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
  #settings: PipelineSettings;
  #notices: WaitNotices;
  #fanOut: FanOut;
  readonly #order = new InOrder();
  /** What became of all records. */
  readonly ledger = new Ledger();
  #processing: Processing | undefined;
  #lines: readonly RunningLine[] = [];
  readonly #leads = new Leads(() => this.#lines);
  /** Emits wait for it while there is no output yet, and while outputs are replaced. */
  #gate: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  readonly #refused = new AbortController();
  #inFlight = 0;
  #drained: (() => void)[] = [];

  constructor(options: PipelineOptions) {
    this.#options = options;
    const { budget, blockTimeout } = this.#settings = options.settings;
    this.#budget = new ByteBudget(budget);
    this.#notices = new WaitNotices(options.log, blockTimeout);
    this.#fanOut = new FanOut(this.#notices, this.#settings);
  }

  /** Begins to send to these outputs, which are opened with retries. Until then emits wait. */
  async startOutputs(lines: readonly OutputLine[], processing?: Processing): Promise<void> {
    this.#processing = processing;
    for (const line of lines) await line.buffer.open();
    this.#lines = [...this.#lines, ...lines.map((line) => this.#startLine(line))];
    if (this.#lines.length > 0) this.#openGate();
  }

  /** What is wrong with outputs, by name, as far as they can tell within `patience` ms. */
  checkOutputs(patience: number): Promise<ReadonlyMap<string, string>> {
    return checkHealth(this.#lines, patience);
  }

  /** What an input calls with its batches. */
  emitterFor(input: string): Emit {
    const counts = this.ledger.of(input);
    return (batch) => this.#emit(batch, counts, input);
  }

  /**
   * Replaces outputs and, if given, the processing and the settings: nothing new is taken until what these outputs hold
   * is delivered, at most `patience` ms; what is still there then has failed, and its inputs offer it again.
   *
   * False when the pipeline was told to refuse meanwhile. Rejects when `successors` does, when a new buffer cannot be
   * opened, or when no output would be left. In all these cases the old outputs go on with what they hold.
   */
  async replace(
    { leaving: names, successors, processing = this.#processing, settings }: Replacement,
    patience: number,
  ): Promise<boolean> {
    this.#gate = Promise.withResolvers();
    const staying = this.#lines.filter(({ name }) => !names.has(name));
    const leaving = this.#lines.filter(({ name }) => names.has(name));
    try {
      for (const line of this.#lines) line.hurry(true);
      await this.#drain(patience, leaving);
      if (this.#refused.signal.aborted) return false;
      const lines = await this.#succeed(leaving, staying, successors);
      this.#lines = staying;
      for (const line of leaving) {
        if (!line.buffer.durable) await line.disposeBuffer();
        await this.#disposeOutput(line);
      }
      if (settings !== undefined) await this.#apply(settings);
      this.#lines = [...staying, ...lines.map((line) => this.#startLine(line))];
      for (const { name, left } of leaving) this.#tellOfLeft(name, left);
      const before = this.#processing;
      this.#processing = processing;
      if (before !== processing) await before?.[Symbol.asyncDispose]();
      return true;
    } finally {
      if (!this.#refused.signal.aborted) { for (const line of this.#lines) line.hurry(false); }
      this.#openGate();
    }
  }

  /**
   * Inputs have an end: once nothing has come from them for a while, batches wait for no further records. Until the
   * pipeline refuses.
   */
  hurryWhenQuiet(): void {
    let before = -1;
    const timer = setInterval(() => {
      const { received } = this.ledger.sum();
      for (const line of this.#lines) line.hurry(received === before);
      before = received;
    }, QUIET_MS);
    this.#refused.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  /** From now on nothing is taken any more; what waits is refused, what was taken goes on. */
  refuse(): void {
    this.#refused.abort();
    for (const line of this.#lines) line.hurry(true);
    this.#budget.close();
    this.#openGate();
  }

  /**
   * Ends the sending: what the buffers hold is sent, for at most `patience` ms, the rest fails, or stays on disk.
   * `whole`: also what is on disk, and what is optional, has all that time.
   */
  async close(patience: number, whole = false): Promise<void> {
    this.refuse();
    await Promise.all(this.#lines.map((line) => line.close(patience, whole)));
    await this.#processing?.[Symbol.asyncDispose]();
  }

  /** Lets go of the outputs. */
  async dispose(): Promise<void> {
    for (const line of this.#lines) await this.#disposeOutput(line);
    this.#lines = [];
    await this.#settings.deadLetters[Symbol.asyncDispose]();
  }

  async #apply(settings: PipelineSettings): Promise<void> {
    const { deadLetters } = this.#settings;
    this.#settings = settings;
    this.#budget.resize(settings.budget);
    this.#notices = new WaitNotices(this.#options.log, settings.blockTimeout);
    this.#fanOut = new FanOut(this.#notices, settings);
    if (deadLetters !== settings.deadLetters) await deadLetters[Symbol.asyncDispose]();
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
    await Promise.all(leaving.map((line) => line.stop()));
    // Their successors may have the same directory.
    const durable = leaving.filter(({ buffer }) => buffer.durable);
    for (const line of durable) await line.disposeBuffer();
    try {
      const lines = await successors();
      if (lines.length + staying.length === 0) {
        throw new Error("Cannot replace the outputs: none would be left; at least one is needed");
      }
      for (const { buffer } of lines) await buffer.open();
      return lines;
    } catch (error) {
      for (const { buffer } of durable) await buffer.open();
      // A buffer gives a new sender what the one before it left behind.
      for (const line of leaving) line.start();
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

  /** An output is gone, or has no log any more, and its old one still holds records. */
  #tellOfLeft(name: string, records: number): void {
    if (records === 0 || this.#lines.some((line) => line.name === name && line.buffer.durable)) return;
    this.#options.log.warn(
      `The log of output "${name}" still holds ${records} records: they are sent once an output of that name has a log again`,
      { output: name, records },
    );
  }

  #startLine(line: OutputLine): RunningLine {
    const { log, onOutputClosed: onClosed } = this.#options;
    const running = new RunningLine(line, { log, deadLetters: this.#settings.deadLetters, onClosed });
    this.ledger.followOutput(line.name, () => running.counts, line.buffer.durable);
    return running;
  }

  async #emit(batch: RawBatch, counts: Counts, input: string): Promise<Acknowledgement> {
    const bytes = batch.bytes.length;
    for (;;) {
      while (this.#gate !== undefined && !this.#refused.signal.aborted) await this.#gate.promise;
      if (this.#settings.stopOnFailure) await this.#fanOut.whenWell(() => this.#lines, this.#refused.signal);
      if (
        this.#refused.signal.aborted || (!this.#budget.tryTake(bytes) && !(await this.#waitForBudget(bytes)))
      ) {
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
    const { length } = batch.bytes;
    const lines = this.#lines;
    // All of it first: what throws must not leave the batch with some of the outputs.
    const { parcels } = rawParcelsOf(lines, batch);
    const rooms = await this.#fanOut.roomsFor(parcels);
    if (rooms === undefined) return this.#lines === lines ? REFUSED : "replaced";
    // Outputs are being replaced, or were while the batch waited: it goes to those that come.
    if (this.#gate !== undefined || lines !== this.#lines) return "replaced";
    if (batch.withdrawn?.aborted) return REFUSED;
    this.#receive(counts, events);
    const follower = this.#leads.followerOf(lines, batch, parcels);
    const outcome = this.#fanOut.spread(parcels, rooms, "delivered", follower);
    return { settled: outcome.then((outcome) => this.#settle(outcome, events, length, counts)) };
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
    if (this.#refused.signal.aborted) return REFUSED;
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
        const forwarded = await this.#order.run(streamKey(batch), processed, forward);
        if (forwarded !== undefined) {
          return this.#settle(await forwarded.outcome, events, length, counts, forwarded);
        }
      } catch (error) {
        // Where the processing has ended before its answer, that was said already, or is no trouble.
        if (!this.#refused.signal.aborted && processing === this.#processing) {
          this.#failedTaking(batch, error);
        }
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
    const { parcels, hasKnown } = parcelsOf(lines, way, batch, result);
    const rooms = await this.#fanOut.roomsFor(parcels);
    if (rooms === undefined) return undefined;
    const isOver = () => lines !== this.#lines || batch.withdrawn?.aborted === true;
    if (isOver()) return undefined;
    // First of all, since it may fail: no output must have got what is offered again then.
    const kept = result.deadLetters.length === 0
      ? 0
      : await this.#settings.deadLetters.keep(batch, result.deadLetters, this.#refused.signal);
    if (isOver()) return undefined;
    const follower = this.#leads.followerOf(lines, batch, parcels);
    const nothing = hasKnown ? "delivered" : "discarded";
    const outcome = this.#fanOut.spread(parcels, rooms, nothing, follower);
    // What an output gets as it came is not discarded, whatever the conditions of others say.
    const counted = way.raw.length === 0 ? result : { ...result, discarded: {} };
    return {
      result: counted,
      kept,
      outcome: kept === 0 ? outcome : outcome.then((outcome) => gravest([outcome, "delivered"])),
    };
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
    }
    this.#budget.give(bytes);
    if (--this.#inFlight === 0) { for (const resolve of this.#drained.splice(0)) resolve(); }
    return outcome;
  }

  /** False when the pipeline refuses. The budget is used up by what some outputs have not delivered. */
  #waitForBudget(bytes: number): Promise<boolean> {
    const blocking = () => this.#lines.filter(({ pending }) => pending > 0);
    return this.#notices.wait(blocking, this.#budget.take(bytes));
  }

  /** Waits until nothing is in flight, nor in the buffers of these outputs that nobody else waits for. */
  async #drain(patience: number, lines: readonly RunningLine[]): Promise<void> {
    const settled = this.#inFlight === 0
      ? undefined
      : new Promise<void>((resolve) => this.#drained.push(resolve));
    const optional = lines.filter((line) => line.optional && !line.buffer.durable);
    const all = Promise.all([settled, ...optional.map((line) => line.whenIdle())]);
    if (settled !== undefined || optional.length > 0) await within(all, patience, this.#refused.signal);
  }
}

/** Names the stream of a batch. All generations of a file are one stream: each reads with a source of its own. */
function streamKey({ source: { input, stream } }: RawBatch): string {
  return `${input}\0${stream}`;
}
