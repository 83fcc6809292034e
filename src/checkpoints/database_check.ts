import type { DatabaseSync } from "node:sqlite";
import { reasonOf } from "../lib/reason.ts";

/**
 * - `absent`: there is no file.
 * - `empty`: a file of no length, or a database without tables.
 * - `sound`: Deno KV can open it.
 * - `damaged`: Deno KV must not see it.
 */
export type DatabaseCheck =
  | { readonly state: "absent" | "empty" | "sound" }
  | { readonly state: "damaged"; readonly reason: string };

const TABLES = ["migration_state", "data_version", "kv", "queue", "queue_running"];
const SIDE_FILES = ["-wal", "-shm"];
// SQLite's result codes that tell of the content: corrupt, no database, and four kinds of read errors. All others
// (locked, full, no permission, too many open files) tell of the surroundings.
const DAMAGE = [11, 26];
const READ_ERRORS = [266, 522, 8202, 8458];

/**
 * Looks through the whole database by `node:sqlite`. A damaged one ends the process from within Deno KV, beyond any
 * catch, so this comes before every `Deno.openKv`. Throws when the file cannot be judged: locked by another program
 * for longer than `patience` milliseconds, in which nothing else runs, or no permission.
 */
export async function checkDatabase(path: string, patience: number): Promise<DatabaseCheck> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { state: "absent" };
    throw error;
  }
  if (info.isDirectory) return { state: "damaged", reason: "it is a directory" };
  if (!info.isFile) return { state: "damaged", reason: "it is no regular file" };
  if (info.size === 0) return { state: "empty" };
  // Deno's permissions and the file's own are told apart from damage here, where the error says which it is.
  (await Deno.open(path, { read: true, write: true })).close();

  const { DatabaseSync } = await import("node:sqlite");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: patience });
    return judge(database);
  } catch (error) {
    const code = (error as { errcode?: unknown }).errcode;
    if (typeof code !== "number" || !(DAMAGE.includes(code & 0xff) || READ_ERRORS.includes(code))) {
      throw error;
    }
    return { state: "damaged", reason: reasonOf(error) };
  } finally {
    // Closing also writes back and removes -wal and -shm, so that Deno KV finds a single file.
    database?.close();
  }
}

function judge(database: DatabaseSync): DatabaseCheck {
  // The quick check would leave out the indexes, which Deno KV trusts.
  const rows = database.prepare("PRAGMA integrity_check(1)").all();
  const verdict = String(rows[0]?.["integrity_check"] ?? "no answer");
  if (verdict !== "ok") return { state: "damaged", reason: verdict.replaceAll("\n", " ") };
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
    .map((row) => String(row["name"]));
  if (tables.length === 0) return { state: "empty" };
  const missing = TABLES.filter((table) => !tables.includes(table));
  if (missing.length > 0) return { state: "damaged", reason: `it has no table ${missing.join(", ")}` };
  return { state: "sound" };
}

/**
 * Renames the database with its side files to `<path>.corrupt-<time>`, so that it can be looked into and a new one
 * can take its place. Returns the new name.
 */
export function setAside(path: string, time: number): string {
  const stamp = new Date(time).toISOString().replaceAll(":", "-");
  let target = `${path}.corrupt-${stamp}`;
  for (let count = 2; exists(target); count++) target = `${path}.corrupt-${stamp}-${count}`;
  Deno.renameSync(path, target);
  for (const suffix of SIDE_FILES) {
    // A stale -wal beside a new database would be read as its own.
    if (exists(path + suffix)) Deno.renameSync(path + suffix, target + suffix);
  }
  return target;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
