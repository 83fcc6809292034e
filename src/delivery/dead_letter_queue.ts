import { idText, type RawBatch, recordId } from "../batch.ts";
import { formatDuration } from "../lib/duration.ts";
import { reasonOf } from "../lib/reason.ts";
import { sleep as sleepFor } from "../lib/sleep.ts";
import { countReasons, type DeadLetters, type Letters, type RefusedRecords } from "./dead_letter.ts";
import { deadLetterLine, letterId, letterKey, parseLetter, refusedLine } from "./dead_letter_line.ts";
import type { Sleep } from "./gather.ts";
import { LetterSegments, type LetterSegmentsOptions } from "./letter_segments.ts";
import { LossNotices } from "./loss_notices.ts";
import { RecentKeys } from "./recent_keys.ts";
import { Backoff } from "./retry.ts";

/** What a dead letter queue is made of; times in milliseconds. */
export interface DeadLetterQueueOptions extends LetterSegmentsOptions {
  readonly flush_interval: number;
  /** For tests: milliseconds since 1970. */
  readonly now?: () => number;
  /** For tests. Resolves with true after `ms`, with false once `stop` aborts. */
  readonly sleep?: Sleep;
}

/** A letter to be kept. */
interface Entry {
  /** What it shares with other letters of the same record. */
  readonly key: string | undefined;
  readonly reason: string;
  readonly line: string;
}

/** Letters of so many records are kept only once, however often their batches are offered. */
const RECENT = 10_000;
/** How long a letter waits for a directory that cannot be written to, from one attempt to the next. */
const WRITE_BACKOFF = { initial: 100, max: 5_000, multiplier: 2, jitter: true };
/** How often age is looked at: at least, and at most. */
const SOONEST_LOOK = 1_000;
const LATEST_LOOK = 3_600_000;

/**
 * Dead letters in a directory, as NDJSON. A letter counts as kept once it is written; it is forced to the disk within
 * `flush_interval`. What exceeds size or age is deleted, the oldest segment first, and said.
 *
 * A batch whose letters are kept may still fail, and is offered again: records with ids are then not kept twice.
 */
export class DeadLetterQueue implements DeadLetters {
  readonly #options: DeadLetterQueueOptions;
  readonly #now: () => number;
  readonly #sleep: Sleep;
  readonly #segments: LetterSegments;
  readonly #recent = new RecentKeys(RECENT);
  readonly #notices: LossNotices;
  readonly #looking: ReturnType<typeof setInterval>;
  #looked = false;
  #disposed = false;
  #flush: ReturnType<typeof setTimeout> | undefined;
  /** Why nothing can be written, since that was said. */
  #broken: string | undefined;
  /** One write at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DeadLetterQueueOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#sleep = options.sleep ?? sleepFor;
    this.#segments = new LetterSegments(options);
    this.#notices = new LossNotices(this.#now);
    const interval = Math.min(Math.max(options.max_age / 8, SOONEST_LOOK), LATEST_LOOK);
    this.#looking = setInterval(() => void this.expire(), interval);
    Deno.unrefTimer(this.#looking as unknown as number);
  }

  keep(batch: RawBatch, letters: Letters, stop?: AbortSignal): Promise<number> {
    const { source: { input, stream }, origin, ends } = batch;
    const now = this.#now();
    const entries = letters.map((letter): Entry => {
      const start = letter.index === 0 ? 0 : ends[letter.index - 1] ?? 0;
      const id = origin && idText(origin.id, origin.offsets?.[letter.index] ?? origin.offset + start);
      const key = letterKey(`input ${input}`, id);
      return { key, reason: letter.reason, line: deadLetterLine(batch, letter, now) };
    });
    return this.#keep(entries, `input "${input}", from "${stream}"`, stop);
  }

  keepRefused(records: RefusedRecords, stop?: AbortSignal): Promise<number> {
    const { output, batch, refused } = records;
    const now = this.#now();
    const entries = refused.map((each): Entry => ({
      key: letterKey(`output ${output}`, recordId(batch, each.index)),
      reason: each.reason,
      line: refusedLine(records, each, now),
    }));
    return this.#keep(entries, `output "${output}"`, stop);
  }

  /** Deletes what has become too old. Runs by itself; public for tests. */
  expire(): Promise<void> {
    return this.#inTurn(() => this.#segments.expire(this.#now())).catch((error: unknown) => {
      this.#options.log.warn(`Cannot look after old dead letters: ${reasonOf(error)}; tried again later`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    await this.#turn;
    this.#disposed = true;
    clearTimeout(this.#flush);
    this.#flush = undefined;
    this.#notices[Symbol.dispose]();
    await this.#segments.close();
  }

  async #keep(entries: readonly Entry[], whose: string, stop: AbortSignal | undefined): Promise<number> {
    const backoff = new Backoff(WRITE_BACKOFF);
    for (;;) {
      try {
        const fresh = await this.#inTurn(() => this.#write(entries));
        this.#tellOfRecovery();
        this.#tell(whose, fresh);
        return entries.length;
      } catch (error) {
        const { directory } = this.#options;
        const told = new Error(`Cannot keep dead letters in "${directory}": ${reasonOf(error)}`, {
          cause: error,
        });
        if (stop === undefined || stop.aborted || this.#disposed) throw told;
        const wait = backoff.next();
        this.#tellOfTrouble(told.message, wait);
        if (!(await this.#sleep(wait, stop))) throw told;
      }
    }
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Answers those that were not kept before. */
  async #write(entries: readonly Entry[]): Promise<readonly Entry[]> {
    if (this.#disposed) throw new Error("the queue is closed");
    await this.#remember();
    const fresh = entries.filter(({ key }) => key === undefined || !this.#recent.has(key));
    if (fresh.length > 0) {
      const bytes = new TextEncoder().encode(fresh.map(({ line }) => line).join(""));
      await this.#segments.append(bytes, fresh.length, this.#now());
      for (const { key } of fresh) if (key !== undefined) this.#recent.add(key);
      this.#flushSoon();
    }
    return fresh;
  }

  /** Learns from what earlier processes left which records are kept already. */
  async #remember(): Promise<void> {
    if (this.#looked) return;
    await this.#segments.look((line) => {
      const letter = parseLetter(line);
      if (letter === undefined) return;
      const name = letter.to === undefined ? `input ${letter.from?.input}` : `output ${letter.to.output}`;
      const key = letterKey(name, letterId(letter));
      if (key !== undefined) this.#recent.add(key);
    });
    this.#looked = true;
  }

  #flushSoon(): void {
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      this.#inTurn(() => this.#segments.sync()).catch((error: unknown) => {
        this.#options.log.error(`Cannot force dead letters to the disk: ${reasonOf(error)}`, { error });
      });
    }, this.#options.flush_interval);
  }

  #tell(whose: string, entries: readonly Entry[]): void {
    for (const [reason, count] of countReasons(entries)) {
      this.#notices.add(whose, reason, count, (records) =>
        this.#options.log.warn(
          `Made dead letters of ${records} record${records === 1 ? "" : "s"} of ${whose}: ${reason}`,
          { records, reason },
        ));
    }
  }

  #tellOfTrouble(message: string, wait: number): void {
    if (this.#broken === message) return;
    this.#broken = message;
    const { log, directory } = this.#options;
    log.warn(
      `${message}; the records wait, and so do those behind them; retrying in ${formatDuration(wait)}`,
      {
        directory,
      },
    );
  }

  #tellOfRecovery(): void {
    if (this.#broken === undefined) return;
    this.#broken = undefined;
    const { log, directory } = this.#options;
    log.info(`Dead letters are kept in "${directory}" again`, { directory });
  }
}
