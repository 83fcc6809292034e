import { dirname } from "node:path";
import { sleep } from "../../lib/sleep.ts";
import { STABLE_TRIES, stampOf } from "./directory_stamp.ts";
import { positionAt } from "./file_positions.ts";
import { factsOf } from "./open_file.ts";
import { isKnownContents } from "./known_contents.ts";
import { START } from "./reader.ts";
import { isLater, putBehind, waitsFor } from "./reading_order.ts";
import { isCopyOf, isIntact, type OpenedFile, type SearchPlaces, unseenGenerations } from "./rotation.ts";
import type { TailRegistry } from "./tail_registry.ts";
import type { TailedFile } from "./tailed_file.ts";

/** What is searched, and where. */
interface Search {
  readonly path: string;
  /** Only generations that came after this time, in ms since 1970. */
  readonly since: number;
  readonly by: "birth" | "mtime";
  readonly places: SearchPlaces;
  /** Whether a file holds what nobody has read; `moved`: the search is to end, since its premise holds no more. */
  judge(opened: OpenedFile): Promise<"unseen" | "known" | "moved">;
  /** Is called as soon as a generation is in the registry, before its checkpoint may be saved. */
  onAdded?(generation: TailedFile): void;
}

/** Opens the generations of a path that came and went while nobody looked, each to be read after the one before. */
export class GenerationSearch {
  /** Paths beside which a file was left to a later search, since it may be a copy that belongs to another one. */
  readonly undecided = new Set<string>();
  readonly #registry: TailRegistry;
  readonly #tryOpen: (path: string) => OpenedFile | undefined;

  /** `tryOpen` answers nothing where a file cannot be opened. */
  constructor(registry: TailRegistry, tryOpen: (path: string) => OpenedFile | undefined) {
    this.#registry = registry;
    this.#tryOpen = tryOpen;
  }

  /** Opens renamed generations born after `since`. `except`: a file that is open already and may have been renamed. */
  async renamed(path: string, since: number | undefined, except?: OpenedFile): Promise<TailedFile[]> {
    this.undecided.delete(path);
    if (since === undefined) return [];
    const { open, places } = this.#registry;
    // Not those that this search opens: hundreds would be looked at for each other.
    const known = [...open.values()].filter((file) => file.path === path);
    const generations = await this.#adopt({
      path,
      since,
      by: "birth",
      places: { ...places, isTaken: (key) => key === except?.facts.key || places.isTaken(key) },
      judge: async (opened) =>
        await this.#mayBeCopy(known, opened) ||
          await isKnownContents(this.#registry, path, opened, except?.file)
          ? "known"
          : "unseen",
    });
    for (const generation of generations) {
      this.#putBefore(generation, (other) => other.copyOf === undefined && isLater(other, generation));
    }
    return generations;
  }

  /**
   * Whether something is, or may be, the copy of a generation of one of the `known` files of its path that was truncated
   * and then renamed. That one's own search finds it; until it is over nothing is decided.
   */
  async #mayBeCopy(known: readonly TailedFile[], opened: OpenedFile): Promise<boolean> {
    for (const file of known) {
      const kind = await kindFor(file, opened);
      if (kind === "copy") this.#registry.addAlias(file, opened.facts.key);
      if (kind === "unclear") this.undecided.add(file.path);
      if (kind !== "other") return true;
    }
    return false;
  }

  /**
   * Opens the copies of generations of `file` that are later than those it has read; they wait for it until the search
   * is over. `head`: how the file itself begins. A copy of what still stands in it is none of them. Where the file was
   * renamed, what was written later than it came after it.
   */
  async copied(file: TailedFile, head: Uint8Array): Promise<void> {
    const { path, copyTime: since } = file;
    const isRenamed = !file.standsUnderItsPath;
    const judge = async (opened: OpenedFile) => {
      if (isRenamed && !mayHaveCopied(file, opened)) return "known";
      if (opened.contents !== opened.file) {
        return await isKnownContents(this.#registry, path, opened, file.file) ? "known" : "unseen";
      }
      // It is only just being made.
      if (opened.facts.size === 0) return "known";
      const kind = await isCopyOf(opened, { file: file.file, position: { ...START, head } });
      return kind === "copy" ? "known" : kind === "unclear" ? "moved" : "unseen";
    };
    const places = this.#registry.copyPlaces;
    const onAdded = (copy: TailedFile) =>
      copy.becomeCopyOf(file, this.#registry.nextGeneration(file, copy.facts.mtime));
    for (const copy of await this.#adopt({ path, since, by: "mtime", places, judge, onAdded })) {
      this.#putBefore(copy, (other) => other.copyOf === file.lid && other.facts.mtime > copy.facts.mtime);
      copy.waitFor(file);
      // Where the file was renamed there are others behind it.
      const behind = [...copy.after].filter((other) => other.copyOf !== file.lid && waitsFor(other, file));
      for (const other of behind) other.waitForInstead(copy);
      file.copyTime = Math.max(file.copyTime, copy.facts.mtime);
    }
  }

  /** Later generations may be known already, from before a restart; those that nothing was read of yet wait for this one. */
  #putBefore(generation: TailedFile, isAfter: (other: TailedFile) => boolean): void {
    const later = [...this.#registry.open.values()].filter((other) =>
      other !== generation && other.path === generation.path && !other.queued &&
      (!other.after.has(generation) || generation.after.has(other)) &&
      other.reader.position.off === 0 && isAfter(other)
    );
    // From the latest on: one that others wait for would be left out.
    for (const other of later.sort((a, b) => isLater(a, b) ? -1 : 1)) putBehind(other, generation);
  }

  async #adopt({ path, since, by, places, judge, onAdded }: Search): Promise<TailedFile[]> {
    const { now } = this.#registry.context;
    const adopted: TailedFile[] = [];
    const directories = new Set([dirname(path)]);
    for (let attempt = 1; attempt <= STABLE_TRIES; attempt++) {
      if (attempt > 1) await sleep(2 ** attempt);
      const before = stampOf(directories);
      const generations = unseenGenerations(path, since, by, places);
      // Files are being renamed: one may be missing in the list, and the order would be lost.
      if (stampOf(directories) !== before && attempt < STABLE_TRIES) continue;
      let moved = false;
      for (const generation of generations) {
        const opened = this.#tryOpen(generation.path);
        if (opened === undefined) {
          // Later ones must not be read before one that has another name by now.
          moved = isGone(generation.path);
          if (moved) break;
          continue;
        }
        moved = opened.facts.key !== generation.facts.key;
        const kind = moved ? "known" : await judge(opened);
        const wanted = kind === "unseen" && this.#registry.claim(opened);
        const start = wanted ? await positionAt(opened.contents, 0).catch(() => undefined) : undefined;
        if (start === undefined) this.#registry.release(opened);
        else {
          const file = this.#registry.add(path, opened, { start }, now());
          file.state = "rotated";
          onAdded?.(file);
          adopted.push(file);
        }
        if (kind === "moved") return adopted;
        if (moved) break;
      }
      if (!moved) break;
    }
    return adopted;
  }
}

function isGone(path: string): boolean {
  try {
    return factsOf(path) === undefined;
  } catch {
    return false;
  }
}

/**
 * What something is for a file: a copy of it, a stranger, or, as long as that one has gone on after a truncation with
 * nothing else yet, perhaps the copy that it needs.
 */
async function kindFor(tailed: TailedFile, opened: OpenedFile): Promise<"copy" | "unclear" | "other"> {
  try {
    if (!mayHaveCopied(tailed, opened)) return "other";
    if (tailed.lost !== undefined || tailed.recovery !== undefined) return "unclear";
    const readFile = { file: tailed.file, position: tailed.reader.position };
    if (opened.contents === opened.file) return await isCopyOf(opened, readFile);
    return await isIntact(readFile) ? "other" : "unclear";
  } catch {
    // Its own reader says so.
    return "other";
  }
}

/** Whether what was opened may be a copy of `file`, made before that was truncated, as far as times tell. */
function mayHaveCopied(
  { file, isPlain }: TailedFile,
  { contents, facts, file: opened }: OpenedFile,
): boolean {
  if (!isPlain) return false;
  const { birth, mtime } = file.facts();
  // When it was compressed tells nothing.
  const born = contents === opened ? facts.birth : facts.mtime;
  return Math.ceil(born) >= Math.floor(birth) && Math.floor(facts.mtime) <= Math.floor(mtime);
}
