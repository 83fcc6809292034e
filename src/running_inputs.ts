import type { InputEntry } from "./config/config.ts";
import type { Emit, Input } from "./inputs/input.ts";
import { formatDuration } from "./lib/duration.ts";
import type { Log } from "./lib/log.ts";
import { reasonOf } from "./lib/reason.ts";
import { within } from "./lib/within.ts";

/** An input that was created and does not run yet. */
export interface CreatedInput {
  readonly entry: InputEntry;
  readonly input: Input;
}

interface RunningInput extends CreatedInput {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** What inputs run with. */
export interface RunningInputsOptions {
  readonly log: Log;
  /** What an input calls with its batches. */
  emitterFor(name: string): Emit;
  /** An input ended by a defect of the program. */
  onDefect(name: string): void;
}

/** The inputs that run, and those that a reload has stopped and that still wait for what they have read to settle. */
export class RunningInputs {
  readonly #options: RunningInputsOptions;
  readonly #inputs = new Map<string, RunningInput>();
  #ending: readonly RunningInput[] = [];

  constructor(options: RunningInputsOptions) {
    this.#options = options;
  }

  /** Those that were stopped and have not ended. */
  get ending(): readonly InputEntry[] {
    return this.#ending.map(({ entry }) => entry);
  }

  /** Runs inputs. One that replaces another, which may read the same files, begins once that one has ended. */
  run(created: readonly CreatedInput[]): void {
    for (const input of created) {
      const { name } = input.entry;
      this.#run(input, this.#ending.findLast(({ entry }) => entry.name === name)?.done);
    }
  }

  /** Has inputs end, and waits at most `patience` ms for that, or until `stop` aborts. */
  async end(leaving: readonly InputEntry[], patience: number, stop: AbortSignal): Promise<void> {
    const ending = leaving.flatMap(({ name }) => this.#inputs.get(name) ?? []);
    for (const input of ending) {
      input.stop.abort();
      this.#inputs.delete(input.entry.name);
      this.#ending = [...this.#ending, input];
      input.done.then(() => this.#ending = this.#ending.filter((other) => other !== input));
    }
    await within(Promise.all(ending.map(({ done }) => done)), patience, stop);
    if (stop.aborted) return;
    for (const { entry: { name } } of ending.filter((input) => this.#ending.includes(input))) {
      this.#options.log.warn(
        `Input "${name}" still waits for its outputs after ${formatDuration(patience)}; going on`,
      );
    }
  }

  /** Has all inputs end; resolves once they have. */
  async stop(): Promise<void> {
    const all = [...this.#inputs.values(), ...this.#ending];
    for (const { stop } of all) stop.abort();
    await Promise.all(all.map(({ done }) => done));
  }

  /** Resolves once all have read everything there is, also those that `turn` waits for: a reload may add some. */
  async exhausted(turn: () => Promise<unknown>): Promise<void> {
    const ended = new Set<RunningInput>();
    for (;;) {
      await turn();
      const running = [...this.#inputs.values()].filter((input) => !ended.has(input));
      if (running.length === 0) return;
      await Promise.all(running.map(({ done }) => done));
      for (const input of running) ended.add(input);
    }
  }

  #run({ entry, input }: CreatedInput, before: Promise<void> | undefined): void {
    const { name } = entry;
    const { log, emitterFor, onDefect } = this.#options;
    const stop = new AbortController();
    const run = async () => {
      if (before !== undefined) await before;
      if (!stop.signal.aborted) await input.run(emitterFor(name), stop.signal);
    };
    const done = run().catch((error: unknown) => {
      log.error(`Input "${name}" ended by a defect`, { error });
      onDefect(name);
    });
    this.#inputs.set(name, { entry, input, stop, done });
  }
}

/** Whether all inputs read again, after a crash, what came behind their saved positions. */
export async function canReplay(inputs: readonly CreatedInput[], log: Log): Promise<boolean> {
  const answers = await Promise.all(inputs.map(async ({ entry: { name }, input }) => {
    try {
      return await input.canReplay?.() ?? false;
    } catch (error) {
      log.warn(`Cannot tell what input "${name}" can read again: ${reasonOf(error)}`, { input: name });
      return false;
    }
  }));
  return answers.every(Boolean);
}
