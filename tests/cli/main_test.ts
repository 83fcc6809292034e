import assert from "node:assert/strict";
import { AgentProcess } from "../support/agent_process.ts";
import { scenario } from "../support/scenario.ts";
import type { Workspace } from "../support/workspace.ts";

/** Runs the program to its end. */
async function program(
  args: string[],
  flags?: string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  await using agent = AgentProcess.command(
    args,
    flags === undefined ? {} : { flags: ["--no-prompt", ...flags] },
  );
  const { code } = await agent.ended();
  return { code, stdout: agent.stdout.text(), stderr: agent.stderr };
}

Deno.test("Program prints version, help and completions without any permission", async () => {
  const version = await program(["version"], []);
  assert.match(version.stdout, /^logaggregator \d+\.\d+\.\d+ \(deno /);
  assert.deepEqual(await program(["--version"], []), version);
  const help = await program(["help"], []);
  assert.match(help.stdout, /Usage: logaggregator/);
  const runHelp = await program(["run", "--help"], []);
  assert.match(runHelp.stdout, /--watch-config/);
  const completions = await program(["completions", "bash"], []);
  assert.match(completions.stdout, /complete .*logaggregator/);
  for (const { code, stderr } of [version, help, runHelp, completions]) {
    assert.equal(code, 0);
    assert.equal(stderr, "");
  }
});

Deno.test("Program exits with 2 on wrong usage and says what was meant", async () => {
  const command = await program(["valdate"]);
  assert.equal(command.code, 2);
  assert.match(command.stderr, /Unknown command "valdate"; did you mean "validate"\? Known: run, /);
  const option = await program(["--confg", "x"]);
  assert.equal(option.code, 2);
  assert.match(option.stderr, /did you mean "--config"\?/);
  assert.equal((await program(["checkpoints", "reset", "--config", "config.yaml.example"])).code, 2);
});

scenario("Program exits with 2 on a wrong configuration and tells every mistake", async (space) => {
  space.writeConfig("inputs:\n  files:\n    - paths: 5\n      pathz: x\noutput:\n  type: stdouts\n");
  for (const args of [["run"], [], ["validate"], ["config", "show"], ["permissions"]]) {
    const { code, stderr, stdout } = await program([...args, "-config", space.config]);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /config\.yaml:\d+:\d+ .*pathz/);
    assert.match(stderr, /config\.yaml:\d+:\d+ output\.type: .*stdouts/);
    assert.doesNotMatch(stderr, /^\{|^ +at /m);
  }
  const missing = await program(["--config", space.path("missing.yaml")]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /missing\.yaml/);
}, { ways: "watching" });

scenario("Program names all missing permissions at once and exits with 1", async (space) => {
  const all = await program(["--config", space.config], [`--allow-read=${space.config}`]);
  assert.equal(all.code, 1);
  for (
    const flag of [`read=${space.path("logs")}`, `read=${space.checkpoints}`, `write=${space.checkpoints}`]
  ) {
    assert.ok(all.stderr.includes(`--allow-${flag}`), all.stderr);
  }
  const none = await program(["--config", space.config], []);
  assert.equal(none.code, 1);
  assert.ok(none.stderr.includes(`--allow-read=${space.config}`), none.stderr);
}, { ways: "watching" });

scenario("Program names a variable that it may not read, rather than call it unset", async (space) => {
  space.writeConfig(
    Deno.readTextFileSync(space.config).replace("level: info", "level: ${LOGAGGREGATOR_TEST_LEVEL:-info}"),
  );
  for (const command of ["run", "permissions"]) {
    const { code, stderr } = await program([command, "--config", space.config], [
      `--allow-read=${space.directory}`,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /--allow-env=LOGAGGREGATOR_TEST_LEVEL/);
  }
  const { code, stdout } = await program(["permissions", "--config", space.config]);
  assert.equal(code, 0);
  assert.match(stdout, /^--allow-env=LOGAGGREGATOR_TEST_LEVEL$/m);
}, { ways: "watching" });

scenario("Program tells the needs with their reasons as JSON", async (space) => {
  const { stdout } = await program(["permissions", "--watch-config", "--json", "--config", space.config]);
  const { flags, needs } = JSON.parse(stdout);
  assert.ok(flags.every((flag: string) => flag.startsWith("--allow-")));
  assert.ok(needs.some((need: { path: string }) => need.path === space.directory), "the watched directory");
  assert.ok(needs.every((need: { why: string }) => need.why !== ""));
}, { ways: "watching" });

scenario("Program keeps the log level of its command line", async (space) => {
  const agent = space.start({ once: true, args: ["--log-level", "warn"] });
  await agent.ended();
  assert.equal(agent.stderr, "");
  // The summary is at INFO: the scenario's own check would look for it.
  space.agents.length = 0;
}, { ways: "watching" });

async function reloaded(space: Workspace, flags: readonly string[]): Promise<AgentProcess> {
  const agent = space.start(flags.length === 0 ? {} : { args: flags });
  await agent.untilLog(/"Started"/);
  space.configure({ files: { paths: [space.path("logs/*.log"), space.path("other/*.log")] } });
  Deno.mkdirSync(space.path("other"), { recursive: true });
  agent.hangUp();
  return agent;
}

scenario("Program refuses a reload that needs what it gave up, and names the flag", async (space) => {
  const agent = await reloaded(space, []);
  agent.expectError(/Cannot reload/);
  const { line } = await agent.untilLog(/Cannot (reload|apply)/);
  assert.ok(line.includes(`--allow-read=${space.path("other")}`), line);
  assert.match(line, /restart to apply/);
  assert.ok(agent.running);
}, { ways: "watching" });

scenario("Program takes such a reload when it was told to keep its permissions", async (space) => {
  const agent = await reloaded(space, ["--keep-permissions"]);
  await agent.untilLog(/"Reloaded"/);
}, { ways: "watching" });

scenario("Program reloads a configuration with variables after it gave up the environment", async (space) => {
  const text = Deno.readTextFileSync(space.config).replace("level: info", "level: ${LEVEL_FOR_TEST}");
  space.writeConfig(text);
  const agent = space.start({ env: { LEVEL_FOR_TEST: "debug" } });
  await agent.untilLog(/"Started"/);
  space.writeConfig(text.replace("50ms", "60ms"));
  agent.hangUp();
  await agent.untilLog(/"Reloaded"/);
}, { ways: "watching" });
