import assert from "node:assert/strict";
import { type Command, UsageError } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { commandHelp, groupHelp, overview } from "../../src/cli/help.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";

const nothing = () => Promise.resolve(0);
const config = { name: "config", value: "FILE", default: "config.yaml", description: "d" };
const commands: readonly Command<unknown>[] = [
  {
    name: "run",
    summary: "s",
    run: nothing,
    options: [config, { name: "once", description: "d" }, {
      name: "log-level",
      value: "LEVEL",
      choices: ["info", "warn"],
      description: "d",
    }],
  },
  { name: "config show", summary: "s", run: nothing, options: [config] },
  { name: "checkpoints list", summary: "s", run: nothing, options: [] },
  { name: "checkpoints reset", summary: "s", run: nothing, options: [] },
  {
    name: "completions",
    summary: "s",
    run: nothing,
    options: [],
    argument: { name: "SHELL", choices: ["bash", "zsh"], description: "d" },
  },
];

function given(...args: string[]) {
  const parsed = parseCommandLine(commands, args);
  assert.equal(parsed.kind, "command");
  if (parsed.kind !== "command") throw new Error("unreachable");
  return parsed;
}

function refusal(...args: string[]): string {
  try {
    parseCommandLine(commands, args);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  throw new Error(`accepted: ${args.join(" ")}`);
}

Deno.test("parseCommandLine runs without a command, with and without options", () => {
  assert.equal(given().command.name, "run");
  assert.equal(given().given.text("config"), "config.yaml");
  assert.equal(given("--once").given.has("once"), true);
  assert.equal(given("run").given.has("once"), false);
});

Deno.test("parseCommandLine takes one dash or two, and a value as the next word or behind an equals sign", () => {
  for (const args of [["-config", "x"], ["--config", "x"], ["-config=x"], ["--config=x"]]) {
    assert.equal(given(...args).given.text("config"), "x");
    assert.equal(given("config", "show", ...args).given.text("config"), "x");
  }
  assert.equal(given("--config=a=b").given.text("config"), "a=b");
  assert.equal(given("--config=").given.text("config"), "");
  assert.equal(given("-once").given.has("once"), true);
  assert.equal(given("--log-level", "warn").given.optional("log-level"), "warn");
  assert.equal(given().given.optional("log-level"), undefined);
});

Deno.test("parseCommandLine finds help and version wherever people write them", () => {
  assert.deepEqual(parseCommandLine(commands, ["help"]), { kind: "help", command: undefined });
  assert.deepEqual(parseCommandLine(commands, ["--help"]), { kind: "help", command: undefined });
  assert.deepEqual(parseCommandLine(commands, ["--version"]), { kind: "version" });
  for (const args of [["help", "config", "show"], ["config", "show", "--help"], ["config", "show", "-h"]]) {
    const parsed = parseCommandLine(commands, args);
    assert.equal(parsed.kind === "help" && parsed.command?.name, "config show");
  }
});

Deno.test("parseCommandLine and help tell what belongs to a group of commands", () => {
  for (const args of [["help", "config"], ["config", "--help"], ["config", "-h"]]) {
    assert.deepEqual(parseCommandLine(commands, args), { kind: "help", command: undefined, group: "config" });
  }
  const text = groupHelp("dlq", COMMANDS);
  for (const name of ["dlq list", "dlq show", "dlq replay", "dlq purge"]) {
    assert.ok(text.includes(`  ${name} `));
  }
  assert.ok(!text.includes("wal"));
});

Deno.test("parseCommandLine refuses what it does not know and says what is near", () => {
  assert.match(refusal("rum"), /Unknown command "rum"; did you mean "run"\?/);
  assert.match(refusal("--confg", "x"), /Unknown option "--confg" for "run"; did you mean "--config"\?/);
  assert.match(refusal("config", "shwo"), /"config" has no command "shwo"; did you mean "show"\?/);
  assert.match(refusal("checkpoints"), /"checkpoints" needs one more word\. Known: list, reset/);
  assert.match(refusal("help", "rum"), /did you mean "run"/);
  assert.match(refusal("run", "--log-level", "inf"), /"inf" is no value .*; did you mean "info"\?/);
  assert.match(refusal("completions", "bsh"), /did you mean "bash"/);
  assert.match(refusal("completions"), /needs logaggregator completions SHELL: bash, zsh/);
  assert.match(refusal("run", "--once=yes"), /takes no value/);
  assert.match(refusal("run", "--config"), /needs a value: --config FILE/);
  assert.match(refusal("run", "extra"), /takes no argument "extra"/);
  assert.match(refusal("run", "--", "--once"), /takes no argument "--once"/);
});

Deno.test("Help names every command and every option of it", () => {
  for (const command of COMMANDS) {
    assert.ok(overview(COMMANDS).includes(command.name));
    for (const option of command.options) assert.ok(commandHelp(command).includes(`--${option.name}`));
  }
});
