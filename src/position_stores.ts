import { checkpointPlace, checkpointPlaces } from "./build_pipeline.ts";
import type { CheckpointParticipant, CheckpointStore, JsonObject } from "./checkpoints/checkpoint_store.ts";
import { openCheckpointStore } from "./checkpoints/kv_checkpoint_store.ts";
import type { Config, InputEntry } from "./config/config.ts";
import { isOwnState, periodOf } from "./delivery/logged_state.ts";
import type { OutputLine } from "./delivery/output_line.ts";
import type { Log } from "./lib/log.ts";

/** Checkpoints of files that are gone are kept this long, in ms, so that late copies are recognised. */
const RETENTION_MS = 7 * 24 * 3_600_000;

/** A configuration, as far as it says where positions are saved. */
type Places = Pick<Config, "inputs">;

/** What is to be known of an output. */
type Stateful = Pick<OutputLine, "lead" | "logged"> & Partial<Pick<OutputLine, "buffer">>;

/** The checkpoint stores of an agent, one a directory, and the outputs whose state they keep. */
export class PositionStores {
  readonly #stores = new Map<string, CheckpointStore>();
  readonly #keptBy = new Map<CheckpointParticipant, readonly CheckpointStore[]>();

  /** `openStore`: for tests. */
  constructor(private readonly log: Log, private readonly openStore = openCheckpointStore) {}

  /** Opens the stores that a configuration needs beside those that are open. Throws when one cannot be opened. */
  async open(config: Places): Promise<void> {
    for (const { directory, interval } of checkpointPlaces(config)) {
      if (this.#stores.has(directory)) continue;
      const options = { directory, interval, retention: RETENTION_MS, log: this.log };
      this.#stores.set(directory, await this.openStore(options));
    }
  }

  /** Closes the stores that neither `config` nor one of the inputs `still` uses; all without arguments. */
  async close(config?: Places, still: readonly InputEntry[] = []): Promise<void> {
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

  /** The store of all positions of a configuration; undefined when there are several. */
  only(config: Places): CheckpointStore | undefined {
    const stores = this.#allOf(config);
    return stores.length === 1 ? stores[0] : undefined;
  }

  /**
   * Gives outputs what was saved of their state, and has it saved by the stores of this configuration from now on.
   * `replayable`: all inputs read again what came after it.
   */
  restore(lines: readonly Stateful[], config: Places, replayable: boolean): void {
    const store = this.only(config);
    const mayGoBack = store !== undefined && replayable;
    for (const { lead, logged } of lines) {
      if (logged !== undefined) logged.marker.restore(this.#saidOf(logged.key, config), mayGoBack);
      else if (lead !== undefined) {
        const state = store?.stateOf(lead.key);
        lead.restore(isOwnState(state) ? state : undefined, mayGoBack);
      }
    }
    this.keep(lines, config);
  }

  /**
   * Has the state of outputs saved by the stores of this configuration from now on: by all of them where it is in a log,
   * else only if there is but one, whose commits then hold state and positions.
   */
  keep(lines: readonly Stateful[], config: Places): void {
    const only = this.only(config);
    for (const line of lines) {
      this.#keep(line, line.logged === undefined ? only === undefined ? [] : [only] : this.#allOf(config));
    }
  }

  /** Has the state of outputs saved no more. */
  leave(lines: readonly Stateful[]): void {
    for (const line of lines) this.#keep(line, []);
  }

  /** Every output has its store: what was saved of others does not count any more. */
  forgetOthers(): void {
    for (const store of this.#stores.values()) store.forgetOthers();
  }

  /**
   * Resolves once an open output may be sent to: when the stores have saved that its state is in its log, or that it
   * is in no log any more. With one store, an output without a log sees to the latter itself, before its first byte.
   */
  async ready({ output, lead, logged }: Pick<OutputLine, "output" | "lead" | "logged">): Promise<void> {
    await logged?.takeOver();
    const isKept = lead !== undefined && this.#keptBy.has(lead);
    if (logged !== undefined || (output.participant !== undefined && !isKept)) await this.#flush();
  }

  /** Has all stores forget the state of an output that does not take part. Rejects when that fails. */
  async forget(key: string): Promise<void> {
    const nothing: CheckpointParticipant = {
      key,
      snapshot: () => ({ state: undefined, sync: () => Promise.resolve() }),
      restore: () => {},
    };
    const stores = [...this.#stores.values()];
    for (const store of stores) store.join(nothing);
    await this.#flush();
    for (const store of stores) store.leave(nothing);
  }

  async #flush(): Promise<void> {
    await Promise.all(Array.from(this.#stores.values(), (store) => store.flush()));
  }

  #allOf(config: Places): CheckpointStore[] {
    return checkpointPlaces(config).flatMap(({ directory }) => this.#stores.get(directory) ?? []);
  }

  /** What the stores say of the state of an output that has a log; undefined where that cannot be relied on. */
  #saidOf(key: string, config: Places): JsonObject | undefined {
    // A store that had to go back to an older snapshot may not know of what came after that.
    const states = this.#allOf(config).map((store) =>
      store.condition === "restored" ? undefined : store.stateOf(key)
    );
    const [first] = states;
    const isAgreed = states.length === 1 ||
      (periodOf(first) !== undefined && states.every((state) => periodOf(state) === periodOf(first)));
    return isAgreed ? first : undefined;
  }

  #keep({ lead, logged, buffer }: Stateful, stores: readonly CheckpointStore[]): void {
    // What a log has that keeps no state, it knows by itself.
    const participant = logged?.marker ?? (buffer?.durable ? undefined : lead);
    if (participant === undefined) return;
    const before = this.#keptBy.get(participant) ?? [];
    for (const store of before) if (!stores.includes(store)) store.leave(participant);
    for (const store of stores) if (!before.includes(store)) store.join(participant);
    if (stores.length === 0) this.#keptBy.delete(participant);
    else this.#keptBy.set(participant, stores);
  }
}
