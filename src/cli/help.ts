import type { Command, Option } from "./command.ts";

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join("\n");
}

function optionRow(option: Option): readonly [string, string] {
  const left = option.value === undefined ? `--${option.name}` : `--${option.name} ${option.value}`;
  const notes = [
    option.choices === undefined ? undefined : option.choices.join(", "),
    option.default === undefined ? undefined : `default: ${option.default}`,
  ].filter((note) => note !== undefined);
  return [left, notes.length === 0 ? option.description : `${option.description} (${notes.join("; ")})`];
}

/** The text of `logaggregator help`. */
export function overview<Context>(commands: readonly Command<Context>[]): string {
  return `Collects logs and delivers them without losing a line.

Usage: logaggregator [command] [options]

Without a command it is "run".

${table(commands.map((command) => [command.name, command.summary]))}

Each command has its own help: logaggregator help run
Exit codes: 0 success, 1 failure, 2 wrong usage or configuration.`;
}

/** The text of `logaggregator help GROUP`, such as `dlq`. */
export function groupHelp<Context>(group: string, commands: readonly Command<Context>[]): string {
  const members = commands.filter(({ name }) => name.startsWith(`${group} `));
  const [first] = members;
  return `Usage: logaggregator ${group} COMMAND [options]

${table(members.map(({ name, summary }) => [name, summary]))}

Each has its own help: logaggregator help ${first?.name ?? group}`;
}

/** The text of `logaggregator help COMMAND`. */
export function commandHelp<Context>(command: Command<Context>): string {
  const { argument } = command;
  const words = argument === undefined ? "" : argument.many ? ` [${argument.name}]` : ` ${argument.name}`;
  const parts = [
    command.summary,
    `Usage: logaggregator ${command.name}${words}` +
    (command.options.length === 0 ? "" : " [options]"),
  ];
  if (argument !== undefined) {
    const choices = argument.choices === undefined ? "" : ` (${argument.choices.join(", ")})`;
    parts.push(table([[argument.name, `${argument.description}${choices}`]]));
  }
  if (command.options.length > 0) parts.push(table(command.options.map(optionRow)));
  return parts.join("\n\n");
}
