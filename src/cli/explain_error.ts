import { ConfigError } from "../config/load.ts";
import { MissingPermissionsError, neededBy } from "../lib/permissions.ts";

/** How a failure is told to the person at the terminal. */
export interface Explanation {
  readonly text: string;
  /** The exit code: 2 for a wrong configuration, otherwise 1. */
  readonly code: 1 | 2;
}

function withCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.name === "Error" || error.message.startsWith("Cannot ")
    ? error.message
    : `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\n  caused by ${withCauses(error.cause)}`;
}

/** Turns an error of Deno's sandbox into one that names the missing flag; others come back as they are. */
export function namingTheFlag(error: unknown, intent: string): unknown {
  if (error instanceof MissingPermissionsError) return error;
  const need = neededBy(error);
  return need === undefined ? error : new MissingPermissionsError(intent, [need], "add this flag", error);
}

/** What to print for an error that ends the program, and with which exit code. */
export function explain(error: unknown): Promise<Explanation> {
  if (error instanceof ConfigError) return Promise.resolve({ text: error.message, code: 2 });
  const named = namingTheFlag(error, "go on");
  const text = named instanceof MissingPermissionsError ? named.message : withCauses(named);
  return Promise.resolve({ text: `logaggregator: ${text}`, code: 1 });
}
