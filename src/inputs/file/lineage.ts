import { hashOf } from "./fingerprint.ts";
import type { ReadPosition } from "./read_position.ts";

/** A position in the life of a file: generation and place in it. */
export interface LineagePosition {
  readonly gen: number;
  readonly at: ReadPosition;
}

/** How the present contents of a file begin. */
export interface Beginning {
  /** The first bytes; none while it is empty. */
  readonly head: Uint8Array;
  /** When they were looked at, in ms since 1970. */
  readonly seenAt: number;
  /** When the file had been written last, as far as that was known then. */
  readonly mtime: number;
}

/** Of a longer first line this much counts, in bytes. */
const FIRST_LINE_BYTES = 128;

/**
 * The id of the generation that is being read: lineage, number, and a hash of its first line. The first line keeps two
 * apart that got the same number, since a copy between them was deleted while nobody looked.
 */
export class GenerationId {
  #gen = -1;
  #id = "";

  /** `head`: the first bytes of the generation, its first line at least. */
  of(lid: string, gen: number, head: Uint8Array): string {
    if (gen !== this.#gen) {
      this.#gen = gen;
      this.#id = `${lid}.${gen}.${hashOf(firstLineOf(head)).slice(0, 6)}`;
    }
    return this.#id;
  }
}

function firstLineOf(head: Uint8Array): Uint8Array {
  const end = head.indexOf(0x0a);
  return head.subarray(0, end === -1 ? FIRST_LINE_BYTES : Math.min(end + 1, FIRST_LINE_BYTES));
}
