import { buildOutput } from "../build_pipeline.ts";
import { prepareProcessing, startProcessing } from "../build_processing.ts";
import { CheckpointDirectoryInUseError } from "../checkpoints/kv_checkpoint_store.ts";
import type { OutputEntry } from "../config/config.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { type Letter, rawBatchOfLetter } from "../delivery/dead_letter_line.ts";
import { LetterArchive } from "../delivery/letter_archive.ts";
import type { OutputLine } from "../delivery/output_line.ts";
import { parcelsOf } from "../delivery/parcels.ts";
import { Replay } from "../delivery/replay.ts";
import type { ReplaySummary, ReplayTarget, Reprocessed } from "../delivery/replay_options.ts";
import { Backoff } from "../delivery/retry.ts";
import type { Log } from "../lib/log.ts";
import { reasonOf } from "../lib/reason.ts";
import { sleep } from "../lib/sleep.ts";
import type { Processing } from "../pipeline_options.ts";
import { PositionStores } from "../position_stores.ts";
import type { Processed } from "../processing/plan.ts";
import { UsageError } from "./command.ts";
import {
  CONSOLE,
  dlqDirectory,
  type DlqPlace,
  type DlqPrinter,
  inUse,
  numberOf,
  type SelectionWords,
} from "./dlq.ts";
import type { Host } from "./host.ts";

/** What `dlq replay` is given. */
export interface ReplayWords extends DlqPlace {
  readonly selection: SelectionWords;
  /** Send refused records there instead. */
  readonly to: string | undefined;
  readonly limit: string | undefined;
}

/** How often a destination that fails is tried where `retry.max_retries` does not say. */
const RETRIES = 4;
const NOTHING_MADE: Processed = { batches: [], discarded: {}, deadLetters: [], unparsed: 0, warnings: [] };

/**
 * Sends dead letters again: refused records as they would have been sent, records that could not be processed through
 * their input's parsers and transforms. Resolves with the exit code: 1 when letters are left.
 */
export async function replayLetters(
  words: ReplayWords,
  host?: Pick<Host, "onSignal" | "exit">,
  to = CONSOLE,
): Promise<number> {
  const limit = numberOf(words.limit, "--limit") ?? Infinity;
  const loaded = await loadConfig(words.config);
  await using archive = new LetterArchive(await dlqDirectory(words));
  await using outputs = new ReplayOutputs(loaded, words, to);
  if (!(await archive.lock())) return inUse(archive, to);
  const stop = new AbortController();
  stopOnSignals(stop, host, to);
  const summary = await new Replay({
    archive,
    selection: words.selection,
    limit,
    to: words.to,
    target: (name) => outputs.target(name),
    process: (letter) => outputs.process(letter),
    retry: outputs.retry,
    stop: stop.signal,
    sleep,
    now: Date.now,
    complain: (message) => to.complain(message),
  }).run();
  to.print(describe(summary));
  return summary.failed + summary.left > 0 || stop.signal.aborted ? 1 : 0;
}

/** The first signal lets the request that is under way end, the second one does not. */
function stopOnSignals(
  stop: AbortController,
  host: Pick<Host, "onSignal" | "exit"> | undefined,
  to: DlqPrinter,
): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    host?.onSignal(signal, () => {
      if (stop.signal.aborted) host.exit(1);
      to.complain("Stopping once the request that is under way is answered");
      stop.abort();
    });
  }
}

function describe({ sent, failed, discarded, doubles, left }: ReplaySummary): string {
  const letters = (count: number) => `${count} dead letter${count === 1 ? "" : "s"}`;
  const parts = [`Sent ${letters(sent)}`];
  if (failed > 0) parts.push(`${failed} failed again and stay`);
  if (left > 0) parts.push(`${left} were not tried to the end and stay`);
  if (discarded > 0) parts.push(`${discarded} were discarded, since no output takes them`);
  if (doubles > 0) parts.push(`${doubles} were there twice`);
  return parts.join("; ");
}

/** The outputs and the processing of a configuration, built when they are needed. */
class ReplayOutputs implements AsyncDisposable {
  readonly retry;
  readonly #loaded: LoadedConfig;
  readonly #words: ReplayWords;
  readonly #log: Log;
  readonly #stores: PositionStores;
  readonly #lines = new Map<string, Promise<OutputLine>>();
  #storesOpen = false;
  #processing: Promise<Processing> | undefined;

  constructor(loaded: LoadedConfig, words: ReplayWords, to: DlqPrinter) {
    const { retry } = loaded.config.reliability;
    this.#loaded = loaded;
    this.#words = words;
    const complain = (message: string) => to.complain(message);
    this.#log = { debug() {}, info() {}, warn: complain, error: complain };
    this.#stores = new PositionStores(this.#log);
    this.retry = {
      initial: retry.initial_backoff,
      max: retry.max_backoff,
      multiplier: retry.multiplier,
      jitter: retry.jitter,
      limit: retry.max_retries ?? RETRIES,
    };
    if (words.to !== undefined) this.#refuseOtherKind(this.#entry(words.to));
  }

  /** Opens an output. */
  async target(name: string): Promise<ReplayTarget> {
    const line = await this.#line(this.#entry(name));
    const { output } = line;
    const store = output.participant === undefined ? undefined : await this.#store(line);
    await this.#openWithRetries(line);
    return store === undefined ? { output } : { output, commit: () => store.flush() };
  }

  /** Processes a record as its input would now. */
  async process(letter: Letter): Promise<Reprocessed> {
    const { from } = letter;
    const { config } = this.#loaded;
    if (from === undefined) return { parcels: [] };
    this.#processing ??= prepareProcessing(this.#loaded).then((prepared) =>
      startProcessing(prepared, this.#log)
    );
    const processing = await this.#processing;
    const way = processing.ways.get(from.input);
    if (way === undefined) {
      throw new Error(`Cannot process records of input "${from.input}": the configuration has no such input`);
    }
    const raw = rawBatchOfLetter(letter, from);
    const processed = way.processed.length === 0 ? NOTHING_MADE : await processing.process(from.input, raw);
    const [failed] = processed.deadLetters;
    const lines = await Promise.all(config.outputs.map((entry) => this.#line(entry)));
    const parcels = parcelsOf(lines, way, raw, processed).parcels
      .map(({ line, batch }) => ({ output: line.name, batch }));
    return { parcels, failed: failed?.reason };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#processing?.catch(() => undefined))?.[Symbol.asyncDispose]();
    await this.#stores.close();
    for (const line of await Promise.allSettled(this.#lines.values())) {
      if (line.status === "fulfilled") await line.value.output[Symbol.asyncDispose]();
    }
  }

  #entry(name: string): OutputEntry {
    const { outputs } = this.#loaded.config;
    const entry = outputs.find((entry) => entry.name === name);
    if (entry !== undefined) return entry;
    const known = outputs.map(({ name }) => `"${name}"`).join(", ");
    const message = `there is no output "${name}"; known: ${known}`;
    if (name === this.#words.to) throw new UsageError(`--to: ${message}`);
    throw new Error(`Cannot send records of output "${name}" again: ${message}; --to names another one`);
  }

  /** What one type has encoded, another one might write to a wrong place. */
  #refuseOtherKind(to: OutputEntry): void {
    const { output } = this.#words.selection;
    for (const { name, type } of this.#loaded.config.outputs) {
      if (type === to.type || (output !== undefined && name !== output) || name === to.name) continue;
      throw new UsageError(
        `--to: output "${to.name}" is of the type ${to.type}, and "${name}" is ${type}: what is encoded for one cannot go to the other; name with --output whose letters are meant`,
      );
    }
  }

  #line(entry: OutputEntry): Promise<OutputLine> {
    const known = this.#lines.get(entry.name);
    if (known !== undefined) return known;
    const line = buildOutput(entry, this.#loaded.config, this.#log);
    this.#lines.set(entry.name, line);
    return line;
  }

  /** Where the state of an output is saved: what the agent does not know of, it would cut off again. */
  async #store({ name, lead }: OutputLine) {
    try {
      if (!this.#storesOpen) await this.#stores.open(this.#loaded.config);
      this.#storesOpen = true;
    } catch (error) {
      const reason = error instanceof CheckpointDirectoryInUseError
        ? `an agent${error.pid === undefined ? "" : ` (process ${error.pid})`} keeps its state; stop it first`
        : reasonOf(error);
      throw new Error(`Cannot send to output "${name}": ${reason}`, { cause: error });
    }
    const { config } = this.#loaded;
    const store = this.#stores.only(config);
    // Also that of an output with a log: what is sent does not go through it.
    if (lead !== undefined) {
      this.#stores.restore([{ lead }], config, false);
      if (store === undefined) await this.#stores.forget(lead.key);
    }
    return store;
  }

  async #openWithRetries({ name, output }: OutputLine): Promise<void> {
    const backoff = new Backoff(this.retry);
    for (;;) {
      try {
        return await output.open(new AbortController().signal);
      } catch (error) {
        if (backoff.attempts >= this.retry.limit) {
          throw new Error(`Cannot open output "${name}": ${reasonOf(error)}`, { cause: error });
        }
        await sleep(backoff.next());
      }
    }
  }
}
