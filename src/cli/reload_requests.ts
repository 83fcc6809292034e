/**
 * Reloads that were asked for. Those that come before the agent runs wait until it does, and those that come during
 * a reload lead to one more after it.
 */
export class ReloadRequests {
  #wanted = false;
  #isRunning = false;
  #reload: (() => Promise<void>) | undefined;

  readonly request = (): void => {
    this.#wanted = true;
    void this.#run();
  };

  /** From now on requests are served by `reload`, which must not reject. */
  serve(reload: () => Promise<void>): void {
    this.#reload = reload;
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#isRunning || this.#reload === undefined) return;
    this.#isRunning = true;
    while (this.#wanted) {
      this.#wanted = false;
      await this.#reload();
    }
    this.#isRunning = false;
  }
}
