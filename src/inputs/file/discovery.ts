import { basename, dirname } from "node:path";
import { lastLineStart, positionAt } from "./file_positions.ts";
import { CHECKPOINT_PREFIX, type FileCheckpoint } from "./fingerprint.ts";
import { Finder, type FoundFile, type Trust } from "./finder.ts";
import { GenerationSearch } from "./generation_search.ts";
import { Obstacles } from "./obstacles.ts";
import { STABLE_TRIES, stampOf } from "./directory_stamp.ts";
import { factsOf, isMissing, oldestFirst } from "./open_file.ts";
import { isLater } from "./reading_order.ts";
import { Resumption } from "./resumption.ts";
import { isCopyOf, openContents, type OpenedFile } from "./rotation.ts";
import { isGzipName } from "./siblings.ts";
import type { TailRegistry } from "./tail_registry.ts";
import type { TailedFile } from "./tailed_file.ts";

/** For this time after a rotation, in ms, generations that were missed are searched again. */
const AFTERMATH_MS = 10_000;
/** An open file that has had nothing new for this time, in ms, stands still until its directory changes. */
const QUIET_MS = 2_000;
/** All the same, every file is looked at under its name this often, in ms: some file systems leave directories as they are. */
const FULL_LOOK_MS = 15_000;
/** How long a closed file's checkpoint may go without being marked as seen, in ms. */
const SEEN_INTERVAL_MS = 3_600_000;

/**
 * Searches for files and decides of each what it is: known, a copy of something known, an earlier generation, back
 * after it was missing, or new.
 */
export class Discovery {
  readonly #registry: TailRegistry;
  readonly #finder: Finder;
  readonly #obstacles: Obstacles;
  readonly #resumption: Resumption;
  readonly #generations: GenerationSearch;
  /** True until the first search of an input without checkpoints is over: `start_at` speaks of these files. */
  #firstRun = false;
  /** Paths under which rotations went on lately, with the time until which generations are searched. */
  readonly #rotating = new Map<string, number>();
  #lastFullLook = -Infinity;
  /** The files were looked at just now, when the checkpoints were resumed. */
  #justLooked = false;
  #prepared: Promise<boolean> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(registry: TailRegistry) {
    const { config, input, log, now } = registry.context;
    this.#registry = registry;
    this.#obstacles = new Obstacles(log, input, now);
    this.#resumption = new Resumption(registry, this.#obstacles);
    this.#generations = new GenerationSearch(registry, (path) => this.#tryOpen(path));
    const obstacle = (path: string, error: unknown) => this.#obstacles.add(path, error);
    this.#finder = new Finder(config.paths, config.exclude_paths, obstacle, now);
  }

  /** Directories in which something may happen. */
  get directories(): ReadonlySet<string> {
    return this.#finder.directories;
  }

  /** Whether there are files that only a later search can judge. */
  get isUndecided(): boolean {
    return this.#generations.undecided.size > 0;
  }

  /** Whether a file under `path` would concern this input. */
  concerns(path: string): boolean {
    return this.#finder.covers(path);
  }

  /** Notes that a file could not be read. */
  obstruct(path: string, error: unknown): void {
    this.#obstacles.add(path, error);
  }

  /** Notes that it could be read again. */
  unobstruct(path: string): void {
    this.#obstacles.clear(path);
  }

  /**
   * Resumes what the checkpoints speak of; done once, before the first search, again if it fails. True when everything
   * behind the saved positions can be read again.
   */
  prepare(): Promise<boolean> {
    return this.#prepared ??= this.#resumeAll().catch((error) => {
      this.#prepared = undefined;
      throw error;
    });
  }

  /** Searches for files; answers those that were opened, in the order in which they are to be read. */
  scan(): Promise<readonly TailedFile[]> {
    return this.#inTurn(async () => {
      await this.prepare();
      await this.#resumption.retry(() => this.#pathsByKey());
      const startedAt = this.#registry.context.now();
      const fresh = this.#searchFresh(startedAt);
      for (const file of this.#registry.open.values()) this.#follow(file);
      for (const found of fresh) await this.#tryAdopt(found, startedAt);
      for (const [path, until] of this.#rotating) {
        if (startedAt > until && !this.#generations.undecided.has(path)) this.#rotating.delete(path);
        else await this.#searchMissed(path);
      }
      this.#firstRun = false;
    });
  }

  /**
   * Opens the copies of generations of `file` that are later than those it has read; they wait for it until the search
   * is over. `head`: how the file itself begins.
   */
  adoptLaterCopies(file: TailedFile, head: Uint8Array): Promise<readonly TailedFile[]> {
    return this.#inTurn(() => this.#generations.copied(file, head));
  }

  /** Opens a file again at its settled position, to offer again what had failed. */
  reopen(file: TailedFile): Promise<readonly TailedFile[]> {
    return this.#inTurn(async () => {
      await this.#resumption.reopen(file);
    });
  }

  /** Opens nothing from now on; resolves once nothing is being opened any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  /** One change of the registry at a time; answers the files that it opened, their checkpoints saved. */
  #inTurn(change: () => Promise<void>): Promise<readonly TailedFile[]> {
    const result = this.#last.then(async () => {
      if (this.#closed) return [];
      await change();
      return this.#registry.takeAdded();
    });
    this.#last = result.catch(() => {});
    return result;
  }

  async #resumeAll(): Promise<boolean> {
    const { checkpoints, input, now } = this.#registry.context;
    const concerned: FileCheckpoint[] = [];
    for (const [key, value] of checkpoints.entries()) {
      const checkpoint = value as FileCheckpoint;
      if (!key.startsWith(CHECKPOINT_PREFIX)) continue;
      if (checkpoint.input === input || this.#finder.covers(checkpoint.path)) concerned.push(checkpoint);
    }
    const marker = `input:${input}`;
    this.#firstRun = checkpoints.condition !== "lost" && checkpoints.get(marker) === undefined &&
      concerned.length === 0;
    this.#justLooked = concerned.length > 0;
    const paths = concerned.length > 0 ? this.#pathsByKey() : new Map<string, string>();
    const complete = await this.#resumption.resumeAll(concerned, paths);
    const rotated = [...this.#registry.open.values()].filter((file) =>
      file.state === "rotated" && file.copyOf === undefined
    );
    for (const path of new Set(rotated.map((file) => file.path))) {
      this.#rotating.set(path, now() + AFTERMATH_MS);
      await this.#generations.renamed(path, this.#registry.knownSince(path)?.last);
    }
    if (checkpoints.get(marker) === undefined) checkpoints.set(marker, { since: now() });
    return complete && (checkpoints.condition === "intact" || checkpoints.condition === "new");
  }

  #pathsByKey(): ReadonlyMap<string, string> {
    return new Map(this.#finder.find().map(({ path, facts }) => [facts.key, path]));
  }

  /** Searches, again while files are renamed under the search; answers what is not known, oldest first. */
  #searchFresh(now: number): FoundFile[] {
    const full = now - this.#lastFullLook >= FULL_LOOK_MS || now < this.#lastFullLook;
    const trust: Trust = (found) => this.#standsStill(found, now);
    if (!full && this.#finder.isUnchanged(trust)) return [];
    if (full) this.#lastFullLook = now;
    let fresh = this.#sort(this.#finder.find(this.#justLooked ? () => true : full ? undefined : trust));
    this.#justLooked = false;
    for (let attempt = 0; attempt < STABLE_TRIES && fresh.length > 0 && !this.#firstRun; attempt++) {
      const directories = new Set(fresh.map(({ path }) => dirname(path)));
      const before = stampOf(directories);
      fresh = this.#sort(this.#finder.find());
      if (stampOf(directories) === before) break;
    }
    return fresh;
  }

  /**
   * Whether a file need not be looked at under its name as long as nothing changes in its directory: it is held open,
   * where its contents are looked at anyway, and has been quiet.
   */
  #standsStill({ path, facts }: FoundFile, now: number): boolean {
    const file = this.#registry.open.get(facts.key);
    return file !== undefined && file.path === path && file.state === "live" && file.atEnd &&
      file.backoff === 0 && file.recovery === undefined &&
      now - Math.max(file.lastData, file.lastGrowth) > QUIET_MS;
  }

  /** Tells known files from others; answers the others, oldest first. */
  #sort(found: readonly FoundFile[]): FoundFile[] {
    const { aliases, open, standing, unresumed } = this.#registry;
    standing.clear();
    const fresh: FoundFile[] = [];
    for (const file of found) {
      const { key } = file.facts;
      const tailed = open.get(key);
      if (tailed !== undefined) {
        tailed.facts = file.facts;
        standing.set(file.path, tailed);
      } else if (
        !aliases.has(key) && !unresumed.has(key) && !this.#registry.isForeign(key) &&
        !this.#isUnchangedClosed(file)
      ) {
        fresh.push(file);
      }
    }
    return fresh.sort((a, b) => oldestFirst(a.facts, b.facts) || (a.path < b.path ? 1 : -1));
  }

  #isUnchangedClosed({ facts }: FoundFile): boolean {
    const { closed, context: { checkpoints, now } } = this.#registry;
    const checkpoint = closed.get(facts.key);
    if (checkpoint === undefined || facts.size !== checkpoint.size) return false;
    if (now() - checkpoint.lastSeen > SEEN_INTERVAL_MS) {
      const seen: FileCheckpoint = { ...checkpoint, lastSeen: now() };
      closed.set(facts.key, seen);
      checkpoints.set(CHECKPOINT_PREFIX + checkpoint.lid, seen);
    }
    return true;
  }

  /** Notes whether a file still stands under its name. */
  #follow(file: TailedFile): void {
    const { context: { log, now }, standing } = this.#registry;
    if (standing.get(file.path) === file) {
      file.state = "live";
      return;
    }
    if (file.state !== "live") return;
    try {
      if (factsOf(file.path)?.key === file.key) return;
    } catch (error) {
      this.#obstacles.add(file.path, error);
      return;
    }
    file.state = "rotated";
    file.rotatedAt = now();
    log.debug(`"${file.path}" was renamed or deleted; reading it to its end`, {
      path: file.path,
      lineage: file.lid,
    });
  }

  /** One file that cannot be read must not keep the others from being found. */
  async #tryAdopt(found: FoundFile, startedAt: number): Promise<void> {
    try {
      await this.#adopt(found, startedAt);
    } catch (error) {
      this.#obstacles.add(found.path, error);
    }
  }

  async #adopt({ path, facts }: FoundFile, startedAt: number): Promise<void> {
    const { closed, compressed, context: { log }, places } = this.#registry;
    if (this.#obstacles.blocks(path)) return;
    const known = closed.get(facts.key) ?? this.#registry.leftBehind(facts.key);
    if (known !== undefined) {
      closed.delete(facts.key);
      await this.#resumption.resume(known, new Map([[facts.key, path]]));
      return;
    }
    if (places.isTaken(facts.key)) return;
    if (isGzipName(path)) {
      compressed.add(facts.key);
      log.info(
        `Not reading "${path}": compressed files are read only where they hold the rest of a rotated file`,
        { path },
      );
      return;
    }
    const opened = this.#tryOpen(path);
    if (opened === undefined) return;
    try {
      await this.#judge(opened, facts.key, startedAt);
    } finally {
      if (this.#registry.open.get(opened.facts.key)?.file !== opened.file) this.#registry.release(opened);
    }
  }

  /** Decides what a file is that was just opened, and begins to read it if it is to be read. */
  async #judge(opened: OpenedFile, expectedKey: string, startedAt: number): Promise<void> {
    const { path, facts: { key } } = opened;
    const kind = key === expectedKey ? await this.#kindOf(opened) : "unclear";
    if (kind === "copy" || kind === "unclear" || !this.#registry.claim(opened)) return;
    if (await this.#resumption.returned(opened) || await this.#resumption.replaced(opened)) return;
    if (kind !== "own") return void await this.#start(kind.path, opened, startedAt);
    const since = this.#unseenSince(path);
    if (since === undefined) return void await this.#start(path, opened, startedAt);
    this.#rotating.set(path, startedAt + AFTERMATH_MS);
    const generations = await this.#generations.renamed(path, since, opened);
    const file = await this.#start(path, opened, startedAt);
    // It may have been renamed while they were searched; then there are later ones among them.
    if (file.standsUnderItsPath) return;
    for (const later of generations) if (isLater(later, file)) later.waitForInstead(file);
  }

  /** Opens generations that an earlier search missed. What stands under the path now is later than all of them. */
  async #searchMissed(path: string): Promise<void> {
    const missed = await this.#generations.renamed(path, this.#unseenSince(path));
    const latest = this.#registry.standing.get(path);
    if (missed.length === 0 || latest?.standsUnderItsPath !== true) return;
    for (const generation of missed) latest.waitForInstead(generation);
  }

  /**
   * Since when unseen generations of a path may have come. Those of the last seconds count also when a later one is
   * known: the search may have missed them.
   */
  #unseenSince(path: string): number | undefined {
    const known = this.#registry.knownSince(path);
    if (known === undefined) return undefined;
    return Math.min(known.last, Math.max(known.first, this.#registry.context.now() - AFTERMATH_MS));
  }

  /**
   * Whether the file stands for itself, copies one that is being read, may turn out to once a truncation has been
   * looked into, or is an earlier generation of the file that is answered.
   */
  async #kindOf(opened: OpenedFile): Promise<"own" | "copy" | "unclear" | TailedFile> {
    if (this.#firstRun) return "own";
    const directory = dirname(opened.path);
    const name = basename(opened.path);
    let generationOf: TailedFile | undefined;
    for (const owner of this.#registry.open.values()) {
      if (!owner.isNamedLikeSibling(directory, name)) continue;
      if (owner.recovery !== undefined || owner.lost !== undefined) return "unclear";
      const { file, reader: { position: at } } = owner;
      const position = owner.isEmptySoFar ? await positionAt(file, 0) : at;
      const answer = await isCopyOf(opened, { file, position });
      if (answer === "copy") this.#registry.addAlias(owner, opened.facts.key);
      if (answer !== "other") return answer;
      generationOf = owner;
    }
    return generationOf ?? "own";
  }

  /** Begins a new lineage. `path`: its source, which differs from where it stands for a renamed generation. */
  async #start(path: string, opened: OpenedFile, startedAt: number): Promise<TailedFile> {
    const { config, log, now, reader } = this.#registry.context;
    const { contents, facts } = opened;
    const old = config.ignore_older !== undefined && now() - facts.mtime > config.ignore_older;
    const atEnd = old || (this.#firstRun && config.start_at === "end");
    const off = atEnd ? await lastLineStart(contents, facts.size, reader.transcoder?.unit ?? 1) : 0;
    const file = this.#registry.add(path, opened, { start: await positionAt(contents, off) }, startedAt);
    if (path === opened.path) this.#registry.standing.set(path, file);
    else file.state = "rotated";
    if (old) log.info(`Not reading what stands in "${path}": it was last written too long ago`, { path });
    log.debug(`Found "${path}"`, { path, lineage: file.lid, offset: off });
    return file;
  }

  #tryOpen(path: string): OpenedFile | undefined {
    try {
      const opened = openContents(path);
      this.#obstacles.clear(path);
      return opened;
    } catch (error) {
      if (!isMissing(error)) this.#obstacles.add(path, error);
      return undefined;
    }
  }
}
