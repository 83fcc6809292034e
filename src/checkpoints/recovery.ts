import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import { setAside } from "./database_check.ts";
import { type DatabaseContent, KvDatabase } from "./kv_database.ts";
import { openDatabase, type OpenedDatabase } from "./open_database.ts";
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

/**
 * Which content to believe. The database counts when it holds a complete commit, none of its values is damaged and it
 * is no older than the snapshot (as after the loss of its write-ahead file, or when an old copy took its place).
 */
export function chooseImage(
  opened: Pick<OpenedDatabase, "found" | "content">,
  snapshot: Snapshot | undefined,
  unreadableSnapshots: number,
): Pick<Recovered, "image" | "condition" | "rebuild"> {
  const { found, content } = opened;
  const usable = content !== undefined && content.damaged === 0 &&
    (content.complete ? content.image.sequence >= (snapshot?.image.sequence ?? 0) : snapshot === undefined);
  if (usable && (content.complete || hasContent(content.image))) {
    return { image: content.image, condition: "intact", rebuild: false };
  }
  const hadDatabase = found === "damaged" || content?.complete === true || (content?.damaged ?? 0) > 0;
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
  try {
    const found = await openDatabase(path, LOCKED_PATIENCE_MS, log, now);
    const chosen = chooseImage(found, snapshot, problems.length);
    const replace = chosen.rebuild && found.content !== undefined && hasContent(found.content.image);
    const database = replace ? await replaceDatabase(path, found, snapshot, log, now) : found.database;
    report(directory, chosen, found.content, snapshot, log, now());
    return { database, ...chosen };
  } catch (cause) {
    const problem = `Cannot use "${directory}" for checkpoints: ${reasonOf(cause)}`;
    if (snapshot === undefined) {
      throw new Error(`${problem}; the agent must be able to create and write files in this directory`, {
        cause,
      });
    }
    log.error(`${problem}; going on from the snapshot, trying again`);
    reportRestored(directory, snapshot, log, now());
    return { database: undefined, image: snapshot.image, condition: "restored", rebuild: true };
  }
}

async function replaceDatabase(
  path: string,
  { database, content }: OpenedDatabase,
  snapshot: Snapshot | undefined,
  log: Log,
  now: () => number,
): Promise<KvDatabase> {
  database[Symbol.dispose]();
  const why = content !== undefined && content.damaged > 0
    ? `${content.damaged} of its values are damaged`
    : `it ends at commit ${content?.image.sequence}, the snapshot at ${snapshot?.image.sequence}`;
  const kept = setAside(path, now());
  log.error(`Cannot use the checkpoint database "${path}": ${why}; kept it as "${kept}", starting a new one`);
  return await KvDatabase.open(path);
}

function report(
  directory: string,
  { condition, image }: Pick<Recovered, "image" | "condition">,
  content: DatabaseContent | undefined,
  snapshot: Snapshot | undefined,
  log: Log,
  now: number,
): void {
  if (condition === "lost") {
    log.error(
      `Lost all checkpoints in "${directory}": neither the database nor a snapshot can be read; ` +
        "all files are taken as seen for the first time",
      { directory },
    );
  } else if (condition === "restored" && image === snapshot?.image) {
    reportRestored(directory, snapshot, log, now);
  } else if (condition === "restored") {
    const lost = content?.damaged ?? 0;
    const entries = allOf(image).length;
    log.error(
      `Lost ${lost} checkpoints in "${directory}": their values are damaged and there is no snapshot; ` +
        `${entries} others are intact`,
      { directory, lost, entries },
    );
  }
}

function reportRestored(directory: string, { image, savedAt }: Snapshot, log: Log, now: number): void {
  const entries = allOf(image).length;
  const time = new Date(savedAt).toISOString();
  const age = Math.round((now - savedAt) / 1000);
  log.warn(
    `Restored ${entries} checkpoints in "${directory}" from the snapshot of ${time} (${age}s old); ` +
      "lines delivered since then may be delivered again",
    { directory, entries, age_seconds: age },
  );
}
