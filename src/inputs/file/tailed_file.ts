import type { Source } from "../../event.ts";
import { basename, dirname } from "node:path";
import {
  CHECKPOINT_PREFIX,
  type FileCheckpoint,
  type FileState,
  type Fingerprint,
  hashOf,
  hashOfHead,
  newLineageId,
} from "./fingerprint.ts";
import { type Beginning, GenerationId, type LineagePosition } from "./lineage.ts";
import { type ByteSource, factsOf, type FileFacts, type OpenFile } from "./open_file.ts";
import { siblingPattern } from "./siblings.ts";
import { Reader, type ReaderOptions, type ReadPosition, START } from "./reader.ts";

/** A file this much older than the search that found it was not created while we looked, in ms. */
const FOUND_SLACK_MS = 10_000;
/** How many copies of earlier generations are remembered. */
const ALIAS_LIMIT = 32;

/** What a tailed file starts with. */
export interface TailedFileOptions {
  readonly input: string;
  /** The name under which the file was found; it stays its source also when it is renamed. */
  readonly path: string;
  readonly file: OpenFile;
  readonly facts: FileFacts;
  readonly reader: ReaderOptions;
  /** When the search that found it began; ms since 1970. */
  readonly now: number;
  /** Contents that are not the file's bytes themselves (gzip). */
  readonly contents?: ByteSource;
  /** Continue a known lineage from here. */
  readonly from?: { readonly checkpoint: FileCheckpoint; readonly at: ReadPosition };
  /** Where a new lineage starts. */
  readonly start?: ReadPosition;
}

/**
 * One file that is being read, from its first sight until it is closed, under whatever names it gets: a lineage. When
 * it is truncated, the rest of its generation is read from the copy, then the next generation from the file itself.
 */
export class TailedFile {
  readonly lid: string;
  readonly path: string;
  readonly source: Source;
  readonly input: string;
  /** The file itself; the next generation is read from it. */
  readonly file: OpenFile;
  readonly key: string;
  /** Files that must have been read to their end before this one: earlier generations. */
  readonly after = new Set<TailedFile>();
  /** Files that wait for this one. */
  readonly before = new Set<TailedFile>();
  /** Directory of the path. */
  readonly directory: string;
  /** Base name of the path. */
  readonly name: string;
  /** What all names of its generations begin with. */
  readonly #stem: string;
  /** Compiled when it is first asked for: most files never rotate. */
  #siblingNames: RegExp | undefined;
  readonly aliases: string[];
  facts: FileFacts;
  gen: number;
  reader: Reader;
  /** Generations that came after this time, in ms, were not there when this one was found. */
  since: number;
  /** What was read of a generation that is gone from the file: its rest is to be searched. */
  lost: Fingerprint | undefined;
  /** When it was found to be renamed or deleted. */
  rotatedAt = 0;
  /**
   * Set while the rest of a truncated generation is searched or read, or while it waits for the copies of generations
   * that came and went in between.
   */
  recovery: "searching" | "copy" | "between" | undefined;
  /** It was truncated, and what stands in it since has not begun to be read. */
  isTruncated = false;
  /** The lineage of another file, which goes on behind it: this is the copy of a whole generation of that one. */
  copyOf: string | undefined;
  /** When the last copy that belongs to it was written, in ms; later copies are of later generations. */
  copyTime = 0;
  state: FileState = "live";
  /** Everything that was there has been read. */
  atEnd = false;
  /** When data last came, or the file was opened; ms since 1970. */
  lastData: number;
  /** When the unfinished last record grew; ms since 1970. */
  lastGrowth = 0;
  /** Since when each look found it empty, though generations may have come and gone, in ms since 1970; or 0. */
  emptyAt = 0;
  /** The time of its last write that was known then. */
  #emptyMtime = 0;
  #lastEnd = 0;
  /** Its checkpoint was saved once: before that none of its records may leave. */
  saved = false;
  /** In the queue or being read. */
  queued = false;
  /** Looked at again as soon as the current look is over. */
  lookAgain = false;
  /** After a read error: not before this time. */
  retryAt = 0;
  /** How long to wait after the next error; 0 when the last read went well. */
  backoff = 0;
  readonly #end = { aborted: false };
  /** Positions up to here have settled. */
  mark: LineagePosition;
  /** Where the position itself does not tell what stood before it: the position, and what its checkpoint says of that. */
  #unproven: { readonly at: ReadPosition; readonly fingerprint: Fingerprint } | undefined;
  readonly #generationId = new GenerationId();
  readonly #readerOptions: ReaderOptions;
  readonly #contents: ByteSource;
  #copy: ByteSource | undefined;
  #released = false;

  constructor(options: TailedFileOptions) {
    const { from, facts } = options;
    this.lid = from?.checkpoint.lid ?? newLineageId();
    this.gen = from?.checkpoint.gen ?? 0;
    this.path = options.path;
    this.directory = dirname(options.path);
    this.name = basename(options.path);
    this.#stem = /^.[^.]*/.exec(this.name)?.[0] ?? "";
    this.input = options.input;
    this.source = {
      input: options.input,
      stream: options.path,
      labels: { file: this.name },
    };
    this.file = options.file;
    this.key = facts.key;
    this.facts = facts;
    this.copyOf = from?.checkpoint.copyOf;
    this.aliases = [...(from?.checkpoint.aliases ?? [])];
    this.lastData = options.now;
    this.since = from?.checkpoint.since ?? Math.max(facts.birth, options.now - FOUND_SLACK_MS);
    this.#readerOptions = options.reader;
    this.#contents = options.contents ?? options.file;
    const at = from?.at ?? options.start ?? START;
    this.mark = { gen: this.gen, at };
    if (at.off === 0 && at.head.length === 0) this.emptyAt = from?.checkpoint.lastSeen ?? options.now;
    this.#emptyMtime = from?.checkpoint.mtime ?? facts.mtime;
    this.reader = new Reader(this.#contents, at, options.reader, this.gen > 0);
  }

  /** The key of its checkpoint in the store. */
  get checkpointKey(): string {
    return CHECKPOINT_PREFIX + this.lid;
  }

  /** It was empty when last seen: nothing could tell its first bytes from those of a later generation. */
  get isEmptySoFar(): boolean {
    return this.emptyAt > 0 && this.canProbe;
  }

  /** It was empty when last seen, and has been written to since, whether or not something stands in it now. */
  get hasChangedEmpty(): boolean {
    return this.isEmptySoFar && this.facts.mtime !== this.#emptyMtime;
  }

  /** Whether there is something that may be read now. */
  get isReadable(): boolean {
    return this.saved && !this.closed && this.after.size === 0 &&
      (this.recovery === undefined || this.recovery === "copy") &&
      this.lost === undefined;
  }

  /** Whether all that stands in the file now has been handed on, and no record waits for more lines. */
  isDrained(): boolean {
    // While it is read, what stands before its position may not have been handed on yet.
    return this.atEnd && !this.queued && this.canProbe && this.lost === undefined && this.reader.held === 0 &&
      this.reader.probe() === "same";
  }

  /** Whether a small read can tell news; a compressed file or a copy is read to its end at once. */
  get canProbe(): boolean {
    return this.recovery === undefined && this.isPlain;
  }

  /** Whether its bytes are its contents: it is not compressed. */
  get isPlain(): boolean {
    return this.#contents === this.file;
  }

  /** Whether it still stands under the name under which it was found. */
  get standsUnderItsPath(): boolean {
    try {
      return factsOf(this.path)?.key === this.key;
    } catch {
      return false;
    }
  }

  /**
   * Notes that what was read of it is gone from the file. Until something that follows has settled, its checkpoint goes
   * on to tell what stood before the position: after a crash the copy must be found again.
   */
  lose(fingerprint: Fingerprint): void {
    this.lost = fingerprint;
    this.#unproven = { at: this.mark.at, fingerprint };
  }

  /** Reads the rest of the lost generation from `copy`, last written at `time`, from `at` on. */
  continueFrom(copy: ByteSource, at: ReadPosition, time: number): void {
    this.copyTime = time;
    this.#copy?.close();
    this.#copy = copy;
    this.lost = undefined;
    this.recovery = "copy";
    this.reader = new Reader(copy, at, this.#readerOptions);
  }

  /** Is from now on the copy of generation `gen` of `file`; nothing has been read of it yet. */
  becomeCopyOf({ lid }: TailedFile, gen: number): void {
    const { at } = this.mark;
    this.copyOf = lid;
    this.gen = gen;
    this.mark = { gen, at };
    this.reader = new Reader(this.#contents, at, this.#readerOptions, gen > 0);
  }

  /**
   * Goes on with generation `gen`, from the start of the file itself. From now on its beginning tells it from others,
   * also while it waits for its turn. `since`: generations that come after this time, in ms, are later ones.
   */
  startGeneration({ head, seenAt, mtime }: Beginning, gen: number, since = this.since): void {
    const at = { ...START, head };
    this.#copy?.close();
    this.#copy = undefined;
    this.lost = undefined;
    // Nothing of the present one is to settle where nothing was there.
    if (this.isUnseen && this.mark.gen === this.gen) this.mark = { gen, at };
    this.gen = gen;
    this.since = since;
    this.recovery = undefined;
    this.isTruncated = false;
    this.atEnd = false;
    this.emptyAt = head.length === 0 ? seenAt : 0;
    this.#emptyMtime = mtime;
    this.reader = new Reader(this.file, at, this.#readerOptions, gen > 0);
  }

  /** Whether nothing was ever seen of the present generation. */
  get isUnseen(): boolean {
    const { off, head } = this.reader.position;
    return off === 0 && head.length === 0;
  }

  /** What makes the offsets of its records unique. `head`: the first bytes of the generation, its first line at least. */
  originId(head: Uint8Array): string {
    return this.#generationId.of(this.copyOf ?? this.lid, this.gen, head);
  }

  /** Whether a file of this path is named like an earlier generation of this one. */
  isNamedLikeSibling(directory: string, name: string): boolean {
    if (directory !== this.directory || !name.startsWith(this.#stem)) return false;
    this.#siblingNames ??= siblingPattern(this.path);
    return this.#siblingNames.test(name);
  }

  /** Notes that everything that was there has been read. `now`: ms since 1970, before the last look. */
  reachEnd(now: number): void {
    this.atEnd = true;
    const { end, position } = this.reader;
    if (!this.isUnseen || end > 0) this.emptyAt = 0;
    else if (this.emptyAt === 0) this.emptyAt = now;
    // Where nothing is unfinished it was delivered.
    if (end > position.off && end !== this.#lastEnd) this.lastGrowth = now;
    this.#lastEnd = end;
  }

  /** Has this file wait until `earlier` has been read to its end once. */
  waitFor(earlier: TailedFile): void {
    if (earlier === this || earlier.closed || earlier.after.has(this)) return;
    this.after.add(earlier);
    earlier.before.add(this);
  }

  /** The same, where `earlier` has been waiting for this file until now. */
  waitForInstead(earlier: TailedFile): void {
    earlier.after.delete(this);
    this.before.delete(earlier);
    this.waitFor(earlier);
  }

  /** Stands in the order of generations where `file`, which is not read any more, stood. */
  takePlaceOf(file: TailedFile): void {
    for (const earlier of this.after) {
      if (file.after.has(earlier)) continue;
      this.after.delete(earlier);
      earlier.before.delete(this);
    }
    for (const later of file.before) {
      later.after.delete(file);
      later.waitFor(this);
    }
    file.before.clear();
  }

  /** Ends the waiting of the files behind this one; answers those that wait for nothing more. */
  release(): TailedFile[] {
    const free: TailedFile[] = [];
    for (const later of this.before) {
      later.after.delete(this);
      if (later.after.size === 0) free.push(later);
    }
    this.before.clear();
    return free;
  }

  /** Remembers a file as a copy of what was read already. */
  addAlias(key: string): void {
    if (this.aliases.includes(key)) return;
    this.aliases.push(key);
    if (this.aliases.length > ALIAS_LIMIT) this.aliases.shift();
  }

  /** What must stand in a file for the present read position to be valid in it. */
  fingerprint(at: ReadPosition = this.reader.position): Fingerprint {
    return {
      headLen: at.head.length,
      head: hashOfHead(at.head),
      off: at.off,
      tailLen: at.tail.length,
      tail: hashOf(at.tail),
    };
  }

  /** What the checkpoint store keeps: the settled position. */
  checkpoint(now: number): FileCheckpoint {
    const { gen, at } = this.mark;
    const { headLen, head, off, tailLen, tail } = this.#unproven?.at === at
      ? this.#unproven.fingerprint
      : this.fingerprint(at);
    const { dev, ino, birth, size } = this.facts;
    // What came and went since it was seen empty is found by these times.
    const isEmpty = this.emptyAt > 0 && gen === this.gen;
    const mtime = isEmpty ? this.#emptyMtime : this.facts.mtime;
    return {
      v: 1,
      lid: this.lid,
      gen,
      input: this.input,
      path: this.path,
      dev,
      ino,
      birth,
      headLen,
      head,
      off,
      tailLen,
      tail,
      size,
      mtime,
      state: this.state,
      lastSeen: isEmpty ? this.emptyAt : now,
      since: this.since,
      ...(this.copyOf === undefined ? {} : { copyOf: this.copyOf }),
      ...(at.skipping ? { skipping: true } : {}),
      ...(this.isPlain ? {} : { gzip: true }),
      aliases: [...this.aliases],
    };
  }

  /** Aborted once nothing more is read of this file. */
  get ended(): { readonly aborted: boolean } {
    return this.#end;
  }

  get closed(): boolean {
    return this.#end.aborted;
  }

  /** Stops reading; a look that is under way comes to its end. */
  end(): void {
    this.#end.aborted = true;
  }

  /** Stops reading and leaves the file open for another reader; undefined where that would not hold its position. */
  handOver(): OpenFile | undefined {
    if (!this.canProbe || this.lost !== undefined || this.mark.gen !== this.gen || this.#released) {
      return undefined;
    }
    this.end();
    this.#released = true;
    return this.file;
  }

  /** Lets go of the file. */
  close(): void {
    this.end();
    if (this.#released) return;
    this.#released = true;
    this.#copy?.close();
    this.#contents.close();
  }
}
