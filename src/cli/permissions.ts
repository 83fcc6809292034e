import { flagsOf } from "../lib/permissions.ts";
import { Environment } from "./environment.ts";
import { loadWithNeeds } from "./load_configuration.ts";

export interface PermissionsOptions {
  readonly config: string;
  readonly watchConfig: boolean;
  /** Print every single need with its reason, as JSON. */
  readonly json: boolean;
}

/**
 * Prints the flags with which Deno runs this configuration, one a line, and no more than it needs. Resolves with the
 * exit code; throws ConfigError.
 */
export async function printPermissions(options: PermissionsOptions): Promise<number> {
  const { needs } = await loadWithNeeds({
    file: options.config,
    environment: new Environment(),
    watchConfig: options.watchConfig,
    intent: "tell the permissions",
    remedy: "add these flags",
  });
  const flags = flagsOf(needs);
  console.log(options.json ? JSON.stringify({ flags, needs }, undefined, 2) : flags.join("\n"));
  return 0;
}
