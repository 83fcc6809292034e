import { decodeValue, encodeValue, joinParts } from "./value_codec.ts";
import { type Change, emptyImage, partOf, type StoreImage } from "./store_image.ts";

/**
 * Keys:
 *
 *     ["ck", key]           a record; ["ck", key, 1], ["ck", key, 2] … the rest of a value above PART_BYTES
 *     ["out", key]          a participant's state, the rest likewise
 *     ["meta", "sequence"]  the number of the last complete commit
 *
 * All parts of one value are always in the same atomic commit.
 */
const PREFIX = { record: "ck", state: "out" } as const;
const SEQUENCE_KEY: Deno.KvKey = ["meta", "sequence"];

// Deno KV takes 65,536 bytes a value and 1,000 mutations, 819,200 bytes, 81,920 bytes of keys an atomic commit. The
// numbers here leave room for what it adds and for the sequence.
const PART_BYTES = 64_000;
const ATOMIC_MUTATIONS = 950;
const ATOMIC_BYTES = 800_000;
const ATOMIC_KEY_BYTES = 76_000;
/** What a key takes beside its name: the prefix, the part's number and their type marks. */
const KEY_OVERHEAD = 20;
const encoder = new TextEncoder();
/** Longest key in UTF-8 bytes. */
export const MAX_KEY_BYTES = 1_900;
/** Largest record or state in bytes of JSON: it has to fit into one atomic commit. */
export const MAX_VALUE_BYTES = 768_000;

/** What the database holds. */
export interface DatabaseContent {
  readonly image: StoreImage;
  /** Whether a commit was ever completed; false: new, emptied, or left in the middle of being built. */
  readonly complete: boolean;
  /** Number of records and states that cannot be read. */
  readonly damaged: number;
}

interface Mutation {
  readonly key: Deno.KvKey;
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

/** A change as the database takes it. */
interface Prepared {
  readonly change: Change;
  readonly mutations: readonly Mutation[];
  readonly bytes: number;
  readonly keyBytes: number;
}

/** The Deno KV file with checkpoints in it. Not for concurrent use: the store runs one commit after the other. */
export class KvDatabase implements Disposable {
  readonly #kv: Deno.Kv;
  /** Number of parts of each value that has more than one, by joined key. */
  readonly #parts = new Map<string, number>();

  private constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Opens or creates the file. Only for a file that passed `checkDatabase`: a damaged one ends the process. */
  static async open(path: string): Promise<KvDatabase> {
    return new KvDatabase(await Deno.openKv(path));
  }

  /** Reads everything. */
  async load(): Promise<DatabaseContent> {
    const sequence = await this.#kv.get<number>(SEQUENCE_KEY);
    const image = { ...emptyImage(), sequence: typeof sequence.value === "number" ? sequence.value : 0 };
    let damaged = 0;
    for (const kind of ["state", "record"] as const) {
      const values = new Map<string, Uint8Array[]>();
      for await (const entry of this.#kv.list({ prefix: [PREFIX[kind]] }, { batchSize: 500 })) {
        const key = String(entry.key[1]);
        const bytes = entry.value instanceof Uint8Array ? entry.value : new Uint8Array();
        const parts = values.get(key);
        if (parts === undefined) values.set(key, [bytes]);
        else parts.push(bytes);
      }
      for (const [key, parts] of values) {
        if (parts.length > 1) this.#parts.set(partsKey({ kind, key }), parts.length);
        const text = decodeValue(joinParts(parts));
        if (text === undefined) damaged++;
        else partOf(image, kind).set(key, text);
      }
    }
    return { image, complete: sequence.versionstamp !== null, damaged };
  }

  /** Removes everything, the sequence first: what is left in between is not taken for complete. */
  async clear(): Promise<void> {
    await this.#kv.delete(SEQUENCE_KEY);
    for await (const { key } of this.#kv.list({ prefix: [] }, { batchSize: 500 })) await this.#kv.delete(key);
    this.#parts.clear();
  }

  /**
   * Saves the changes in their order, in as few atomic commits as possible. `saved` is told of each change that is
   * durable; the sequence goes with the last commit, so a half-done series is never taken for a whole one.
   */
  async commit(changes: readonly Change[], sequence: number, saved: (change: Change) => void): Promise<void> {
    let group: Prepared[] = [];
    let [mutations, bytes, keyBytes] = [0, 0, 0];
    for (const change of changes) {
      const next = this.#prepare(change);
      const full = mutations + next.mutations.length > ATOMIC_MUTATIONS ||
        bytes + next.bytes > ATOMIC_BYTES || keyBytes + next.keyBytes > ATOMIC_KEY_BYTES;
      if (full && group.length > 0) {
        await this.#write(group, saved);
        group = [];
        [mutations, bytes, keyBytes] = [0, 0, 0];
      }
      group.push(next);
      mutations += next.mutations.length;
      bytes += next.bytes;
      keyBytes += next.keyBytes;
    }
    await this.#write(group, saved, sequence);
  }

  [Symbol.dispose](): void {
    this.#kv.close();
  }

  async #write(
    group: readonly Prepared[],
    saved: (change: Change) => void,
    sequence?: number,
  ): Promise<void> {
    const atomic = this.#kv.atomic();
    for (const { mutations } of group) {
      for (const { key, bytes } of mutations) {
        if (bytes === undefined) atomic.delete(key);
        else atomic.set(key, bytes);
      }
    }
    if (sequence !== undefined) atomic.set(SEQUENCE_KEY, sequence);
    await atomic.commit();
    for (const { change, mutations } of group) {
      const parts = mutations.filter(({ bytes }) => bytes !== undefined).length;
      if (parts > 1) this.#parts.set(partsKey(change), parts);
      else this.#parts.delete(partsKey(change));
      saved(change);
    }
  }

  #prepare(change: Change): Prepared {
    const { kind, key, text } = change;
    const value = text === undefined ? new Uint8Array() : encodeValue(text);
    if (value.length > MAX_VALUE_BYTES) {
      throw new RangeError(
        `Cannot save the checkpoint "${key}": it has ${value.length} bytes; at most ${MAX_VALUE_BYTES} are allowed`,
      );
    }
    const count = Math.ceil(value.length / PART_BYTES);
    const mutations: Mutation[] = [];
    for (let part = 0; part < Math.max(count, this.#parts.get(partsKey(change)) ?? 1); part++) {
      mutations.push({
        key: part === 0 ? [PREFIX[kind], key] : [PREFIX[kind], key, part],
        bytes: part < count ? value.slice(part * PART_BYTES, (part + 1) * PART_BYTES) : undefined,
      });
    }
    const keyBytes = mutations.length * (encodedLength(key) + KEY_OVERHEAD);
    return { change, mutations, bytes: value.length + keyBytes, keyBytes };
  }
}

function partsKey({ kind, key }: Pick<Change, "kind" | "key">): string {
  return `${kind} ${key}`;
}

function encodedLength(key: string): number {
  return encoder.encode(key).length;
}
