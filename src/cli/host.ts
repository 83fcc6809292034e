/** Signals that the program reacts to. Where the system does not have one, it never comes. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1" | "SIGUSR2" | "SIGBREAK";

/** What of the process the commands may use; `main.ts` alone has the real one. */
export interface Host {
  /** Replaces what the signal does by default. A second handler for the same signal is called after the first. */
  onSignal(signal: SignalName, handler: () => void): void;
  /** Takes errors that nobody caught; without a handler they end the process as Deno does it. */
  onUncaught(handler: (error: unknown) => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}
