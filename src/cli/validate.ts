import { prepareProcessing } from "../build_processing.ts";
import { ConfigError, formatProblem, loadConfig } from "../config/load.ts";
import { notBuiltYet } from "../config/planned.ts";

/** Checks a configuration and prints what is wrong with it. Resolves with 0 if it can be used, with 2 if not. */
export async function validate({ config: file }: { readonly config: string }): Promise<number> {
  try {
    const loaded = await loadConfig(file);
    const { warnings } = await prepareProcessing(loaded);
    for (const warning of [...loaded.warnings, ...warnings]) {
      console.error(`warning: ${formatProblem(warning)}`);
    }
    for (const planned of notBuiltYet(loaded)) console.error(`warning: ${formatProblem(planned)}`);
    const { inputs, outputs } = loaded.config;
    console.log(`${file} is valid: ${count(inputs.length, "input")}, ${count(outputs.length, "output")}`);
    return 0;
  } catch (error) {
    return refuse(error);
  }
}

/** Prints the problems of a configuration and answers the exit code; anything else is thrown on. */
export function refuse(error: unknown): number {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  if (error.problems.length > 1) console.error(`${error.problems.length} problems`);
  return 2;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
