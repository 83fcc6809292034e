import { gravest, type Outcome } from "../acknowledgement.ts";
import type { Batch, EncodedBatch } from "../batch.ts";
import { within } from "../lib/within.ts";
import type { Follower } from "./leads.ts";
import type { Room, RunningLine } from "./output_line.ts";
import type { WaitNotices } from "./wait_notices.ts";

/** A batch that was given to the outputs. */
export interface Spread {
  /** What the input is told: the gravest of what the outputs say, without those that are optional. */
  readonly outcome: Promise<Outcome>;
  /** What became of each batch; resolves once no output needs any of them any more. */
  readonly everywhere: Promise<readonly Outcome[]>;
}

/** A wait that has no end is begun anew after this time, in ms. */
const AGAIN = 3_600_000;

/** Gives batches to the outputs: to all at once, or to one after the other, each when the one before it has it. */
export class FanOut {
  readonly #notices: WaitNotices;
  readonly #parallel: boolean;
  readonly #stopOnFailure: boolean;

  constructor(
    notices: WaitNotices,
    { parallel, stopOnFailure }: { readonly parallel: boolean; readonly stopOnFailure: boolean },
  ) {
    this.#notices = notices;
    this.#parallel = parallel;
    this.#stopOnFailure = stopOnFailure;
  }

  /**
   * Where the failure of one output stops all: waits until none fails that inputs must wait for, or `refused` aborts.
   */
  async whenWell(lines: () => readonly RunningLine[], refused: AbortSignal): Promise<void> {
    while (this.#stopOnFailure && !refused.aborted) {
      const failing = lines().find((line) => line.isFailing && !line.optional);
      if (failing === undefined) return;
      this.#notices.tellOfPause(failing);
      await within(failing.whenWell(), AGAIN, refused);
      if (!failing.isFailing) this.#notices.tellOfEnd(failing);
    }
  }

  /**
   * Waits for room at all outputs; where they come one after the other, at the first. Undefined when one of them is
   * closed.
   */
  async roomsFor(
    parcels: readonly { readonly line: RunningLine; readonly batch: Batch }[],
  ): Promise<readonly Room[] | undefined> {
    const rooms: Room[] = [];
    for (const { line, batch } of this.#parallel ? parcels : parcels.slice(0, 1)) {
      const room = this.#roomNow(line, batch) ?? await this.#waitForRoom(line, batch);
      if (room === "closed") return undefined;
      rooms.push(room);
    }
    return rooms;
  }

  /**
   * Writes every batch to its output, for which `roomsFor` has answered. `nothing`: the outcome where there is none.
   * `follower`: is told of each of them.
   */
  spread(
    parcels: readonly { readonly line: RunningLine; readonly batch: EncodedBatch }[],
    rooms: readonly Room[],
    nothing: Outcome,
    follower: Follower | undefined,
  ): Spread {
    const spread = this.#spread(parcels, rooms, nothing, follower);
    follower?.follow(spread.outcome);
    return spread;
  }

  #spread(
    parcels: readonly { readonly line: RunningLine; readonly batch: EncodedBatch }[],
    rooms: readonly Room[],
    nothing: Outcome,
    follower: Follower | undefined,
  ): Spread {
    if (parcels.length === 0) {
      return { outcome: Promise.resolve(nothing), everywhere: Promise.resolve([]) };
    }
    if (!this.#parallel && parcels.length > 1) return this.#spreadInTurn(parcels, rooms, follower);
    const written = parcels.map(({ line, batch }, index) =>
      followed(line.write(batch, rooms[index] ?? "room"), index, follower)
    );
    const required = parcels.some(({ line }) => line.optional)
      ? written.filter((_, index) => parcels[index]?.line.optional !== true)
      : written;
    const [only] = written;
    if (only !== undefined && required.length === 1 && written.length === 1) {
      return { outcome: only, everywhere: only.then((outcome) => [outcome]) };
    }
    return { outcome: outcomeOf(required, written.length), everywhere: Promise.all(written) };
  }

  #spreadInTurn(
    parcels: readonly { readonly line: RunningLine; readonly batch: EncodedBatch }[],
    rooms: readonly Room[],
    follower: Follower | undefined,
  ): Spread {
    const required: Promise<Outcome>[] = [];
    const all: Promise<Outcome>[] = [];
    const inTurn = async () => {
      for (const [index, { line, batch }] of parcels.entries()) {
        const room = rooms[index] ?? this.#roomNow(line, batch) ?? await this.#waitForRoom(line, batch);
        const written = room === "closed"
          ? Promise.resolve<Outcome>("failed")
          : followed(line.write(batch, room), index, follower);
        all.push(written);
        if (line.optional) continue;
        required.push(written);
        if (await written === "failed") break;
      }
    };
    const done = inTurn();
    return {
      outcome: done.then(() => outcomeOf(required, all.length)),
      everywhere: done.then(() => Promise.all(all)),
    };
  }

  /** The usual case, room at once, without a promise. */
  #roomNow(line: RunningLine, { ends, bytes }: Batch): Room | undefined {
    return line.buffer.hasRoom(ends.length, bytes.length) ? "room" : undefined;
  }

  async #waitForRoom(line: RunningLine, { ends, bytes }: Batch): Promise<Room> {
    const room = line.waitForRoom(ends.length, bytes.length);
    if (!line.mayWait) return await room;
    await this.#notices.wait(() => [line], room.then((room) => room !== "closed"));
    return await room;
  }
}

/** Tells the follower before anybody else. */
function followed(
  written: Promise<Outcome>,
  index: number,
  follower: Follower | undefined,
): Promise<Outcome> {
  if (follower === undefined) return written;
  return written.then((outcome) => {
    follower.wrote(index, outcome);
    return outcome;
  });
}

/** Where all outputs are optional, nothing is waited for. */
function outcomeOf(required: readonly Promise<Outcome>[], written: number): Promise<Outcome> {
  if (required.length === 0 && written > 0) return Promise.resolve("delivered");
  return Promise.all(required).then(gravest);
}
