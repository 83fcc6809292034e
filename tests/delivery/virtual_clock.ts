import { turn } from "../contracts/batches.ts";

interface Timer {
  readonly at: number;
  readonly end: (elapsed: boolean) => void;
}

/** Time that passes only while everybody waits for it. */
export class VirtualClock {
  now = 0;
  #timers: Timer[] = [];

  /** Waits `ms`; resolves with true, or with false as soon as `stop` aborts. */
  readonly sleep = (ms: number, stop?: AbortSignal): Promise<boolean> => {
    if (stop?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (elapsed: boolean) => {
        this.#timers = this.#timers.filter((each) => each !== timer);
        stop?.removeEventListener("abort", onAbort);
        resolve(elapsed);
      };
      const onAbort = () => end(false);
      const timer = { at: this.now + ms, end };
      this.#timers.push(timer);
      stop?.addEventListener("abort", onAbort, { once: true });
    });
  };

  /** How many wait. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Lets time pass until the promise settles, from one timer to the next. */
  async until<Result>(promise: Promise<Result>): Promise<Result> {
    let settled = false;
    const done = () => settled = true;
    promise.then(done, done);
    for (;;) {
      await turn();
      if (settled) return await promise;
      this.#next();
    }
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await turn();
      if (!this.#timers.some(({ at }) => at <= end)) break;
      this.#next();
    }
    this.now = end;
    await turn();
  }

  #next(): void {
    const next = this.#timers.reduce<Timer | undefined>(
      (first, timer) => first === undefined || timer.at < first.at ? timer : first,
      undefined,
    );
    if (next === undefined) throw new Error("Nobody waits for the time, and yet nothing happens");
    this.now = Math.max(this.now, next.at);
    next.end(true);
  }
}
