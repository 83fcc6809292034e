import type { Log } from "../lib/log.ts";
import type { CheckpointParticipant, CheckpointStore, JsonObject } from "./checkpoint_store.ts";
import { MAX_KEY_BYTES } from "./kv_database.ts";
import { reasonOf } from "../lib/reason.ts";
import { isExpired } from "./expiry.ts";
import { Participants } from "./participants.ts";
import { type Reading, RecordTable } from "./record_table.ts";
import { StoreFiles } from "./store_files.ts";
import type { Change } from "./store_image.ts";

export { CheckpointDirectoryInUseError } from "./directory_lock.ts";

const CARE_INTERVAL_MS = 10_000;
const EXPIRY_INTERVAL_MS = 3_600_000;

/** How to open a checkpoint store. */
export interface CheckpointStoreOptions {
  /** Created if missing; one agent owns it. */
  readonly directory: string;
  /** Time between two flushes, in milliseconds. */
  readonly interval: number;
  /** How long records of files that are gone are kept, in milliseconds. */
  readonly retention: number;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Opens the store of a directory, whatever state its database is in; `condition` tells what was found, and the log
 * what was lost. Throws when the directory cannot be used at all, and CheckpointDirectoryInUseError when another
 * agent has it.
 */
export function openCheckpointStore(options: CheckpointStoreOptions): Promise<CheckpointStore> {
  return KvCheckpointStore.open(options);
}

/** Records to be saved alone, as they were when that was asked for. */
interface Persisting {
  readonly readings: Map<string, Reading>;
  /** Those whose older values a flush had collected by then, which waits to commit them. */
  readonly outdated: Map<string, Map<string, Change>>;
  done: Promise<void>;
}

/** Checkpoints in Deno KV, with a copy of all records in memory. */
class KvCheckpointStore implements CheckpointStore {
  readonly #options: CheckpointStoreOptions;
  readonly #now: () => number;
  readonly #files: StoreFiles;
  readonly #records: RecordTable;
  readonly #participants = new Participants();
  readonly #timers: readonly ReturnType<typeof setInterval>[];
  /** The end of the queue of those who use the files. */
  #queue: Promise<unknown> = Promise.resolve();
  #flushing = false;
  /** What callers of `flush` wait for while another flush runs. */
  #nextFlush: PromiseWithResolvers<void> | undefined;
  /** Records of the running flush that are not saved yet. */
  #collected: Map<string, Change> | undefined;
  #persisting: Persisting | undefined;
  #failure: string | undefined;
  #closed: Promise<void> | undefined;
  /** What is flushed now is flushed for the last time. */
  #isEnding = false;

  static async open(options: CheckpointStoreOptions): Promise<KvCheckpointStore> {
    const now = options.now ?? Date.now;
    const store = new KvCheckpointStore(
      options,
      now,
      await StoreFiles.open(options.directory, options.log, now),
    );
    store.#expire();
    // The database of a restored store is written at once, so that a second mishap finds it whole.
    await store.#care();
    return store;
  }

  private constructor(options: CheckpointStoreOptions, now: () => number, files: StoreFiles) {
    this.#options = options;
    this.#now = now;
    this.#files = files;
    this.#records = new RecordTable(files.image.records);
    this.#timers = [
      setInterval(() => this.#flushing || this.flush().catch(() => {}), options.interval),
      setInterval(() => this.#care(), CARE_INTERVAL_MS),
      setInterval(() => this.#expire(), EXPIRY_INTERVAL_MS),
    ];
    for (const timer of this.#timers) Deno.unrefTimer(timer);
  }

  get directory(): string {
    return this.#files.directory;
  }

  get condition(): CheckpointStore["condition"] {
    return this.#files.condition;
  }

  get(key: string): JsonObject | undefined {
    return this.#records.get(key);
  }

  entries(): Iterable<readonly [string, JsonObject]> {
    return this.#records.entries();
  }

  /** The value belongs to the store from now on. Throws a RangeError when the key is too long for the database. */
  set(key: string, value: JsonObject | (() => JsonObject)): void {
    // Three bytes of UTF-8 a UTF-16 unit at most, so short keys need not be encoded to be measured.
    if (key.length * 3 > MAX_KEY_BYTES && new TextEncoder().encode(key).length > MAX_KEY_BYTES) {
      throw new RangeError(
        `Cannot set the checkpoint "${
          key.slice(0, 60)
        }…": its key is too long; at most ${MAX_KEY_BYTES} bytes`,
      );
    }
    this.#records.set(key, value);
  }

  delete(key: string): void {
    this.#records.delete(key);
  }

  persist(keys: readonly string[]): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError(this.directory));
    if (this.#persisting === undefined) {
      const persisting: Persisting = { readings: new Map(), outdated: new Map(), done: Promise.resolve() };
      this.#persisting = persisting;
      persisting.done = this.#exclusive(() => {
        this.#persisting = undefined;
        return this.#persist(persisting);
      });
    }
    const { readings, outdated, done } = this.#persisting;
    for (const key of keys) {
      // As they are now: once it is their turn they may have moved, for which states are to be saved too.
      readings.set(key, this.#records.read(key));
      if (this.#collected !== undefined) outdated.set(key, this.#collected);
    }
    return done;
  }

  flush(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError(this.directory));
    if (!this.#flushing) return this.#startFlush();
    this.#nextFlush ??= Promise.withResolvers();
    return this.#nextFlush.promise;
  }

  join(participant: CheckpointParticipant): void {
    this.#participants.join(participant, () => this.flush());
  }

  leave(participant: CheckpointParticipant): void {
    this.#participants.leave(participant);
  }

  forgetOthers(): void {
    this.#participants.forgetOthers();
  }

  stateOf(key: string): JsonObject | undefined {
    const text = this.#files.image.states.get(key);
    return this.#participants.leftBy(key) ?? (text === undefined ? undefined : JSON.parse(text));
  }

  /** Saves what is left, writes a last snapshot and gives the directory free. Does not throw: the log tells. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed !== undefined) return this.#closed;
    for (const timer of this.#timers) clearInterval(timer);
    this.#isEnding = true;
    const flushed = this.flush().catch(() => {});
    this.#closed = flushed.then(() =>
      this.#exclusive(async () => {
        await this.#files.snapshot(true);
        this.#files[Symbol.dispose]();
      })
    );
    return this.#closed;
  }

  async #startFlush(): Promise<void> {
    this.#flushing = true;
    try {
      await this.#flushOnce();
    } finally {
      const next = this.#nextFlush;
      this.#nextFlush = undefined;
      this.#flushing = false;
      if (next !== undefined) this.#startFlush().then(next.resolve, next.reject);
    }
  }

  /** Runs to its first `await` in the turn of its caller: positions and states are of the same moment. */
  async #flushOnce(): Promise<void> {
    const states = this.#participants.collect(this.#files.image.states, this.#isEnding);
    const records = this.#records.collect(this.#files.image.records);
    if (records.size === 0 && !states.changed) return;
    this.#collected = records;
    try {
      const stateChanges = await states.sync();
      await this.#exclusive(async () => {
        // States come first: an output's length that is newer than the positions costs only doubles, an older one
        // would cut away records that are not read again.
        await this.#files.commit([...stateChanges, ...records.values()]);
        states.saved();
        this.#succeeded();
        await this.#files.snapshot();
      });
    } catch (error) {
      this.#records.touch(records.keys());
      throw this.#failed(error);
    } finally {
      this.#collected = undefined;
    }
  }

  async #persist({ readings, outdated }: Persisting): Promise<void> {
    const saved = this.#files.image.records;
    const changes = [...readings.values()].map(({ change }) => change)
      .filter(({ key, text }) => text !== saved.get(key));
    try {
      if (changes.length > 0) {
        await this.#files.commit(changes);
        this.#succeeded();
      }
    } catch (error) {
      this.#records.touch(readings.keys());
      throw this.#failed(error);
    }
    this.#records.settle(readings.values());
    // It would put back what is older.
    for (const [key, collected] of outdated) collected.delete(key);
  }

  /** Sees that the database is still the one that was opened, and that the snapshot is not too old. */
  #care(): Promise<void> {
    return this.#exclusive(async () => {
      try {
        await this.#files.repair();
      } catch (error) {
        this.#failed(error);
      }
      await this.#files.snapshot();
    });
  }

  #expire(): void {
    const now = this.#now();
    let count = 0;
    for (const [key, record] of this.#records.entries()) {
      if (!isExpired(record, now, this.#options.retention)) continue;
      this.#records.delete(key);
      count++;
    }
    if (count > 0) {
      this.#options.log.info(`Removed ${count} checkpoints of files that are long gone`, { count });
    }
  }

  /** Runs after all that were asked for before. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  #succeeded(): void {
    if (this.#failure !== undefined) {
      this.#options.log.info(`Checkpoints are saved again in "${this.directory}"`);
    }
    this.#failure = undefined;
  }

  /** Says it once, as long as the reason stays the same. */
  #failed(cause: unknown): Error {
    const reason = reasonOf(cause);
    const message = `Cannot save checkpoints in "${this.directory}": ${reason}; ` +
      "they are kept in memory and saved as soon as that works again";
    if (reason !== this.#failure) this.#options.log.error(message);
    this.#failure = reason;
    return new Error(message, { cause });
  }
}

function closedError(directory: string): Error {
  return new Error(
    `Cannot save checkpoints in "${directory}": the store is closed; positions set now are lost`,
  );
}
