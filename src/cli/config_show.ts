import { stringify } from "../config/yaml_library.ts";
import { loadConfig } from "../config/load.ts";
import { refuse } from "./validate.ts";

/**
 * Prints the effective configuration as YAML, with defaults. Secrets, and what came from the environment, are masked.
 * Resolves with the exit code.
 */
export async function configShow({ config: file }: { readonly config: string }): Promise<number> {
  try {
    const { shown } = await loadConfig(file);
    console.log(stringify(shown, { lineWidth: 0 }).trimEnd());
    return 0;
  } catch (error) {
    return refuse(error);
  }
}
