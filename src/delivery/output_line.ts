import type { Outcome } from "../acknowledgement.ts";
import type { EncodedBatch } from "../batch.ts";
import type { BatchBuffer } from "../buffers/batch_buffer.ts";
import type { Output } from "../outputs/output.ts";
import type { CircuitBreakerOptions } from "./circuit_breaker.ts";
import { Lead } from "./lead.ts";
import type { LoggedState } from "./logged_state.ts";
import { LossNotices } from "./loss_notices.ts";
import { pick } from "./merge.ts";
import type { OffsetRange } from "./offset_ranges.ts";
import type { BackoffOptions } from "./retry.ts";
import { Sender, type SenderOptions } from "./sender.ts";

/**
 * What becomes of records when an output's buffer is full.
 * - `block`: the inputs wait.
 * - `drop_newest`: what comes is dropped; `drop_oldest`: what waits longest makes room.
 * - `sample`: one of `sampleRate` records waits for room, the others are dropped.
 */
export interface FullPolicy {
  readonly strategy: "block" | "drop_newest" | "drop_oldest" | "sample";
  readonly sampleRate: number;
}

/** An output with what stands before it. */
export interface OutputLine {
  readonly name: string;
  readonly output: Output;
  readonly buffer: BatchBuffer;
  /** What it has that its inputs' positions do not cover; absent: nothing yet. */
  readonly lead?: Lead;
  /** Its state, and its lead with it, where they are saved with its log. */
  readonly logged?: LoggedState | undefined;
  /** Called when the output is open, before anything is sent; when it rejects, the output is opened again. */
  readonly ready?: (() => Promise<void>) | undefined;
  /** Absent: `block`. */
  readonly full?: FullPolicy;
  /** It never holds back an input: neither when it is full, nor by what it has not delivered. */
  readonly optional?: boolean;
  readonly retry?: BackoffOptions | undefined;
  /** When sending pauses; absent: never longer than between two retries. */
  readonly breaker?: CircuitBreakerOptions | undefined;
}

/** Records of an output by what became of them; `received` equals the sum of the others. */
export interface OutputCounts {
  /** Offered to it, or found in its log at the start. */
  readonly received: number;
  readonly delivered: number;
  /** Dropped since its buffer was full. */
  readonly dropped: number;
  /** Refused by the destination, or given up, and kept as dead letters. */
  readonly deadLettered: number;
  /** Refused or given up, and kept nowhere. */
  readonly lost: number;
  /** Not delivered by this process; their inputs offer them again. */
  readonly failed: number;
  readonly inFlight: number;
}

/**
 * Whether a batch may be written: `room`; `closed`: never again; `full`: it is dropped; `sample`: only a part of it has
 * room.
 */
export type Room = "room" | "closed" | "full" | "sample";

/** How long a stop waits for what need not be delivered now, in ms. */
const BRIEF = 2000;
const BLOCK: FullPolicy = { strategy: "block", sampleRate: 1 };

/** An output that runs: batches go into its buffer, and its sender carries them to the destination. */
export class RunningLine implements OutputLine {
  readonly name: string;
  readonly output: Output;
  readonly buffer: BatchBuffer;
  readonly lead: Lead;
  readonly optional: boolean;
  /** Batches that were written and have not settled. */
  pending = 0;
  readonly #full: FullPolicy;
  readonly #senderOptions: SenderOptions;
  readonly #notices = new LossNotices();
  readonly #senders: Sender[] = [];
  #force = new AbortController();
  #hurry = new AbortController();
  #sending: Promise<void> = Promise.resolve();
  #received: number;
  #dropped = 0;
  #failed = 0;
  /** Records that stay on disk, once the buffer is disposed. */
  #left = 0;
  #isDisposed = false;
  #isFailing = false;
  /** Waiting until nothing fails. */
  #well: (() => void)[] = [];
  /** Waiting until nothing is pending. */
  #idle: (() => void)[] = [];
  /** Records seen while sampling. */
  #sampled = 0;

  /** The buffer is open. */
  constructor(
    { name, output, buffer, lead = new Lead(name), ready, full = BLOCK, optional = false, retry, breaker }:
      OutputLine,
    shared: Pick<SenderOptions, "log" | "deadLetters" | "onClosed">,
  ) {
    this.name = name;
    this.output = output;
    this.buffer = buffer;
    this.lead = lead;
    this.optional = optional;
    // An optional output that waited would hold back.
    this.#full = optional && full.strategy === "block" ? { ...full, strategy: "drop_newest" } : full;
    this.#senderOptions = {
      ...{ name, buffer, output, ready, ...shared },
      hurry: () => this.#hurry.signal,
      onTrouble: (isFailing) => this.#onTrouble(isFailing),
      ...(retry === undefined ? {} : { retry }),
      // What is on this machine is asked again as soon as it may be well.
      ...(output.batching === undefined ? {} : { breaker }),
    };
    this.#received = buffer.events;
    this.start();
  }

  get counts(): OutputCounts {
    let delivered = 0;
    let deadLettered = 0;
    let lost = 0;
    for (const { counters } of this.#senders) {
      delivered += counters.records;
      deadLettered += counters.rejected - counters.lost;
      lost += counters.lost;
    }
    return {
      received: this.#received,
      delivered,
      dropped: this.#dropped,
      deadLettered,
      lost,
      failed: this.#failed,
      inFlight: this.#left + this.buffer.events,
    };
  }

  /** Records that stay on disk, now that the buffer is disposed. */
  get left(): number {
    return this.#left;
  }

  /** What of a stream it has, or its log, in ascending order: that is not new when it comes again. */
  knownOf(stream: string): readonly OffsetRange[] | undefined {
    const until = this.buffer.knownUntil?.(stream);
    const lead = this.lead.of(stream);
    return until === undefined
      ? lead
      : [{ from: 0, until }, ...lead?.filter((range) => range.until > until) ?? []];
  }

  /** Resolves once the output is open. */
  get whenOpen(): Promise<void> {
    return this.#senders.at(-1)?.whenOpen ?? Promise.resolve();
  }

  /** Begins to send, or goes on after `stop`. */
  start(): void {
    const sender = new Sender(this.#senderOptions);
    this.#senders.push(sender);
    this.#left = 0;
    this.#isDisposed = false;
    this.#force = new AbortController();
    this.#sending = sender.run(this.#force.signal).finally(() => this.#onTrouble(false));
  }

  /** From now on batches are sent without waiting for more records, or no longer. */
  hurry(on: boolean): void {
    if (on) this.#hurry.abort();
    // One that has not aborted may be waited for.
    else if (this.#hurry.signal.aborted) this.#hurry = new AbortController();
  }

  /** Ends the sending at once; what was not delivered stays in the buffer. */
  async stop(): Promise<void> {
    this.#force.abort();
    await this.#sending;
  }

  /**
   * Has the sender end once the buffer is empty, or after `patience` ms, and lets go of the buffer. What is safe on
   * disk, or optional, is not waited for that long, unless `whole`.
   */
  async close(patience: number, whole: boolean): Promise<void> {
    this.buffer.close();
    const isUrgent = whole || (!this.buffer.durable && !this.optional);
    const timer = setTimeout(() => this.#force.abort(), isUrgent ? patience : Math.min(patience, BRIEF));
    await this.#sending;
    clearTimeout(timer);
    await this.disposeBuffer();
  }

  /** Lets go of the buffer; what it holds has failed, or stays on disk. */
  async disposeBuffer(): Promise<void> {
    this.buffer.close();
    if (this.buffer.durable) this.#left = this.buffer.events;
    this.#isDisposed = true;
    await this.buffer[Symbol.asyncDispose]();
    this.#notices[Symbol.dispose]();
  }

  /** Whether `waitForRoom` may have to wait. */
  get mayWait(): boolean {
    return !this.optional && (this.#full.strategy === "block" || this.#full.strategy === "sample");
  }

  /** Resolves once it is decided what becomes of a batch of this size. */
  async waitForRoom(events: number, bytes: number): Promise<Room> {
    const { strategy, sampleRate } = this.#full;
    if (strategy === "block") return await this.buffer.waitForRoom(events, bytes) ? "room" : "closed";
    if (this.buffer.hasRoom(events, bytes)) return "room";
    if (strategy === "drop_oldest") {
      this.#drop(this.buffer.dropOldest(events, bytes), "the oldest");
      if (this.buffer.hasRoom(events, bytes)) return "room";
    }
    if (strategy !== "sample") return "full";
    const share = Math.ceil(events / sampleRate);
    const shareBytes = Math.ceil(bytes * share / Math.max(events, 1));
    if (this.optional) return this.buffer.hasRoom(share, shareBytes) ? "sample" : "full";
    return await this.buffer.waitForRoom(share, shareBytes) ? "sample" : "closed";
  }

  /** Writes what there is room for. */
  write(batch: EncodedBatch, room: Room): Promise<Outcome> {
    const events = batch.ends.length;
    this.#received += events;
    if (room === "full") {
      this.#drop(events, "the newest");
      return Promise.resolve("discarded");
    }
    const written = room === "sample" ? this.#sample(batch) : batch;
    if (written.ends.length === 0) return Promise.resolve("discarded");
    this.pending++;
    const { length } = written.ends;
    const isLate = this.#isDisposed;
    return this.buffer.write(written).then((outcome) => {
      if (--this.pending === 0) { for (const tell of this.#idle.splice(0)) tell(); }
      if (outcome === "failed") {
        this.#failed += length;
        // It did not get to the disk, on which it was counted.
        if (this.#isDisposed && !isLate && this.buffer.durable) this.#left -= length;
      }
      return outcome;
    });
  }

  /** Whether something could not be sent to it and is tried again. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Resolves once nothing fails any more, or the sending has ended. */
  whenWell(): Promise<void> {
    return this.#isFailing ? new Promise((resolve) => this.#well.push(resolve)) : Promise.resolve();
  }

  #onTrouble(isFailing: boolean): void {
    this.#isFailing = isFailing;
    if (!isFailing) { for (const tell of this.#well.splice(0)) tell(); }
  }

  /** Resolves once every batch that was written has settled. */
  whenIdle(): Promise<void> {
    return this.pending === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #sample(batch: EncodedBatch): EncodedBatch {
    const { sampleRate } = this.#full;
    const kept: number[] = [];
    for (let index = 0; index < batch.ends.length; index++) {
      if (this.#sampled++ % sampleRate === 0) kept.push(index);
    }
    this.#drop(batch.ends.length - kept.length, `all but one of ${sampleRate}`);
    return pick(batch, kept);
  }

  #drop(records: number, what: string): void {
    if (records === 0) return;
    this.#dropped += records;
    const { log } = this.#senderOptions;
    const output = this.name;
    this.#notices.add(output, what, records, (records) =>
      log.warn(
        `Dropped ${records} record${
          records === 1 ? "" : "s"
        } for output "${output}", ${what}: its buffer is full`,
        { output, records, reason: "buffer_full" },
      ));
  }
}
