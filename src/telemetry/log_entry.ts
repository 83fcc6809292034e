import type { LogFields } from "../lib/log.ts";

/** What the configuration names as `logging.level`, lowest first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

/** One line of the agent's own log before it is formatted. `time` is in milliseconds since 1970. */
export interface LogEntry {
  readonly time: number;
  readonly level: LogLevel;
  readonly component: string;
  readonly message: string;
  readonly fields: LogFields;
}
