/**
 * A number of bytes that may be in memory at once, shared first come, first served. A request larger than the whole
 * budget is granted when nothing else is out, so one oversized batch cannot block for ever.
 */
export class ByteBudget {
  #limit: number;
  #used = 0;
  #closed = false;
  readonly #waiting: { bytes: number; grant: (granted: boolean) => void }[] = [];

  /** `limit`: bytes; at least 1. */
  constructor(limit: number) {
    if (!(limit >= 1)) {
      throw new RangeError(`Cannot create a byte budget: limit is ${limit}; must be at least 1`);
    }
    this.#limit = limit;
  }

  /** Bytes that are out now. */
  get used(): number {
    return this.#used;
  }

  /** Takes `bytes` at once if they are free and nobody waits for some. */
  tryTake(bytes: number): boolean {
    if (this.#closed || this.#waiting.length > 0 || !this.#fits(bytes)) return false;
    this.#used += bytes;
    return true;
  }

  /** Resolves with true once `bytes` are taken, or with false when the budget is closed first. */
  take(bytes: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.tryTake(bytes)) return Promise.resolve(true);
    return new Promise((grant) => this.#waiting.push({ bytes, grant }));
  }

  /** Sets another limit. What is out already may exceed it. */
  resize(limit: number): void {
    this.#limit = limit;
    this.#serve();
  }

  /** Gives bytes back and serves those who wait. */
  give(bytes: number): void {
    this.#used -= bytes;
    this.#serve();
  }

  #serve(): void {
    let next = this.#waiting[0];
    while (next !== undefined && this.#fits(next.bytes)) {
      this.#waiting.shift();
      this.#used += next.bytes;
      next.grant(true);
      next = this.#waiting[0];
    }
  }

  /** Refuses all who wait and all who come; what is out may still be given back. */
  close(): void {
    this.#closed = true;
    for (const { grant } of this.#waiting.splice(0)) grant(false);
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#limit;
  }
}
