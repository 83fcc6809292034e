import assert from "node:assert/strict";
import { join } from "node:path";
import { stringify } from "yaml";
import { Load } from "./line_writer.ts";
import { type AgentOptions, AgentProcess } from "./agent_process.ts";
import { type Delivered, DeliveredFiles } from "./delivered.ts";
import { assertBalance, summariesIn } from "./ledger.ts";
import { type Allowance, assertDelivered, judge, type Verdict, type Written } from "./oracle.ts";

/** Keys of one configuration block, as written in YAML. */
export type Block = Readonly<Record<string, unknown>>;

/** What differs from the configuration that scenarios have by default: `logs/*.log` to stdout, with short times. */
export interface Setup {
  /** Keys of the only file input, or of several. */
  readonly files?: Block | readonly Block[];
  readonly output?: Block;
  /** Other top level sections. */
  readonly rest?: Block;
}

/** A directory of its own for one test, with the agents that run on it. */
export class Workspace implements AsyncDisposable {
  readonly agents: AgentProcess[] = [];
  readonly #cleanup: (() => unknown)[] = [];
  readonly #loads: Load[] = [];
  /** Agents that deliver to stdout, where a reader that stays counts what they deliver. */
  readonly #counted = new Set<AgentProcess>();
  #toStdout = true;

  private constructor(readonly directory: string, readonly pollOnly: boolean) {
    this.configure();
  }

  static async create(pollOnly = false): Promise<Workspace> {
    const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "logaggregator-" }));
    for (const name of ["logs", "out"]) await Deno.mkdir(join(directory, name));
    return new Workspace(directory, pollOnly);
  }

  /** A path below the directory. */
  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** A path below `logs/`, which the default configuration reads. */
  log(name = "app.log"): string {
    return this.path("logs", name);
  }

  get config(): string {
    return this.path("config.yaml");
  }

  get checkpoints(): string {
    return this.path("checkpoints");
  }

  /** Writes the configuration file. */
  configure(setup: Setup = {}): void {
    const files = Array.isArray(setup.files) ? setup.files as Block[] : [setup.files as Block ?? {}];
    const output = setup.output ?? { type: "stdout" };
    this.#toStdout = output["type"] === "stdout";
    this.writeConfig(stringify({
      inputs: {
        files: files.map((block) => ({
          paths: [this.path("logs/*.log")],
          checkpoint_path: this.checkpoints,
          checkpoint_interval: "200ms",
          poll_interval: "50ms",
          ...block,
        })),
      },
      output,
      logging: { level: "info", format: "json" },
      ...setup.rest,
    }));
  }

  /** Puts any text in the place of the configuration file, in one step: an agent may read it at any time. */
  writeConfig(text: string): void {
    Deno.writeTextFileSync(`${this.config}.new`, text);
    Deno.renameSync(`${this.config}.new`, this.config);
  }

  /** A `file` output with one file, and what arrives there. */
  fileOutput(name = "all.log", keys: Block = {}): { output: Block; delivered: DeliveredFiles } {
    const path = this.path("out", name);
    return { output: { type: "file", file: { path, ...keys } }, delivered: new DeliveredFiles(path) };
  }

  /** Starts an agent on the configuration file. */
  start(options: Partial<AgentOptions> = {}): AgentProcess {
    const agent = AgentProcess.start({ config: this.config, pollOnly: this.pollOnly, ...options });
    this.agents.push(agent);
    if (this.#toStdout) this.#counted.add(agent);
    return agent;
  }

  /** Runs another command of the program to its end. */
  async command(...args: string[]): Promise<AgentProcess> {
    await using agent = AgentProcess.command(args);
    await agent.ended();
    return agent;
  }

  /** Lets an agent read to the end of all files; it must succeed. Returns what it wrote to stdout. */
  async once(options: Partial<AgentOptions> = {}): Promise<AgentProcess> {
    const agent = this.start({ once: true, ...options });
    const { code } = await agent.ended();
    assert.equal(code, 0, `--once ended with code ${code}; stderr:\n${agent.tail()}`);
    return agent;
  }

  /** Waits until every line that was written has arrived. */
  async untilDelivered(
    agent: AgentProcess,
    writers: readonly Written[],
    delivered: Delivered = agent.stdout,
    within?: number,
  ): Promise<void> {
    const total = writers.reduce((sum, writer) => sum + writer.written, 0);
    let tried = 0;
    await agent.until(
      `${total} lines`,
      () => {
        // Judging costs; doubles and inventions can make up for lost lines in number only.
        if (delivered.lines < total || delivered.lines === tried) return false;
        tried = delivered.lines;
        return judge(delivered.bytes(), writers).lost.size === 0;
      },
      {
        state: () => `${differences(delivered, writers)}; stderr:\n${agent.tail()}`,
        ...within === undefined ? {} : { within },
      },
    );
  }

  /** Stops the agent as a service manager does; it must end well. Then judges what has arrived. */
  async finish(
    agent: AgentProcess,
    writers: readonly Written[],
    allowance: Allowance & { delivered?: Delivered } = {},
  ): Promise<Verdict> {
    agent.askForSummary();
    const { code } = await agent.terminate();
    assert.equal(code, 0, `the agent ended with code ${code}; stderr:\n${agent.tail()}`);
    return assertDelivered((allowance.delivered ?? agent.stdout).bytes(), writers, allowance);
  }

  /** Waits until every line has arrived, stops the agent, and judges. */
  async complete(
    agent: AgentProcess,
    writers: readonly Written[],
    allowance: Allowance & { delivered?: Delivered } = {},
  ): Promise<Verdict> {
    await this.untilDelivered(agent, writers, allowance.delivered);
    return await this.finish(agent, writers, allowance);
  }

  /** This agent's reader goes away: its counters say nothing about what was read. */
  notCounted(agent: AgentProcess): void {
    this.#counted.delete(agent);
  }

  /** Has lines written at a steady rate, until the test stops that, or ends. */
  load(linesPerSecond: number, write: (lines: number) => void): Load {
    const load = Load.start(linesPerSecond, write);
    this.#loads.push(load);
    return load;
  }

  /** Runs before the directory is removed. */
  defer(cleanup: () => unknown): void {
    this.#cleanup.push(cleanup);
  }

  /** What holds for every agent of every scenario: no unexpected errors, and counters that tell the truth. */
  async verify(): Promise<void> {
    for (const agent of this.agents) {
      if (agent.running) {
        agent.askForSummary();
        await agent.terminate();
      }
      assert.deepEqual(agent.unexpectedErrors(), [], "the agent logged errors");
      // Also of agents that were killed, and of those that could not stop in order.
      for (const entry of summariesIn(agent.log)) assertBalance(entry);
      const { code, summary } = await agent.ended();
      if (code === 0) assert.ok(summary, `the agent gave no summary; stderr:\n${agent.tail()}`);
      if (!summary) continue;
      if (this.#counted.has(agent)) {
        assert.equal(summary.delivered, agent.stdout.lines, "lines_delivered of the summary");
      }
      if (code === 0) assert.equal(summary.inFlight, 0, "lines_in_flight of the last summary");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.agents) await agent[Symbol.asyncDispose]();
    for (const load of this.#loads) await load.stop().catch(() => {});
    for (const cleanup of this.#cleanup.reverse()) await cleanup();
    await Deno.remove(this.directory, { recursive: true });
  }
}

function differences(delivered: Delivered, writers: readonly Written[]): string {
  try {
    assertDelivered(delivered.bytes(), writers);
    return "all has arrived by now";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
