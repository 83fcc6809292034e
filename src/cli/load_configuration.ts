import { ConfigError, loadConfig, type LoadedConfig } from "../config/load.ts";
import type { PermissionNeed } from "../lib/permission.ts";
import { missingPermissions, MissingPermissionsError } from "../lib/permissions.ts";
import type { Environment } from "./environment.ts";
import { configurationNeeds, neededPermissions } from "./needed_permissions.ts";

export interface LoadOptions {
  readonly file: string;
  readonly environment: Environment;
  readonly watchConfig: boolean;
  /** What fails if a permission is missing ("start"), and what to do then, for the error message. */
  readonly intent: string;
  readonly remedy: string;
}

/** A configuration, and all that it needs. */
export interface LoadedWithNeeds {
  readonly loaded: LoadedConfig;
  readonly needs: readonly PermissionNeed[];
}

/**
 * Loads the configuration and finds what it needs. Throws ConfigError, or MissingPermissionsError if the file or a
 * variable that it names may not be read.
 */
export async function loadWithNeeds(options: LoadOptions): Promise<LoadedWithNeeds> {
  const { file, environment, watchConfig } = options;
  await refuseIfMissing(configurationNeeds(file, watchConfig), options);
  environment.forgetDenied();
  let loaded: LoadedConfig | undefined;
  let problem: unknown;
  try {
    loaded = await loadConfig(file, environment.get);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problem = error;
  }
  // A variable that may not be read looks like one that is not set: the permission is the true reason.
  await refuseIfMissing(
    environment.denied.map((variable) => ({ name: "env", variable, why: "named in the configuration" })),
    options,
  );
  if (loaded === undefined) throw problem;
  return { loaded, needs: neededPermissions(loaded, watchConfig) };
}

/** The same, and throws MissingPermissionsError with all that the process lacks to run it. */
export async function loadPermitted(options: LoadOptions): Promise<LoadedWithNeeds> {
  const result = await loadWithNeeds(options);
  // What the environment holds is in memory by now, whatever became of the permission.
  await refuseIfMissing(result.needs.filter((need) => need.name !== "env"), options);
  return result;
}

async function refuseIfMissing(needs: readonly PermissionNeed[], options: LoadOptions): Promise<void> {
  const missing = await missingPermissions(needs);
  if (missing.length > 0) throw new MissingPermissionsError(options.intent, missing, options.remedy);
}
