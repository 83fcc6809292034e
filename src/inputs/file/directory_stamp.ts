import { factsOf } from "./open_file.ts";

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
