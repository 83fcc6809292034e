import { buildInput, buildOutput, checkpointPlace, checkpointPlaces } from "./build_pipeline.ts";
import type { CheckpointStore } from "./checkpoints/checkpoint_store.ts";
import { openCheckpointStore } from "./checkpoints/kv_checkpoint_store.ts";
import type { Config, InputEntry, OutputEntry } from "./config/config.ts";
import { type ConfigDiff, diffConfig } from "./config/diff.ts";
import { ConfigError, type LoadedConfig } from "./config/load.ts";
import { notBuiltYet } from "./config/planned.ts";
import type { Input } from "./inputs/input.ts";
import { formatDuration } from "./lib/duration.ts";
import type { Log } from "./lib/log.ts";
import { type Counts, type OutputLine, Pipeline } from "./pipeline.ts";
import type { Logger } from "./telemetry/logger.ts";

/** What an agent runs with, beside its configuration. */
export interface AgentOptions {
  readonly configFile: string;
  /** Read to the end of what is there, deliver, save the positions, finish. */
  readonly once: boolean;
  /** Reload when the configuration file changes. */
  readonly watchConfig: boolean;
  /** Never use file system notifications. */
  readonly pollOnly: boolean;
  readonly logger: Logger;
  /** Loads the configuration for a reload. Throws ConfigError, or what else speaks against it. */
  load(): Promise<LoadedConfig>;
}

/** Lines by what became of them, over all inputs. */
export interface Summary {
  readonly lines_received: number;
  readonly lines_delivered: number;
  readonly lines_discarded: number;
  readonly lines_failed: number;
  readonly lines_in_flight: number;
}

interface RunningInput {
  readonly entry: InputEntry;
  readonly input: Input;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Checkpoints of files that are gone are kept this long, in ms, so that late copies are recognised. */
const RETENTION_MS = 7 * 24 * 3_600_000;
/** How long a reload waits for what the old outputs hold, in ms; what they still hold then is offered to the new ones. */
const RELOAD_PATIENCE_MS = 5_000;

/** The life of the program: load, build, run, reload, stop. */
export class Agent {
  /** Resolves with the exit code once everything has ended. */
  readonly finished: Promise<{ readonly code: number }>;
  readonly #options: AgentOptions;
  readonly #log: Log;
  readonly #end = Promise.withResolvers<{ readonly code: number }>();
  readonly #stores = new Map<string, CheckpointStore>();
  readonly #inputs = new Map<string, RunningInput>();
  readonly #claims = new Map<string, string>();
  readonly #watching = new AbortController();
  #loaded: LoadedConfig | undefined;
  #pipeline: Pipeline | undefined;
  #lines = new Map<string, OutputLine>();
  #stopping: Promise<void> | undefined;
  /** One reload or stop at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#log = options.logger.named("agent");
    this.finished = this.#end.promise;
  }

  /** Starts everything; resolves once the inputs read. Throws ConfigError for parts that are not built yet. */
  async start(loaded: LoadedConfig): Promise<void> {
    refuseUnbuilt(loaded);
    this.#loaded = loaded;
    const { config } = loaded;
    this.#warn(loaded);
    try {
      await this.#openStores(config);
      const inputs = config.inputs.map((entry) => this.#createInput(entry));
      const lines = config.outputs.map((entry) => this.#createOutput(entry, config));
      const pipeline = this.#createPipeline(config);
      this.#pipeline = pipeline;
      await this.#restoreOutputs(lines, inputs);
      if (this.#stopping !== undefined) return;
      await pipeline.startOutputs(lines);
      for (const input of inputs) this.#runInput(input);
    } catch (error) {
      await this.#closeStores();
      throw error;
    }
    this.#log.info("Started", {
      config: loaded.file,
      inputs: config.inputs.map(({ name }) => name),
      outputs: config.outputs.map(({ name }) => name),
    });
    this.#endWithInputs();
    if (this.#options.watchConfig) this.#watchConfig();
  }

  /** Applies the configuration file as it is now. A bad one is refused with its reasons; the old one runs on. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#loaded;
      if (before === undefined || this.#stopping !== undefined) return;
      let loaded: LoadedConfig;
      try {
        loaded = await this.#options.load();
        refuseUnbuilt(loaded);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return this.#log.error(`Cannot reload "${before.file}": the old configuration runs on\n${reason}`, {
          config: before.file,
        });
      }
      await this.#apply(before.config, loaded);
    });
  }

  /**
   * Ends in order: inputs stop reading, what they have read is delivered, positions are saved. What is not delivered
   * within `shutdown_timeout` is read again at the next start. Never rejects.
   */
  stop(reason: string, code = 0): Promise<void> {
    return this.#stopping ??= this.#stop(reason, code);
  }

  /** What became of the lines so far. */
  summary(): Summary {
    const sum: Counts = { received: 0, delivered: 0, discarded: 0, failed: 0, inFlight: 0 };
    for (const counts of this.#pipeline?.counts.values() ?? []) {
      for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += counts[key];
    }
    return {
      lines_received: sum.received,
      lines_delivered: sum.delivered,
      lines_discarded: sum.discarded,
      lines_failed: sum.failed,
      lines_in_flight: sum.inFlight,
    };
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => {});
    return result;
  }

  #warn({ warnings }: LoadedConfig): void {
    for (const { file, line, column, path, message } of warnings) {
      this.#log.warn(`${file}:${line}:${column} ${path}: ${message}`);
    }
  }

  async #openStores(config: Config): Promise<void> {
    for (const { directory, interval } of checkpointPlaces(config)) {
      if (this.#stores.has(directory)) continue;
      const log = this.#options.logger.named("checkpoints");
      this.#stores.set(
        directory,
        await openCheckpointStore({ directory, interval, retention: RETENTION_MS, log }),
      );
    }
  }

  /** Closes the stores that no input of `config` uses; all without one. */
  async #closeStores(config?: Config): Promise<void> {
    const used = new Set(
      config === undefined ? [] : checkpointPlaces(config).map(({ directory }) => directory),
    );
    for (const [directory, store] of this.#stores) {
      if (used.has(directory)) continue;
      this.#stores.delete(directory);
      await store[Symbol.asyncDispose]();
    }
  }

  #createInput(entry: InputEntry): RunningInput {
    const { logger, once, pollOnly } = this.#options;
    const place = checkpointPlace(entry);
    const checkpoints = place && this.#stores.get(place.directory);
    if (checkpoints === undefined) {
      throw new Error(`Cannot create ${entry.path}: it has no checkpoint directory`);
    }
    const input = buildInput(entry, {
      name: entry.name,
      log: logger.named(`input.${entry.name}`),
      checkpoints,
      once,
      pollOnly,
      claims: this.#claims,
      concurrentReads: this.#loaded?.config.performance.max_concurrent_reads ?? 2,
    });
    return { entry, input, stop: new AbortController(), done: Promise.resolve() };
  }

  #createOutput(entry: OutputEntry, config: Config): OutputLine {
    const line = buildOutput(entry, config, this.#options.logger.named(`output.${entry.name}`));
    this.#lines.set(entry.name, line);
    return line;
  }

  #createPipeline(config: Config): Pipeline {
    const { retry } = config.reliability;
    return new Pipeline({
      log: this.#options.logger.named("pipeline"),
      budget: config.buffer.max_bytes,
      retry: {
        initial: retry.initial_backoff,
        max: retry.max_backoff,
        multiplier: retry.multiplier,
        jitter: retry.jitter,
      },
      blockTimeout: config.buffer.block_timeout,
      onOutputClosed: (error) => {
        this.#log.error(error.message);
        this.stop("an output was closed", 1);
      },
    });
  }

  /**
   * Gives the outputs the state that was saved with the positions. They may cut back to it only if all inputs can
   * read what came after it once more, and if there is one store, whose commits hold both.
   */
  async #restoreOutputs(lines: readonly OutputLine[], inputs: readonly RunningInput[]): Promise<void> {
    const participants = lines.flatMap(({ output }) => output.participant ?? []);
    const answers = await Promise.all(inputs.map(({ input }) => input.canReplay?.() ?? false));
    const [store] = this.#stores.values();
    const single = store !== undefined && this.#stores.size === 1;
    if (participants.length > 0 && !single) {
      this.#log.warn(
        "Inputs keep their positions in several directories: after a crash outputs may hold lines twice",
      );
    }
    for (const participant of participants) {
      participant.restore(
        single ? store.stateOf(participant.key) : undefined,
        single && answers.every(Boolean),
      );
      if (single) store.join(participant);
    }
  }

  #runInput(created: RunningInput): void {
    const pipeline = this.#pipeline;
    if (pipeline === undefined) return;
    const { entry: { name }, input, stop } = created;
    const done = input.run(pipeline.emitterFor(name), stop.signal).catch((error: unknown) => {
      this.#log.error(`Input "${name}" ended by a defect`, { error });
      this.stop(`input "${name}" failed`, 1);
    });
    this.#inputs.set(name, { ...created, done });
  }

  /** With inputs that all have an end, the agent ends with them. */
  async #endWithInputs(): Promise<void> {
    if (!this.#options.once) return;
    await Promise.all([...this.#inputs.values()].map(({ done }) => done));
    await this.stop("everything was read");
  }

  async #watchConfig(): Promise<void> {
    const { watchConfigFile } = await import("./config/watch.ts");
    const { configFile, pollOnly } = this.#options;
    await watchConfigFile(configFile, () => this.reload(), { signal: this.#watching.signal, pollOnly });
  }

  async #apply(before: Config, loaded: LoadedConfig): Promise<void> {
    const { config } = loaded;
    const diff = diffConfig(before, config);
    const everything = diff.sections.some((section) => section === "buffer" || section === "reliability");
    const swapped = everything
      ? config.outputs
      : [...diff.outputs.added, ...diff.outputs.changed.map(({ after }) => after)];
    const leaving = everything
      ? before.outputs
      : [...diff.outputs.removed, ...diff.outputs.changed.map((change) => change.before)];
    await this.#openStores(config);
    const lines = swapped.map((entry) =>
      buildOutput(entry, config, this.#options.logger.named(`output.${entry.name}`))
    );
    this.#loaded = loaded;
    this.#warn(loaded);
    this.#options.logger.configure(config.logging);
    if (leaving.length > 0 || lines.length > 0) await this.#swapOutputs(leaving, lines);
    await this.#swapInputs(diff);
    await this.#closeStores(config);
    this.#log.info("Reloaded", { config: loaded.file, ...changesOf(diff) });
  }

  async #swapOutputs(leaving: readonly OutputEntry[], lines: readonly OutputLine[]): Promise<void> {
    const [store] = this.#stores.values();
    const names = new Set(leaving.map(({ name }) => name));
    await this.#pipeline?.replaceOutputs(names, RELOAD_PATIENCE_MS, async () => {
      for (const name of names) {
        const participant = this.#lines.get(name)?.output.participant;
        this.#lines.delete(name);
        if (participant !== undefined) store?.leave(participant);
      }
      for (const line of lines) {
        this.#lines.set(line.name, line);
        const { participant } = line.output;
        if (participant === undefined || store === undefined || this.#stores.size > 1) continue;
        participant.restore(store.stateOf(participant.key), false);
        store.join(participant);
      }
      return await Promise.resolve(lines);
    });
  }

  async #swapInputs({ inputs }: ConfigDiff): Promise<void> {
    const leaving = [...inputs.removed, ...inputs.changed.map(({ before }) => before)];
    const patience = this.#loaded?.config.shutdown_timeout ?? 0;
    const ended = leaving.map(async ({ name }) => {
      const running = this.#inputs.get(name);
      running?.stop.abort();
      this.#inputs.delete(name);
      if (running !== undefined && !(await within(running.done, patience))) {
        this.#log.warn(
          `Input "${name}" still waits for its outputs after ${formatDuration(patience)}; going on`,
        );
      }
    });
    await Promise.all(ended);
    for (const entry of [...inputs.added, ...inputs.changed.map(({ after }) => after)]) {
      this.#runInput(this.#createInput(entry));
    }
  }

  async #stop(reason: string, code: number): Promise<void> {
    this.#watching.abort();
    const timeout = this.#loaded?.config.shutdown_timeout ?? 0;
    const deadline = Date.now() + timeout;
    this.#log.info("Stopping", { reason });
    this.#pipeline?.refuse();
    for (const { stop } of this.#inputs.values()) stop.abort();
    await this.#inTurn(async () => {
      const done = Promise.all([...this.#inputs.values()].map((input) => input.done));
      // A closed output delivers nothing more: waiting for it would be in vain.
      if (code === 0 && !(await within(done, timeout))) {
        const { lines_in_flight: lines } = this.summary();
        this.#log.warn(
          `${lines} lines were not delivered within ${
            formatDuration(timeout)
          }; they are read again at the next start`,
          { lines },
        );
      }
      await this.#pipeline?.close(Math.max(0, deadline - Date.now()));
      await done;
      await this.#closeStores();
      await this.#pipeline?.dispose();
    }).catch((error: unknown) => {
      this.#log.error("Cannot stop in order", { error });
      code = 1;
    });
    this.#log.info("Stopped", { ...this.summary() });
    this.#end.resolve({ code });
  }
}

function refuseUnbuilt(loaded: LoadedConfig): void {
  const problems = notBuiltYet(loaded);
  if (problems.length > 0) throw new ConfigError(problems);
}

function changesOf({ inputs, outputs, sections }: ConfigDiff): Record<string, readonly string[]> {
  const names = (entries: readonly { name: string }[]) => entries.map(({ name }) => name);
  const all = {
    inputs_added: names(inputs.added),
    inputs_changed: names(inputs.changed.map(({ after }) => after)),
    inputs_removed: names(inputs.removed),
    outputs_added: names(outputs.added),
    outputs_changed: names(outputs.changed.map(({ after }) => after)),
    outputs_removed: names(outputs.removed),
    sections_changed: sections,
  };
  return Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0));
}

/** Whether `promise` resolves within `ms`. */
async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
