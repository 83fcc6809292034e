import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import zeptomatch from "zeptomatch";
import { factsOf, type FileFacts } from "./open_file.ts";

/** A regular file that a pattern matches. */
export interface FoundFile {
  readonly path: string;
  readonly facts: FileFacts;
}

/** Whether a file that was found before may count as still there without a look at it. */
export type Trust = (found: FoundFile) => boolean;

/** Receives what stands in the way of finding files: an unreadable directory, a path that is no regular file. */
export type Obstacle = (path: string, error: unknown) => void;

interface Listing {
  /** Of the directory itself: another one may take its place. */
  readonly key: string;
  /** Nothing was created, renamed or removed in the directory since it was listed before. */
  readonly settled: boolean;
  readonly mtime: number;
  readonly listedAt: number;
  readonly files: readonly string[];
  readonly directories: readonly string[];
  readonly links: readonly string[];
}

/** What a search has come to. */
interface Search {
  readonly found: Map<string, FoundFile>;
  /** Directories that were listed in this search. */
  readonly listed: Set<string>;
  readonly trust: Trust;
}

interface Pattern {
  /** The directory where the search starts, or the file itself when the pattern has no wildcard. */
  readonly base: string;
  readonly matches: ((path: string) => boolean) | undefined;
  /** How many directories deep below `base` files can match; 0: directly in it. */
  readonly depth: number;
}

/** A change within this time before a listing, in ms, may have been missed: time stamps are coarse. */
const RACY_MS = 2_000;
/** Directories below which nothing is searched; a chain of links can be endless. */
const DEPTH_LIMIT = 64;

/**
 * Finds the files that globs match. Directories are listed again only when their modification time has changed, so
 * that a search costs a few system calls.
 */
export class Finder {
  readonly #patterns: readonly Pattern[];
  readonly #excluded: (path: string) => boolean;
  readonly #listings = new Map<string, Listing>();
  #walked = new Set<string>();
  /** What the last search found, by path. */
  #before: ReadonlyMap<string, FoundFile> = new Map();

  /** `now`: milliseconds since 1970. */
  constructor(
    paths: readonly string[],
    excludePaths: readonly string[],
    private readonly obstacle: Obstacle,
    private readonly now: () => number = Date.now,
  ) {
    this.#patterns = paths.map(toPattern);
    this.#excluded = toExclusion(excludePaths);
  }

  /** The directories that were walked by the last search. */
  get directories(): ReadonlySet<string> {
    return this.#walked;
  }

  /** Whether the patterns match a path, whether or not a file stands there. */
  covers(path: string): boolean {
    return !this.#excluded(path) &&
      this.#patterns.some(({ base, matches }) => matches === undefined ? base === path : matches(path));
  }

  /**
   * All matching files that stand there now, each path once. Those that `trust` vouches for are not looked at again as
   * long as nothing has changed in their directory; how much they hold is then as it was found before.
   */
  find(trust: Trust = () => false): FoundFile[] {
    const found = new Map<string, FoundFile>();
    const listed = new Set<string>();
    this.#walked = new Set();
    for (const pattern of this.#patterns) {
      if (pattern.matches === undefined) {
        this.#walked.add(dirname(pattern.base));
        if (!this.#excluded(pattern.base)) this.#add(pattern.base, found, true);
      } else {
        this.#walk(pattern.base, pattern, pattern.depth, { found, listed, trust }, []);
      }
    }
    for (const directory of this.#listings.keys()) {
      if (!this.#walked.has(directory)) this.#listings.delete(directory);
    }
    this.#before = found;
    return [...found.values()];
  }

  /**
   * Whether a search would find what the last one found: nothing has changed in the directories, and `trust` vouches
   * for every file. Costs one look a directory, and no memory.
   */
  isUnchanged(trust: Trust): boolean {
    for (const directory of this.#walked) {
      const listing = this.#listings.get(directory);
      // What a link leads to can change without a trace.
      if (listing === undefined || !listing.settled || listing.links.length > 0) return false;
      const facts = this.#facts(directory);
      if (facts?.key !== listing.key || facts.mtime !== listing.mtime) return false;
    }
    for (const file of this.#before.values()) if (!trust(file)) return false;
    return true;
  }

  #walk(
    directory: string,
    pattern: Pattern,
    depth: number,
    search: Search,
    above: readonly string[],
  ): void {
    const { found, listed, trust } = search;
    const facts = this.#facts(directory);
    if (facts?.kind !== "directory" || above.includes(facts.key)) return;
    const listing = this.#list(directory, facts, listed);
    // What a link leads to can change without a trace in its directory.
    const linked = listing.links.filter((path) => this.#facts(path)?.kind === "directory");
    for (const path of listing.files) {
      if (found.has(path)) continue;
      const before = listing.settled ? this.#before.get(path) : undefined;
      if (before !== undefined && trust(before)) found.set(path, before);
      else if (pattern.matches?.(path) && !this.#excluded(path)) this.#add(path, found, false);
    }
    for (const path of listing.links) {
      if (linked.includes(path) || found.has(path) || !pattern.matches?.(path)) continue;
      if (!this.#excluded(path)) this.#add(path, found, false);
    }
    if (depth === 0) return;
    for (const path of [...listing.directories, ...linked]) {
      this.#walk(path, pattern, depth - 1, search, [...above, facts.key]);
    }
  }

  #list(directory: string, facts: FileFacts, listed: Set<string>): Listing {
    this.#walked.add(directory);
    const known = this.#listings.get(directory);
    if (known !== undefined) {
      const settled = known.key === facts.key && known.mtime === facts.mtime &&
        known.listedAt - known.mtime > RACY_MS;
      if (settled) return known.settled ? known : this.#keep(directory, { ...known, settled });
      if (listed.has(directory)) return known;
    }
    listed.add(directory);
    const { key, mtime } = facts;
    const files: string[] = [];
    const directories: string[] = [];
    const links: string[] = [];
    const listedAt = this.now();
    const entries = this.#entries(directory);
    // An empty listing that stands for a failure must not be taken for known.
    if (entries === undefined) {
      return { key, settled: false, mtime, listedAt: 0, files, directories, links };
    }
    for (const entry of entries) {
      const path = join(directory, entry.name);
      (entry.isSymlink ? links : entry.isDirectory ? directories : files).push(path);
    }
    return this.#keep(directory, { key, settled: false, mtime, listedAt, files, directories, links });
  }

  #keep(directory: string, listing: Listing): Listing {
    this.#listings.set(directory, listing);
    return listing;
  }

  #entries(directory: string): Deno.DirEntry[] | undefined {
    try {
      return [...Deno.readDirSync(directory)];
    } catch (error) {
      this.obstacle(directory, error);
      return undefined;
    }
  }

  #facts(path: string): FileFacts | undefined {
    try {
      return factsOf(path);
    } catch (error) {
      this.obstacle(path, error);
      return undefined;
    }
  }

  /** A path that the user wrote out is reported when it is no file; what a glob happens to match is passed over. */
  #add(path: string, found: Map<string, FoundFile>, named: boolean): void {
    const facts = this.#facts(path);
    if (facts === undefined) return;
    if (facts.kind === "file") found.set(path, { path, facts });
    else if (named || facts.kind === "other") {
      this.obstacle(
        path,
        new TypeError(`it is ${facts.kind === "directory" ? "a directory" : "no regular file"}`),
      );
    }
  }
}

function toPattern(written: string): Pattern {
  const absolute = isAbsolute(written) ? written : resolve(written);
  const text = sep === "/" ? absolute : absolute.replaceAll(sep, "/");
  const special = text.search(/[*?[{\\]/);
  if (special === -1) return { base: resolve(text), matches: undefined, depth: 0 };
  const slash = text.lastIndexOf("/", special);
  const glob = text.slice(slash + 1);
  const unlimited = glob.includes("**") || /\{[^}]*\//.test(glob);
  return {
    base: slash <= 0 ? sep : text.slice(0, slash),
    matches: matcher(text),
    depth: unlimited ? DEPTH_LIMIT : glob.split("/").length - 1,
  };
}

function toExclusion(globs: readonly string[]): (path: string) => boolean {
  const rules = globs.map((glob) => {
    const matches = matcher(glob);
    if (!glob.includes("/")) return (path: string) => matches(basename(path));
    // Like in `paths`, a relative one starts in the working directory; "**/" at its start means anywhere.
    const resolved = isAbsolute(glob) ? matches : matcher(resolve(glob));
    return (path: string) => matches(path) || resolved(path);
  });
  return (path) => rules.some((excludes) => excludes(path));
}

function matcher(glob: string): (path: string) => boolean {
  const expression = zeptomatch.compile(glob);
  return (path) => expression.test(path);
}

/** The directories that must be readable for these globs: where each search starts. */
export function baseDirectories(paths: readonly string[]): string[] {
  return [
    ...new Set(paths.map(toPattern).map(({ base, matches }) => matches === undefined ? dirname(base) : base)),
  ];
}
