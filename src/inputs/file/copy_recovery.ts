import { formatByteSize } from "../../lib/byte_size.ts";
import { reasonOf } from "../../lib/reason.ts";
import { sleep } from "../../lib/sleep.ts";
import { stampOf } from "./directory_stamp.ts";
import type { Discovery } from "./discovery.ts";
import { provenPosition } from "./file_positions.ts";
import { HEAD_BYTES, readFully, sameBytes } from "./fingerprint.ts";
import { findCopy } from "./rotation.ts";
import type { TailRegistry } from "./tail_registry.ts";
import type { Beginning } from "./lineage.ts";
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
/** So often later copies are searched again at once, where the file changes meanwhile. */
const SEARCHES = 5;
/** Before the next try when positions cannot be saved, in ms. */
const FAILURE_PAUSE_MS = 1_000;
/** Times of files may lag behind the clock by this much, in ms. */
const CLOCK_TICK_MS = 10;

/**
 * Finds the rest of a truncated generation. Rotations that truncate a file in place copy it first; what was not read
 * before stands in that copy, also when it has been compressed since.
 */
export class CopyRecovery {
  /** Files of which the copies of later generations are being searched. */
  readonly #goingOn = new Set<TailedFile>();

  constructor(private readonly options: CopyRecoveryOptions) {}

  /** Has `file` go on with the copy of its lost generation, or with its next generation when there is none. */
  async recover(file: TailedFile): Promise<void> {
    // A copy that changes while it is read is lost like the generation that it held.
    if (file.recovery === "searching" || file.recovery === "between") return;
    file.recovery = "searching";
    file.isTruncated = true;
    const { onReady, registry, stop } = this.options;
    const wanted = file.lost ?? file.fingerprint();
    const { log } = registry.context;
    const directories = new Set([file.directory]);
    let tries = TRIES_WITHOUT_SIGN;
    for (let attempt = 0; attempt < tries && !stop.aborted && !file.closed; attempt++) {
      if (attempt > 0) await sleep(RETRY_MS, stop);
      const before = stampOf(directories);
      const search = await findCopy(file.path, wanted, registry.copyPlaces);
      const copy = search.kind === "found" ? search.copy : undefined;
      const at = copy && await provenPosition(copy.contents, wanted, file.reader.position.skipping);
      if (copy !== undefined && at !== undefined) {
        registry.addAlias(file, copy.facts.key);
        log.info(`"${file.path}" was truncated; reading its rest from "${copy.path}"`, {
          path: file.path,
          copy: copy.path,
          from_byte: wanted.off,
        });
        file.continueFrom(copy.contents, at, copy.facts.mtime);
        return onReady(file);
      }
      copy?.contents.close();
      // The copy may still be growing, be renamed under the search, or be replaced by its compressed form just now.
      if (search.kind !== "none" || stampOf(directories) !== before) tries = TRIES;
    }
    if (stop.aborted || file.closed) return;
    this.#report(file, Math.max(0, file.facts.size - wanted.off));
    // Copies of generations that came after the lost one may still be there.
    if (file.lost === undefined) {
      file.copyTime = Math.max(file.copyTime, file.lastData - CLOCK_TICK_MS);
    }
    await this.proceed(file);
  }

  /** Has a file that was empty when last seen read, after the copies of what came and went in it since. */
  async begin(file: TailedFile): Promise<void> {
    file.copyTime = Math.max(file.copyTime, file.emptyAt - CLOCK_TICK_MS);
    const { registry } = this.options;
    await this.#goOn(file, (beginning) => file.startGeneration(beginning, registry.nextGeneration(file)));
  }

  /**
   * Goes on after the copy has been read: with the copies of later generations, as long as there are some, then with
   * the file itself.
   */
  async proceed(file: TailedFile): Promise<void> {
    const { registry } = this.options;
    const { now } = registry.context;
    await this.#goOn(
      file,
      (beginning) => file.startGeneration(beginning, registry.nextGeneration(file), now()),
    );
  }

  /**
   * Has the copies of unseen generations read, and once there are none, `start`s with the file itself. Asked again
   * meanwhile it does nothing: at the end it looks at what the file waits for then.
   */
  async #goOn(file: TailedFile, start: (beginning: Beginning) => void): Promise<void> {
    const { onReady, registry, stop } = this.options;
    file.recovery = "between";
    if (this.#goingOn.has(file)) return;
    this.#goingOn.add(file);
    const opened = new Set<TailedFile>();
    const beginning = await this.#searchCopies(file, opened);
    this.#goingOn.delete(file);
    if (!stop.aborted && !file.closed) {
      // All at once, and only now: what was found may come before copies that were known already.
      for (const copy of waitingCopies(file)) {
        file.waitForInstead(copy);
        opened.add(copy);
      }
      if (file.after.size === 0) {
        start(beginning);
        await registry.saveBeginning(file);
        opened.add(file);
      }
    }
    // With copies it goes on once these are read.
    for (const ready of opened) onReady(ready);
  }

  /**
   * Searches the copies of unseen generations; they wait for the file. It may be copied and truncated at any time
   * meanwhile. So its beginning is read first: if it is still the same after the search, every copy of an earlier
   * generation was there to be found; and if it changes later, the reader notices. Answers the beginning; where the
   * file does not come to rest there are copies to be read first. `opened` gets all files that were opened.
   */
  async #searchCopies(file: TailedFile, opened: Set<TailedFile>): Promise<Beginning> {
    const { registry: { context: { now } }, stop } = this.options;
    for (let search = 1;; search++) {
      const beginning = await beginningOf(file, now);
      // Where it was only renamed, what stands beside it came after it, or is its own compressed form.
      if (file.isTruncated || file.standsUnderItsPath) {
        for (const copy of await this.#adoptCopies(file, beginning)) opened.add(copy);
      }
      const isAtRest = await beginsWith(file, beginning.head);
      const isEnough = isAtRest || (search >= SEARCHES && waitingCopies(file).length > 0);
      if (isEnough || stop.aborted || file.closed) return beginning;
    }
  }

  /** Tries until it succeeds: what is adopted must be saved first, and the disk may be full. */
  async #adoptCopies(file: TailedFile, { head }: Beginning): Promise<readonly TailedFile[]> {
    const { discovery, registry: { context: { log } }, stop } = this.options;
    while (!stop.aborted) {
      try {
        return await discovery.adoptLaterCopies(file, head);
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

/** Copies of generations of `file` that wait for it. */
function waitingCopies({ before, lid }: TailedFile): TailedFile[] {
  return [...before].filter(({ copyOf }) => copyOf === lid);
}

/** How the file itself begins now; as if it were empty where it cannot be read, which the reader will say. */
async function beginningOf({ emptyAt, facts, file }: TailedFile, now: () => number): Promise<Beginning> {
  const { mtime } = facts;
  const seenAt = now();
  try {
    return { head: await readFully(file, 0, HEAD_BYTES), seenAt, mtime };
  } catch {
    return { head: new Uint8Array(0), seenAt: emptyAt > 0 ? emptyAt : seenAt, mtime };
  }
}

async function beginsWith({ file }: TailedFile, head: Uint8Array): Promise<boolean> {
  try {
    return sameBytes(await readFully(file, 0, head.length), head);
  } catch {
    return true;
  }
}
