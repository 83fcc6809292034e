/** A JSON object, as checkpoints are stored. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/**
 * An output whose own state must move together with the positions: what a file output has appended, in bytes, is
 * saved in the same atomic commit as the positions whose records these bytes hold.
 */
export interface CheckpointParticipant {
  /** Unique among participants; the store keeps the state under it. */
  readonly key: string;
  /**
   * Called in the same turn of the event loop in which the store collects the positions, so both tell of the same
   * moment. `state` is saved once `sync` has resolved (an fsync, or nothing); undefined: there is nothing to save.
   * `isLast`: the store closes, and whatever the participant does from now on is saved no more.
   */
  snapshot(isLast?: boolean): { readonly state: JsonObject | undefined; sync(): Promise<void> };
  /**
   * Gives the participant what was saved last, before the output opens. `replayable` is true when all that came
   * after it will be read again, so that the participant may cut back to it.
   */
  restore(state: JsonObject | undefined, replayable: boolean): void;
  /** Set by the store: commits positions and states now; resolves once durable. */
  commit?: (() => Promise<void>) | undefined;
}

/**
 * Positions by key, kept in memory and saved together. Deno KV stands behind it. Reads never touch the disk after
 * `open`.
 */
export interface CheckpointStore extends AsyncDisposable {
  /** The directory that the store owns. */
  readonly directory: string;
  /**
   * `intact`: all that was ever saved is there. `new`: the directory was empty. `restored`: the database was damaged
   * or gone and an older snapshot took its place. `lost`: nothing could be saved from it.
   */
  readonly condition: "new" | "intact" | "restored" | "lost";
  get(key: string): JsonObject | undefined;
  entries(): Iterable<readonly [key: string, value: JsonObject]>;
  /** Replaces a record. A function is called when the store saves, so that costly parts are computed once an interval. */
  set(key: string, value: JsonObject | (() => JsonObject)): void;
  delete(key: string): void;
  /**
   * Saves only these records, now: for records that must be durable before their first event leaves. Participants'
   * states stay as they were, so a record whose position moved since it was last saved needs `flush` instead: an
   * output cut back to an older state would lose what lies between.
   */
  persist(keys: readonly string[]): Promise<void>;
  /**
   * Saves all that changed, participants included, in as few atomic commits as possible. Rejects when that fails;
   * everything then stays in memory and is tried again by the next flush.
   */
  flush(): Promise<void>;
  /** Lets an output take part in every commit from now on. */
  join(participant: CheckpointParticipant): void;
  leave(participant: CheckpointParticipant): void;
  /**
   * All that take part have joined: from now on, what was saved of others is removed with the next commit. It does not
   * belong to positions that are saved without it, and an output that went back to it would cut off what was written
   * since.
   */
  forgetOthers(): void;
  /** What was saved last for the participant of this key, also before it joined. */
  stateOf(key: string): JsonObject | undefined;
}
