import type { CheckpointParticipant } from "../../checkpoints/checkpoint_store.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import { within } from "../../lib/within.ts";
import { type Cursor, CURSOR_FILES, encodeCursor, type FoundCursor } from "./cursor.ts";
import type { FileSystem } from "./file_system.ts";
import type { ReleasedBatches } from "./released.ts";
import type { Place } from "./segment.ts";

/** What a keeper is made of. */
export interface CursorKeeperOptions {
  readonly files: FileSystem;
  readonly directory: string;
  readonly found: FoundCursor;
  /** Milliseconds between two saves. */
  readonly interval: number;
  readonly participant: CheckpointParticipant | undefined;
  readonly log: Log;
  readonly now: () => number;
  /** How far the log has been delivered now. */
  position(): Pick<Cursor, "mark" | "released" | "synced" | "next">;
  /** Up to where streams are on the disk, with all batches before a place. */
  streams(before: Place): Cursor["streams"];
  /** Resolves once everything that was written is on the disk. */
  flush(): Promise<void>;
  /** Called after a save with what the two slots say; a start may use either. */
  onSaved(saved: readonly ReleasedBatches[]): Promise<void>;
  /** Whether something waits for both slots to say what is so now. */
  wantsMore(): boolean;
}

/** How long a save waits until all is on the disk, in ms. */
const FLUSH_TIME = 1000;

/** Nothing is released. */
const NOWHERE: Place = { batch: 0, record: 0 };

/** Saves how far a log has been delivered, at an interval while that changes. */
export class CursorKeeper {
  readonly #options: CursorKeeperOptions;
  #slot: 0 | 1;
  #generation: number;
  /** What the two slots say. */
  readonly #slots: [ReleasedBatches, ReleasedBatches];
  /** Bytes of a slot's file; it never becomes shorter. */
  #length = 0;
  #isDirty = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isFailing = false;
  #isClosed = false;

  constructor(options: CursorKeeperOptions) {
    const { found, participant } = options;
    this.#options = options;
    this.#slot = found.writeTo;
    this.#generation = found.cursor?.generation ?? 0;
    const used = { mark: found.cursor?.mark ?? NOWHERE, ranges: found.cursor?.released ?? [] };
    const other = { mark: found.otherMark ?? NOWHERE, ranges: [] };
    this.#slots = found.writeTo === 0 ? [other, used] : [used, other];
    if (participant !== undefined) participant.commit = () => this.save();
  }

  /**
   * Writes both slots with the state that was found, so that the files are there, and long enough, should the disk
   * become full; and what was found missing is told once only.
   */
  async prepare(): Promise<void> {
    const { found } = this.#options;
    try {
      for (let slot = 0; slot < CURSOR_FILES.length; slot++) {
        const where = this.#options.position();
        const known = this.#options.streams(where.synced);
        await this.#write({ ...where, streams: known, state: found.cursor?.state });
      }
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Something has been delivered, or reached the disk. */
  changed(): void {
    this.#isDirty = true;
    this.#schedule();
  }

  /** Saves now; all who ask while a save is under way share the next one. Rejects when it fails. */
  save(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    const next = this.#next = this.#saving.then(() => {
      this.#next = undefined;
      return this.#save();
    });
    this.#saving = next.catch(() => {});
    return next;
  }

  /** Saves for the last time, and once more if `wantsMore`; what fails now is said. */
  async close(wantsMore: () => boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#isClosed = true;
    const { participant } = this.#options;
    try {
      await this.save();
      if (wantsMore()) await this.save();
    } catch (error) {
      this.#tell(error);
    }
    if (participant !== undefined) participant.commit = undefined;
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(async () => {
      this.#timer = undefined;
      try {
        if (this.#isDirty || this.#options.wantsMore()) await this.save();
        if (this.#isDirty || this.#options.wantsMore()) this.#schedule();
      } catch (error) {
        this.#tell(error);
        this.#schedule();
      }
    }, this.#options.interval);
  }

  async #save(): Promise<void> {
    const { participant, position, streams, flush, onSaved } = this.#options;
    this.#isDirty = false;
    // Position and state are of the same turn of the event loop, so both tell of the same moment.
    const where = position();
    const moment = participant?.snapshot();
    try {
      await moment?.sync();
      // What the state tells of was delivered, perhaps before it was in the log. It must be known when it comes again.
      // But where the disk is full, segments can only go once this is saved.
      if (participant !== undefined) await within(flush(), FLUSH_TIME);
      const reached = position().synced;
      const before = reached.batch < where.next.batch ? where.synced : where.next;
      await this.#write({ ...where, streams: streams(before), state: moment?.state });
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
    await onSaved(this.#slots);
  }

  async #write(content: Omit<Cursor, "generation" | "savedAt">): Promise<void> {
    const { files, directory, now, log } = this.#options;
    const generation = this.#generation + 1;
    const bytes = encodeCursor({ ...content, generation, savedAt: now() }, this.#length);
    await files.overwrite(`${directory}/${CURSOR_FILES[this.#slot]}`, bytes);
    if (generation <= 2) await files.syncDirectory(directory);
    if (this.#isFailing) log.info(`Saving the cursor of "${directory}" again`);
    this.#isFailing = false;
    this.#generation = generation;
    this.#length = bytes.length;
    this.#slots[this.#slot] = { mark: content.mark, ranges: content.released };
    // The slot that is in use is never written to.
    this.#slot = this.#slot === 0 ? 1 : 0;
  }

  #tell(error: unknown): void {
    const { log, directory } = this.#options;
    if (!this.#isFailing) {
      log.warn(
        `Cannot save the cursor of "${directory}": ${
          reasonOf(error)
        }; after a crash what has been delivered since ` +
          "is sent again; trying again",
      );
    }
    this.#isFailing = true;
  }
}
