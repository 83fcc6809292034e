import assert from "node:assert/strict";
import { appendJson } from "./event_lines.ts";
import type { Fault } from "./faults.ts";
import { type Arrival, ArrivedLetters, type FaultyDestination, linesOf } from "./faulty_destination.ts";
import { outputsIn, summariesIn } from "./ledger.ts";
import { LineWriter, Load } from "./line_writer.ts";
import { assertDelivered, judge, type Verdict } from "./oracle.ts";
import { savedLines } from "./saved_lines.ts";
import { pause } from "./wait.ts";
import type { AgentProcess } from "./agent_process.ts";
import type { Block, Workspace } from "./workspace.ts";

/** Records in a request. */
export const BATCH = 50;

/** One file, and the destination that its lines go to. */
export class Trial {
  readonly writer = new LineWriter("w");
  readonly path: string;
  /** Copies that may have arrived. */
  allowed = 0;
  /** Versions of the transforms and of the output's keys, which show in what arrives. */
  readonly versions = { transforms: "1", output: "1" };
  /** What had arrived when the agent was started. */
  arrivedBefore = 0;
  readonly #letters: ArrivedLetters;

  constructor(
    readonly space: Workspace,
    readonly name: string,
    readonly fault: Pick<Fault, "refuses" | "isSilent">,
    readonly destination: FaultyDestination,
    readonly keys: Block = {},
  ) {
    this.path = space.log(`${name}.log`);
    this.#letters = new ArrivedLetters(space.path("dead"), name);
  }

  get input(): Block {
    const { transforms: version } = this.versions;
    return {
      name: `in-${this.name}`,
      paths: [this.path],
      transforms: [
        { type: "remove", fields: ["nested"] },
        { type: "add", add: { version } },
        { type: "route", routes: { [this.name]: "true" } },
      ],
    };
  }

  get output(): Block {
    const block = this.destination.output(this.versions.output, this.keys);
    return { name: this.name, ...block, routes: [this.name] };
  }

  /** The next lines. Their number fits to no batch. */
  write(lines = 173): void {
    appendJson(this.path, this.writer, lines);
  }

  /** What is at the destination or among the dead letters. */
  async arrivals(): Promise<readonly Arrival[]> {
    const arrived = this.destination.arrivals();
    return this.fault.refuses ? [...arrived, ...await this.#letters.arrivals()] : arrived;
  }

  /** Waits until the agent meets the fault once more. */
  async untilMet(agent: AgentProcess): Promise<void> {
    if (this.fault.isSilent) {
      await agent.untilLog(new RegExp(`output .{1,2}${this.name}\\b.*retrying in`));
    } else {
      const { requests } = this.destination;
      const met = () => this.destination.requests >= requests + 2;
      await agent.until(`further requests to "${this.name}"`, met);
    }
  }

  async untilDelivered(agent: AgentProcess): Promise<void> {
    const { written } = this.writer;
    let looked = -1;
    await agent.until(`${written} records in "${this.name}"`, async () => {
      const arrivals = await this.arrivals();
      if (arrivals.length < written || arrivals.length === looked) return false;
      looked = arrivals.length;
      return new Set(arrivals.map(({ n }) => n)).size >= written;
    });
  }

  /** Allows copies of what has arrived without its position being saved. The agent must not run. */
  async allowUnsaved(): Promise<void> {
    const { arrived, duplicates } = judge(linesOf(await this.arrivals()), [this.writer]);
    this.allowed += Math.max(0, arrived - duplicates - await savedLines(this.space, this.path));
  }

  /**
   * The same for a log, to which nothing is written twice. How far it was delivered is saved once a second, so at most
   * what the last agent delivered comes again.
   */
  async allowUnsavedOfLog(): Promise<void> {
    this.allowed += (await this.arrivals()).length - this.arrivedBefore;
  }

  /** Everything must have arrived, with no more copies than allowed. */
  async judge(): Promise<Verdict> {
    const allowance = { duplicates: this.allowed, disorder: true };
    return assertDelivered(linesOf(await this.arrivals()), [this.writer], allowance);
  }
}

/** What an ordeal is made of. */
export interface OrdealOptions {
  /** By a name of letters and digits: what becomes of the records of one file. */
  readonly trials: Readonly<
    Record<
      string,
      {
        readonly fault?: Pick<Fault, "refuses" | "isSilent">;
        readonly destination: FaultyDestination;
        /** Keys of the output. */
        readonly keys?: Block;
      }
    >
  >;
  /** Whether there is a write-ahead log. */
  readonly isDurable: boolean;
}

/** Agents, one after the other, that deliver files to destinations that misbehave, each file to one of its own. */
export class Ordeal {
  readonly trials: readonly Trial[];
  isDurable: boolean;
  /** The agent that runs. */
  agent: AgentProcess;
  readonly #ledger: Load;

  constructor(readonly space: Workspace, { trials, isDurable }: OrdealOptions) {
    this.isDurable = isDurable;
    this.trials = Object.entries(trials).map(([name, { fault = {}, destination, keys }]) =>
      new Trial(space, name, fault, destination, keys)
    );
    this.configure();
    this.agent = this.#newAgent();
    // The ledger must balance at any moment. What is asked more often is logged less often.
    this.#ledger = space.load(2, () => this.agent.askForSummary());
  }

  configure(): void {
    this.space.configure({
      files: this.trials.map(({ input }) => input),
      output: { type: "multi", multi: { outputs: this.trials.map(({ output }) => output) } },
      rest: {
        parser: { type: "json" },
        reliability: {
          retry: { initial_backoff: "20ms", max_backoff: "200ms" },
          circuit_breaker: { failure_threshold: 4, timeout: "200ms" },
        },
        dead_letter: { enabled: true, dir: this.space.path("dead") },
        buffer: { size: 200 },
        shutdown_timeout: "500ms",
        ...this.isDurable
          ? { wal: { enabled: true, dir: this.space.path("wal"), sync_interval: "20ms" } }
          : {},
      },
    });
  }

  /** Writes the next lines of every file. */
  write(lines?: number): void {
    for (const trial of this.trials) trial.write(lines);
  }

  /** Has all destinations misbehave from now on, once the agent knows that they have all that was written. */
  async misbehave(): Promise<void> {
    await this.untilDelivered();
    await this.agent.until("an empty ledger", async () => {
      this.agent.askForSummary();
      await pause(100);
      const last = summariesIn(this.agent.log).at(-1);
      return last !== undefined &&
        Object.values(outputsIn(last)).every(({ in_flight = 0 }) => in_flight === 0);
    });
    for (const { destination } of this.trials) await destination.misbehave();
  }

  async recover(): Promise<void> {
    for (const { destination } of this.trials) await destination.recover();
  }

  /** Waits until the agent meets every fault once more. */
  async untilMet(): Promise<void> {
    await Promise.all(this.trials.map((trial) => trial.untilMet(this.agent)));
  }

  async untilDelivered(): Promise<void> {
    await Promise.all(this.trials.map((trial) => trial.untilDelivered(this.agent)));
  }

  /** Starts the next agent. */
  async start(): Promise<void> {
    for (const trial of this.trials) trial.arrivedBefore = (await trial.arrivals()).length;
    this.agent = this.#newAgent();
  }

  /** Has the agent apply a changed configuration, and waits until it did. */
  async reload(): Promise<void> {
    const count = () => this.agent.log.filter(({ message }) => message === "Reloaded").length;
    const before = count();
    this.configure();
    this.agent.hangUp();
    await this.agent.until("the reload", () => count() > before);
  }

  /** Stops the agent, which must end well, whatever it could not deliver. */
  async stop(): Promise<void> {
    this.agent.askForSummary();
    const { code } = await this.agent.terminate();
    assert.equal(code, 0, `the agent ended with code ${code}; stderr:\n${this.agent.tail()}`);
    await this.#settled();
  }

  /** Kills the agent. What it had delivered without noting that comes again. */
  async kill(): Promise<void> {
    await this.agent.kill();
    await this.#settled();
    for (const trial of this.trials) {
      await (this.isDurable ? trial.allowUnsavedOfLog() : trial.allowUnsaved());
    }
  }

  /** Waits until everything has arrived by itself, and stops the agent. */
  async end(): Promise<void> {
    await this.untilDelivered();
    await this.#ledger.stop();
    await this.stop();
  }

  /** The same, and judges what has arrived. */
  async complete(): Promise<void> {
    await this.end();
    for (const trial of this.trials) await trial.judge();
  }

  async #settled(): Promise<void> {
    for (const { destination } of this.trials) await destination.settled();
  }

  /** It keeps its permissions, since a reload may need others. */
  #newAgent(): AgentProcess {
    return this.space.start({ args: ["--keep-permissions"] });
  }
}
