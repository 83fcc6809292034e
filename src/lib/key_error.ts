/** What is wrong with the value of a configuration key, found where that value is used: a pattern, a script. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  /** The key's path inside the component's block, such as `pattern` or `rules[2].if`; empty: the block itself. */
  readonly key: string;

  constructor(key: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.key = key;
  }
}

/** Several mistakes at once. */
export class KeyErrors extends Error {
  override readonly name = "KeyErrors";

  constructor(readonly errors: readonly KeyError[]) {
    super(errors.map(({ key, message }) => `${key}: ${message}`).join("\n"));
  }
}

/** Gathers the mistakes of several components, so that all are told at once. */
export class KeyMistakes {
  readonly #errors: KeyError[] = [];

  /** The result of `action`, or undefined after a KeyError, which is noted with `prefix` before its key. */
  async try<Result>(prefix: string, action: () => Promise<Result> | Result): Promise<Result | undefined> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof KeyErrors) this.#errors.push(...error.errors.map((each) => under(prefix, each)));
      else if (error instanceof KeyError) this.#errors.push(under(prefix, error));
      else throw error;
      return undefined;
    }
  }

  /** Throws KeyErrors if there was one. */
  throwIfAny(): void {
    if (this.#errors.length > 0) throw new KeyErrors(this.#errors);
  }
}

function under(prefix: string, error: KeyError): KeyError {
  if (prefix === "") return error;
  return new KeyError(error.key === "" ? prefix : `${prefix}.${error.key}`, error.message, { cause: error });
}
