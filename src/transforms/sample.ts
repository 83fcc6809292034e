import type { ProcessingContext } from "../component.ts";
import type { LogEvent } from "../event.ts";
import { compileEventKey } from "../encoding/event_template.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Keeps one of so many records. */
export function createSample(config: TransformOwn<"sample">, _context: ProcessingContext): Transform {
  const key = config.key === undefined ? undefined : compileEventKey(config.key, "key");
  return new Sample(config.rate, key);
}

class Sample implements Transform {
  readonly #rate: number;
  readonly #key: ((event: LogEvent) => string | undefined) | undefined;
  readonly #limit: number;
  /** How much has come since the last record that was kept; the first one is kept. */
  #due: number;

  constructor(rate: number, key: ((event: LogEvent) => string | undefined) | undefined) {
    this.#rate = rate;
    this.#key = key;
    this.#limit = 2 ** 32 / rate;
    this.#due = rate - 1;
  }

  apply(event: LogEvent): LogEvent | undefined {
    const key = this.#key?.(event);
    if (key !== undefined) return hash(key) < this.#limit ? event : undefined;
    this.#due++;
    if (this.#due < this.#rate) return undefined;
    this.#due -= this.#rate;
    return event;
  }
}

/** 32 bits that depend on the text only: the same in every worker, after every restart. FNV-1a, with its bits mixed. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
