import * as fs from "node:fs";
import type { JsonObject, JsonValue } from "../../checkpoints/checkpoint_store.ts";
import type { Log } from "../../lib/log.ts";
import { codeOf, reasonOf } from "../../lib/reason.ts";
import { FileIdentity, identityOf } from "./file_identity.ts";
import { TrackedFile } from "./tracked_file.ts";

/** What is saved of a file. */
export interface SavedFile {
  readonly identity: FileIdentity;
  /** In bytes. */
  readonly length: number;
  /** Nothing was written to it after this was saved: the output had ended. */
  readonly complete: boolean;
}

/** What a file output saves with every checkpoint. */
export interface SavedState {
  readonly files: ReadonlyMap<string, SavedFile>;
  /** Closed files that are still to be compressed. */
  readonly compressing: readonly string[];
}

/** What the saved state is in JSON. `isLast`: nothing is written after it. */
export function encodeState(
  files: Iterable<TrackedFile>,
  compressing: readonly string[],
  isLast: boolean,
): JsonObject {
  const entries: Record<string, JsonObject> = {};
  for (const tracked of files) {
    const isComplete = isLast && tracked.file?.torn !== true;
    entries[tracked.path] = { ...tracked.toState(), ...(isComplete ? { complete: true } : {}) };
  }
  return { files: entries, compressing };
}

/** Reads a saved state. Entries that make no sense are left out: a file without entry is only appended to. */
export function decodeState(state: JsonObject | undefined): SavedState {
  const files = new Map<string, SavedFile>();
  for (const [path, entry] of Object.entries(objectOr(state?.files))) {
    const { dev, ino, born, length, complete } = objectOr(entry);
    if (typeof dev !== "number" || typeof ino !== "number" || typeof length !== "number" || length < 0) {
      continue;
    }
    const identity = new FileIdentity(dev, ino, typeof born === "number" ? born : 0);
    files.set(path, { identity, length, complete: complete === true });
  }
  const compressing = Array.isArray(state?.compressing) ? state.compressing : [];
  return { files, compressing: compressing.filter((path) => typeof path === "string") };
}

/**
 * Brings the files to what the last checkpoint says. What stands behind it is cut off when the inputs read it again
 * (`replayable`), since it would be there twice. Returns the files that go on. Throws when a file cannot be looked
 * at: nothing may be written before that.
 */
export function recoverFiles(state: SavedState, replayable: boolean, now: number, log: Log): TrackedFile[] {
  const tracked: TrackedFile[] = [];
  for (const [path, saved] of state.files) {
    let found: Found | undefined;
    try {
      found = recoverFile(path, saved, replayable, log);
    } catch (error) {
      throw new Error(
        `Cannot recover "${path}": ${reasonOf(error)}; nothing is written before it is known what it holds`,
        { cause: error },
      );
    }
    if (found === undefined) continue;
    const file = new TrackedFile(path, saved.identity, found.size, {
      lastWrite: Math.min(now, found.written),
      checkedAt: 0,
    });
    // A file that is as long as the saved state says needs no new checkpoint before the next byte, unless that says
    // that none was written after it.
    file.registered = found.size === saved.length && !saved.complete;
    tracked.push(file);
  }
  return tracked;
}

/** A file that goes on: its size in bytes, and when it was written last, in milliseconds since 1970. */
interface Found {
  readonly size: number;
  readonly written: number;
}

/** Returns undefined when the file is gone or another one. */
function recoverFile(
  path: string,
  { identity, length, complete }: SavedFile,
  replayable: boolean,
  log: Log,
): Found | undefined {
  let fd: number;
  try {
    fd = fs.openSync(
      path,
      fs.constants.O_WRONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0),
    );
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || !identity.is(identityOf(stat))) return undefined;
    if (stat.size < length) {
      log.warn(
        `File "${path}" was ${length} bytes long and has ${stat.size} now: somebody else cut it; going on behind what is left`,
        { path, expected: length, size: stat.size },
      );
      return { size: stat.size, written: stat.mtimeMs };
    }
    const behind = stat.size - length;
    if (behind === 0) return { size: length, written: stat.mtimeMs };
    if (complete) {
      log.warn(
        `File "${path}" has ${behind} bytes that were written after the last orderly stop, by somebody else; going on behind them`,
        { path, bytes: behind },
      );
      return { size: stat.size, written: stat.mtimeMs };
    }
    if (!replayable) {
      log.warn(
        `File "${path}" has ${behind} bytes behind the last checkpoint, which not all inputs can read again; they are kept and may be there twice`,
        { path, bytes: behind },
      );
      return { size: stat.size, written: stat.mtimeMs };
    }
    fs.ftruncateSync(fd, length);
    log.info(
      `Cut ${behind} bytes off "${path}" that came after the last checkpoint; they are read and written again`,
      {
        path,
        bytes: behind,
      },
    );
    return { size: length, written: stat.mtimeMs };
  } finally {
    fs.closeSync(fd);
  }
}

function objectOr(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
