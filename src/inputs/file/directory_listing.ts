import * as fs from "node:fs";
import { join } from "node:path";
import { type FileFacts, quietFacts } from "./open_file.ts";

/** The names in a directory, and the facts of its files at the time when they were first asked for. */
export interface DirectoryListing {
  readonly names: readonly string[];
  /** Undefined where the name is no regular file's, or cannot be looked at. */
  factsOf(name: string): FileFacts | undefined;
}

/** A change this short before a listing may come with the same time as one after it, in ms. */
const CLOCK_TICK_MS = 20;

/** Lists a directory; nothing is in one that cannot be listed. */
export function listDirectory(directory: string): DirectoryListing {
  const known = new Map<string, FileFacts | undefined>();
  return {
    names: namesIn(directory),
    factsOf(name) {
      if (!known.has(name)) known.set(name, quietFacts(join(directory, name)));
      const facts = known.get(name);
      return facts?.kind === "file" ? facts : undefined;
    },
  };
}

/**
 * Lists each directory once for many searches, and again when something was created, renamed or deleted in it. What is
 * only written to is not noticed.
 */
export class DirectoryListings {
  readonly #listings = new Map<string, { listing: DirectoryListing; changedAt: number; listedAt: number }>();

  list(directory: string): DirectoryListing {
    const changedAt = quietFacts(directory)?.mtime ?? NaN;
    const known = this.#listings.get(directory);
    if (known?.changedAt === changedAt && known.listedAt - changedAt > CLOCK_TICK_MS) return known.listing;
    const listedAt = Date.now();
    const listing = listDirectory(directory);
    this.#listings.set(directory, { listing, changedAt, listedAt });
    return listing;
  }
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}
