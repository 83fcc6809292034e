import { settledAs } from "./acknowledgement.ts";
import { buildInput, buildOutput, buildPipeline, pipelineSettings } from "./build_pipeline.ts";
import {
  isSameProcessing,
  type PreparedProcessing,
  prepareProcessing,
  startProcessing,
} from "./build_processing.ts";
import type { Config, InputEntry, OutputEntry } from "./config/config.ts";
import { describeChanges, diffConfig } from "./config/diff.ts";
import { ConfigError, formatProblem, type LoadedConfig, type Problem } from "./config/load.ts";
import { notBuiltYet } from "./config/planned.ts";
import { Ledger, type Summary, summaryOf } from "./ledger.ts";
import { formatDuration } from "./lib/duration.ts";
import { loadModule } from "./lib/load_module.ts";
import type { Log } from "./lib/log.ts";
import { reasonOf } from "./lib/reason.ts";
import { within } from "./lib/within.ts";
import type { OutputLine } from "./delivery/output_line.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Processing, Replacement } from "./pipeline_options.ts";
import { PositionStores } from "./position_stores.ts";
import { canReplay, type CreatedInput, RunningInputs } from "./running_inputs.ts";
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
  /** Start only if every output is healthy. */
  readonly requireHealthy: boolean;
  readonly logger: Logger;
  /** Loads the configuration for a reload. Throws ConfigError, or what else speaks against it. */
  load(): Promise<LoadedConfig>;
}

/** How long a reload waits for what the old outputs hold, in ms; what they still hold then is offered to the new ones. */
const RELOAD_PATIENCE_MS = 5_000;

/** How long an output may take to open and to answer a probe, in ms. */
const HEALTH_PATIENCE_MS = 10_000;

/** Sections that concern all outputs. */
const OF_ALL_OUTPUTS: readonly string[] = ["buffer", "reliability", "wal", "dead_letter", "fan_out"];

/** The life of the program: load, build, run, reload, stop. */
export class Agent {
  /** Resolves with the exit code once everything has ended. */
  readonly finished: Promise<{ readonly code: number }>;
  readonly #options: AgentOptions;
  readonly #log: Log;
  readonly #end = Promise.withResolvers<{ readonly code: number }>();
  readonly #stores: PositionStores;
  readonly #inputs: RunningInputs;
  readonly #outputs = new Map<string, OutputLine>();
  readonly #claims = new Map<string, string>();
  readonly #watching = new AbortController();
  #loaded: LoadedConfig | undefined;
  /** What was prepared for the processing that runs. */
  #prepared: PreparedProcessing | undefined;
  #pipeline: Pipeline | undefined;
  #stopping: Promise<void> | undefined;
  /** One reload or stop at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#log = options.logger.named("agent");
    this.#stores = new PositionStores(options.logger.named("checkpoints"));
    this.#inputs = new RunningInputs({
      log: this.#log,
      emitterFor: (name) => this.#pipeline?.emitterFor(name) ?? (() => Promise.resolve(settledAs("failed"))),
      onDefect: (name) => void this.stop(`input "${name}" failed`, 1),
    });
    this.finished = this.#end.promise;
  }

  /** Starts everything; resolves once the inputs read. Throws ConfigError for parts that are not built yet. */
  start(loaded: LoadedConfig): Promise<void> {
    return this.#inTurn(() => this.#start(loaded));
  }

  /** Applies the configuration file as it is now. A bad one is refused with its reasons; the old one runs on. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#loaded;
      if (before === undefined || this.#stopping !== undefined) return;
      let loaded: LoadedConfig;
      let prepared: PreparedProcessing;
      try {
        loaded = await this.#options.load();
        refuseUnbuilt(loaded);
        prepared = await prepareProcessing(loaded);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return this.#log.error(`Cannot reload "${before.file}": the old configuration runs on\n${reason}`, {
          config: before.file,
        });
      }
      try {
        await this.#apply(before.config, loaded, prepared);
      } catch (error) {
        this.#log.error(
          `Cannot apply the new "${before.file}": ${reasonOf(error)}; the old configuration runs on`,
          { config: before.file, error },
        );
        await this.#stores.close(before.config, this.#inputs.ending);
      }
    });
  }

  /**
   * Ends in order: inputs stop reading, what they have read is delivered, positions are saved. What is not delivered
   * within `shutdown_timeout` is read again at the next start. Never rejects.
   */
  stop(reason: string, code = 0): Promise<void> {
    return this.#stopping ??= this.#stop(reason, code);
  }

  /** What became of the lines. */
  summary(): Summary {
    return summaryOf(this.#pipeline?.ledger ?? new Ledger());
  }

  async #start(loaded: LoadedConfig): Promise<void> {
    if (this.#stopping !== undefined) return;
    refuseUnbuilt(loaded);
    const prepared = await prepareProcessing(loaded);
    this.#loaded = loaded;
    const { config } = loaded;
    this.#warn([...loaded.warnings, ...prepared.warnings]);
    try {
      await this.#stores.open(config);
      const inputs = config.inputs.map((entry) => this.#createInput(entry, config, prepared));
      const lines = await this.#createOutputs(config.outputs, config);
      const pipeline = this.#pipeline = await this.#createPipeline(config);
      await this.#restoreOutputs(lines, inputs, config);
      // From here on a stop finds everything in its place.
      if (this.#stopping !== undefined) return;
      this.#prepared = prepared;
      await pipeline.startOutputs(lines, await this.#startProcessing(prepared));
      for (const line of lines) this.#outputs.set(line.name, line);
      await this.#checkOutputs(pipeline);
      this.#inputs.run(inputs);
    } catch (error) {
      await this.#pipeline?.close(0);
      await this.#stores.close();
      await this.#pipeline?.dispose();
      throw error;
    }
    const names = (entries: readonly { readonly name: string }[]) => entries.map(({ name }) => name);
    const [inputs, outputs] = [names(config.inputs), names(config.outputs)];
    this.#log.info("Started", { config: loaded.file, inputs, outputs });
    if (this.#options.once) {
      this.#pipeline?.hurryWhenQuiet();
      this.#inputs.exhausted(() => this.#turn).then(() => this.stop("everything was read"));
    }
    if (this.#options.watchConfig) this.#watchConfig();
  }

  /** Says what is wrong with outputs; throws that where all must be well, else goes on meanwhile. */
  async #checkOutputs(pipeline: Pipeline): Promise<void> {
    const checked = pipeline.checkOutputs(HEALTH_PATIENCE_MS).then((sick) =>
      Array.from(sick, ([name, reason]) => `Output "${name}" is not healthy: ${reason}`)
    );
    if (!this.#options.requireHealthy) {
      checked.then((troubles) => troubles.forEach((text) => this.#log.warn(`${text}; its records wait`)));
      return;
    }
    const troubles = await checked;
    if (troubles.length > 0) throw new Error(`Cannot start: ${troubles.join("; ")}`);
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => {});
    return result;
  }

  #warn(warnings: readonly Problem[]): void {
    warnings.forEach((warning) => this.#log.warn(formatProblem(warning)));
  }

  #startProcessing(prepared: PreparedProcessing): Promise<Processing> {
    return startProcessing(prepared, this.#options.logger.named("processing"));
  }

  #createInput(entry: InputEntry, config: Config, { framers }: PreparedProcessing): CreatedInput {
    const { logger, once, pollOnly } = this.#options;
    const checkpoints = this.#stores.of(entry);
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
      framer: framers.get(entry.name),
      concurrentReads: config.performance.max_concurrent_reads,
    });
    return { entry, input };
  }

  #createOutputs(entries: readonly OutputEntry[], config: Config): Promise<OutputLine[]> {
    const { logger } = this.#options;
    return Promise.all(entries.map(async (entry) => {
      const line = await buildOutput(entry, config, logger.named(`output.${entry.name}`));
      return { ...line, ready: () => this.#stores.ready(line) };
    }));
  }

  #createPipeline(config: Config): Promise<Pipeline> {
    return buildPipeline(config, this.#options.logger, (error) => {
      this.#log.error(error.message);
      this.stop("an output was closed", 1);
    });
  }

  /**
   * Gives the outputs the state that was saved with the positions. They may cut back to it only if all inputs can
   * read what came after it once more, and if there is one store, whose commits hold both.
   */
  async #restoreOutputs(
    lines: readonly OutputLine[],
    inputs: readonly CreatedInput[],
    config: Config,
  ): Promise<void> {
    const replayable = await canReplay(inputs, this.#log);
    const hasState = lines.some(({ output, buffer }) => output.participant !== undefined && !buffer.durable);
    if (hasState && this.#stores.only(config) === undefined) {
      this.#log.warn(
        "Inputs keep their positions in several directories: after a crash outputs may hold lines twice",
      );
    }
    this.#stores.restore(lines, config, replayable);
    this.#stores.forgetOthers();
  }

  async #watchConfig(): Promise<void> {
    const { watchConfigFile } = await loadModule<typeof import("./config/watch.ts")>(
      "./config/watch.ts",
      import.meta.url,
    );
    const { configFile, pollOnly } = this.#options;
    await watchConfigFile(configFile, () => this.reload(), { signal: this.#watching.signal, pollOnly });
  }

  /** Makes all that is new before it touches what runs; throws while that still runs as it did. */
  async #apply(before: Config, loaded: LoadedConfig, prepared: PreparedProcessing): Promise<void> {
    const { config } = loaded;
    const diff = diffConfig(before, config);
    const everything = diff.sections.some((section) => OF_ALL_OUTPUTS.includes(section));
    const arriving = everything
      ? config.outputs
      : [...diff.outputs.added, ...diff.outputs.changed.map(({ after }) => after)];
    const leaving = everything
      ? before.outputs
      : [...diff.outputs.removed, ...diff.outputs.changed.map((change) => change.before)];
    await this.#stores.open(config);
    const lines = await this.#createOutputs(arriving, config);
    const inputs = [...diff.inputs.added, ...diff.inputs.changed.map(({ after }) => after)]
      .map((entry) => this.#createInput(entry, config, prepared));
    const isSame = this.#prepared !== undefined && isSameProcessing(this.#prepared, prepared);
    if (leaving.length > 0 || lines.length > 0 || !isSame) {
      const names = new Set(leaving.map(({ name }) => name));
      const processing = isSame ? undefined : await this.#startProcessing(prepared);
      const settings = everything ? await pipelineSettings(config, this.#options.logger) : undefined;
      if (!(await this.#swapOutputs(names, lines, before, { processing, settings }))) return;
      this.#prepared = prepared;
    }
    this.#loaded = loaded;
    this.#warn([...loaded.warnings, ...prepared.warnings]);
    this.#options.logger.configure(config.logging);
    const ending = [...diff.inputs.removed, ...diff.inputs.changed.map((change) => change.before)];
    await this.#inputs.end(ending, config.shutdown_timeout, this.#watching.signal);
    if (this.#stopping !== undefined) return;
    this.#inputs.run(inputs);
    this.#stores.keep([...this.#outputs.values()], config);
    this.#stores.forgetOthers();
    await this.#stores.close(config, this.#inputs.ending);
    this.#log.info("Reloaded", { config: loaded.file, ...describeChanges(diff) });
  }

  /** `before`: whose stores have the outputs' states now. False when the agent stops meanwhile. */
  async #swapOutputs(
    names: ReadonlySet<string>,
    lines: readonly OutputLine[],
    before: Config,
    rest: Pick<Replacement, "processing" | "settings">,
  ): Promise<boolean> {
    const { processing } = rest;
    const old = [...names].flatMap((name) => this.#outputs.get(name) ?? []);
    const goBack = () => {
      this.#stores.leave(lines);
      this.#stores.keep(old, before);
    };
    const successors = async () => {
      this.#stores.leave(old);
      this.#stores.restore(lines, before, false);
      this.#stores.forgetOthers();
      try {
        await openBuffers(lines);
      } catch (error) {
        // At once: the old outputs go on to send.
        goBack();
        throw error;
      }
      return lines;
    };
    try {
      const replaced = await this.#pipeline?.replace(
        { leaving: names, successors, ...rest },
        RELOAD_PATIENCE_MS,
      );
      if (replaced !== true) {
        await processing?.[Symbol.asyncDispose]();
        return false;
      }
    } catch (error) {
      await processing?.[Symbol.asyncDispose]();
      goBack();
      throw error;
    }
    for (const name of names) this.#outputs.delete(name);
    for (const line of lines) this.#outputs.set(line.name, line);
    return true;
  }

  async #stop(reason: string, code: number): Promise<void> {
    this.#watching.abort();
    const timeout = this.#loaded?.config.shutdown_timeout ?? 0;
    const deadline = Date.now() + timeout;
    this.#log.info("Stopping", { reason });
    this.#pipeline?.refuse();
    this.#inputs.stop();
    await this.#inTurn(async () => {
      // Once more, since a reload may have added some meanwhile.
      const done = this.#inputs.stop();
      // A closed output delivers nothing more: waiting for it would be in vain.
      if (code === 0 && !(await within(done, Math.max(0, deadline - Date.now())))) {
        const { lines_in_flight: lines } = this.summary();
        this.#log.warn(
          `${lines} lines were not delivered within ${
            formatDuration(timeout)
          }; they are read again at the next start`,
          { lines },
        );
      }
      await this.#pipeline?.close(Math.max(0, deadline - Date.now()), this.#options.once);
      await done;
      await this.#stores.close();
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

/** Opens all, or none. */
async function openBuffers(lines: readonly OutputLine[]): Promise<void> {
  try {
    for (const { buffer } of lines) await buffer.open();
  } catch (error) {
    for (const { buffer } of lines) await buffer[Symbol.asyncDispose]();
    throw error;
  }
}
