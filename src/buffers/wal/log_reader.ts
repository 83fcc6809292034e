import type { EncodedBatch } from "../../batch.ts";
import type { Log } from "../../lib/log.ts";
import type { BufferedBatch } from "../batch_buffer.ts";
import type { Arena, Block } from "./block.ts";
import type { Backlog } from "./backlog.ts";
import type { BatchFromDisk, DiskReader, Missing } from "./disk_reader.ts";
import { batchOf, type Entry } from "./entry.ts";
import { type Damage, recordsText } from "./damage.ts";
import type { LogWriter } from "./log_writer.ts";
import type { RecentBatches } from "./recent_batches.ts";
import type { Place } from "./segment.ts";

/** What readers read. */
export interface LogReaderOptions {
  readonly directory: string;
  readonly backlog: Backlog;
  readonly recent: RecentBatches;
  readonly disk: DiskReader;
  readonly writer: LogWriter;
  readonly arena: Arena;
  readonly log: Log;
  /** A batch is released; the entry if it is in memory. */
  onReleased(entry: Entry | undefined, outcome: "delivered" | "discarded"): void;
  /** So many records could not be read. */
  onLost(records: number): void;
}

/** Gives out batches, from memory where they are still there, else from the disk. One reader at a time. */
export class LogReader {
  readonly #options: LogReaderOptions;
  /** What comes next. */
  #place: Place;
  #wake: (() => void) | undefined;
  #isClosed = false;
  #isStopped = false;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#place = options.backlog.released.mark;
  }

  /** What the reader gets next. */
  get place(): Place {
    return this.#place;
  }

  /** Something was written, or nothing will be any more. */
  wake(isClosed: boolean): void {
    this.#isClosed ||= isClosed;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Gives out nothing any more: the log is not open any longer. */
  stop(): void {
    this.#isStopped = true;
    this.wake(true);
  }

  /**
   * Begins with the oldest batch that is not released. Written by hand rather than as an async generator, which would
   * cost several more turns for each batch.
   */
  read(stop: AbortSignal): AsyncIterator<BufferedBatch> {
    const { backlog } = this.#options;
    this.#place = backlog.released.mark;
    backlog.takeBack();
    // For as long as there is a reader: a listener for each wait would cost more than the wait.
    const wake = () => this.wake(false);
    stop.addEventListener("abort", wake);
    const end = (): IteratorResult<BufferedBatch> => {
      stop.removeEventListener("abort", wake);
      return { done: true, value: undefined };
    };
    const takeLater = async (): Promise<IteratorResult<BufferedBatch>> => {
      for (;;) {
        if (stop.aborted || this.#isStopped) return end();
        const taken = this.#takeRecent() ?? await this.#takeFromDisk(stop);
        if (taken !== undefined) return { done: false, value: taken };
        if (stop.aborted || this.#isStopped || !this.#isAtEnd()) continue;
        if (this.#isClosed) return end();
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    };
    return {
      next: () => {
        const taken = stop.aborted || this.#isStopped ? undefined : this.#takeRecent();
        return taken === undefined ? takeLater() : Promise.resolve({ done: false, value: taken });
      },
      return: () => Promise.resolve(end()),
    };
  }

  #isAtEnd(): boolean {
    const { backlog, writer } = this.#options;
    return backlog.released.next(this.#place).batch >= writer.next.batch;
  }

  #takeRecent(): BufferedBatch | undefined {
    const { backlog, recent } = this.#options;
    const entry = recent.get(backlog.released.next(this.#place).batch);
    if (entry === undefined) return undefined;
    entry.payload.block.uses++;
    return this.#give(batchOf(entry), entry, entry.payload.block, entry);
  }

  /** Undefined: what comes next is not in a file, or cannot be read; look again. */
  async #takeFromDisk(stop: AbortSignal): Promise<BufferedBatch | undefined> {
    const { backlog: { released }, recent, writer, disk, arena } = this.#options;
    const place = released.next(this.#place);
    const { batch, record } = recent.first ?? writer.next;
    if (place.batch >= batch) return undefined;
    const found = await disk.next(place, { batch, record });
    // It may have been given up while it was read.
    const isWanted = !stop.aborted && !this.#isStopped && released.next(place).batch === place.batch;
    if (isWanted && found.kind === "batch") {
      if (found.damage !== undefined) this.#tellOfPart(found, found.damage);
      return this.#give(found.batch, found.header, found.block, undefined);
    }
    if (found.kind === "batch") {
      if (found.block !== undefined) arena.release(found.block);
    } else if (isWanted) this.#skip(place, found);
    return undefined;
  }

  #tellOfPart({ batch, header }: BatchFromDisk, { message, lostRecords }: Damage): void {
    const bytes = Math.max(0, header.bytes - batch.bytes.length);
    this.#options.backlog.shrink(header.batch, { records: lostRecords, bytes });
    this.#tell(message, lostRecords);
  }

  #skip(from: Place, { end, damage, segment, offset, reason }: Missing): void {
    const { backlog, directory } = this.#options;
    this.#place = end;
    const lost = backlog.lose(from, end);
    const message = damage?.message ??
      `Cannot read ${recordsText(from, end)} in "${directory}/${segment}" at byte ${offset}: ${reason}; ` +
        "skipped what could not be read";
    this.#tell(message, lost);
    this.#options.onReleased(undefined, "discarded");
  }

  #tell(message: string, records: number): void {
    this.#options.log.error(message, { records });
    this.#options.onLost(records);
  }

  #give(
    batch: EncodedBatch,
    { batch: number, record, records }: Pick<Entry, "batch" | "record" | "records">,
    block: Block | undefined,
    entry: Entry | undefined,
  ): BufferedBatch {
    const { backlog, arena, onReleased } = this.#options;
    const end = this.#place = { batch: number + 1, record: record + records };
    const amount = { records: batch.ends.length, bytes: batch.bytes.length };
    backlog.take(number, amount);
    let isReleased = false;
    return {
      batch,
      release: (outcome) => {
        if (isReleased) return;
        isReleased = true;
        if (block !== undefined) arena.release(block);
        if (backlog.release(number, end, amount)) onReleased(entry, outcome);
      },
    };
  }
}
