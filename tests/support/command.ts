import { AgentProcess } from "./agent_process.ts";

/** What a command of the program has done. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the program to its end. `stdin`: what it can read. */
export async function runCommand(args: readonly string[], stdin?: string): Promise<CommandResult> {
  await using agent = AgentProcess.command(args, stdin === undefined ? {} : { stdin });
  const { code } = await agent.ended();
  return { code, stdout: agent.stdout.text(), stderr: agent.stderr };
}
