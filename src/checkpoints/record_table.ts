import type { JsonObject } from "./checkpoint_store.ts";
import type { Change } from "./store_image.ts";

/** What a record was when it was read. */
export interface Reading {
  readonly value: JsonObject | undefined;
  /** As it was set. */
  readonly source: JsonObject | (() => JsonObject) | undefined;
  readonly change: Change;
}

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

  /** What a record is now. */
  read(key: string): Reading {
    const value = this.get(key);
    const text = value === undefined ? undefined : JSON.stringify(value);
    return { value, source: this.#values.get(key), change: { kind: "record", key, text } };
  }

  /** These readings are saved, or about to be: such a record is saved again only if it was set since. */
  settle(readings: Iterable<Reading>): void {
    for (const { change: { key }, source, value } of readings) {
      if (this.#values.get(key) !== source) continue;
      if (value !== undefined) this.#values.set(key, value);
      this.#dirty.delete(key);
    }
  }

  /** What differs from `saved` of all that was touched since it was last collected. It counts as saved from here on. */
  collect(saved: ReadonlyMap<string, string>): Map<string, Change> {
    const readings = Array.from(this.#dirty, (key) => this.read(key));
    // Only now: had a function thrown, all would still be to be saved.
    this.settle(readings);
    const changes = readings.map(({ change }) => change).filter(({ key, text }) => text !== saved.get(key));
    return new Map(changes.map((change) => [change.key, change]));
  }
}
