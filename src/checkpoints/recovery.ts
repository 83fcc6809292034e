import type { Log } from "../lib/log.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import { checkDatabase, type DatabaseCheck, setAside } from "./database_check.ts";
import { reasonOf } from "../lib/reason.ts";
import { type DatabaseContent, KvDatabase } from "./kv_database.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import { allOf, emptyImage, hasContent, type StoreImage } from "./store_image.ts";

/** How long a start waits for another program, such as a backup, that holds the database. */
const LOCKED_PATIENCE_MS = 1_000;

/** What a start found. */
export interface Recovered {
  /** Undefined when it cannot be opened for now, as on a full disk. */
  readonly database: KvDatabase | undefined;
  readonly image: StoreImage;
  readonly condition: CheckpointStore["condition"];
  /** Whether the database is new while the image is not: all of the image has to be written. */
  readonly rebuild: boolean;
}

/** What was found of the database, before anything was moved. */
interface Found {
  readonly state: DatabaseCheck["state"];
  readonly content: DatabaseContent | undefined;
}

/**
 * Which content to believe. The database counts when it holds a complete commit, none of its values is damaged and it
 * is no older than the snapshot (as after the loss of its write-ahead file, or when an old copy took its place).
 */
export function chooseImage(
  found: Found,
  snapshot: Snapshot | undefined,
  unreadableSnapshots: number,
): Pick<Recovered, "image" | "condition" | "rebuild"> {
  const { content } = found;
  const usable = content !== undefined && content.damaged === 0 &&
    (content.complete ? content.image.sequence >= (snapshot?.image.sequence ?? 0) : snapshot === undefined);
  if (usable && (content.complete || hasContent(content.image))) {
    return { image: content.image, condition: "intact", rebuild: false };
  }
  const hadDatabase = found.state === "damaged" || content?.complete === true || (content?.damaged ?? 0) > 0;
  if (snapshot !== undefined && (hadDatabase || hasContent(snapshot.image))) {
    return { image: snapshot.image, condition: "restored", rebuild: true };
  }
  if (content !== undefined && hasContent(content.image)) {
    // Some values are damaged and there is no snapshot: what can be read is still right.
    return { image: content.image, condition: "restored", rebuild: true };
  }
  const lost = hadDatabase || unreadableSnapshots > 0;
  return { image: snapshot?.image ?? emptyImage(), condition: lost ? "lost" : "new", rebuild: true };
}

/**
 * Opens the database of a directory, or puts a new one in its place when it is damaged, and says what was lost. Throws
 * when there can be no database for now and no snapshot either.
 */
export async function recover(
  directory: string,
  path: string,
  log: Log,
  now: () => number,
): Promise<Recovered> {
  const { snapshot, problems } = await readSnapshot(directory);
  for (const { file, problem } of problems) {
    log.warn(`Cannot read the checkpoint snapshot "${file}": ${problem}; going on without it`);
  }
  let opened: { found: Found; database: KvDatabase };
  try {
    opened = await openChecked(directory, path, log, now);
  } catch (error) {
    if (snapshot === undefined) throw error;
    log.error(`${reasonOf(error)}; going on from the snapshot, trying again`);
    reportRestored(directory, snapshot, log, now());
    return { database: undefined, image: snapshot.image, condition: "restored", rebuild: true };
  }
  const { found } = opened;
  let { database } = opened;
  const chosen = chooseImage(found, snapshot, problems.length);
  if (chosen.rebuild && found.content !== undefined && hasContent(found.content.image)) {
    database[Symbol.dispose]();
    const kept = putAside(directory, path, now);
    log.error(
      `Cannot use the checkpoint database "${path}": ${
        whyNot(found.content, snapshot)
      }; kept it as "${kept}"`,
    );
    database = await open(directory, path);
  }
  report(directory, chosen, found, snapshot, log, now());
  return { database, ...chosen };
}

async function openChecked(
  directory: string,
  path: string,
  log: Log,
  now: () => number,
): Promise<{ found: Found; database: KvDatabase }> {
  let check: DatabaseCheck;
  try {
    check = await checkDatabase(path, LOCKED_PATIENCE_MS);
  } catch (cause) {
    throw unusable(directory, cause);
  }
  if (check.state === "sound") {
    const database = await open(directory, path);
    try {
      return { found: { state: "sound", content: await database.load() }, database };
    } catch (error) {
      database[Symbol.dispose]();
      check = { state: "damaged", reason: reasonOf(error) };
    }
  }
  if (check.state === "damaged") {
    const kept = putAside(directory, path, now);
    log.error(
      `Cannot open the checkpoint database "${path}": ${check.reason}; kept it as "${kept}", starting a new one`,
    );
  }
  return { found: { state: check.state, content: undefined }, database: await open(directory, path) };
}

async function open(directory: string, path: string): Promise<KvDatabase> {
  try {
    return await KvDatabase.open(path);
  } catch (cause) {
    throw unusable(directory, cause);
  }
}

function putAside(directory: string, path: string, now: () => number): string {
  try {
    return setAside(path, now());
  } catch (cause) {
    throw unusable(directory, cause);
  }
}

function unusable(directory: string, cause: unknown): Error {
  return new Error(
    `Cannot use "${directory}" for checkpoints: ${
      reasonOf(cause)
    }; the agent must be able to create and write ` +
      "files in this directory",
    { cause },
  );
}

function whyNot(content: DatabaseContent, snapshot: Snapshot | undefined): string {
  if (content.damaged > 0) return `${content.damaged} of its values are damaged`;
  return `it ends at commit ${content.image.sequence}, the snapshot at ${snapshot?.image.sequence}`;
}

function report(
  directory: string,
  chosen: Pick<Recovered, "image" | "condition">,
  found: Found,
  snapshot: Snapshot | undefined,
  log: Log,
  now: number,
): void {
  const entries = allOf(chosen.image).length;
  if (chosen.condition === "lost") {
    log.error(
      `Lost all checkpoints in "${directory}": neither the database nor a snapshot can be read; ` +
        "all files are taken as seen for the first time",
      { directory },
    );
  } else if (chosen.condition === "restored" && chosen.image === snapshot?.image) {
    const age = Math.round((now - snapshot.savedAt) / 1000);
    log.warn(
      `Restored ${entries} checkpoints in "${directory}" from the snapshot of ` +
        `${
          new Date(snapshot.savedAt).toISOString()
        } (${age}s old); lines delivered since then may be delivered again`,
      { directory, entries, age_seconds: age },
    );
  } else if (chosen.condition === "restored") {
    log.error(
      `Lost ${
        found.content?.damaged ?? 0
      } checkpoints in "${directory}": their values are damaged and there is no ` +
        `snapshot; ${entries} others are intact`,
      { directory, entries },
    );
  }
}

function reportRestored(directory: string, { image, savedAt }: Snapshot, log: Log, now: number): void {
  const entries = allOf(image).length;
  const age = Math.round((now - savedAt) / 1000);
  log.warn(
    `Restored ${entries} checkpoints in "${directory}" from the snapshot of ${
      new Date(savedAt).toISOString()
    } ` +
      `(${age}s old); lines delivered since then may be delivered again`,
    { directory, entries, age_seconds: age },
  );
}
