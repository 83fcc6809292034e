import { formatDuration } from "../../lib/duration.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

interface Obstacle {
  readonly reason: string;
  readonly retry: number;
  readonly retryAt: number;
}

/** Remembers what cannot be read, so that it is said once and tried again with growing pauses. */
export class Obstacles {
  readonly #known = new Map<string, Obstacle>();

  /** `now`: ms since 1970. */
  constructor(
    private readonly log: Log,
    private readonly input: string,
    private readonly now: () => number,
  ) {}

  /** Notes that `path` could not be read. */
  add(path: string, error: unknown): void {
    const reason = reasonOf(error);
    const known = this.#known.get(path);
    const retry = known === undefined ? FIRST_RETRY_MS : Math.min(LAST_RETRY_MS, known.retry * 2);
    if (known !== undefined && known.reason === reason && this.now() < known.retryAt) return;
    this.#known.set(path, { reason, retry, retryAt: this.now() + retry });
    if (known?.reason === reason) return;
    this.log.warn(
      `Cannot read "${path}" for input "${this.input}": ${reason}; next try in ${formatDuration(retry)}`,
      { path },
    );
  }

  /** Whether `path` is not to be tried yet. */
  blocks(path: string): boolean {
    const known = this.#known.get(path);
    return known !== undefined && this.now() < known.retryAt;
  }

  /** Notes that `path` could be read. */
  clear(path: string): void {
    if (!this.#known.delete(path)) return;
    this.log.info(`"${path}" can be read again`, { path });
  }
}
