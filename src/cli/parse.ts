import { suggest } from "../lib/suggest.ts";
import { type Arguments, type Command, type Option, UsageError } from "./command.ts";

/** What the command line asks for. `command`, or `group` such as `dlq`: what help is wanted for, if not for all. */
export type Parsed<Context> =
  | { readonly kind: "help"; readonly command: Command<Context> | undefined; readonly group?: string }
  | { readonly kind: "version" }
  | { readonly kind: "command"; readonly command: Command<Context>; readonly given: Arguments };

/**
 * Reads a command line. Without a command it is `run`. One dash does for long options too (`-config FILE`), as the
 * flags of Go programs are written. Throws UsageError with a suggestion where one is near.
 */
export function parseCommandLine<Context>(
  commands: readonly Command<Context>[],
  args: readonly string[],
): Parsed<Context> {
  const [first] = args;
  if (first === "-h" || first === "-help" || first === "--help") return { kind: "help", command: undefined };
  if (first === "-V" || first === "-version" || first === "--version") return { kind: "version" };
  const [of, ...more] = first === "help" ? args.slice(1) : args;
  if (
    of !== undefined && isGroup(commands, of) &&
    (first === "help" ? more.length === 0 : isHelp(more[0] ?? ""))
  ) {
    return { kind: "help", command: undefined, group: of };
  }
  if (first === "help") {
    return {
      kind: "help",
      command: args.length === 1 ? undefined : findCommand(commands, args.slice(1)).command,
    };
  }
  const { command, rest } = first === undefined || first.startsWith("-")
    ? { command: defaultCommand(commands), rest: args }
    : findCommand(commands, args);
  if (rest.some((arg, at) => isHelp(arg) && !rest.slice(0, at).includes("--"))) {
    return { kind: "help", command };
  }
  return { kind: "command", command, given: readArguments(command, rest) };
}

/** Whether a word is the first one of several commands. */
function isGroup<Context>(commands: readonly Command<Context>[], word: string): boolean {
  return commands.some(({ name }) => name.startsWith(`${word} `));
}

function isHelp(arg: string): boolean {
  return arg === "-h" || arg === "-help" || arg === "--help";
}

function defaultCommand<Context>(commands: readonly Command<Context>[]): Command<Context> {
  const run = commands.find((command) => command.name === "run");
  if (run === undefined) throw new UsageError("No command given");
  return run;
}

function findCommand<Context>(
  commands: readonly Command<Context>[],
  args: readonly string[],
): { command: Command<Context>; rest: readonly string[] } {
  const [first = "", second = ""] = args;
  for (const command of commands) {
    const words = command.name.split(" ");
    if (words.every((word, at) => args[at] === word)) return { command, rest: args.slice(words.length) };
  }
  const group = commands.filter((command) => command.name.startsWith(`${first} `));
  if (group.length > 0) {
    const names = group.map((command) => command.name.slice(first.length + 1));
    const problem = second === ""
      ? `"${first}" needs one more word`
      : `"${first}" has no command "${second}"`;
    throw new UsageError(`${problem}${didYouMean(second, names)} Known: ${names.join(", ")}`);
  }
  const names = [...new Set(commands.map((command) => command.name.split(" ")[0] ?? "")), "help"];
  throw new UsageError(`Unknown command "${first}"${didYouMean(first, names)} Known: ${names.join(", ")}`);
}

/** How the sentence ends: with the candidate that was probably meant, if there is one. */
function didYouMean(word: string, candidates: readonly string[]): string {
  const near = word === "" ? undefined : suggest(word, candidates);
  return near === undefined ? "." : `; did you mean "${near}"?`;
}

function findOption(command: Command<never>, name: string, written: string): Option {
  const option = command.options.find((each) => each.name === name);
  if (option !== undefined) return option;
  const hint = didYouMean(`--${name}`, command.options.map((each) => `--${each.name}`));
  throw new UsageError(
    `Unknown option "${written}" for "${command.name}"${hint} See logaggregator help ${command.name}`,
  );
}

function readArguments(command: Command<never>, args: readonly string[]): Arguments {
  const values = new Map<string, string>();
  const words: string[] = [];
  let optionsEnded = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (optionsEnded || !arg.startsWith("-") || arg === "-") {
      words.push(arg);
    } else if (arg === "--") {
      optionsEnded = true;
    } else {
      const [, name = "", inline] = /^--?([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
      const option = findOption(command, name, arg);
      if (option.value === undefined) {
        if (inline !== undefined) throw new UsageError(`Option "--${name}" takes no value`);
        values.set(name, "");
      } else {
        const value = inline ?? args[++at];
        if (value === undefined) {
          throw new UsageError(`Option "--${name}" needs a value: --${name} ${option.value}`);
        }
        checkChoice(`option "--${name}"`, value, option.choices);
        values.set(name, value);
      }
    }
  }
  checkWords(command, words);
  const option = (name: string): Option => {
    const known = command.options.find((each) => each.name === name);
    if (known === undefined) throw new Error(`Command "${command.name}" has no option "${name}"`);
    return known;
  };
  return {
    words,
    has: (name) => values.has(option(name).name),
    optional: (name) => values.get(name) ?? option(name).default,
    text: (name) => values.get(name) ?? option(name).default ?? "",
  };
}

function checkChoice(what: string, value: string, choices: readonly string[] | undefined): void {
  if (choices === undefined || choices.includes(value)) return;
  throw new UsageError(
    `"${value}" is no value of ${what}${didYouMean(value, choices)} Allowed: ${choices.join(", ")}`,
  );
}

function checkWords(command: Command<never>, words: readonly string[]): void {
  const { argument } = command;
  if (argument?.many) return;
  const [first] = words;
  const extra = argument === undefined ? first : words[1];
  if (extra !== undefined) throw new UsageError(`"${command.name}" takes no argument "${extra}"`);
  if (argument === undefined) return;
  const usage = `logaggregator ${command.name} ${argument.name}`;
  if (first === undefined) {
    throw new UsageError(
      `"${command.name}" needs ${usage}: ${argument.choices?.join(", ") ?? argument.description}`,
    );
  }
  checkChoice(argument.name, first, argument.choices);
}
