import { formatByteSize } from "../../lib/byte_size.ts";
import { reasonOf } from "../../lib/reason.ts";
import { sleep } from "../../lib/sleep.ts";
import type { Discovery } from "./discovery.ts";
import { positionAt } from "./file_positions.ts";
import { factsOf } from "./open_file.ts";
import { findCopy } from "./rotation.ts";
import type { TailRegistry } from "./tail_registry.ts";
import type { TailedFile } from "./tailed_file.ts";

/** What the recovery reports. */
export interface CopyRecoveryOptions {
  readonly registry: TailRegistry;
  readonly discovery: Discovery;
  readonly stop: AbortSignal;
  /** The file can be read on: from the copy, or from its next generation. */
  onReady(file: TailedFile): void;
}

/** A copy is searched this often, with pauses of `RETRY_MS`, where a rotation seems to be at work. */
const TRIES = 20;
/** So often where nothing points to a copy: somebody emptied the file. */
const TRIES_WITHOUT_SIGN = 3;
const RETRY_MS = 100;
/** Before the next try when positions cannot be saved, in ms. */
const FAILURE_PAUSE_MS = 1_000;
/** Times of files may lag behind the clock by this much, in ms. */
const CLOCK_TICK_MS = 10;

/**
 * Finds the rest of a truncated generation. Rotations that truncate a file in place copy it first; what was not read
 * before stands in that copy, also when it has been compressed since.
 */
export class CopyRecovery {
  constructor(private readonly options: CopyRecoveryOptions) {}

  /** Has `file` go on with the copy of its lost generation, or with its next generation when there is none. */
  async recover(file: TailedFile): Promise<void> {
    // A copy that changes while it is read is lost like the generation that it held.
    if (file.recovery === "searching" || file.recovery === "between") return;
    file.recovery = "searching";
    const { onReady, registry, stop } = this.options;
    const wanted = file.lost ?? file.fingerprint();
    const { log } = registry.context;
    let tries = TRIES_WITHOUT_SIGN;
    for (let attempt = 0; attempt < tries && !stop.aborted && !file.closed; attempt++) {
      if (attempt > 0) await sleep(RETRY_MS, stop);
      const search = await findCopy(file.path, wanted, registry.copyPlaces);
      if (search.kind === "found") {
        const { copy } = search;
        registry.addAlias(file, copy.facts.key);
        log.info(`"${file.path}" was truncated; reading its rest from "${copy.path}"`, {
          path: file.path,
          copy: copy.path,
          from_byte: wanted.off,
        });
        const at = await positionAt(copy.contents, wanted.off, file.reader.position.skipping);
        file.continueFrom(copy.contents, at, copy.facts.mtime);
        return onReady(file);
      }
      // The copy may still be growing, or be replaced by its compressed form just now.
      if (search.kind === "unfinished") tries = TRIES;
    }
    if (stop.aborted || file.closed) return;
    this.#report(file, Math.max(0, file.facts.size - wanted.off));
    file.copyTime = registry.context.now();
    await this.proceed(file);
  }

  /** Has a file that was empty when last seen read, after the copies of what came and went in it since. */
  async begin(file: TailedFile): Promise<void> {
    const { onReady } = this.options;
    file.copyTime = Math.max(file.copyTime, file.emptyAt - CLOCK_TICK_MS);
    file.emptyAt = 0;
    // A renamed file was not truncated: what stands beside it came after it, or is its own compressed form.
    if (!standsUnderItsPath(file)) return onReady(file);
    file.recovery = "between";
    for (const copy of await this.#laterCopies(file)) onReady(copy);
    // With copies it goes on once these are read; without, its generation has only just begun.
    if (file.after.size > 0 || file.recovery !== "between") return;
    file.recovery = undefined;
    onReady(file);
  }

  /**
   * Goes on after the copy has been read: with the copies of later generations, as long as there are some, then with
   * the file itself.
   */
  async proceed(file: TailedFile): Promise<void> {
    const { onReady, registry } = this.options;
    file.recovery = "between";
    const known = [...file.before].filter(({ isCopy }) => isCopy);
    for (const copy of known) file.waitForInstead(copy);
    const copies = [...known, ...await this.#laterCopies(file)];
    if (file.after.size === 0 && !file.closed && file.recovery === "between") {
      file.startGeneration(registry.context.now());
      onReady(file);
    }
    for (const copy of copies) onReady(copy);
  }

  /** Tries until it succeeds: what is adopted must be saved first, and the disk may be full. */
  async #laterCopies(file: TailedFile): Promise<readonly TailedFile[]> {
    const { discovery, registry: { context: { log } }, stop } = this.options;
    while (!stop.aborted) {
      try {
        return await discovery.adoptLaterCopies(file);
      } catch (error) {
        log.warn(`Cannot go on with "${file.path}" yet: ${reasonOf(error)}; next try in 1s`, {
          path: file.path,
        });
        await sleep(FAILURE_PAUSE_MS, stop);
      }
    }
    return [];
  }

  #report(file: TailedFile, unread: number): void {
    const { log } = this.options.registry.context;
    const { path } = file;
    if (unread === 0) return log.info(`"${path}" was truncated after it had been read`, { path });
    log.error(
      `Cannot find the rest of "${path}" after it was truncated: no copy beside it holds it; ` +
        `${formatByteSize(unread)} or more are lost`,
      { path, unread_bytes: unread },
    );
  }
}

function standsUnderItsPath(file: TailedFile): boolean {
  try {
    return factsOf(file.path)?.key === file.key;
  } catch {
    return false;
  }
}
