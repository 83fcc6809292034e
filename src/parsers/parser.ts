import type { LogEvent } from "../event.ts";

/** Makes fields of a line. Synchronous, without I/O, and never throws, whatever the line is. */
export interface Parser {
  /**
   * Gives the event a fresh `fields` object, and sets `timestamp`, `level` and `message` where the format itself says
   * what they are (most leave that to the extraction by field names that follows). Answers false, and leaves the
   * event as it is, for a line that is not in this format. `line` has no line break at its end.
   */
  parse(line: string, event: LogEvent): boolean;
  /**
   * Of a parser of several formats, valid after each call that answered true: the format of that line itself says what
   * time, level and message are.
   */
  readonly isComplete?: boolean;
}
