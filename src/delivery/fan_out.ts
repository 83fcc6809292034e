import { gravest, type Outcome } from "../acknowledgement.ts";
import type { Batch, EncodedBatch } from "../batch.ts";
import { outputBuffers } from "../lib/spare_buffers.ts";
import { within } from "../lib/within.ts";
import type { Follower } from "./leads.ts";
import type { Room, RunningLine } from "./output_line.ts";
import type { WaitNotices } from "./wait_notices.ts";

/** A batch that is written to an output. `isMade`: nobody but the output has its memory. */
interface Written {
  readonly line: RunningLine;
  readonly batch: EncodedBatch;
  readonly isMade: boolean;
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
   * Writes every batch to its output, for which `roomsFor` has answered, and resolves with what the input is told.
   * `nothing`: that where there is no batch. `follower`: is told of each of them.
   */
  spread(
    parcels: readonly Written[],
    rooms: readonly Room[],
    nothing: Outcome,
    follower: Follower | undefined,
  ): Promise<Outcome> {
    const outcome = this.#spread(parcels, rooms, nothing, follower);
    follower?.follow(outcome);
    return outcome;
  }

  #spread(
    parcels: readonly Written[],
    rooms: readonly Room[],
    nothing: Outcome,
    follower: Follower | undefined,
  ): Promise<Outcome> {
    if (parcels.length === 0) return Promise.resolve(nothing);
    if (!this.#parallel && parcels.length > 1) return this.#spreadInTurn(parcels, rooms, follower);
    const written = parcels.map((parcel, index) =>
      followed(write(parcel, rooms[index] ?? "room"), index, follower)
    );
    const required = parcels.some(({ line }) => line.optional)
      ? written.filter((_, index) => parcels[index]?.line.optional !== true)
      : written;
    const [only] = written;
    if (only !== undefined && required.length === 1 && written.length === 1) return only;
    return outcomeOf(required, written.length);
  }

  async #spreadInTurn(
    parcels: readonly Written[],
    rooms: readonly Room[],
    follower: Follower | undefined,
  ): Promise<Outcome> {
    const required: Promise<Outcome>[] = [];
    for (const [index, parcel] of parcels.entries()) {
      const { line, batch } = parcel;
      const room = rooms[index] ?? this.#roomNow(line, batch) ?? await this.#waitForRoom(line, batch);
      const written = room === "closed"
        ? Promise.resolve<Outcome>("failed")
        : followed(write(parcel, room), index, follower);
      if (line.optional) continue;
      required.push(written);
      if (await written === "failed") break;
    }
    return await outcomeOf(required, parcels.length);
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

/** Writes a batch, and gives its memory back once nobody needs it. */
function write({ line, batch, isMade }: Written, room: Room): Promise<Outcome> {
  const written = line.write(batch, room);
  if (!isMade) return written;
  // A log has copied it. In memory, one that failed may still be sent, and a sender may have read one that was dropped.
  if (line.buffer.durable) outputBuffers.give(batch.bytes.buffer);
  else {
    written.then((outcome) => {
      if (outcome === "delivered") outputBuffers.give(batch.bytes.buffer);
    });
  }
  return written;
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
