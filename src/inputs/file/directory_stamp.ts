import { factsOf } from "./open_file.ts";

/** While files are being renamed a search may miss one; it is repeated this often to get one picture of one moment. */
export const STABLE_TRIES = 5;

/** Changes whenever something is created, renamed or deleted in one of the directories. */
export function stampOf(directories: ReadonlySet<string>): string {
  let stamp = "";
  for (const directory of directories) {
    try {
      stamp += `${factsOf(directory)?.mtime} `;
    } catch {
      stamp += "- ";
    }
  }
  return stamp;
}
