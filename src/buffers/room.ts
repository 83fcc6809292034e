/** Whether there is room for so many events and bytes, with so many others granted and not written yet. */
export type Fits = (events: number, bytes: number, grantedEvents: number, grantedBytes: number) => boolean;

interface Waiter {
  readonly events: number;
  readonly bytes: number;
  readonly grant: (room: boolean) => void;
}

/** Those who wait for room, served in the order they came. */
export class Room {
  readonly #fits: Fits;
  #waiting: Waiter[] = [];
  readonly #fullListeners = new Set<() => void>();
  #isClosed = false;

  constructor(fits: Fits) {
    this.#fits = fits;
  }

  /** Whether nobody would have to wait. */
  has(events: number, bytes: number): boolean {
    return !this.#isClosed && this.#waiting.length === 0 && this.#fits(events, bytes, 0, 0);
  }

  /** Resolves with true once there is room, with false once it is closed. */
  wait(events: number, bytes: number): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    if (this.#waiting.length === 0 && this.#fits(events, bytes, 0, 0)) return Promise.resolve(true);
    for (const tell of this.#fullListeners) tell();
    return new Promise((grant) => this.#waiting.push({ events, bytes, grant }));
  }

  /** Resolves once somebody waits for room, it is closed, or `stop` aborts. */
  whenFull(stop: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0 || this.#isClosed || stop.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const tell = () => {
        this.#fullListeners.delete(tell);
        stop.removeEventListener("abort", tell);
        resolve();
      };
      this.#fullListeners.add(tell);
      stop.addEventListener("abort", tell, { once: true });
    });
  }

  /** Looks whether there is room for those who wait. What is granted here is not written yet, so it counts. */
  serve(): void {
    let events = 0;
    let bytes = 0;
    let next = this.#waiting[0];
    while (next !== undefined && this.#fits(next.events, next.bytes, events, bytes)) {
      this.#waiting.shift();
      events += next.events;
      bytes += next.bytes;
      next.grant(true);
      next = this.#waiting[0];
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const tell of this.#fullListeners) tell();
    for (const waiter of this.#waiting.splice(0)) waiter.grant(false);
  }
}
