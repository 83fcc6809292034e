import type { CheckpointParticipant, JsonObject } from "../checkpoints/checkpoint_store.ts";
import { type OffsetRange, OffsetRanges } from "./offset_ranges.ts";

/**
 * What an output has of streams whose positions stay behind, since another output lacks it. When it comes again, after
 * a restart or a reload, it is left out.
 *
 * It is saved together with the output's own state: were the file of an output shorter than its lead says, lines would
 * be missing.
 */
export class Lead implements CheckpointParticipant {
  readonly key: string;
  readonly #ranges = new OffsetRanges();
  readonly #own: CheckpointParticipant | undefined;

  /** `own`: of the output of this name. */
  constructor(name: string, own?: CheckpointParticipant) {
    this.key = own?.key ?? `output:${name}`;
    this.#own = own;
  }

  get isEmpty(): boolean {
    return this.#ranges.isEmpty;
  }

  /** In ascending order; undefined where there is none. */
  of(stream: string): readonly OffsetRange[] | undefined {
    return this.#ranges.of(stream);
  }

  add(stream: string, from: number, until: number): void {
    this.#ranges.add(stream, from, until);
  }

  /** The position of a stream has come up to this offset. */
  drop(stream: string, until: number): void {
    this.#ranges.drop(stream, until);
  }

  get commit(): (() => Promise<void>) | undefined {
    return this.#own?.commit;
  }

  set commit(commit: (() => Promise<void>) | undefined) {
    if (this.#own !== undefined) this.#own.commit = commit;
  }

  snapshot(isLast?: boolean): { readonly state: JsonObject | undefined; sync(): Promise<void> } {
    const own = this.#own?.snapshot(isLast) ?? { state: undefined, sync: () => Promise.resolve() };
    if (this.isEmpty) return own;
    return { state: { ...own.state, lead: this.#ranges.toState() }, sync: () => own.sync() };
  }

  restore(state: JsonObject | undefined, replayable: boolean): void {
    this.#ranges.restore(state?.["lead"]);
    this.#own?.restore(state, replayable);
  }
}
