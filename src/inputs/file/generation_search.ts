import { dirname } from "node:path";
import { sleep } from "../../lib/sleep.ts";
import { STABLE_TRIES, stampOf } from "./directory_stamp.ts";
import { positionAt } from "./file_positions.ts";
import { factsOf } from "./open_file.ts";
import { isKnownContents } from "./known_contents.ts";
import { START } from "./reader.ts";
import { isLater, putBehind } from "./reading_order.ts";
import { isCopyOf, type OpenedFile, type SearchPlaces, unseenGenerations } from "./rotation.ts";
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
  readonly #registry: TailRegistry;
  readonly #tryOpen: (path: string) => OpenedFile | undefined;

  /** `tryOpen` answers nothing where a file cannot be opened. */
  constructor(registry: TailRegistry, tryOpen: (path: string) => OpenedFile | undefined) {
    this.#registry = registry;
    this.#tryOpen = tryOpen;
  }

  /** Opens renamed generations born after `since`. `except`: a file that is open already and may have been renamed. */
  async renamed(path: string, since: number | undefined, except?: OpenedFile): Promise<TailedFile[]> {
    if (since === undefined) return [];
    const { places } = this.#registry;
    const generations = await this.#adopt({
      path,
      since,
      by: "birth",
      places: { ...places, isTaken: (key) => key === except?.facts.key || places.isTaken(key) },
      judge: async (opened) =>
        await isKnownContents(this.#registry, path, opened, except?.file) ? "known" : "unseen",
    });
    for (const generation of generations) {
      this.#putBefore(generation, (other) => other.copyOf === undefined && isLater(other, generation));
    }
    return generations;
  }

  /**
   * Opens the copies of generations of `file` that are later than those it has read; they wait for it until the search
   * is over. `head`: how the file itself begins. A copy of what still stands in it is none of them.
   */
  async copied(file: TailedFile, head: Uint8Array): Promise<void> {
    const { path, copyTime: since } = file;
    const judge = async (opened: OpenedFile) => {
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
