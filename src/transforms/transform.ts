import type { LogEvent } from "../event.ts";

/** Changes or drops records. Synchronous, without I/O, and never throws. */
export interface Transform {
  /** Answers the event, changed in place, or undefined to drop it. */
  apply(event: LogEvent): LogEvent | undefined;
}
