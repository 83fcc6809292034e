import type { RecordIds } from "../../batch.ts";
import type { Reply } from "./resp.ts";

/** Origins that are known at once at most; of others the server is asked. */
const MOST_KNOWN = 10_000;

/**
 * How far each origin (a file, for example) has got in each stream. The server keeps it, in the transaction that adds
 * the records; records of one origin come in the order of their offsets. A record counts as there if it lies before
 * what the server said when the origin was first seen, or was last in doubt: what this run sends for another reason,
 * such as a single record that failed, is always sent.
 */
export class DeliveredMarks {
  readonly #prefix: string;
  readonly #window: string;
  /** By the server's key: up to which offset records were there when that was asked, and which is noted now. */
  readonly #known = new Map<string, { readonly floor: number; noted: number }>();

  /** `window`: milliseconds that the server keeps what it was told last. */
  constructor(prefix: string, window: number) {
    this.#prefix = prefix;
    this.#window = String(Math.ceil(window / 1000));
  }

  /** Asks the server about the origins that are not known. */
  async learn(
    stream: string,
    ids: RecordIds | undefined,
    ask: (words: readonly string[]) => Promise<Reply>,
  ): Promise<void> {
    const unknown = [...this.#keys(stream, ids)].filter((key) => !this.#known.has(key));
    if (unknown.length === 0) return;
    const replies = await ask(["MGET", ...unknown]);
    unknown.forEach((key, index) => {
      const reply = Array.isArray(replies) ? replies[index] : null;
      const floor = typeof reply === "string" && /^\d+$/.test(reply) ? Number(reply) : -1;
      this.#known.set(key, { floor, noted: floor });
    });
  }

  /** Whether the server has the record from before. */
  has(stream: string, ids: RecordIds | undefined, index: number): boolean {
    const offset = ids?.offsets[index] ?? -1;
    const origin = ids?.origins.find(({ end }) => index < end);
    if (origin === undefined || offset < 0) return false;
    return offset <= (this.#known.get(this.#key(stream, origin.id))?.floor ?? -1);
  }

  /** The commands that note the records, by index, as delivered. */
  notes(stream: string, ids: RecordIds | undefined, records: readonly number[]): string[][] {
    const furthest = new Map<string, number>();
    for (const index of records) {
      const offset = ids?.offsets[index] ?? -1;
      const origin = ids?.origins.find(({ end }) => index < end);
      if (origin === undefined || offset < 0) continue;
      const key = this.#key(stream, origin.id);
      furthest.set(key, Math.max(furthest.get(key) ?? this.#known.get(key)?.noted ?? -1, offset));
    }
    return [...furthest].map(([key, offset]) => {
      const known = this.#known.get(key);
      if (known !== undefined) known.noted = offset;
      // What was noted long ago goes first.
      this.#known.delete(key);
      this.#known.set(key, known ?? { floor: -1, noted: offset });
      if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value ?? "");
      return ["SET", key, String(offset), "EX", this.#window];
    });
  }

  /** It is in doubt what of these records is there. */
  forget(stream: string, ids: RecordIds | undefined): void {
    for (const key of this.#keys(stream, ids)) this.#known.delete(key);
  }

  #keys(stream: string, ids: RecordIds | undefined): Set<string> {
    return new Set((ids?.origins ?? []).map(({ id }) => this.#key(stream, id)));
  }

  /** In a cluster, braces put it where the stream is. */
  #key(stream: string, origin: string): string {
    return `${this.#prefix}:{${stream}}:${origin}`;
  }
}
