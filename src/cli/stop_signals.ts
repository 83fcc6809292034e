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

/** What a stop signal leads to. */
export interface StopTarget {
  readonly log: Log;
  /** Begins the orderly stop. */
  stop(signal: SignalName): void;
  /** Gets the last log lines out before the process ends at once. */
  flush(): Promise<void>;
}

/**
 * The first signal stops in order, a second one ends the process at once. One that comes before there is anything to
 * stop waits until there is.
 */
export class StopSignals {
  readonly #host: Host;
  #target: StopTarget | undefined;
  #first: { readonly signal: SignalName; readonly at: number } | undefined;

  constructor(host: Host) {
    this.#host = host;
    for (const [signal, code] of STOP_SIGNALS) host.onSignal(signal, () => this.#take(signal, code));
  }

  /** From now on, and for a signal that came already, this is stopped. */
  serve(target: StopTarget): void {
    this.#target = target;
    if (this.#first !== undefined) begin(target, this.#first.signal);
  }

  #take(signal: SignalName, code: number): void {
    const target = this.#target;
    if (this.#first === undefined) {
      this.#first = { signal, at: performance.now() };
      if (target !== undefined) begin(target, signal);
    } else if (performance.now() - this.#first.at > SAME_WISH) {
      if (target === undefined) return this.#host.exit(code);
      target.log.warn(
        `Ended at once by a second ${signal}; what was not checkpointed is read again at the next start`,
      );
      void target.flush().finally(() => this.#host.exit(code));
    }
  }
}

function begin({ log, stop }: StopTarget, signal: SignalName): void {
  log.info(`Stopping on ${signal}; a second one ends the process at once`);
  stop(signal);
}

/** Has stop signals stop `target` from now on. */
export function onStopSignals({ host, ...target }: StopTarget & { readonly host: Host }): void {
  new StopSignals(host).serve(target);
}
