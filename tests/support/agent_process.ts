import { DEADLINE_MS, until, type WaitOptions } from "./wait.ts";
import { MAIN, REPOSITORY, startFlags } from "./repository.ts";
import { type LogEntry, LogReader } from "./log_reader.ts";
import { ControlledReader } from "./controlled_reader.ts";

/** How an agent is started. */
export interface AgentOptions {
  readonly config: string;
  readonly once?: boolean;
  readonly pollOnly?: boolean;
  readonly watchConfig?: boolean;
  /** More arguments of the program. */
  readonly args?: readonly string[];
  /** Permission flags of the runtime; those of `deno task start` unless told. */
  readonly flags?: readonly string[];
  /** A command that starts the agent in its own place by `exec`, such as `setpriv …`. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The counters with which an agent says goodbye. */
export interface Summary {
  readonly received: number;
  readonly delivered: number;
  readonly discarded: number;
  readonly deadLettered: number;
  readonly failed: number;
  readonly inFlight: number;
}

/** How an agent ended. */
export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  /** Absent when the agent was killed, or never got so far. */
  readonly summary: Summary | undefined;
}

/** The program as a child process. */
export class AgentProcess implements AsyncDisposable {
  readonly stdout: ControlledReader;
  readonly #log: LogReader;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Ended>;
  #end: Ended | undefined;
  #exited = false;
  #expected: RegExp[] = [];

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.stdout = new ControlledReader(child.stdout);
    this.#log = new LogReader(child.stderr);
    this.#child.status.then(() => this.#exited = true);
    this.#ended = this.#finish();
  }

  static start(options: AgentOptions): AgentProcess {
    const flag = (name: string, on: boolean | undefined) => on ? [name] : [];
    const run = [
      Deno.execPath(),
      "run",
      ...options.flags ?? startFlags(),
      MAIN,
      "run",
      ...["--config", options.config],
      ...flag("--once", options.once),
      ...flag("--poll-only", options.pollOnly),
      ...flag("--watch-config", options.watchConfig),
      ...options.args ?? [],
    ];
    return AgentProcess.#spawn(
      options.prefix ? ["sh", "-c", 'exec "$@"', "sh", ...options.prefix, ...run] : run,
      options.env,
    );
  }

  /** Runs any command of the program, for example `["permissions", "--config", file]`; `stdin`: what it can read. */
  static command(
    args: readonly string[],
    options: { flags?: readonly string[]; env?: Record<string, string>; stdin?: string } = {},
  ): AgentProcess {
    return AgentProcess.#spawn(
      [Deno.execPath(), "run", ...options.flags ?? startFlags(), MAIN, ...args],
      options.env,
      options.stdin,
    );
  }

  static #spawn(
    [command = "", ...args]: readonly string[],
    env: Readonly<Record<string, string>> = {},
    stdin?: string,
  ): AgentProcess {
    const child = new Deno.Command(command, {
      args,
      cwd: REPOSITORY,
      // Output must not depend on who runs the tests.
      env: { NO_COLOR: "1", TZ: "UTC", ...env },
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // A command that ends without reading all of it is no mistake.
    if (stdin !== undefined) new Blob([stdin]).stream().pipeTo(child.stdin).catch(() => {});
    return new AgentProcess(child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#end === undefined;
  }

  /** Whether the process is gone, even if not all of its output is read. */
  get exited(): boolean {
    return this.#exited;
  }

  /** What the agent logged so far. */
  get log(): readonly LogEntry[] {
    return this.#log.entries;
  }

  /** All that came on stderr. */
  get stderr(): string {
    return this.#log.text;
  }

  /** Entries at level ERROR, and whatever on stderr is no log entry but tells of a crash, unless expected. */
  unexpectedErrors(): string[] {
    const bad = [
      ...this.log.filter((entry) => entry.level === "error" || entry.level === "fatal").map((entry) =>
        entry.line
      ),
      ...this.#log.stray.filter((line) => /panic|error|uncaught/i.test(line)),
    ];
    return bad.filter((line) => !this.#expected.some((pattern) => pattern.test(line)));
  }

  /** ERROR entries that match are right in this test. */
  expectError(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  /** Waits for a log entry whose line matches; `skip` passes over so many matches. */
  untilLog(pattern: RegExp, options: { within?: number; skip?: number } = {}): Promise<LogEntry> {
    return this.until(
      `a log entry ${pattern}`,
      () => this.log.filter((entry) => pattern.test(entry.line))[options.skip ?? 0],
      options,
    );
  }

  /** Waits until a condition holds, but no longer than the agent lives. */
  until<T>(what: string, condition: () => T | Promise<T>, options: WaitOptions = {}) {
    return until(what, condition, {
      hopeless: () => this.#end && `the agent ended with code ${this.#end.code}; stderr:\n${this.tail()}`,
      state: () => `the agent's stderr:\n${this.tail()}`,
      ...options,
    });
  }

  /** Resolves once the process has ended and its output is read. */
  async ended(within = DEADLINE_MS): Promise<Ended> {
    return await until("the agent's end", () => this.#end, {
      within,
      state: () => `stderr:\n${this.tail()}`,
    });
  }

  /** Asks it to stop, and waits until it did. */
  terminate(within = DEADLINE_MS): Promise<Ended> {
    this.signal("SIGTERM");
    return this.ended(within);
  }

  /** Kills it without warning, and waits until it is gone. */
  kill(): Promise<Ended> {
    this.signal("SIGKILL");
    return this.ended();
  }

  /** Asks it to read its configuration again. */
  hangUp(): void {
    this.signal("SIGHUP");
  }

  /** Has it log what became of all records so far, if it has started. */
  askForSummary(): void {
    if (this.log.some(({ message }) => message === "Started")) this.signal("SIGUSR2");
  }

  /** Stops it in its tracks, so that a test decides what happens between two of its looks. */
  freeze(): void {
    this.signal("SIGSTOP");
  }

  thaw(): void {
    this.signal("SIGCONT");
  }

  /** Sends a signal; nothing happens when the process has ended. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (this.running && !(error instanceof TypeError)) throw error;
    }
  }

  /** The last lines of stderr. */
  tail(lines = 12): string {
    return this.stderr.trimEnd().split("\n").slice(-lines).map((line) => line.slice(0, 600)).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) {
      this.thaw();
      this.signal("SIGKILL");
    }
    this.stdout.resume();
    await this.#ended;
  }

  async #finish(): Promise<Ended> {
    const [status] = await Promise.all([this.#child.status, this.stdout.finished, this.#log.finished]);
    return this.#end = { code: status.code, signal: status.signal, summary: this.#summary() };
  }

  #summary(): Summary | undefined {
    const entry = this.log.findLast((entry) => entry.message === "Stopped");
    if (!entry) return undefined;
    const field = (name: string) => {
      const value = entry.fields[name];
      if (typeof value !== "number") {
        throw new Error(`The last log entry has no number "${name}": ${entry.line}`);
      }
      return value;
    };
    return {
      received: field("lines_received"),
      delivered: field("lines_delivered"),
      discarded: field("lines_discarded"),
      deadLettered: field("lines_dead_lettered"),
      failed: field("lines_failed"),
      inFlight: field("lines_in_flight"),
    };
  }
}
