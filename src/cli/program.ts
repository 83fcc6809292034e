import { UsageError } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { hideEnvironmentFromPackages } from "./environment.ts";
import type { Host } from "./host.ts";
import { parseCommandLine } from "./parse.ts";

/** Exit codes of the program. */
export const EXIT = { success: 0, failure: 1, usage: 2 } as const;

/**
 * Runs the command that the arguments name and resolves with the exit code: 0, 1 for a failure, 2 for wrong usage or
 * configuration. Never rejects.
 */
export async function runProgram(args: readonly string[], host: Host): Promise<number> {
  try {
    hideEnvironmentFromPackages();
    const parsed = parseCommandLine(COMMANDS, args);
    if (parsed.kind === "command") return await parsed.command.run(parsed.given, host);
    if (parsed.kind === "version") return await (await import("./version.ts")).printVersion();
    const { commandHelp, groupHelp, overview } = await import("./help.ts");
    const { command, group } = parsed;
    if (group !== undefined) console.log(groupHelp(group, COMMANDS));
    else console.log(command === undefined ? overview(COMMANDS) : commandHelp(command));
    return EXIT.success;
  } catch (error) {
    return report(error);
  }
}

async function report(error: unknown): Promise<number> {
  if (error instanceof UsageError) {
    console.error(`logaggregator: ${error.message}`);
    return EXIT.usage;
  }
  const { explain } = await import("./explain_error.ts");
  const { text, code } = await explain(error);
  console.error(text);
  return code;
}
