import type { RecordOrigin } from "../../batch.ts";
import type { Arena } from "./block.ts";
import type { DiskReader } from "./disk_reader.ts";
import type { Place } from "./segment.ts";

/** A stream, and up to which offset it has been written to the log. */
export type CoveredStream = readonly [id: string, until: number];

/** Streams that were written to last; of others an input has long saved its position. */
const REMEMBERED = 512;

/**
 * Up to where streams have been written to a log, so that what an input offers again is not written twice: it was not
 * told that the log has it, or was ended before it had saved that.
 */
export class CoveredStreams {
  /** As it is now, for this process. */
  readonly #written = new Map<string, number>();
  /** What is on the disk for certain, for the next one. */
  readonly #safe = new Map<string, number>();
  /** What is written and not known to be on the disk, in order. */
  #pending: { readonly batch: number; readonly origins: readonly RecordOrigin[] }[] = [];

  constructor(saved: readonly CoveredStream[]) {
    for (const [id, until] of saved) {
      remember(this.#written, id, until);
      remember(this.#safe, id, until);
    }
  }

  /** Undefined if nothing is known of a stream. */
  until(id: string): number | undefined {
    return this.#written.get(id);
  }

  /** A batch of this number was appended. */
  wrote(batch: number, origins: readonly RecordOrigin[]): void {
    let tells = false;
    for (const { id, until } of origins) {
      if (until === undefined) continue;
      remember(this.#written, id, until);
      tells = true;
    }
    if (tells) this.#pending.push({ batch, origins });
  }

  /** What may be saved: all batches before `synced` are on the disk. */
  safe(synced: Place): CoveredStream[] {
    const reached = this.#pending.findIndex(({ batch }) => batch >= synced.batch);
    const count = reached === -1 ? this.#pending.length : reached;
    for (const { origins } of this.#pending.slice(0, count)) {
      for (const { id, until } of origins) if (until !== undefined) remember(this.#safe, id, until);
    }
    this.#pending = this.#pending.slice(count);
    return [...this.#safe];
  }

  /**
   * Learns from the batches that were written after the last save. Behind a batch that is missing nothing counts: it
   * was not acknowledged, and comes again.
   */
  async read(disk: DiskReader, arena: Arena, from: Place, end: Place): Promise<void> {
    let place = from;
    while (place.batch < end.batch) {
      const found = await disk.next(place, end);
      if (found.kind === "missing" || found.damage !== undefined) return;
      const { header, batch, block } = found;
      this.wrote(header.batch, batch.ids?.origins ?? []);
      if (block !== undefined) arena.release(block);
      if (header.batch !== place.batch) return;
      place = { batch: header.batch + 1, record: header.record + header.records };
    }
  }
}

/** The one that was written to longest ago makes room. */
function remember(streams: Map<string, number>, id: string, until: number): void {
  const before = streams.get(id) ?? 0;
  streams.delete(id);
  streams.set(id, Math.max(before, until));
  if (streams.size <= REMEMBERED) return;
  const [oldest] = streams.keys();
  if (oldest !== undefined) streams.delete(oldest);
}
