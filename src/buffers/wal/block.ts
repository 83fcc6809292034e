/** Memory of this size is shared by many batches; larger batches get their own. */
const BLOCK_BYTES = 1024 * 1024;

/** Memory that several batches lie in, seen in the widths that frames are made of. */
export class Block {
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly f64: Float64Array<ArrayBuffer>;
  /** How many still need what lies in it. */
  uses = 0;

  /** `length`: bytes, a multiple of 8. */
  constructor(length: number) {
    const buffer = new ArrayBuffer(length);
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }
}

/** A place in a block; `start` is a multiple of 8. */
export interface Slice {
  readonly block: Block;
  readonly start: number;
}

/** The next multiple of 8. */
export function pad8(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/**
 * Hands out memory for batches, one after the other from the same block, so that batches written together lie side by
 * side and reach the file in one write. Blocks are used again: fresh memory costs more than filling it.
 */
export class Arena {
  readonly #spareLimit: number;
  readonly #spare: Block[] = [];
  #current: Block | undefined;
  #used = 0;

  /** `spareBytes`: memory that is kept for later at most. */
  constructor(spareBytes: number) {
    this.#spareLimit = Math.max(1, Math.floor(spareBytes / BLOCK_BYTES));
  }

  /** Memory with anything in it, used once. */
  take(length: number): Slice {
    const needed = pad8(length);
    if (needed > BLOCK_BYTES) {
      const block = new Block(needed);
      block.uses = 1;
      return { block, start: 0 };
    }
    let block = this.#current;
    if (block === undefined || this.#used + needed > BLOCK_BYTES) {
      const last = block;
      block = this.#current = this.#spare.pop() ?? new Block(BLOCK_BYTES);
      this.#used = 0;
      if (last?.uses === 0) this.#keep(last);
    }
    const start = this.#used;
    this.#used += needed;
    block.uses++;
    return { block, start };
  }

  /** One use less; a block that nobody uses any more is handed out again. */
  release(block: Block): void {
    block.uses--;
    if (block.uses !== 0) return;
    if (block === this.#current) this.#used = 0;
    else this.#keep(block);
  }

  #keep(block: Block): void {
    if (block.u8.length === BLOCK_BYTES && this.#spare.length < this.#spareLimit) this.#spare.push(block);
  }
}
