import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";
import { checkDatabase, type DatabaseCheck, setAside } from "./database_check.ts";
import { type DatabaseContent, KvDatabase } from "./kv_database.ts";

/** A database that is open, and what was there before. */
export interface OpenedDatabase {
  readonly database: KvDatabase;
  /** `damaged`: it was set aside, and this is a new one. */
  readonly found: DatabaseCheck["state"];
  /** Undefined when nothing was found. */
  readonly content: DatabaseContent | undefined;
}

/** What Deno KV says of the surroundings of a database; everything else is taken for damage of its content. */
const SURROUNDINGS =
  /is full|readonly|is locked|unable to open|disk I\/O|too many open files|denied|Requires/i;

/**
 * Opens the database, after a look whether Deno KV may see it. A damaged one is set aside and a new one takes its
 * place. Throws when the surroundings do not allow it for now. `patience`: as in `checkDatabase`.
 */
export async function openDatabase(
  path: string,
  patience: number,
  log: Log,
  now: () => number,
): Promise<OpenedDatabase> {
  let check = await checkDatabase(path, patience);
  if (check.state === "sound") {
    let database: KvDatabase | undefined;
    try {
      database = await KvDatabase.open(path);
      return { database, found: "sound", content: await database.load() };
    } catch (error) {
      database?.[Symbol.dispose]();
      if (SURROUNDINGS.test(reasonOf(error))) throw error;
      check = { state: "damaged", reason: reasonOf(error) };
    }
  }
  if (check.state === "damaged") {
    const kept = setAside(path, now());
    log.error(
      `Cannot open the checkpoint database "${path}": ${check.reason}; kept it as "${kept}", starting a new one`,
    );
  }
  return { database: await KvDatabase.open(path), found: check.state, content: undefined };
}
