/** Values beside a log message; keys in lower_snake_case. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * The agent's own log, which goes to stderr and never among the events.
 * WARN: nothing was lost. ERROR: something was lost, or somebody must act.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A log that drops everything. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
