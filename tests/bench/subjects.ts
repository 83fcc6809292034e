import { join } from "node:path";
import { fromFileUrl, MAIN, startFlags } from "../support/repository.ts";
import { succeeds } from "./process_meter.ts";

/** Which program brings the lines from the files to the other end. */
export type Subject = "agent" | "bare" | "rsyslog";

/** How the agent is started: the program's source, or a compiled executable. */
export interface Programs {
  readonly agent: readonly string[];
  /** Undefined where it is not installed. */
  readonly rsyslog: string | undefined;
}

/**
 * Finds what there is to measure. `directory`: for what the agent needs to be started. `program`: another entry of the
 * agent, or an executable.
 */
export async function findPrograms(
  directory: string,
  program = MAIN,
  withRsyslog = true,
): Promise<Programs> {
  const agent = program.endsWith(".ts")
    ? ["env", `DENO_DIR=${await agentCache(directory)}`, Deno.execPath(), "run", ...startFlags(), program]
    : [program];
  for (const rsyslog of withRsyslog ? ["rsyslogd", "/usr/sbin/rsyslogd"] : []) {
    if (await succeeds(rsyslog, "-v")) return { agent, rsyslog };
  }
  return { agent, rsyslog: undefined };
}

/**
 * A cache in which compiled code is that of the agent alone, as on a server. It is mapped into memory whole, and what
 * others have compiled of the runtime, with other flags of the engine, is compiled again. The packages are those of the
 * usual cache.
 */
async function agentCache(parent: string): Promise<string> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "inherit" })
    .output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout)) as { npmCache: string };
  const directory = join(parent, "cache");
  await Deno.mkdir(directory, { recursive: true });
  await Deno.symlink(npmCache, join(directory, "npm"));
  return directory;
}

/** The command line of the agent that brings files from `pattern` to stdout; makes what it needs in `directory`. */
export function agentCommand(
  { agent }: Programs,
  directory: string,
  pattern: string,
  ...args: readonly string[]
): string[] {
  return configuredAgentCommand({ agent }, directory, pattern, "", ...args);
}

/** The same with more keys of the configuration, at the top level of its YAML. */
export function configuredAgentCommand(
  { agent }: Pick<Programs, "agent">,
  directory: string,
  pattern: string,
  keys: string,
  ...args: readonly string[]
): string[] {
  Deno.mkdirSync(directory, { recursive: true });
  const config = join(directory, "config.yaml");
  const checkpoints = join(directory, "checkpoints");
  Deno.writeTextFileSync(
    config,
    `inputs:
  files:
    - paths: [${JSON.stringify(pattern)}]
      checkpoint_path: ${JSON.stringify(checkpoints)}
${/^output:/m.test(keys) ? "" : "output:\n  type: stdout\n"}logging:
  level: info
  format: json
${keys}`,
  );
  return [...agent, "run", "--config", config, ...args];
}

/** Has the agent's program compiled and that kept, which a user's first start does. */
export async function prepareAgent(programs: Programs, directory: string): Promise<void> {
  const log = join(directory, "prepare.log");
  Deno.mkdirSync(directory, { recursive: true });
  Deno.writeTextFileSync(log, "a line\n");
  // The first start translates the program, the second keeps what the engine makes of it.
  for (let starts = 0; starts < 2; starts++) {
    const [program = "", ...args] = agentCommand(programs, directory, log, "--once");
    const { success } = await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output();
    if (!success) {
      throw new Error(`Cannot measure the agent: it does not start: ${program} ${args.join(" ")}`);
    }
  }
}

/** The command line of a bare loop that copies files to stdout. */
export function bareCopyCommand(paths: readonly string[]): string[] {
  return scriptCommand("bare_copy", ["--allow-read"], paths);
}

/** The command line of a bare loop that parses lines and writes them as JSON. */
export function bareProcessCommand(
  kind: "json" | "json_changed" | "regex",
  paths: readonly string[],
): string[] {
  return scriptCommand("bare_process", ["--allow-read"], [kind, ...paths]);
}

/** The command line of a bare loop that follows files, with so many milliseconds between two looks. */
export function bareTailCommand(pause: number, paths: readonly string[]): string[] {
  return scriptCommand("bare_tail", ["--allow-read"], [String(pause), ...paths]);
}

/** The command line of a script in `subjects/`. */
export function scriptCommand(
  name:
    | "bare_copy"
    | "bare_post"
    | "bare_process"
    | "bare_send"
    | "bare_tail"
    | "http_sink"
    | "line_sink"
    | "steady_writer"
    | "arrival_reader",
  flags: readonly string[],
  args: readonly string[],
): string[] {
  const script = fromFileUrl(new URL(`./subjects/${name}.ts`, import.meta.url).href);
  return [Deno.execPath(), "run", "--no-prompt", ...flags, script, ...args];
}

/** The command line of rsyslog that follows `pattern` and appends the lines to `output`. */
export function rsyslogCommand(
  rsyslog: string,
  directory: string,
  pattern: string,
  output: string,
): string[] {
  const state = join(directory, "state");
  Deno.mkdirSync(state, { recursive: true });
  const config = join(directory, "rsyslog.conf");
  Deno.writeTextFileSync(
    config,
    `global(workDirectory="${state}")
module(load="imfile")
template(name="line" type="string" string="%msg%\\n")
input(type="imfile" file="${pattern}" tag="bench" severity="info" facility="local0")
action(type="omfile" file="${output}" template="line")
`,
  );
  return [rsyslog, "-n", "-f", config, "-i", join(directory, "pid")];
}
