import type { ProcessingContext } from "../component.ts";
import { KeyError } from "../lib/key_error.ts";
import { compileTimeFormat } from "../lib/time_format/compile_time_format.ts";
import type { TimeParser } from "../lib/time_format/time_parser.ts";

/**
 * Reads times of one format out of lines. The last one is remembered: lines of the same second follow each other, and
 * comparing is cheaper than reading. A time without a year keeps the year that it got then.
 */
export class LineTime {
  readonly #parser: TimeParser;
  #text = "\0";
  #time = NaN;

  /** Throws KeyError for a time zone that there is not; without one it is UTC. */
  constructor(format: string, timezone: string | undefined, context: ProcessingContext) {
    try {
      this.#parser = compileTimeFormat(format, { timezone: timezone ?? "UTC", now: () => context.now() });
    } catch (error) {
      throw new KeyError("timezone", error instanceof Error ? error.message : String(error), {
        cause: error,
      });
    }
  }

  /** Milliseconds since 1970 of what stands from `start` to `end`, or NaN if that is no such time. */
  at(line: string, start: number, end: number): number {
    if (end - start === this.#text.length && line.startsWith(this.#text, start)) return this.#time;
    return this.of(line.slice(start, end));
  }

  /** The same for a whole text. */
  of(text: string): number {
    if (text === this.#text) return this.#time;
    const time = this.#parser.parse(text);
    if (!Number.isNaN(time)) {
      this.#text = text;
      this.#time = time;
    }
    return time;
  }
}
