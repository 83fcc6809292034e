const QUOTE = 0x22;
const BUCKETS = 256;

/**
 * Finds which of a few names stands between two quotes. A name that JSON writes with escapes, or that is no well-formed
 * text, is never found: keys with escapes are not looked up.
 */
export class NameTable {
  /** By hash: 1 + the slot to compare first, or 0. */
  readonly #first = new Int32Array(BUCKETS);
  /** By slot: 1 + the slot to compare next, or 0. */
  readonly #next: Int32Array;
  /** Where each name begins in the bytes; one more than there are names. */
  readonly #starts: Int32Array;
  readonly #bytes: Uint8Array;

  /** `names`: each one once; its index is its slot. */
  constructor(names: readonly string[]) {
    const encoder = new TextEncoder();
    const encoded = names.map((name) => encoder.encode(name));
    this.#next = new Int32Array(names.length);
    this.#starts = new Int32Array(names.length + 1);
    encoded.forEach((bytes, slot) => this.#starts[slot + 1] = (this.#starts[slot] ?? 0) + bytes.length);
    this.#bytes = new Uint8Array(this.#starts[names.length] ?? 0);
    encoded.forEach((bytes, slot) => {
      this.#bytes.set(bytes, this.#starts[slot]);
      const name = names[slot] ?? "";
      if (!name.isWellFormed() || JSON.stringify(name) !== `"${name}"`) return;
      const hash = hashOf(bytes[0] ?? QUOTE, bytes[bytes.length - 1] ?? QUOTE, bytes.length);
      this.#next[slot] = this.#first[hash] ?? 0;
      this.#first[hash] = slot + 1;
    });
  }

  /** The slot of the name in bytes[from..to), which stands between quotes; -1 if it is none of these. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    let entry = this.#first[hashOf(bytes[from] as number, bytes[to - 1] as number, length)] as number;
    while (entry !== 0) {
      const slot = entry - 1;
      const start = this.#starts[slot] as number;
      if ((this.#starts[entry] as number) - start === length) {
        let index = 0;
        while (index < length && this.#bytes[start + index] === bytes[from + index]) index++;
        if (index === length) return slot;
      }
      entry = this.#next[slot] as number;
    }
    return -1;
  }
}

/** A number below `BUCKETS` from the ends and the length of a name. */
function hashOf(first: number, last: number, length: number): number {
  return (first * 3 + last * 31 + length * 17) & (BUCKETS - 1);
}
