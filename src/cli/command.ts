/** An option of a command, `--name` or `--name VALUE`. */
export interface Option {
  readonly name: string;
  /** What the value is called in the help; without it the option is a switch. */
  readonly value?: string;
  /** The values that are allowed, where there is a fixed set. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly description: string;
}

/** A word after the command, such as the shell of `completions`. */
export interface Argument {
  readonly name: string;
  /** Any number of words, also none, instead of exactly one. */
  readonly many?: boolean;
  readonly choices?: readonly string[];
  readonly description: string;
}

/** What was given on the command line. */
export interface Arguments {
  /** The option's value or its default. Throws if the command has no such option: a defect. */
  text(name: string): string;
  /** The option's value, or undefined if it was not given and has no default. */
  optional(name: string): string | undefined;
  /** Whether a switch was given. */
  has(name: string): boolean;
  /** The argument's words, in order. */
  readonly words: readonly string[];
}

/** One command. Its code is loaded only when it runs, since the start must be fast. */
export interface Command<Context> {
  /** One word, or two as in `config show`. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly Option[];
  readonly argument?: Argument;
  /** Resolves with the exit code. */
  run(given: Arguments, context: Context): Promise<number>;
}

/** A command line that cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
