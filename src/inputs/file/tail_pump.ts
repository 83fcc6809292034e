import { type Acknowledgement, settledAs } from "../../acknowledgement.ts";
import type { Origin } from "../../batch.ts";
import { pause } from "../../lib/pause.ts";
import type { Emit } from "../input.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { Chunk, Rest } from "./reader.ts";
import type { LineagePosition } from "./lineage.ts";
import type { TailedFile } from "./tailed_file.ts";

/** What the pump reports. */
export interface TailPumpOptions {
  readonly emit: Emit;
  readonly stop: AbortSignal;
  readonly pool: BufferPool;
  /** How many files are read at the same time; bounds what waits in memory for room in the pipeline. */
  readonly concurrency: number;
  readonly now: () => number;
  /** A batch was handed over; its positions follow from the acknowledgement. */
  onEmitted(file: TailedFile, position: LineagePosition, acknowledgement: Acknowledgement): void;
  /** It is the turn of a file that was empty when last seen: what came and went in it since is to be found first. */
  onUnknown(file: TailedFile): void;
  /** Everything that was there has been read. */
  onEnd(file: TailedFile): void;
  /** The file no longer holds what was read from it. */
  onChanged(file: TailedFile): void;
  onError(file: TailedFile, error: unknown): void;
  /** A file could be read after an error. */
  onHealed(file: TailedFile): void;
  /** A batch could not be handed over; it counts as failed. */
  onRefused(file: TailedFile, error: unknown): void;
  onCut(file: TailedFile, lines: number): void;
}

/** After this time without a pause the event loop gets one, in ms. */
const BUSY_MS = 20;
/** The event loop has had a pause of its own when nothing was read for this time, in ms. */
const IDLE_MS = 1;

/**
 * Reads files that have news, a chunk each in turn, so that none starves another, and hands the chunks to the
 * pipeline. A file stands in the queue at most once, so its records keep their order.
 */
export class TailPump {
  readonly #options: TailPumpOptions;
  readonly #queue: TailedFile[] = [];
  readonly #idle: (() => void)[] = [];
  readonly #leaving = new Map<TailedFile, () => void>();
  /** Files of which what is unfinished is to be delivered, if what was seen still ends there. */
  readonly #rests = new WeakMap<TailedFile, { readonly rest: Rest; readonly end: number }>();
  #running = 0;
  #lastPause = performance.now();
  /** Undefined while files are being read. */
  #idleSince: number | undefined;

  constructor(options: TailPumpOptions) {
    this.#options = options;
  }

  /** Has a file read. Files that wait for earlier generations are read once these are at their end. */
  enqueue(file: TailedFile): void {
    if (!file.isReadable || this.#options.stop.aborted) return;
    if (file.queued) {
      file.lookAgain = true;
      return;
    }
    file.queued = true;
    this.#queue.push(file);
    this.#start();
  }

  /** Has what is unfinished of a file delivered in its turn, unless it grows until then. */
  enqueueRest(file: TailedFile, rest: Rest): void {
    this.#rests.set(file, { rest, end: file.reader.end });
    this.enqueue(file);
  }

  /** Resolves once nothing is being read. */
  idle(): Promise<void> {
    if (this.#running === 0 && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Resolves once `file`, which has ended, is not being read any more. Other files may keep the pump busy for ever. */
  left(file: TailedFile): Promise<void> {
    if (!file.queued) return Promise.resolve();
    return new Promise((resolve) => this.#leaving.set(file, resolve));
  }

  async #deliver(file: TailedFile, chunk: Chunk, isRest = false): Promise<void> {
    const { pool, onCut, onEmitted } = this.#options;
    const { pooled, position, cut } = chunk;
    const { gen } = file;
    const acknowledgement = await this.#emit(file, chunk, isRest);
    // An output that was given up may still be writing from the buffer of a failed batch.
    if (pooled !== undefined) {
      acknowledgement.settled.then((outcome) => {
        if (outcome !== "failed") pool.give(pooled);
      });
    }
    if (cut > 0) onCut(file, cut);
    onEmitted(file, { gen, at: position }, acknowledgement);
  }

  /** Never rejects: the reader stands behind the chunk already, so one that was not taken must count as failed. */
  async #emit(file: TailedFile, chunk: Chunk, isRest: boolean): Promise<Acknowledgement> {
    const { bytes, ends } = chunk;
    const { emit, now, onRefused } = this.#options;
    const origin = originOf(file, chunk, isRest);
    try {
      return await emit({
        bytes,
        ends,
        source: file.source,
        receivedAt: now(),
        origin,
        withdrawn: file.ended,
      });
    } catch (error) {
      onRefused(file, error);
      return settledAs("failed");
    }
  }

  /** Whether nobody waits for the end of a file, so that it need not be seen once more after its lines are taken. */
  #isUnawaited(file: TailedFile): boolean {
    return file.state === "live" && file.canProbe && file.before.size === 0 && !this.#rests.has(file) &&
      file.isReadable;
  }

  /** What is to be delivered although it is unfinished: it was asked for and ends where it did then. */
  #dueRest({ reader }: TailedFile, asked: { rest: Rest; end: number } | undefined): Rest | undefined {
    if (asked?.end !== reader.end) return undefined;
    return reader.held > 0 || (asked.rest === "all" && reader.partial > 0) ? asked.rest : undefined;
  }

  /** Answers whether there is more to read. */
  async #deliverRest(file: TailedFile, rest: Rest): Promise<boolean> {
    const chunk = await file.reader.takeRest(rest);
    if (chunk !== undefined) await this.#deliver(file, chunk, true);
    else {
      file.atEnd = false;
      this.#options.onChanged(file);
    }
    return chunk !== undefined;
  }

  #start(): void {
    while (this.#running < this.#options.concurrency) {
      const file = this.#queue.shift();
      if (file === undefined) break;
      this.#running++;
      if (this.#idleSince !== undefined) this.#endIdleness(this.#idleSince);
      this.#serve(file);
    }
    if (this.#running === 0) {
      this.#idleSince = performance.now();
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  #endIdleness(since: number): void {
    const now = performance.now();
    if (now - since >= IDLE_MS) this.#lastPause = now;
    this.#idleSince = undefined;
  }

  async #serve(file: TailedFile): Promise<void> {
    let more = await this.#step(file);
    while (more && this.#queue.length === 0) more = await this.#step(file);
    this.#running--;
    if (more) this.#queue.push(file);
    else {
      file.queued = false;
      this.#leaving.get(file)?.();
      this.#leaving.delete(file);
      if (file.lookAgain) {
        file.lookAgain = false;
        this.enqueue(file);
      }
    }
    this.#start();
  }

  /** One look; answers whether there may be more. Never rejects. */
  async #step(file: TailedFile): Promise<boolean> {
    const { stop, now, onChanged, onEnd, onError, onHealed, onUnknown } = this.#options;
    // What it has to wait for may have come up while it stood in the queue.
    if (!file.isReadable || stop.aborted) return false;
    if (performance.now() - this.#lastPause > BUSY_MS) {
      await pause();
      this.#lastPause = performance.now();
      if (!file.isReadable || stop.aborted) return false;
    }
    if (file.isEmptySoFar) {
      onUnknown(file);
      return false;
    }
    try {
      const lookedAt = now();
      const look = await file.reader.look();
      if (file.backoff > 0) {
        file.backoff = 0;
        onHealed(file);
      }
      switch (look.kind) {
        case "lines":
          file.lastData = now();
          file.atEnd = false;
          await this.#deliver(file, look.chunk);
          if (!look.atEnd || !this.#isUnawaited(file)) return true;
          file.reachEnd(lookedAt);
          onEnd(file);
          return false;
        case "again":
          return true;
        case "end": {
          const rest = this.#dueRest(file, this.#rests.get(file));
          this.#rests.delete(file);
          if (rest !== undefined) return await this.#deliverRest(file, rest);
          file.reachEnd(lookedAt);
          onEnd(file);
          return false;
        }
        case "changed":
          file.atEnd = false;
          onChanged(file);
          return false;
      }
    } catch (error) {
      onError(file, error);
      return false;
    }
  }
}

/**
 * What is delivered before its end was seen has ids of its own: read again after a crash it may be more, and an output
 * that knows its id would leave out the whole.
 */
function originOf(file: TailedFile, chunk: Chunk, isRest: boolean): Origin {
  const { ends, off: offset, offsets, position: { head, off: end } } = chunk;
  const origin = { id: `${file.originId(head)}${isRest ? ".p" : ""}`, offset };
  if (offsets !== undefined) return { ...origin, offsets, end };
  return end === offset + (ends.at(-1) ?? 0) ? origin : { ...origin, end };
}
