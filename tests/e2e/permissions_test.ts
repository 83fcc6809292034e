import assert from "node:assert/strict";
import { AgentProcess } from "../support/agent_process.ts";
import { appendJson, DeliveredMessages, eventsOf } from "../support/event_lines.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { REPOSITORY } from "../support/repository.ts";
import { scenario } from "../support/scenario.ts";
import type { Workspace } from "../support/workspace.ts";

async function neededFlags(space: Workspace): Promise<string[]> {
  const agent = await space.command("permissions", "--config", space.config);
  const { code } = await agent.ended();
  assert.equal(code, 0, agent.tail());
  const flags = agent.stdout.text().split(/\s+/).filter((word) => word.startsWith("--allow-"));
  assert.ok(flags.length > 0, agent.stdout.text());
  return flags;
}

for (const kind of ["stdout", "file"]) {
  scenario(
    `agent runs with the flags that permissions prints, and names a missing one: ${kind}`,
    async (space) => {
      const { output, delivered } = space.fileOutput();
      if (kind === "file") space.configure({ output });
      const writer = new LineWriter("w");
      writer.append(space.log(), 100);
      const flags = await neededFlags(space);
      for (const flag of flags) {
        assert.match(flag, /^--allow-\w+=.+/, "no flag grants everything of its kind");
      }
      const agent = await space.once({ flags });
      assertDelivered((kind === "file" ? delivered : agent.stdout).bytes(), [writer]);
      for (const [index, flag] of flags.entries()) {
        const failing = space.start({ once: true, flags: ["--no-prompt", ...flags.toSpliced(index, 1)] });
        failing.expectError(/./);
        const { code } = await failing.ended();
        assert.notEqual(code, 0, `without ${flag} it ran`);
        const name = flag.split("=")[0] ?? "";
        assert.ok(failing.stderr.includes(name), `without ${flag} it said:\n${failing.stderr}`);
      }
      for (const [index, flag] of flags.entries()) {
        const [name = "", values = ""] = flag.split("=");
        const list = values.split(",");
        if (list.length < 2) {
          continue;
        }
        for (const [place, value] of list.entries()) {
          const less = `${name}=${list.toSpliced(place, 1).join(",")}`;
          const failing = space.start({
            once: true,
            flags: ["--no-prompt", ...flags.toSpliced(index, 1, less)],
          });
          failing.expectError(/./);
          const { code } = await failing.ended();
          assert.notEqual(code, 0, `without ${name}=${value} it ran`);
          assert.ok(
            failing.stderr.includes(name) && failing.stderr.includes(value),
            `without ${value}:\n${failing.stderr}`,
          );
        }
      }
    },
    { ways: "watching" },
  );
}

scenario(
  "agent starts workers with the flags that permissions prints, and names each that is missing",
  async (space) => {
    const table = space.path("table.csv");
    Deno.writeTextFileSync(table, "level,rank\ninfo,1\nwarn,2\nerror,3\n");
    space.configure({
      rest: {
        parser: { type: "json" },
        transforms: [
          { type: "script", code: "event.fields.word = event.level" },
          { type: "lookup", file: table, field: "word" },
        ],
      },
    });
    const writer = new LineWriter("w");
    appendJson(space.log(), writer, 100);
    const flags = await neededFlags(space);
    const agent = await space.once({ flags: ["--no-prompt", ...flags] });
    assertDelivered(new DeliveredMessages(agent.stdout).bytes(), [writer]);
    for (const { level, fields } of eventsOf(agent.stdout)) {
      assert.equal(fields["rank"], { info: "1", warn: "2", error: "3" }[level ?? ""]);
    }
    for (const path of [table, `${REPOSITORY}/src`]) {
      const less = flags.map((flag) =>
        flag.replace(
          /^(--allow-read=)(.*)$/,
          (_, name, list) => name + list.split(",").filter((each: string) => each !== path).join(","),
        )
      );
      assert.notDeepEqual(less, flags, `no flag grants ${path}`);
      const failing = space.start({ once: true, flags: ["--no-prompt", ...less] });
      failing.expectError(/./);
      const { code } = await failing.ended();
      assert.notEqual(code, 0, `without ${path} it ran`);
      assert.ok(
        failing.stderr.includes(`--allow-read=${path}`),
        `without ${path} it said:\n${failing.stderr}`,
      );
    }
  },
  { ways: "watching" },
);

scenario("agent gives up what the configuration does not need, and says what it kept", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const agent = space.start({ flags: ["--allow-read=/", "--allow-write=/", "--allow-env", "--allow-sys"] });
  await space.untilDelivered(agent, [writer]);
  const entry = await agent.untilLog(/permission/i);
  assert.ok(entry.line.includes(space.path("logs")), entry.line);
  writer.append(space.log("later.log"), 100);
  await space.complete(agent, [writer]);
}, { ways: "watching", needs: () => Deno.build.os !== "windows" });

scenario("agent that gave up permissions still loads the parts that a reload asks for", async (space) => {
  const before = new LineWriter("before");
  before.append(space.log(), 100);
  const agent = space.start({ flags: ["--no-prompt", "--allow-read=/", "--allow-write=/"] });
  space.notCounted(agent);
  await space.untilDelivered(agent, [before]);
  await agent.untilLog(/Gave up all permissions/);
  space.configure({
    rest: { parser: { type: "json" }, transforms: [{ type: "add", add: { a: "1" } }] },
  });
  agent.hangUp();
  await agent.untilLog(/Reloaded/);
  const after = new LineWriter("after");
  appendJson(space.log(), after, 100);
  const isEvent = (line: string) => line.includes('"a":"1"');
  await agent.until("events", () => agent.stdout.text().split("\n").filter(isEvent).length === 100);
  assert.equal((await agent.terminate()).code, 0, agent.tail());
}, { ways: "watching" });

Deno.test("a command names the flag without which its code cannot be loaded", async () => {
  for (const command of ["demo", "schema"]) {
    await using agent = AgentProcess.command([command], { flags: ["--no-prompt"] });
    const { code } = await agent.ended();
    assert.equal(code, 1, agent.tail());
    const first = agent.stderr.split("\n")[0];
    assert.equal(
      first,
      `logaggregator: Cannot load cli/${command}.ts: 1 permission is missing; add this flag:`,
    );
    assert.ok(agent.stderr.includes(`  --allow-read=${REPOSITORY}/src `), agent.stderr);
  }
});

Deno.test("commands that only tell something need no permission", async () => {
  for (const args of [["version"], ["help"], ["--help"], ["completions", "bash"]]) {
    await using agent = AgentProcess.command(args, { flags: ["--no-prompt"] });
    const { code } = await agent.ended();
    assert.equal(code, 0, `${args}: ${agent.tail()}`);
  }
});
