import { BREAK, type LineJoiner, SURE, WHOLE } from "./line_joiner.ts";

/** How lines belong together: as in Filebeat and Logstash. */
export interface PatternOptions {
  readonly pattern: RegExp;
  /** Take the lines that do not match instead. */
  readonly negate: boolean;
  /** Whether these lines belong to the one before them (`after`) or to the one that follows (`before`). */
  readonly match: "after" | "before";
}

/** States: the record goes on, or ends with its last line. */
const OPEN = 0;
const DONE = 1;

/** Joins lines by a pattern. */
export function patternJoiner(options: PatternOptions): LineJoiner {
  return options.match === "after" ? new AfterJoiner(options) : new BeforeJoiner(options);
}

/** A line that belongs to the one before it goes on; any other begins a record. */
class AfterJoiner implements LineJoiner {
  readonly certainty = [SURE] as const;
  readonly #pattern: RegExp;
  readonly #negate: boolean;

  constructor({ pattern, negate }: PatternOptions) {
    this.#pattern = pattern;
    this.#negate = negate;
  }

  first(): number {
    return OPEN;
  }

  next(_state: number, line: string): number {
    return this.#pattern.test(line) === this.#negate ? BREAK : OPEN;
  }
}

/** A record ends with the first line that does not belong to the one that follows. */
class BeforeJoiner implements LineJoiner {
  readonly certainty = [SURE, WHOLE] as const;
  readonly #pattern: RegExp;
  readonly #negate: boolean;

  constructor({ pattern, negate }: PatternOptions) {
    this.#pattern = pattern;
    this.#negate = negate;
  }

  first(line: string): number {
    return this.#pattern.test(line) === this.#negate ? DONE : OPEN;
  }

  next(_state: number, line: string): number {
    return this.first(line);
  }
}
