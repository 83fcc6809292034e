/** Runs actions in the order in which they were announced, for each key by itself, however long each takes to be ready. */
export class InOrder {
  /** By key: settles once everything that was announced so far has ended. */
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `action` once `ready` has resolved and the actions that were announced before for `key` have ended, well or
   * not. Settles as the action does; rejects without running it when `ready` rejects.
   */
  run<Value, Result>(
    key: string,
    ready: Promise<Value>,
    action: (value: Value) => Promise<Result>,
  ): Promise<Result> {
    const result = this.#run(this.#tails.get(key), ready, action);
    const ended = () => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    };
    const tail = result.then(ended, ended);
    this.#tails.set(key, tail);
    return result;
  }

  async #run<Value, Result>(
    before: Promise<void> | undefined,
    ready: Promise<Value>,
    action: (value: Value) => Promise<Result>,
  ): Promise<Result> {
    let value: Value;
    try {
      value = await ready;
    } finally {
      await before;
    }
    return await action(value);
  }
}
