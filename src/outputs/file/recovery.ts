import * as fs from "node:fs";
import type { JsonObject, JsonValue } from "../../checkpoints/checkpoint_store.ts";
import type { Log } from "../../lib/log.ts";
import { codeOf, reasonOf } from "../../lib/reason.ts";
import { FileIdentity, identityOf } from "./file_identity.ts";
import { TrackedFile } from "./tracked_file.ts";

/** What a file output saves with every checkpoint. */
export interface SavedState {
  readonly files: ReadonlyMap<string, { readonly identity: FileIdentity; readonly length: number }>;
  /** Closed files that are still to be compressed. */
  readonly compressing: readonly string[];
}

/** What the saved state is in JSON. */
export function encodeState(files: Iterable<TrackedFile>, compressing: readonly string[]): JsonObject {
  const entries: Record<string, JsonObject> = {};
  for (const tracked of files) entries[tracked.path] = tracked.toState();
  return { files: entries, compressing };
}

/** Reads a saved state. Entries that make no sense are left out: a file without entry is only appended to. */
export function decodeState(state: JsonObject | undefined): SavedState {
  const files = new Map<string, { identity: FileIdentity; length: number }>();
  for (const [path, entry] of Object.entries(objectOr(state?.files))) {
    const { dev, ino, born, length } = objectOr(entry);
    if (typeof dev !== "number" || typeof ino !== "number" || typeof length !== "number" || length < 0) {
      continue;
    }
    files.set(path, { identity: new FileIdentity(dev, ino, typeof born === "number" ? born : 0), length });
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
  for (const [path, { identity, length }] of state.files) {
    let found: Found | undefined;
    try {
      found = recoverFile(path, identity, length, replayable, log);
    } catch (error) {
      throw new Error(
        `Cannot recover "${path}": ${reasonOf(error)}; nothing is written before it is known what it holds`,
        { cause: error },
      );
    }
    if (found === undefined) continue;
    const file = new TrackedFile(path, identity, found.size, {
      lastWrite: Math.min(now, found.written),
      checkedAt: 0,
    });
    // A file that is as long as the saved state says needs no new checkpoint before the next byte.
    file.registered = found.size === length;
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
  identity: FileIdentity,
  length: number,
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
