import type { LogEntry } from "./log_entry.ts";

/** How many messages of one shape may pass in one window, and how long a window is, in milliseconds. */
export interface RepeatLimiterOptions {
  readonly limit: number;
  readonly window: number;
  /** What makes two entries "the same". */
  readonly key: (entry: LogEntry) => string;
  /** Takes what passed, and the line that sums up what did not. */
  readonly pass: (entry: LogEntry) => void;
}

interface Window {
  readonly endsAt: number;
  passed: number;
  suppressed: number;
  last: LogEntry;
}

/** Shapes seen in one window beyond this number are not told apart any more: memory stays bounded. */
const MAX_SHAPES = 1000;

/**
 * Lets the first `limit` messages of a shape pass in each window, holds back the rest, and says at the end of the
 * window how many there were. The owner calls `expire` from a timer, so that the sum also comes when no further
 * message does.
 */
export class RepeatLimiter {
  readonly #options: RepeatLimiterOptions;
  readonly #windows = new Map<string, Window>();

  constructor(options: RepeatLimiterOptions) {
    this.#options = options;
  }

  /** When the next window with suppressed messages ends, or undefined if there is none. */
  get nextEnd(): number | undefined {
    let next: number | undefined;
    for (const window of this.#windows.values()) {
      if (window.suppressed > 0 && (next === undefined || window.endsAt < next)) next = window.endsAt;
    }
    return next;
  }

  take(entry: LogEntry): void {
    const key = this.#options.key(entry);
    let window = this.#windows.get(key);
    if (window !== undefined && entry.time >= window.endsAt) {
      this.#close(key, window);
      window = undefined;
    }
    if (window === undefined) {
      if (this.#windows.size >= MAX_SHAPES) this.expire(entry.time);
      if (this.#windows.size >= MAX_SHAPES) this.#closeOldest();
      window = { endsAt: entry.time + this.#options.window, passed: 0, suppressed: 0, last: entry };
      this.#windows.set(key, window);
    }
    window.last = entry;
    if (window.passed < this.#options.limit) {
      window.passed++;
      this.#options.pass(entry);
    } else {
      window.suppressed++;
    }
  }

  /** Ends the windows that are over at `now`; all of them without `now`. */
  expire(now = Infinity): void {
    for (const [key, window] of this.#windows) if (now >= window.endsAt) this.#close(key, window);
  }

  #closeOldest(): void {
    for (const [key, window] of this.#windows) return this.#close(key, window);
  }

  #close(key: string, window: Window): void {
    this.#windows.delete(key);
    if (window.suppressed === 0) return;
    const { last, suppressed } = window;
    this.#options.pass({
      ...last,
      message: `${last.message} … repeated ${suppressed} times`,
      fields: { ...last.fields, repeated: suppressed },
    });
  }
}

/**
 * The shape of a message: numbers outside quotes do not count, so that attempts and byte offsets do not make two
 * messages differ, while quoted names do.
 */
export function shapeOf(entry: LogEntry): string {
  const message = entry.message.replace(
    /"[^"]*"|\d+(?:\.\d+)?/g,
    (part) => part.startsWith('"') ? part : "#",
  );
  return `${entry.level}\0${entry.component}\0${message}`;
}

/** The shape without the quoted names too: what thousands of files in the same trouble have in common. */
export function kindOf(entry: LogEntry): string {
  return `${entry.level}\0${entry.component}\0${entry.message.replace(/"[^"]*"|\d+(?:\.\d+)?/g, "#")}`;
}
