import process from "node:process";

/**
 * Hides the environment from npm packages. Some look for debug switches of their own, and each look would need one
 * more permission; our own code reads variables by `Deno.env` where the configuration names them.
 */
export function hideEnvironmentFromPackages(): void {
  Object.defineProperty(process, "env", { value: {}, configurable: true, writable: true });
}

/**
 * The environment as the configuration sees it. Every variable that was asked for stays in memory, so that the
 * permission to read the environment can be given up and a reload still gets the same values.
 */
export class Environment {
  readonly #values = new Map<string, string | undefined>();
  readonly #denied = new Set<string>();

  /** The variables that may not be read. */
  get denied(): string[] {
    return [...this.#denied];
  }

  /** Forgets which variables may not be read: another configuration may not name them. */
  forgetDenied(): void {
    this.#denied.clear();
  }

  /** The value, or undefined if the variable is not set or may not be read. */
  readonly get = (name: string): string | undefined => {
    if (this.#values.has(name)) return this.#values.get(name);
    try {
      const value = Deno.env.get(name);
      this.#values.set(name, value);
      return value;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      this.#denied.add(name);
      return undefined;
    }
  };
}
