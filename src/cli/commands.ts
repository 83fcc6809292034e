import { LOG_LEVELS, type LogLevel } from "../telemetry/log_entry.ts";
import type { Argument, Arguments, Command, Option } from "./command.ts";
import { commandModules } from "./command_modules.ts";
import type { Host } from "./host.ts";

const CONFIG: Option = {
  name: "config",
  value: "FILE",
  default: "config.yaml",
  description: "The configuration",
};
const WATCH_CONFIG: Option = {
  name: "watch-config",
  description: "Reload when the configuration file changes",
};
const JSON_OUTPUT: Option = { name: "json", description: "Print JSON" };
const LETTERS_DIR: Option = {
  name: "dir",
  value: "DIR",
  description: "The directory of dead letters, instead of that of the configuration",
};
const LETTERS_OF: readonly Option[] = [
  { name: "output", value: "NAME", description: "Only records that this output gave up" },
  { name: "input", value: "NAME", description: "Only records of this input that could not be processed" },
];

const LOGS: Argument = {
  name: "DIR…",
  many: true,
  description: "Directories of logs; without them those of the configuration",
};

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command<Host>[] = [
  {
    name: "run",
    summary: "Collect and deliver until stopped",
    options: [
      CONFIG,
      { name: "once", description: "Read to the end of all files, deliver, save the positions, end" },
      WATCH_CONFIG,
      { name: "require-healthy", description: "Start only if every output is healthy" },
      { name: "poll-only", description: "Never use file system notifications, only look periodically" },
      {
        name: "keep-permissions",
        description: "Do not give up what the configuration does not need now, so that a reload may need it",
      },
      { name: "log-level", value: "LEVEL", choices: LOG_LEVELS, description: "Instead of logging.level" },
    ],
    run: async (given, host) =>
      (await import("./run.ts")).run({
        config: given.text("config"),
        once: given.has("once"),
        watchConfig: given.has("watch-config"),
        pollOnly: given.has("poll-only"),
        requireHealthy: given.has("require-healthy"),
        keepPermissions: given.has("keep-permissions"),
        logLevel: given.optional("log-level") as LogLevel | undefined,
      }, host),
  },
  {
    name: "validate",
    summary: "Check a configuration; every mistake is told with its place",
    options: [CONFIG],
    run: async (given) => (await import("./validate.ts")).validate({ config: given.text("config") }),
  },
  {
    name: "config show",
    summary: "Print the effective configuration, with defaults and without secrets",
    options: [CONFIG],
    run: async (given) => (await import("./config_show.ts")).configShow({ config: given.text("config") }),
  },
  {
    name: "schema",
    summary: "Print the JSON Schema of the configuration, for editors",
    options: [],
    run: async () => (await commandModules.schema()).printSchema(),
  },
  {
    name: "checkpoints list",
    summary: "Print the saved positions",
    options: [CONFIG, JSON_OUTPUT],
    run: async (given) =>
      (await commandModules.checkpoints()).listCheckpoints({
        directories: await checkpointDirectories(given.text("config")),
        json: given.has("json"),
      }),
  },
  {
    name: "checkpoints reset",
    summary: "Forget saved positions: the files are read as if seen for the first time",
    options: [CONFIG, { name: "all", description: "Forget all of them" }],
    argument: {
      name: "PATH…",
      many: true,
      description: 'Files, or lineages as "checkpoints list" shows them',
    },
    run: async (given) =>
      (await commandModules.checkpoints()).resetCheckpoints({
        directories: await checkpointDirectories(given.text("config")),
        all: given.has("all"),
        paths: given.words,
      }),
  },
  {
    name: "dlq list",
    summary: "Print how many dead letters there are, and why",
    options: [CONFIG, LETTERS_DIR, JSON_OUTPUT],
    run: async (given) =>
      (await commandModules.dlq()).listLetters({ ...lettersPlace(given), json: given.has("json") }),
  },
  {
    name: "dlq show",
    summary: "Print dead letters, one JSON object a line",
    options: [
      CONFIG,
      LETTERS_DIR,
      ...LETTERS_OF,
      { name: "reason", value: "TEXT", description: "Only those whose reason contains this" },
      { name: "id", value: "ID", description: "Only the record with this id" },
      { name: "limit", value: "NUMBER", description: "So many at most" },
    ],
    run: async (given) =>
      (await commandModules.dlq()).showLetters({
        ...lettersPlace(given),
        selection: { ...lettersOf(given), reason: given.optional("reason"), id: given.optional("id") },
        limit: given.optional("limit"),
      }),
  },
  {
    name: "dlq replay",
    summary: "Send dead letters again: to their outputs, or through their input's parsers and transforms",
    options: [
      CONFIG,
      LETTERS_DIR,
      ...LETTERS_OF,
      { name: "to", value: "NAME", description: "Send refused records to this output instead of their own" },
      { name: "limit", value: "NUMBER", description: "So many at most" },
    ],
    run: async (given, host) =>
      (await commandModules.dlqReplay()).replayLetters({
        ...lettersPlace(given),
        selection: lettersOf(given),
        to: given.optional("to"),
        limit: given.optional("limit"),
      }, host),
  },
  {
    name: "dlq purge",
    summary: "Delete dead letters for good",
    options: [
      CONFIG,
      LETTERS_DIR,
      ...LETTERS_OF,
      { name: "older-than", value: "DURATION", description: "Only those that are older, for example 24h" },
      { name: "all", description: "Delete all of them" },
      { name: "yes", description: "Do it; without this it is only said how many there are" },
    ],
    run: async (given) =>
      (await commandModules.dlq()).purgeLetters({
        ...lettersPlace(given),
        selection: lettersOf(given),
        olderThan: given.optional("older-than"),
        all: given.has("all"),
        yes: given.has("yes"),
      }),
  },
  {
    name: "wal inspect",
    summary: "Print what stands in the write-ahead logs: segments, records, what is to be delivered",
    options: [CONFIG, JSON_OUTPUT],
    argument: LOGS,
    run: async (given) =>
      (await commandModules.wal()).inspectLogs({ directories: await logsOf(given), json: given.has("json") }),
  },
  {
    name: "wal verify",
    summary: "Check every byte of the write-ahead logs and list all damage",
    options: [CONFIG],
    argument: LOGS,
    run: async (given) => (await commandModules.wal()).verifyLogs({ directories: await logsOf(given) }),
  },
  {
    name: "wal repair",
    summary: "Write damaged logs anew with all that can be read; the files as they were are kept",
    options: [CONFIG],
    argument: LOGS,
    run: async (given) => (await commandModules.wal()).repairLogs({ directories: await logsOf(given) }),
  },
  {
    name: "wal compact",
    summary: "Delete segments that are delivered, as compaction_policy: manual leaves them",
    options: [CONFIG],
    argument: LOGS,
    run: async (given) => (await commandModules.wal()).compactLogs({ directories: await logsOf(given) }),
  },
  {
    name: "wal dump",
    summary: "Print records that are still to be delivered, as they would be sent",
    options: [
      CONFIG,
      { name: "from", value: "NUMBER", description: "All from this record on, also what is delivered" },
      { name: "ids", description: "The id of each record before it, and a tab" },
    ],
    argument: LOGS,
    run: async (given) =>
      (await commandModules.wal()).dumpLogs({
        directories: await logsOf(given),
        from: given.optional("from"),
        ids: given.has("ids"),
      }),
  },
  {
    name: "permissions",
    summary: "Print the --allow-… flags that a configuration needs, and no more",
    options: [CONFIG, { ...WATCH_CONFIG, description: "Also what --watch-config needs" }, JSON_OUTPUT],
    run: async (given) =>
      (await import("./permissions.ts")).printPermissions({
        config: given.text("config"),
        watchConfig: given.has("watch-config"),
        json: given.has("json"),
      }),
  },
  {
    name: "test",
    summary: "Run the tests that stand in a configuration",
    options: [CONFIG],
    run: async (given) => (await commandModules.testConfig()).testConfig({ config: given.text("config") }),
  },
  {
    name: "parse",
    summary: "Show what a parser makes of the lines on standard input, and which it does not take",
    options: [
      { name: "parser", value: "TYPE", default: "auto", description: "Type of the parser" },
      { name: "pattern", value: "PATTERN", description: "Pattern of a regex or grok parser" },
      {
        name: "set",
        value: "KEYS",
        description: "Further keys of the parser, in YAML: '{time_format: unix_ms, columns: [a, b]}'",
      },
    ],
    run: async (given) =>
      (await commandModules.parseLines()).parseLines({
        parser: given.text("parser"),
        pattern: given.optional("pattern"),
        keys: given.optional("set"),
      }),
  },
  {
    name: "explain",
    summary: "Show one record of a file after every step on its way",
    options: [
      CONFIG,
      { name: "input", value: "NAME", description: "The input whose parser and transforms are used" },
      { name: "record", value: "NUMBER", default: "1", description: "Which record of the file" },
    ],
    argument: { name: "FILE", description: "A file with records, or - for standard input" },
    run: async (given) =>
      (await commandModules.explain()).explain({
        config: given.text("config"),
        input: given.optional("input"),
        record: given.text("record"),
        sample: given.words[0] ?? "-",
      }),
  },
  {
    name: "demo",
    summary: "Show it at work: follow logs that are written and rotated in a temporary folder",
    options: [{
      name: "duration",
      value: "TIME",
      description: "End by itself after this time, for example 5s",
    }],
    run: async (given, host) =>
      (await commandModules.demo()).runDemo({ duration: given.optional("duration") }, host),
  },
  {
    name: "version",
    summary: "Print the version",
    options: [],
    run: async () => (await import("./version.ts")).printVersion(),
  },
  {
    name: "completions",
    summary: "Print a script that completes commands and options in a shell",
    options: [],
    argument: {
      name: "SHELL",
      choices: ["bash", "zsh", "fish", "powershell"],
      description: "The shell",
    },
    run: async ({ words }) => (await import("./completions.ts")).printCompletions(words[0] ?? "", COMMANDS),
  },
];

function lettersPlace(given: Arguments): { readonly config: string; readonly dir: string | undefined } {
  return { config: given.text("config"), dir: given.optional("dir") };
}

function lettersOf(given: Arguments): Readonly<Record<"output" | "input", string | undefined>> {
  return { output: given.optional("output"), input: given.optional("input") };
}

async function logsOf(given: Arguments): Promise<readonly string[]> {
  if (given.words.length > 0) return given.words;
  return (await commandModules.wal()).logDirectories(given.text("config"));
}

async function checkpointDirectories(file: string): Promise<string[]> {
  const { loadConfig } = await import("../config/load.ts");
  const { checkpointPlaces } = await import("../build_pipeline.ts");
  const { config } = await loadConfig(file);
  return checkpointPlaces(config).map(({ directory }) => directory);
}
