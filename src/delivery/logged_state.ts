import type { CheckpointParticipant, JsonObject } from "../checkpoints/checkpoint_store.ts";

/**
 * The key under which a log's cursor names the period of its state, and a checkpoint store the one that counts. In a
 * store, an empty text stands beside the state that an output had without a log, while the log takes it over.
 */
const LOG = "log";
const TAKING_OVER = "";

/**
 * The state of an output that has a log. It is saved in the log's cursor, of the same moment as the place in the log.
 *
 * A log may be left and come back to. Meanwhile the state of its output was saved elsewhere, in a checkpoint store or in
 * another log, and an output that went back to the old one would cut off what was written since. So every period in
 * which an output has the same log has a random id. The log's cursor has it with the state, and the checkpoint stores
 * say which one counts. Two rules keep that true: before anything is sent through a log, the stores name its period;
 * and before anything is sent otherwise, they do not name it any more.
 */
export class LoggedState implements CheckpointParticipant {
  readonly key: string;
  /** Has the stores say that the log has the state. */
  readonly marker: CheckpointParticipant;
  readonly #own: CheckpointParticipant;
  /** The period. */
  #id: string = crypto.randomUUID();
  /** What the stores say. */
  #said: JsonObject | undefined;
  /** Whether all that came after the state in the store is read again. */
  #replayable = false;

  /** `own`: of the output. */
  constructor(own: CheckpointParticipant) {
    this.key = own.key;
    this.#own = own;
    this.marker = {
      key: own.key,
      snapshot: () => ({ state: this.#said, sync: () => Promise.resolve() }),
      restore: (state, replayable) => {
        this.#replayable = replayable;
        const isNamed = state === undefined || periodOf(state) !== undefined;
        // Without a log, the output must not go back to it any more: what came behind it goes to the log now.
        this.#said = isNamed ? state : { ...state, [LOG]: TAKING_OVER };
      },
    };
  }

  get commit(): (() => Promise<void>) | undefined {
    return this.#own.commit;
  }

  set commit(commit: (() => Promise<void>) | undefined) {
    this.#own.commit = commit;
  }

  snapshot(): { readonly state: JsonObject; sync(): Promise<void> } {
    const { state, sync } = this.#own.snapshot();
    return { state: { ...state, [LOG]: this.#id }, sync };
  }

  /** Takes the newest state that there is. `state`: from the log's cursor; `isIntact`: what came after it comes again. */
  restore(state: JsonObject | undefined, isIntact: boolean): void {
    const said = this.#said;
    const period = periodOf(state);
    if (said?.[LOG] === TAKING_OVER) {
      // The inputs read it again, and some of it may be in the log by now.
      this.#own.restore(said, this.#replayable && isIntact);
    } else if (period !== undefined && period === periodOf(said)) {
      this.#id = period;
      this.#own.restore(state, isIntact);
    } else {
      this.#own.restore(undefined, false);
    }
  }

  /**
   * The output is open, and has nothing to go back to any more: saves its state with the log. After that, the stores are
   * to save that it is there. Rejects when that fails.
   */
  async takeOver(): Promise<void> {
    if (periodOf(this.#said) === this.#id) return;
    const { commit } = this.#own;
    if (commit === undefined) throw new Error("its log is closed");
    await commit();
    this.#said = { [LOG]: this.#id };
  }
}

/** Which period of a log a state belongs to; undefined for one of an output without a log. */
export function periodOf(state: JsonObject | undefined): string | undefined {
  const period = state?.[LOG];
  return typeof period === "string" && period !== TAKING_OVER ? period : undefined;
}

/** Whether an output without a log may go back to this state. */
export function isOwnState(state: JsonObject | undefined): boolean {
  return state !== undefined && !(LOG in state);
}
