import type { CheckpointStore } from "../../checkpoints/checkpoint_store.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import type { FileInputConfig } from "./file_input_config.ts";
import { CHECKPOINT_PREFIX, type FileCheckpoint, keyOf } from "./fingerprint.ts";
import { HeadIndex } from "./head_index.ts";
import type { ReaderOptions } from "./reader.ts";
import type { OpenedFile, SearchPlaces } from "./rotation.ts";
import { findSiblings } from "./siblings.ts";
import { TailedFile, type TailedFileOptions } from "./tailed_file.ts";

/** What the parts of a file input share. */
export interface TailContext {
  readonly input: string;
  readonly config: FileInputConfig;
  readonly log: Log;
  readonly checkpoints: CheckpointStore;
  /** Files that any input of the agent reads: key → input. */
  readonly claims: Map<string, string>;
  readonly reader: ReaderOptions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * What an input knows of the files it has met, by their keys. A key is in at most one of `open`, `closed` and
 * `foreign`.
 */
export class TailRegistry {
  readonly context: TailContext;
  /** Being read. */
  readonly open = new Map<string, TailedFile>();
  /** Read to their end; they grow again or are recognised under another name. */
  readonly closed = new Map<string, FileCheckpoint>();
  /** Checkpoints whose files were not found. */
  readonly missing = new Map<string, FileCheckpoint>();
  /** Copies of what was read elsewhere. */
  readonly aliases = new Set<string>();
  /** Not to be read, since they are compressed. */
  readonly compressed = new Set<string>();
  /** Another input's, as long as that one claims them. */
  readonly foreign = new Set<string>();
  /** Were another input's until lately; their checkpoints tell where to go on. */
  readonly freed = new Set<string>();
  /** Checkpoints that could not be resumed because of an error; their files must not be taken for new ones. */
  readonly unresumed = new Map<string, FileCheckpoint>();
  /** Open files by the path under which they stood at the last search. */
  readonly standing = new Map<string, TailedFile>();
  readonly #heads = new HeadIndex();
  #added: TailedFile[] = [];
  /** Checkpoint keys of lineages that were given out since the last call of `takeAdded`. */
  #unsaved: string[] = [];

  constructor(context: TailContext) {
    this.context = context;
  }

  /** Where generations are searched, and which files are none. */
  get places(): SearchPlaces {
    return {
      siblings: (path, anyName) => findSiblings(path, this.context.config.copies_directory, anyName),
      heads: this.#heads,
      isTaken: (key) =>
        this.open.has(key) || this.closed.has(key) || this.aliases.has(key) || this.unresumed.has(key) ||
        this.isForeign(key),
    };
  }

  /**
   * Where copies of generations are searched. Files that were known as copies count: after a crash a position may
   * stand in one of them again.
   */
  get copyPlaces(): SearchPlaces {
    return {
      siblings: (path, anyName) => findSiblings(path, this.context.config.copies_directory, anyName),
      heads: this.#heads,
      isTaken: (key) => this.open.has(key) || this.closed.has(key) || this.isForeign(key),
    };
  }

  /** Whether a file is not this input's to read. Once the other input has ended, it is. */
  isForeign(key: string): boolean {
    if (this.compressed.has(key)) return true;
    if (!this.foreign.has(key)) return false;
    if (this.context.claims.has(key)) return true;
    this.foreign.delete(key);
    this.freed.add(key);
    return false;
  }

  /** The checkpoint that another input left behind for a file that was its own until lately. */
  leftBehind(key: string): FileCheckpoint | undefined {
    if (!this.freed.delete(key)) return undefined;
    for (const [name, value] of this.context.checkpoints.entries()) {
      const checkpoint = value as FileCheckpoint;
      if (name.startsWith(CHECKPOINT_PREFIX) && keyOf(checkpoint) === key) return checkpoint;
    }
    return undefined;
  }

  /** Takes a file for this input. False when another input reads it; this is said once. */
  claim({ path, facts }: OpenedFile): boolean {
    const { claims, input, log } = this.context;
    const owner = claims.get(facts.key);
    if (owner === undefined || owner === input) {
      claims.set(facts.key, input);
      return true;
    }
    this.foreign.add(facts.key);
    log.warn(`Not reading "${path}" for input "${input}": input "${owner}" reads it already`, { path });
    return false;
  }

  /** Closes a file that turned out not to be read from here. */
  release({ contents, facts: { key } }: OpenedFile): void {
    contents.close();
    if (!this.open.has(key) && this.context.claims.get(key) === this.context.input) {
      this.context.claims.delete(key);
    }
  }

  /** Lets go of all files, at the end of the input: other inputs may read them from now on. */
  dropAll(): void {
    const { claims, input } = this.context;
    for (const file of [...this.open.values()]) this.drop(file);
    for (const [key, owner] of claims) if (owner === input) claims.delete(key);
  }

  /** Opens a lineage. It waits for the earlier generations that are still being read. `path`: its source. */
  add(
    path: string,
    { file, facts, contents }: OpenedFile,
    origin: Pick<TailedFileOptions, "from" | "start">,
    now: number,
  ): TailedFile {
    const { checkpoints, input, reader } = this.context;
    const tailed = new TailedFile({ input, path, file, facts, contents, reader, now, ...origin });
    for (const earlier of this.open.values()) {
      const waiting = earlier.path === path || tailed.isNamedLikeSibling(earlier.directory, earlier.name);
      if (waiting && !earlier.isDrained()) tailed.waitFor(earlier);
    }
    this.open.set(facts.key, tailed);
    checkpoints.set(tailed.checkpointKey, () => tailed.checkpoint(this.context.now()));
    this.#added.push(tailed);
    // A known lineage is saved already; saving its position here, without the outputs' states, would part the two.
    if (origin.from === undefined) this.#unsaved.push(tailed.checkpointKey);
    return tailed;
  }

  /**
   * The files opened since the last call, once their checkpoints are saved: only then may their records leave. While
   * saving fails, on a full disk for example, they wait for a later call.
   */
  async takeAdded(): Promise<readonly TailedFile[]> {
    const { checkpoints, log } = this.context;
    const added = this.#added.filter((file) => !file.closed);
    try {
      if (this.#unsaved.length > 0) await checkpoints.persist(this.#unsaved);
    } catch (error) {
      log.warn(
        `Cannot save the positions of new files: ${reasonOf(error)}; reading them once that succeeds`,
        {
          files: added.length,
        },
      );
      return [];
    }
    this.#added = [];
    this.#unsaved = [];
    for (const file of added) file.saved = true;
    return added;
  }

  /**
   * Saves how a file begins that was empty when it was saved last. No record of it may leave before: once it is renamed
   * and compressed nothing but its beginning tells which file it was. If that fails, a later call of `takeAdded` tries
   * again, and answers it.
   */
  async saveBeginning(file: TailedFile): Promise<void> {
    const { checkpointKey: key, gen, mark: { at, gen: markedGen } } = file;
    if (markedGen !== gen || at.off > 0 || at.head.length === 0) return;
    const { checkpoints, now } = this.context;
    file.saved = false;
    try {
      checkpoints.set(key, () => file.checkpoint(now()));
      await checkpoints.persist([key]);
      file.saved = true;
    } catch {
      this.#added.push(file);
      this.#unsaved.push(key);
    }
  }

  /** Remembers a file as a copy of what `file` reads. */
  addAlias(file: TailedFile, key: string): void {
    file.addAlias(key);
    this.aliases.add(key);
  }

  /** Ends a file's reading for good: it was read to its end and will get no more. */
  retire(file: TailedFile): void {
    file.state = "closed";
    const checkpoint = file.checkpoint(this.context.now());
    this.context.checkpoints.set(file.checkpointKey, checkpoint);
    this.drop(file);
    this.closed.set(file.key, checkpoint);
  }

  /** Lets go of a file; its checkpoint stays as it is, and no other input may take the file. */
  drop(file: TailedFile): void {
    file.close();
    if (this.open.get(file.key) === file) this.open.delete(file.key);
    if (this.standing.get(file.path) === file) this.standing.delete(file.path);
  }

  /**
   * The number of the next generation of `file`: behind those of its copies, or of its copies that were written until a
   * time in ms since 1970. Counted in the same way after a crash each generation has the number that it had before,
   * also where a later one is known already.
   */
  nextGeneration(file: TailedFile, until = Infinity): number {
    let latest = file.isUnseen ? file.gen - 1 : file.gen;
    const count = ({ copyOf, gen }: { copyOf?: string | undefined; gen: number }, mtime: number) => {
      if (copyOf === file.lid && mtime <= until) latest = Math.max(latest, gen);
    };
    for (const open of this.open.values()) count(open, open.facts.mtime);
    for (const known of [this.closed, this.missing]) {
      for (const checkpoint of known.values()) count(checkpoint, checkpoint.mtime);
    }
    return latest + 1;
  }

  /** When the first and the last known generation of `path` were met; undefined when none is known. */
  knownSince(path: string): { readonly first: number; readonly last: number } | undefined {
    let first = Infinity;
    let last = -Infinity;
    for (const known of [...this.open.values(), ...this.closed.values(), ...this.missing.values()]) {
      if (known.path !== path) continue;
      first = Math.min(first, known.since);
      last = Math.max(last, known.since);
    }
    return first === Infinity ? undefined : { first, last };
  }
}
