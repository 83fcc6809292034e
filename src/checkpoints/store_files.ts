import type { Log } from "../lib/log.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import { DirectoryLock } from "./directory_lock.ts";
import { reasonOf } from "../lib/reason.ts";
import type { KvDatabase } from "./kv_database.ts";
import { openDatabase } from "./open_database.ts";
import { recover, type Recovered } from "./recovery.ts";
import { writeSnapshot } from "./snapshot.ts";
import { allOf, apply, type Change, emptyImage, type StoreImage } from "./store_image.ts";

/** Shortest time between two snapshots, in milliseconds. */
const SNAPSHOT_INTERVAL_MS = 10_000;
/** The database in the checkpoint directory. */
export const DATABASE_FILE = "checkpoints.kv";

/**
 * What stands in the checkpoint directory: lock, database and snapshots. Not for concurrent use: the store runs one
 * call after the other.
 */
export class StoreFiles implements Disposable {
  readonly directory: string;
  readonly condition: CheckpointStore["condition"];
  /** What is saved: changed by each commit, and all that is needed to write the database anew. */
  readonly image: StoreImage;
  readonly #path: string;
  readonly #log: Log;
  readonly #now: () => number;
  #lock: DirectoryLock | undefined;
  #database: KvDatabase | undefined;
  #inodes: readonly (number | null)[];
  /** Whether the database lacks what the image has. */
  #incomplete: boolean;
  #snapshotSequence = -1;
  #snapshotAt = -Infinity;
  #snapshotFails = false;

  private constructor(
    directory: string,
    path: string,
    lock: DirectoryLock,
    recovered: Recovered,
    log: Log,
    now: () => number,
  ) {
    this.directory = directory;
    this.condition = recovered.condition;
    this.image = recovered.image;
    this.#path = path;
    this.#log = log;
    this.#now = now;
    this.#lock = lock;
    this.#database = recovered.database;
    this.#incomplete = recovered.rebuild;
    this.#inodes = inodesOf(path);
  }

  /**
   * Takes the directory, creating it if it is missing. Whatever state the database is in, it opens; throws when the
   * directory cannot be used, and CheckpointDirectoryInUseError when another agent has it.
   */
  static async open(directory: string, log: Log, now: () => number): Promise<StoreFiles> {
    await makeDirectory(directory);
    const path = `${directory}/${DATABASE_FILE}`;
    const lock = await DirectoryLock.acquire(directory);
    try {
      return new StoreFiles(directory, path, lock, await recover(directory, path, log, now), log, now);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Saves the changes, which are states first, then records. Afterwards the image holds all that is durable. */
  async commit(changes: readonly Change[]): Promise<void> {
    const database = await this.#databaseInPlace();
    const sequence = this.image.sequence + 1;
    if (!this.#incomplete) {
      await database.commit(changes, sequence, (change) => apply(this.image, change));
    } else {
      const whole = {
        ...emptyImage(),
        records: new Map(this.image.records),
        states: new Map(this.image.states),
      };
      for (const change of changes) apply(whole, change);
      await database.commit(allOf(whole), sequence, () => {});
      for (const change of changes) apply(this.image, change);
      this.#incomplete = false;
    }
    this.image.sequence = sequence;
    // The -wal file appears with the first commit after opening.
    if (this.#inodes.length < 2) this.#inodes = inodesOf(this.#path);
  }

  /** Makes good for a database that was deleted or replaced while open, and for one that could not be written whole. */
  async repair(): Promise<void> {
    if (this.#incomplete || !this.#isInPlace()) await this.commit([]);
  }

  /** Writes a snapshot of the image, if it changed and the last one is old enough, or with `force`. Never throws. */
  async snapshot(force = false): Promise<void> {
    const { sequence } = this.image;
    if (sequence === this.#snapshotSequence) return;
    if (!force && performance.now() - this.#snapshotAt < SNAPSHOT_INTERVAL_MS) return;
    this.#snapshotAt = performance.now();
    try {
      await writeSnapshot(this.directory, { image: this.image, savedAt: this.#now() });
      this.#snapshotSequence = sequence;
      this.#snapshotFails = false;
    } catch (error) {
      if (!this.#snapshotFails) {
        this.#log.warn(
          `Cannot write a snapshot of the checkpoints to "${this.directory}": ${reasonOf(error)}; ` +
            "the database is not affected, trying again",
        );
      }
      this.#snapshotFails = true;
    }
  }

  [Symbol.dispose](): void {
    this.#closeDatabase();
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
  }

  /** Commits into a deleted file succeed and go nowhere, so the file is looked at before each. */
  async #databaseInPlace(): Promise<KvDatabase> {
    if (this.#database !== undefined && this.#isInPlace()) return this.#database;
    if (this.#database !== undefined) {
      this.#log.error(
        `Cannot go on with the checkpoint database "${this.#path}": it was deleted or replaced while in use; ` +
          "writing a new one from memory",
      );
      this.#closeDatabase();
    }
    if (this.#lock?.isInPlace() !== true) {
      this.#lock?.[Symbol.dispose]();
      this.#lock = undefined;
      await makeDirectory(this.directory);
      this.#lock = await DirectoryLock.acquire(this.directory);
    }
    this.#incomplete = true;
    const { database } = await openDatabase(this.#path, 0, this.#log, this.#now);
    try {
      await database.clear();
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
    this.#database = database;
    this.#inodes = inodesOf(this.#path);
    return this.#database;
  }

  #isInPlace(): boolean {
    const inodes = inodesOf(this.#path);
    return this.#inodes.every((inode, index) => inode === inodes[index]) && this.#lock?.isInPlace() === true;
  }

  #closeDatabase(): void {
    try {
      this.#database?.[Symbol.dispose]();
    } catch (error) {
      this.#log.debug(`Cannot close the checkpoint database "${this.#path}": ${reasonOf(error)}`);
    }
    this.#database = undefined;
  }
}

/** Inodes of the database and, if it is there, its write-ahead file. */
function inodesOf(path: string): (number | null)[] {
  const inodes: (number | null)[] = [];
  for (const file of [path, `${path}-wal`]) {
    try {
      inodes.push(Deno.statSync(file).ino);
    } catch {
      break;
    }
  }
  return inodes;
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Error(
      `Cannot create the checkpoint directory "${directory}": ${reasonOf(cause)}; ` +
        "checkpoint_path must name a directory that the agent can write to",
      { cause },
    );
  }
}
