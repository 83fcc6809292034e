import { checkpointPlace, checkpointPlaces } from "./build_pipeline.ts";
import type { CheckpointParticipant, CheckpointStore } from "./checkpoints/checkpoint_store.ts";
import { openCheckpointStore } from "./checkpoints/kv_checkpoint_store.ts";
import type { Config, InputEntry } from "./config/config.ts";
import type { Log } from "./lib/log.ts";

/** Checkpoints of files that are gone are kept this long, in ms, so that late copies are recognised. */
const RETENTION_MS = 7 * 24 * 3_600_000;

/** The checkpoint stores of an agent, one a directory, and the outputs whose state they keep. */
export class PositionStores {
  readonly #stores = new Map<string, CheckpointStore>();
  readonly #keptBy = new Map<CheckpointParticipant, CheckpointStore>();

  constructor(private readonly log: Log) {}

  /** Opens the stores that a configuration needs beside those that are open. Throws when one cannot be opened. */
  async open(config: Config): Promise<void> {
    for (const { directory, interval } of checkpointPlaces(config)) {
      if (this.#stores.has(directory)) continue;
      const options = { directory, interval, retention: RETENTION_MS, log: this.log };
      this.#stores.set(directory, await openCheckpointStore(options));
    }
  }

  /** Closes the stores that neither `config` nor one of the inputs `still` uses; all without arguments. */
  async close(config?: Config, still: readonly InputEntry[] = []): Promise<void> {
    const used = new Set(
      config === undefined ? [] : checkpointPlaces(config).map(({ directory }) => directory),
    );
    for (const entry of still) used.add(checkpointPlace(entry)?.directory ?? "");
    for (const [directory, store] of this.#stores) {
      if (used.has(directory)) continue;
      this.#stores.delete(directory);
      await store[Symbol.asyncDispose]();
    }
  }

  /** The store of an input's positions, if it is open. */
  of(entry: InputEntry): CheckpointStore | undefined {
    const place = checkpointPlace(entry);
    return place && this.#stores.get(place.directory);
  }

  /** The store of all positions, of those open or of those that `config` uses; undefined when there are several. */
  only(config?: Config): CheckpointStore | undefined {
    const directories = config === undefined
      ? [...this.#stores.keys()]
      : checkpointPlaces(config).map(({ directory }) => directory);
    const [only] = directories;
    return only !== undefined && directories.length === 1 ? this.#stores.get(only) : undefined;
  }

  /**
   * Gives outputs what was saved of their state, and has it saved by this store from now on. `replayable`: all inputs
   * read again what came after it.
   */
  restore(
    participants: readonly CheckpointParticipant[],
    store: CheckpointStore | undefined,
    replayable: boolean,
  ): void {
    for (const participant of participants) {
      participant.restore(store?.stateOf(participant.key), store !== undefined && replayable);
    }
    this.keep(participants, store);
  }

  /** Every output has its store: what was saved of others does not count any more. */
  forgetOthers(): void {
    for (const store of this.#stores.values()) store.forgetOthers();
  }

  /** Has the state of outputs saved by this store from now on; without one, by none. */
  keep(participants: readonly CheckpointParticipant[], store: CheckpointStore | undefined): void {
    for (const participant of participants) {
      const before = this.#keptBy.get(participant);
      if (before === store) continue;
      before?.leave(participant);
      this.#keptBy.delete(participant);
      store?.join(participant);
      if (store !== undefined) this.#keptBy.set(participant, store);
    }
  }
}
