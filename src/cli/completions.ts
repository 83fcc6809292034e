import type { Command } from "./command.ts";

export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = typeof SHELLS[number];

type AnyCommand = Command<never>;

/** Prints a script that teaches a shell our commands and options. */
export function printCompletions(shell: string, commands: readonly AnyCommand[]): Promise<number> {
  const known = SHELLS.find((each) => each === shell);
  if (known !== undefined) console.log(completionScript(known, commands));
  return Promise.resolve(known === undefined ? 2 : 0);
}

/** The script for one shell, made from the command definitions. */
export function completionScript(shell: Shell, commands: readonly AnyCommand[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return zsh(commands);
    case "fish":
      return fish(commands);
    case "powershell":
      return powershell(commands);
  }
}

/** What may follow the words typed so far: the words as the key, "" for none. */
function nextWords(commands: readonly AnyCommand[]): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>([["", new Set(["help"])], ["help", new Set()]]);
  const add = (after: string, word: string) => {
    const words = next.get(after) ?? new Set();
    next.set(after, words.add(word));
  };
  for (const { name, options, argument } of commands) {
    const [first = "", second] = name.split(" ");
    add("", first);
    add("help", first);
    if (second !== undefined) {
      add(first, second);
      add(`help ${first}`, second);
    }
    for (const option of options) add(name, `--${option.name}`);
    for (const choice of argument?.choices ?? []) add(name, choice);
    if (!next.has(name)) next.set(name, new Set());
  }
  for (const { name, options } of commands) {
    if (name === "run") { for (const option of options) add("", `--${option.name}`); }
  }
  return next;
}

/** Options with a fixed set of values. */
function choices(commands: readonly AnyCommand[]): Map<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  for (const option of commands.flatMap((command) => command.options)) {
    if (option.choices !== undefined) known.set(option.name, option.choices);
  }
  return known;
}

/** Options that take the name of a file. */
function fileOptions(commands: readonly AnyCommand[]): string[] {
  const options = commands.flatMap((command) => command.options);
  return [...new Set(options.filter((option) => option.value === "FILE").map((option) => option.name))];
}

function bash(commands: readonly AnyCommand[]): string {
  const values = [...choices(commands)].map(([name, all]) =>
    `    --${name}) COMPREPLY=($(compgen -W "${all.join(" ")}" -- "$current")); return ;;`
  );
  const words = [...nextWords(commands)].map(([after, all]) =>
    `    "${after}") candidates="${[...all].join(" ")}" ;;`
  );
  return `# bash completion of logaggregator: source <(logaggregator completions bash)
_logaggregator() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words="" word candidates=""
  case "$previous" in
    ${
    fileOptions(commands).map((name) => `--${name}|-${name}`).join("|")
  }) COMPREPLY=($(compgen -f -- "$current")); return ;;
${values.join("\n")}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ "$word" == -* ]] && break
    words="\${words:+$words }$word"
  done
  case "$words" in
${words.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -o bashdefault -F _logaggregator logaggregator`;
}

function zsh(commands: readonly AnyCommand[]): string {
  const values = [...choices(commands)].map(([name, all]) =>
    `    --${name}) compadd -- ${all.join(" ")}; return ;;`
  );
  const words = [...nextWords(commands)].map(([after, all]) =>
    `    "${after}") compadd -- ${[...all].join(" ")} ;;`
  );
  return `#compdef logaggregator
# zsh completion of logaggregator: logaggregator completions zsh > "\${fpath[1]}/_logaggregator"
_logaggregator() {
  local line="" word previous="\${words[CURRENT-1]}"
  case "$previous" in
    ${fileOptions(commands).map((name) => `--${name}|-${name}`).join("|")}) _files; return ;;
${values.join("\n")}
  esac
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && break
    line="\${line:+$line }$word"
  done
  case "$line" in
${words.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_logaggregator" ]; then _logaggregator "$@"; else compdef _logaggregator logaggregator; fi`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}

function fish(commands: readonly AnyCommand[]): string {
  const lines = [
    "# fish completion of logaggregator: logaggregator completions fish | source",
    "complete -c logaggregator -f",
    "complete -c logaggregator -n __fish_use_subcommand -a help -d 'Help for a command'",
  ];
  const seen = new Set<string>();
  for (const { name, summary, options, argument } of commands) {
    const [first = "", second] = name.split(" ");
    if (!seen.has(first)) {
      const description = second === undefined ? summary : "";
      lines.push(`complete -c logaggregator -n __fish_use_subcommand -a ${first} -d ${quoted(description)}`);
      seen.add(first);
    }
    let when = `__fish_seen_subcommand_from ${first}`;
    if (second !== undefined) {
      const others = commands.filter((each) => each.name.startsWith(`${first} `)).map((each) =>
        each.name.slice(first.length + 1)
      );
      lines.push(
        `complete -c logaggregator -n "${when}; and not __fish_seen_subcommand_from ${others.join(" ")}" ` +
          `-a ${second} -d ${quoted(summary)}`,
      );
      when += `; and __fish_seen_subcommand_from ${second}`;
    }
    if (argument?.choices !== undefined) {
      lines.push(`complete -c logaggregator -n "${when}" -a ${quoted(argument.choices.join(" "))}`);
    }
    for (const option of options) {
      const value = option.choices !== undefined
        ? ` -x -a ${quoted(option.choices.join(" "))}`
        : option.value === "FILE"
        ? " -r -F"
        : option.value === undefined
        ? ""
        : " -x";
      lines.push(
        `complete -c logaggregator -n "${when}" -l ${option.name}${value} -d ${quoted(option.description)}`,
      );
    }
  }
  return lines.join("\n");
}

function powershell(commands: readonly AnyCommand[]): string {
  const literal = (words: Iterable<string>) => [...words].map((word) => `'${word}'`).join(", ");
  const values = [...choices(commands)].map(([name, all]) => `    '--${name}' = @(${literal(all)})`);
  const words = [...nextWords(commands)].map(([after, all]) => `    '${after}' = @(${literal(all)})`);
  return `# PowerShell completion of logaggregator: logaggregator completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName logaggregator -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $values = @{
${values.join("\n")}
  }
  $next = @{
${words.join("\n")}
  }
  $elements = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -ne '' -and $elements.Count -gt 0) {
    $elements = @($elements | Select-Object -SkipLast 1)
  }
  $previous = if ($elements.Count -gt 0) { $elements[-1] } else { '' }
  $line = @()
  foreach ($element in $elements) {
    if ($element.StartsWith('-')) { break }
    $line += $element
  }
  $candidates = if ($values.ContainsKey($previous)) { $values[$previous] } else { $next[$line -join ' '] }
  $candidates | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}`;
}
