import { type Fingerprint, hashOf, HEAD_BYTES, readFully } from "./fingerprint.ts";
import type { ByteSource, FileFacts } from "./open_file.ts";

/** So many files are remembered. */
const LIMIT = 10_000;

/**
 * Remembers how files begin, by their facts, so that however many searches there are each file is opened once to learn
 * that it is another one than the wanted: hundreds of compressed generations may stand in a directory.
 */
export class HeadIndex {
  /** The hash of the first {@link HEAD_BYTES}; "" where the file is shorter. */
  readonly #heads = new Map<string, string>();

  /** False where a file is known to begin otherwise than `wanted`. */
  mayHold(facts: FileFacts, wanted: Fingerprint): boolean {
    if (wanted.headLen < HEAD_BYTES) return true;
    const head = this.#heads.get(stateOf(facts));
    return head === undefined || head === wanted.head;
  }

  /** Notes how a file begins whose facts were these when it was opened. Throws what reading throws. */
  async note(facts: FileFacts, contents: ByteSource): Promise<void> {
    const state = stateOf(facts);
    if (this.#heads.has(state)) return;
    const head = await readFully(contents, 0, HEAD_BYTES);
    if (this.#heads.size >= LIMIT) this.#heads.clear();
    this.#heads.set(state, head.length < HEAD_BYTES ? "" : hashOf(head));
  }
}

/** Changes when something is written to the file. */
function stateOf({ key, size, mtime }: FileFacts): string {
  return `${key}:${size}:${mtime}`;
}
