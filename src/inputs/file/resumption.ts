import { dirname } from "node:path";
import { sleep } from "../../lib/sleep.ts";
import { DirectoryListings } from "./directory_listing.ts";
import { STABLE_TRIES, stampOf } from "./directory_stamp.ts";
import { provenPosition } from "./file_positions.ts";
import { CHECKPOINT_PREFIX, compare, type FileCheckpoint, HEAD_BYTES, keyOf } from "./fingerprint.ts";
import type { Obstacles } from "./obstacles.ts";
import { oldestFirst } from "./open_file.ts";
import { type ReadPosition, START } from "./reader.ts";
import { putBehind } from "./reading_order.ts";
import { locate, type Located, type OpenedFile } from "./rotation.ts";
import { findSiblings, type Sibling } from "./siblings.ts";
import type { TailRegistry } from "./tail_registry.ts";
import type { TailedFile } from "./tailed_file.ts";

/** Finds the files again that checkpoints speak of, and goes on where their positions stand. */
export class Resumption {
  /** While many checkpoints are resumed. */
  #listings: DirectoryListings | undefined;

  constructor(
    private readonly registry: TailRegistry,
    private readonly obstacles: Obstacles,
  ) {}

  /**
   * Opens what the checkpoints that concern this input speak of. `pathsByKey`: the files that its globs match now.
   * True when everything that was not read to its end was found.
   */
  async resumeAll(
    checkpoints: readonly FileCheckpoint[],
    pathsByKey: ReadonlyMap<string, string>,
  ): Promise<boolean> {
    const { aliases, closed, missing } = this.registry;
    const open = new Set([...this.registry.open.values()].map(({ lid }) => lid));
    for (const checkpoint of checkpoints) {
      for (const alias of checkpoint.aliases) aliases.add(alias);
      if (checkpoint.state === "closed") closed.set(keyOf(checkpoint), checkpoint);
      if (checkpoint.state === "missing") missing.set(keyOf(checkpoint), checkpoint);
    }
    let complete = true;
    const unfinished = checkpoints.filter(({ lid, state }) => state !== "closed" && !open.has(lid))
      .sort(oldestFirst);
    this.#listings = new DirectoryListings();
    const moved = unfinished.filter((checkpoint) => !pathsByKey.has(keyOf(checkpoint)));
    const paths = new Map([...this.#pathsBeside(moved), ...pathsByKey]);
    for (const checkpoint of unfinished) {
      const found = await this.#tryResume(checkpoint, paths);
      if (!found && checkpoint.state !== "missing") complete = false;
    }
    this.#listings = undefined;
    this.#orderCopies();
    return complete;
  }

  /** The files in the directories of these checkpoints, by their keys. */
  #pathsBeside(checkpoints: readonly FileCheckpoint[]): ReadonlyMap<string, string> {
    const byDirectory = new Map(checkpoints.map(({ path }) => [dirname(path), path]));
    const siblings = [...byDirectory.values()].flatMap((path) => this.#siblings(path, true));
    return new Map(siblings.map(({ path, facts }) => [facts.key, path]));
  }

  #siblings(path: string, anyName?: boolean): Sibling[] {
    const { copies_directory: copies } = this.registry.context.config;
    const listings = this.#listings;
    return findSiblings(path, copies, anyName, listings && ((directory) => listings.list(directory)));
  }

  /** Tries again what an error kept from being resumed, with growing pauses. */
  async retry(pathsByKey: () => ReadonlyMap<string, string>): Promise<void> {
    for (const checkpoint of [...this.registry.unresumed.values()]) {
      if (this.obstacles.blocks(checkpoint.path)) continue;
      await this.#tryResume(checkpoint, pathsByKey());
    }
  }

  /** An error with one file must not keep the others from being read. */
  async #tryResume(checkpoint: FileCheckpoint, pathsByKey: ReadonlyMap<string, string>): Promise<boolean> {
    const { unresumed } = this.registry;
    try {
      const found = await this.resume(checkpoint, pathsByKey);
      if (unresumed.delete(keyOf(checkpoint))) this.obstacles.clear(checkpoint.path);
      return found;
    } catch (error) {
      unresumed.set(keyOf(checkpoint), checkpoint);
      this.obstacles.add(checkpoint.path, error);
      return false;
    }
  }

  /** The rest of a lost generation comes before the copies of later ones, and these before the file itself. */
  #orderCopies(): void {
    const files = [...this.registry.open.values()];
    for (const file of files) {
      if (file.lost === undefined) continue;
      // From the latest on: one that others wait for would be left out.
      for (const copy of files.toReversed()) if (copy.copyOf === file.lid) putBehind(copy, file);
    }
  }

  /** Opens the file that a checkpoint speaks of. False when it is nowhere to be found; this is said. */
  async resume(checkpoint: FileCheckpoint, pathsByKey: ReadonlyMap<string, string>): Promise<boolean> {
    const { missing } = this.registry;
    const located = await this.#locate(checkpoint, pathsByKey);
    if (located === undefined) {
      this.#miss(checkpoint);
      // Of what was empty when it was saved no record has left.
      return isUnseen(checkpoint);
    }
    missing.delete(keyOf(checkpoint));
    if (this.registry.claim(located)) await this.#open(checkpoint, located);
    else located.contents.close();
    return true;
  }

  /** While files are renamed a search may miss the one that is wanted. */
  async #locate(
    checkpoint: FileCheckpoint,
    pathsByKey: ReadonlyMap<string, string>,
  ): Promise<Located | undefined> {
    const directories = new Set([dirname(checkpoint.path)]);
    for (let attempt = 1;; attempt++) {
      const before = stampOf(directories);
      const places = {
        ...this.registry.copyPlaces,
        siblings: (path: string, anyName?: boolean) => this.#siblings(path, anyName),
      };
      const located = await locate(checkpoint, pathsByKey, places);
      const isStable = stampOf(directories) === before;
      if (located !== undefined || isStable || attempt === STABLE_TRIES) return located;
      await sleep(2 ** attempt);
    }
  }

  /** Opens a file again at its settled position. One that has no name any more is held by its descriptor alone. */
  async reopen(file: TailedFile): Promise<void> {
    const { registry } = this;
    const now = registry.context.now();
    const checkpoint = file.checkpoint(now);
    const kept = file.handOver();
    registry.drop(file);
    if (kept === undefined) {
      // What an error keeps from being opened is tried again later, and nobody waits for it.
      await this.#tryResume(checkpoint, new Map());
      const found = registry.open.get(file.key);
      if (found === undefined) file.release();
      return found?.takePlaceOf(file);
    }
    const opened = { path: file.path, file: kept, facts: file.facts, contents: kept };
    registry.claim(opened);
    const again = registry.add(file.path, opened, { from: { checkpoint, at: file.mark.at } }, now);
    again.state = file.state;
    again.rotatedAt = file.rotatedAt;
    again.takePlaceOf(file);
  }

  /** Whether `opened` is a file whose checkpoint had lost it; then reading goes on there. */
  async returned(opened: OpenedFile): Promise<boolean> {
    for (const [key, checkpoint] of this.registry.missing) {
      const { facts } = opened;
      const sameInode = facts.ino === checkpoint.ino && facts.birth === checkpoint.birth;
      if (!sameInode && checkpoint.headLen < HEAD_BYTES) continue;
      if (await compare(opened.contents, checkpoint) !== "same") continue;
      this.registry.missing.delete(key);
      await this.#open({ ...checkpoint, path: opened.path }, { ...opened, comparison: "same" });
      return true;
    }
    return false;
  }

  /**
   * Whether `opened` took the place of a deleted file and holds all that was read of it, as editors and atomic
   * writers do; then reading goes on behind that. Short files are read again: their beginnings may be alike by chance.
   */
  async replaced(opened: OpenedFile): Promise<boolean> {
    const { context, open } = this.registry;
    for (const old of open.values()) {
      if (old.path !== opened.path || !old.canProbe || old.queued) continue;
      if (old.reader.position.head.length < HEAD_BYTES || old.reader.partial > 0) continue;
      if (old.file.facts().links > 0 || old.reader.probe() !== "same") continue;
      if (await compare(opened.contents, old.fingerprint()) !== "same") continue;
      const { mark, reader: { position: at } } = old;
      const checkpoint = old.checkpoint(context.now());
      this.registry.drop(old);
      this.registry.add(old.path, opened, { from: { checkpoint, at } }, context.now()).mark = mark;
      return true;
    }
    return false;
  }

  async #open(checkpoint: FileCheckpoint, located: Located): Promise<TailedFile> {
    const { log, now } = this.registry.context;
    const { contents, path, comparison } = located;
    let at: ReadPosition | undefined;
    // What stands now in a file that was empty may be a later generation.
    const isKnown = comparison === "same" && !isUnseen(checkpoint);
    try {
      if (isKnown) at = await provenPosition(contents, checkpoint, checkpoint.skipping);
    } catch (error) {
      this.registry.release(located);
      throw error;
    }
    const from = { checkpoint, at: at ?? placeholder(checkpoint) };
    const file = this.registry.add(checkpoint.path, located, { from }, now());
    file.state = path === checkpoint.path ? "live" : "rotated";
    if (comparison === "changed" || (isKnown && at === undefined)) {
      file.lose(checkpoint);
      file.copyTime = Math.max(checkpoint.mtime, checkpoint.since);
    }
    log.debug(`Resumed "${checkpoint.path}" at byte ${checkpoint.off}`, { path, lineage: file.lid });
    return file;
  }

  /** Whether a generation that a rotation moved away was written after the file was last looked at. */
  #hasLaterSibling({ mtime, path }: FileCheckpoint): boolean {
    return this.#siblings(path).some(({ facts }) => facts.mtime >= mtime);
  }

  #miss(checkpoint: FileCheckpoint): void {
    if (checkpoint.state === "missing") return;
    const { checkpoints, log, now } = this.registry.context;
    const { path, off, size } = checkpoint;
    const missing: FileCheckpoint = { ...checkpoint, state: "missing", lastSeen: now() };
    this.registry.missing.set(keyOf(checkpoint), missing);
    checkpoints.set(CHECKPOINT_PREFIX + checkpoint.lid, missing);
    if (isUnseen(checkpoint) && (size === 0 || this.#hasLaterSibling(checkpoint))) {
      // What was written to it is found as a generation that nobody has read.
      return log.debug(`"${path}", of which nothing was read, has another name or is gone`, { path });
    }
    const text = `Cannot find the file that was read as "${path}", nor a copy of it`;
    if (size > off) {
      log.error(`${text}: ${size - off} bytes of it were not delivered`, { path, unread_bytes: size - off });
    } else {
      log.warn(`${text}: it was delivered up to byte ${off}; what was written to it later is lost`, { path });
    }
  }
}

/** Whether nothing is known of what the file held: it was empty when its checkpoint was saved. */
function isUnseen({ off, headLen }: FileCheckpoint): boolean {
  return off === 0 && headLen === 0;
}

/** Stands for a position whose bytes are gone from the file, until the copy is found that holds them. */
function placeholder({ off, skipping }: FileCheckpoint): ReadPosition {
  return { ...START, off, skipping: skipping === true };
}
