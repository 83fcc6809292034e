import type { Source } from "../event.ts";

/** How many sources a worker keeps; there may be thousands of files over time. */
const SIZE = 1024;

/** The numbers under which one worker knows sources, so that each is sent once and not with every job. */
export class SourceTable {
  readonly #numbers = new Map<Source, number>();
  readonly #sources: Source[] = [];
  #next = 0;

  /** The number of a source, and the source itself where the worker has yet to learn it. */
  refer(source: Source): { number: number; newSource: Source | undefined } {
    const known = this.#numbers.get(source);
    if (known !== undefined) return { number: known, newSource: undefined };
    const number = this.#next;
    this.#next = (number + 1) % SIZE;
    const displaced = this.#sources[number];
    if (displaced !== undefined) this.#numbers.delete(displaced);
    this.#sources[number] = source;
    this.#numbers.set(source, number);
    return { number, newSource: source };
  }
}
