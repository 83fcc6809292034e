import type { JsonObject } from "./checkpoint_store.ts";
import { checkDatabase } from "./database_check.ts";
import { CheckpointDirectoryInUseError, DirectoryLock, readHolder } from "./directory_lock.ts";
import { type DatabaseContent, KvDatabase } from "./kv_database.ts";
import { reasonOf } from "../lib/reason.ts";
import { readSnapshot, SNAPSHOT_FILES } from "./snapshot.ts";
import { DATABASE_FILE } from "./store_files.ts";
import type { StoreImage } from "./store_image.ts";

/** What stands in a checkpoint directory, read without changing it. */
export interface Inspection {
  readonly directory: string;
  /** Where the entries come from; `nothing`: there are none to read. */
  readonly source: "database" | "snapshot" | "nothing";
  /** Milliseconds since 1970 at which a snapshot was written. */
  readonly savedAt: number | undefined;
  /** Why the entries do not come from the database, or why there are none. */
  readonly note: string | undefined;
  readonly records: readonly (readonly [key: string, record: JsonObject])[];
  readonly states: readonly (readonly [key: string, state: JsonObject])[];
}

/**
 * Reads the checkpoints of a directory. While an agent runs, its latest snapshot is read, which is a few seconds old
 * at most; the database is the agent's alone. Throws when there is something that cannot be read.
 */
export async function inspectCheckpoints(directory: string): Promise<Inspection> {
  try {
    if (!(await Deno.stat(directory)).isDirectory) return nothing(directory, "it is no directory");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return nothing(directory, "there is no such directory");
    throw unreadable(directory, error);
  }
  let why: string;
  let failure: unknown;
  try {
    using lock = DirectoryLock.tryAcquire(directory);
    if (lock === undefined) {
      why = `${describeHolder(directory)} is using it`;
    } else {
      const content = await readDatabase(`${directory}/${DATABASE_FILE}`);
      if (typeof content !== "string") {
        const note = content.damaged > 0 ? `${content.damaged} others are damaged` : undefined;
        return found(directory, "database", content.image, undefined, note);
      }
      why = content;
    }
  } catch (error) {
    failure = error;
    why = reasonOf(error);
  }
  const { snapshot } = await readSnapshot(directory);
  if (snapshot === undefined) {
    if (failure !== undefined) throw unreadable(directory, failure);
    return nothing(directory, why);
  }
  return found(directory, "snapshot", snapshot.image, snapshot.savedAt, why);
}

/**
 * Removes all checkpoints of a directory; databases that were set aside stay. Throws CheckpointDirectoryInUseError
 * while an agent has it.
 */
export function removeCheckpoints(directory: string): void {
  using lock = DirectoryLock.tryAcquire(directory);
  if (lock === undefined) throw new CheckpointDirectoryInUseError(directory, readHolder(directory));
  // Snapshots first: what is left after a crash in between must not bring the records back.
  const files = [...SNAPSHOT_FILES, DATABASE_FILE, `${DATABASE_FILE}-wal`, `${DATABASE_FILE}-shm`];
  for (const file of files) {
    try {
      Deno.removeSync(`${directory}/${file}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** The content, or why it cannot be read. */
async function readDatabase(path: string): Promise<DatabaseContent | string> {
  const check = await checkDatabase(path, 1_000);
  if (check.state === "damaged") return `the database is damaged: ${check.reason}`;
  if (check.state !== "sound") return `the database is ${check.state}`;
  using database = await KvDatabase.open(path);
  return await database.load();
}

function unreadable(directory: string, cause: unknown): Error {
  return new Error(`Cannot read the checkpoints in "${directory}": ${reasonOf(cause)}`, { cause });
}

function describeHolder(directory: string): string {
  const pid = readHolder(directory);
  return pid === undefined ? "an agent" : `an agent (process ${pid})`;
}

function found(
  directory: string,
  source: "database" | "snapshot",
  image: StoreImage,
  savedAt: number | undefined,
  note: string | undefined,
): Inspection {
  const parse = (part: ReadonlyMap<string, string>) =>
    Array.from(part, ([key, text]): readonly [string, JsonObject] => [key, JSON.parse(text)]);
  return { directory, source, savedAt, note, records: parse(image.records), states: parse(image.states) };
}

function nothing(directory: string, note: string): Inspection {
  return { directory, source: "nothing", savedAt: undefined, note, records: [], states: [] };
}
