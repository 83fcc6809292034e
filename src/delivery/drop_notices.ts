import type { Log } from "../lib/log.ts";

/** While records are dropped, this is said once in so many ms. */
const INTERVAL = 60_000;

/** Says how many records an output's full buffer has cost: at once, and then once a minute for as long as it goes on. */
export class DropNotices implements Disposable {
  readonly #log: Log;
  readonly #output: string;
  #untold = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(log: Log, output: string) {
    this.#log = log;
    this.#output = output;
  }

  /** `what`: which records were dropped, for example "the oldest". */
  add(records: number, what: string): void {
    this.#untold += records;
    if (this.#timer === undefined) this.#tell(what);
  }

  #tell(what: string): void {
    const records = this.#untold;
    this.#untold = 0;
    const output = this.#output;
    this.#log.warn(
      `Dropped ${records} record${
        records === 1 ? "" : "s"
      } for output "${output}", ${what}: its buffer is full`,
      { output, records, reason: "buffer_full" },
    );
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#untold > 0) this.#tell(what);
    }, INTERVAL);
    // Nothing has to stay alive for the sake of a notice.
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
