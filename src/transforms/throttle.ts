import type { ProcessingContext } from "../component.ts";
import type { LogEvent } from "../event.ts";
import { compileEventKey } from "../encoding/event_template.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Lets so many records pass in a window of time, for each key. */
export function createThrottle(config: TransformOwn<"throttle">, context: ProcessingContext): Transform {
  return new Throttle(config, context);
}

interface Window {
  start: number;
  passed: number;
}

class Throttle implements Transform {
  readonly #limit: number;
  readonly #length: number;
  readonly #maxKeys: number;
  readonly #key: ((event: LogEvent) => string | undefined) | undefined;
  readonly #context: ProcessingContext;
  /** Windows by key, the one that began first at the front. */
  readonly #windows = new Map<string, Window>();
  /** The window of records without a key. */
  readonly #common: Window = { start: Number.NEGATIVE_INFINITY, passed: 0 };

  constructor(config: TransformOwn<"throttle">, context: ProcessingContext) {
    this.#limit = config.limit;
    this.#length = config.window;
    this.#maxKeys = config.max_keys;
    this.#key = config.key === undefined ? undefined : compileEventKey(config.key, "key");
    this.#context = context;
  }

  apply(event: LogEvent): LogEvent | undefined {
    const now = this.#context.now();
    const key = this.#key?.(event);
    const window = key === undefined ? this.#common : this.#windowOf(key, now);
    if (this.#isOver(window, now)) {
      window.start = now;
      window.passed = 0;
    }
    if (window.passed >= this.#limit) return undefined;
    window.passed++;
    return event;
  }

  #windowOf(key: string, now: number): Window {
    const windows = this.#windows;
    const known = windows.get(key);
    if (known !== undefined && !this.#isOver(known, now)) return known;
    if (known !== undefined) windows.delete(key);
    for (const [oldest, window] of windows) {
      if (windows.size < this.#maxKeys && !this.#isOver(window, now)) break;
      windows.delete(oldest);
    }
    const window = known ?? { start: now, passed: 0 };
    windows.set(key, window);
    return window;
  }

  /** A clock that was set back ends the window, too. */
  #isOver({ start }: Window, now: number): boolean {
    return now - start >= this.#length || now < start;
  }
}
