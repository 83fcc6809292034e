import type { Log } from "../lib/log.ts";
import type { Host, SignalName } from "./host.ts";

/** Signals that end the program, with the exit code of a process that they killed. */
const STOP_SIGNALS: readonly (readonly [SignalName, number])[] = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGBREAK", 149],
];

/**
 * One Ctrl-C under `deno task` arrives twice within a few milliseconds: from the terminal, and passed on by the task
 * runner. What comes this soon after the first is no second wish. In milliseconds.
 */
const SAME_WISH = 100;

export interface StopSignalOptions {
  readonly host: Host;
  readonly log: Log;
  /** Begins the orderly stop. */
  stop(signal: SignalName): void;
  /** Gets the last log lines out before the process ends at once. */
  flush(): Promise<void>;
}

/** The first signal stops in order, a second one ends the process at once. */
export function onStopSignals({ host, log, stop, flush }: StopSignalOptions): void {
  let firstAt: number | undefined;
  for (const [signal, code] of STOP_SIGNALS) {
    host.onSignal(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        log.info(`Stopping on ${signal}; a second one ends the process at once`);
        stop(signal);
      } else if (performance.now() - firstAt > SAME_WISH) {
        log.warn(
          `Ended at once by a second ${signal}; what was not checkpointed is read again at the next start`,
        );
        void flush().finally(() => host.exit(code));
      }
    });
  }
}
