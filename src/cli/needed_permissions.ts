import { dirname } from "node:path";
import { logDirectory } from "../build_pipeline.ts";
import { processingNeeds } from "../build_processing.ts";
import type { InputEntry } from "../config/config.ts";
import type { LoadedConfig } from "../config/load.ts";
import { inputTypes } from "../inputs/registry.ts";
import { MODULE_NEEDS } from "../lib/load_module.ts";
import type { PermissionNeed } from "../lib/permission.ts";
import { withoutCovered } from "../lib/permissions.ts";
import { outputType } from "../outputs/registry.ts";

function inputNeeds({ type, config }: InputEntry): PermissionNeed[] {
  const { permissions } = inputTypes[type] as { permissions?(config: unknown): PermissionNeed[] };
  return permissions?.(config) ?? [];
}

function directoryNeeds(path: string, why: string): PermissionNeed[] {
  return [{ name: "read", path, why }, { name: "write", path, why }];
}

/** What is needed to read the configuration at all. */
export function configurationNeeds(file: string, watchConfig: boolean): PermissionNeed[] {
  const needs: PermissionNeed[] = [{ name: "read", path: file, why: "the configuration" }];
  // An editor that saves by renaming replaces the file: only its directory tells of that.
  if (watchConfig) needs.push({ name: "read", path: dirname(file), why: "watching the configuration" });
  return needs;
}

/** Everything that the agent needs from the operating system with this configuration, nothing of it twice. */
export function neededPermissions(loaded: LoadedConfig, watchConfig: boolean): PermissionNeed[] {
  const { inputs, outputs, dead_letter: deadLetter } = loaded.config;
  return withoutCovered([
    ...configurationNeeds(loaded.file, watchConfig),
    ...loaded.variables.map((variable): PermissionNeed => ({
      name: "env",
      variable,
      why: "named in the configuration",
    })),
    ...inputs.flatMap(inputNeeds),
    ...outputs.flatMap(({ type, config }) => outputType(type).permissions(config)),
    ...processingNeeds(loaded.config),
    ...MODULE_NEEDS,
    ...(deadLetter.enabled && deadLetter.dir !== undefined
      ? directoryNeeds(deadLetter.dir, "dead letters are kept there")
      : []),
    ...outputs.flatMap((entry) => {
      const directory = logDirectory(entry, loaded.config);
      return directory === undefined ? [] : directoryNeeds(directory, `the log of output "${entry.name}"`);
    }),
  ]);
}
