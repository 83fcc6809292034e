import { formatDuration } from "../../lib/duration.ts";
import type { Log } from "../../lib/log.ts";

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

/** What an error says, without the system's numbers. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: string }).code;
  if (error instanceof Deno.errors.NotCapable) return error.message;
  if (code === "EACCES" || error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (code === "EMFILE" || code === "ENFILE") return "too many open files";
  return error.message.replace(/^Cannot read ".*?": /, "").replace(/^E[A-Z]+: /, "");
}
