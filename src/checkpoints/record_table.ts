import type { JsonObject } from "./checkpoint_store.ts";
import type { Change } from "./store_image.ts";

/** The records in memory, and which of them may differ from what is saved. */
export class RecordTable {
  readonly #values = new Map<string, JsonObject | (() => JsonObject)>();
  readonly #dirty = new Set<string>();

  /** Starts with what is saved. */
  constructor(saved: ReadonlyMap<string, string>) {
    for (const [key, text] of saved) this.#values.set(key, JSON.parse(text));
  }

  get(key: string): JsonObject | undefined {
    const value = this.#values.get(key);
    return typeof value === "function" ? value() : value;
  }

  *entries(): Iterable<readonly [string, JsonObject]> {
    for (const [key, value] of this.#values) yield [key, typeof value === "function" ? value() : value];
  }

  set(key: string, value: JsonObject | (() => JsonObject)): void {
    this.#values.set(key, value);
    this.#dirty.add(key);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#dirty.add(key);
  }

  /** Says that these have to be saved again. */
  touch(keys: Iterable<string>): void {
    for (const key of keys) this.#dirty.add(key);
  }

  /**
   * What differs from `saved` among these keys, or among all that were touched since they were last collected. They
   * count as saved from here on.
   */
  collect(saved: ReadonlyMap<string, string>, keys: Iterable<string> = this.#dirty): Map<string, Change> {
    const changes = new Map<string, Change>();
    for (const key of keys) {
      const value = this.get(key);
      const text = value === undefined ? undefined : JSON.stringify(value);
      if (text !== saved.get(key)) changes.set(key, { kind: "record", key, text });
      if (value !== undefined) this.#values.set(key, value);
    }
    // Only now: had a function thrown, all would still be to be saved.
    for (const key of [...keys]) this.#dirty.delete(key);
    return changes;
  }
}
