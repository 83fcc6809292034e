import type { CheckpointParticipant, JsonObject } from "./checkpoint_store.ts";
import type { Change } from "./store_image.ts";

/** The states of one moment. */
export interface CollectedStates {
  readonly changed: boolean;
  /** Makes durable what the states tell of; resolves with the changes to save. */
  sync(): Promise<Change[]>;
  /** To be called once these changes are saved. */
  saved(): void;
}

/** A state whose participant is gone already. */
interface Left {
  readonly state: JsonObject | undefined;
  readonly synced: Promise<boolean>;
}

/** Those whose state is saved together with the positions. */
export class Participants {
  readonly #joined = new Map<string, CheckpointParticipant>();
  readonly #left = new Map<string, Left>();
  #forgetsOthers = false;

  /** Throws when another one has the same key: the two would overwrite each other's state. */
  join(participant: CheckpointParticipant, commit: () => Promise<void>): void {
    const { key } = participant;
    if (this.#joined.has(key)) {
      throw new Error(
        `Cannot join "${key}" to the checkpoints: it takes part already; a key can be used once`,
      );
    }
    this.#joined.set(key, participant);
    participant.commit = commit;
  }

  /**
   * Takes the last state along into the next commit: positions that are saved later count on it. If it cannot be made
   * durable, the saved state is removed, since an output must not be cut back to an older one.
   */
  leave(participant: CheckpointParticipant): void {
    const { key } = participant;
    if (this.#joined.get(key) !== participant) return;
    this.#joined.delete(key);
    participant.commit = undefined;
    const moment = participant.snapshot();
    this.#left.set(key, { state: moment.state, synced: moment.sync().then(() => true, () => false) });
  }

  /** From now on states of those that do not take part are removed. */
  forgetOthers(): void {
    this.#forgetsOthers = true;
  }

  /** The state that a participant left behind and that is not saved yet. */
  leftBy(key: string): JsonObject | undefined {
    return this.#left.get(key)?.state;
  }

  /** Asks all for their state, in one turn of the event loop. `isLast`: for the last time. */
  collect(saved: ReadonlyMap<string, string>, isLast = false): CollectedStates {
    const moments = Array.from(this.#joined, ([key, participant]) => {
      const moment = participant.snapshot(isLast);
      return { key, text: textOf(moment.state), sync: () => moment.sync() };
    });
    const left = [...this.#left];
    const others = this.#forgetsOthers
      ? [...saved.keys(), ...this.#left.keys()].filter((key) => !this.#joined.has(key))
      : [];
    return {
      changed: left.length > 0 || others.length > 0 ||
        moments.some(({ key, text }) => saved.get(key) !== text),
      sync: async () => {
        const states = new Map<string, string | undefined>();
        for (const [key, { state, synced }] of left) {
          states.set(key, await synced ? textOf(state) : undefined);
        }
        for (const key of others) states.set(key, undefined);
        await Promise.all(moments.map(({ sync }) => sync()));
        for (const { key, text } of moments) states.set(key, text);
        return Array.from(states, ([key, text]): Change => ({ kind: "state", key, text }))
          .filter(({ key, text }) => saved.get(key) !== text);
      },
      saved: () => {
        for (const [key, state] of left) if (this.#left.get(key) === state) this.#left.delete(key);
      },
    };
  }
}

function textOf(state: JsonObject | undefined): string | undefined {
  return state === undefined ? undefined : JSON.stringify(state);
}
