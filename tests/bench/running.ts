import { join } from "node:path";
import { type Usage, usageOf } from "./process_meter.ts";
import type { Stage } from "./stage.ts";
import { agentCommand, bareTailCommand, rsyslogCommand, type Subject } from "./subjects.ts";

/** A subject that follows files until it is disposed. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Its stderr so far; empty for other subjects than the agent. */
  readonly stderr: () => string;
}

/** What is followed, and where it goes to. */
export interface Following {
  readonly subject: Subject;
  /** Shell pattern of the files, for those who know patterns. */
  readonly pattern: string;
  readonly paths: readonly string[];
  /** Milliseconds between two looks of the bare loop. */
  readonly pause: number;
  /** A FIFO or file that is opened as stdout; for rsyslog the file that it appends to. */
  readonly output: string;
}

/** The subjects that are there. */
export function subjectsOf(stage: Stage): Subject[] {
  return stage.programs.rsyslog === undefined ? ["agent", "bare"] : ["agent", "bare", "rsyslog"];
}

/** Starts a subject. It runs in the place of the shell, so that its `pid` is that of the subject itself. */
export function follow(stage: Stage, { subject, pattern, paths, pause, output }: Following): Running {
  const directory = stage.fresh();
  Deno.mkdirSync(directory, { recursive: true });
  const command = {
    agent: () => agentCommand(stage.programs, directory, pattern),
    bare: () => bareTailCommand(pause, paths),
    rsyslog: () => rsyslogCommand(stage.programs.rsyslog ?? "", directory, pattern, output),
  }[subject]();
  const stderr = join(directory, "stderr");
  const stdout = subject === "rsyslog" ? "/dev/null" : output;
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'stdout=$1; stderr=$2; shift 2; exec "$@" >"$stdout" 2>"$stderr"',
      "sh",
      stdout,
      stderr,
      ...command,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  return {
    pid: child.pid,
    stderr: () => Deno.readTextFileSync(stderr),
    async [Symbol.asyncDispose]() {
      child.kill(subject === "agent" ? "SIGTERM" : "SIGKILL");
      const { code } = await child.status;
      if (subject === "agent" && code !== 0) {
        throw new Error(
          `Cannot measure the agent: it ended with code ${code}: ${Deno.readTextFileSync(stderr)}`,
        );
      }
    },
  };
}

/** The share of a core that a process takes over some seconds, and its memory after them; undefined without `/proc`. */
export async function usageOver(
  pid: number,
  seconds: number,
): Promise<{ share: number; last: Usage } | undefined> {
  const begin = performance.now();
  const before = await usageOf(pid);
  await pause(seconds);
  const last = await usageOf(pid);
  const elapsed = (performance.now() - begin) / 1000;
  if (before === undefined || last === undefined) return undefined;
  return { share: (last.cpu - before.cpu) / elapsed, last };
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
