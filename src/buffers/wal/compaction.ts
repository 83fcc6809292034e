import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import type { Examination } from "./examination.ts";
import type { FileSystem } from "./file_system.ts";
import type { LogWriter } from "./log_writer.ts";
import { isReleased, type ReleasedBatches } from "./released.ts";
import type { Segment } from "./segment.ts";

/**
 * When a segment is deleted that is delivered as a whole. `size`: at once. `time`: some time after its last batch was
 * written, or when there are too many. `manual`: by `logaggregator wal compact` only.
 */
export type CompactionPolicy = "size" | "time" | "manual";

/** What it is made of. */
export interface CompactionOptions {
  readonly files: FileSystem;
  readonly directory: string;
  /** In order; those that are deleted are taken out. */
  readonly segments: Segment[];
  readonly policy: CompactionPolicy;
  /** For `time`: how long segments stay, in ms, and how many. */
  readonly retention: number;
  readonly maxSegments: number;
  readonly writer: LogWriter;
  readonly log: Log;
  readonly now: () => number;
}

/** Deletes segments, and never one of which anything is not delivered. */
export class Compaction {
  readonly #options: CompactionOptions;
  #isFailing = false;

  constructor(options: CompactionOptions) {
    this.#options = options;
  }

  /** Whether a segment could be deleted once it is saved that these batches are released. */
  isWaiting(released: ReleasedBatches): boolean {
    return this.#options.segments.some((segment) => this.#isDeletable(segment, released));
  }

  /**
   * Deletes what no start will need any more, and resolves with the number of segments. `saved`: what both cursors on
   * the disk say, since a segment may only go after the cursors that need it.
   */
  async run(saved: readonly ReleasedBatches[]): Promise<number> {
    const { files, directory, segments, writer, log } = this.#options;
    let deleted = 0;
    try {
      for (const segment of [...segments]) {
        const isDeletable = saved.every((released) => this.#isDeletable(segment, released));
        if (!isDeletable || !writer.finish(segment)) continue;
        try {
          await files.remove(`${directory}/${segment.name}`);
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
        segments.splice(segments.indexOf(segment), 1);
        deleted++;
      }
      if (deleted > 0) await files.syncDirectory(directory);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        log.warn(`Cannot delete delivered segments in "${directory}": ${reasonOf(error)}; trying again`);
      }
      this.#isFailing = true;
    }
    return deleted;
  }

  #isDeletable(segment: Segment, released: ReleasedBatches): boolean {
    const { policy, writer, now, segments, retention, maxSegments } = this.#options;
    if (segment === writer.current || !isReleased(released, segment.first.batch, segment.end.batch)) {
      return false;
    }
    if (policy === "size") return true;
    if (policy === "manual") return false;
    return segments.length > maxSegments || now() - segment.lastWrite >= retention;
  }
}

/** Names of the segments that are delivered as a whole, as both cursors say; never the last one, which may grow. */
export function deliveredSegments({ cursor: { cursor, otherMark }, segments }: Examination): string[] {
  if (cursor === undefined || otherMark === undefined) return [];
  const mark = Math.min(cursor.mark.batch, otherMark.batch);
  return segments.slice(0, -1)
    .filter(({ unusable }, index) =>
      unusable === undefined && (segments[index + 1]?.first.batch ?? Infinity) <= mark
    )
    .map(({ name }) => name);
}
