import assert from "node:assert/strict";
import { AgentProcess } from "../support/agent_process.ts";

/** Every line is counted, and the last one on stderr says so. */
async function assertNothingLost(agent: AgentProcess): Promise<void> {
  const { code } = await agent.ended();
  assert.equal(code, 0, agent.tail());
  const last = agent.stderr.trimEnd().split("\n").at(-1) ?? "";
  const [, written = "", delivered] = /^demo: ([\d,]+) lines written, ([\d,]+) delivered, nothing lost$/
    .exec(last) ?? [];
  assert.equal(written, delivered, last);
  assert.equal(Number(written.replaceAll(",", "")), agent.stdout.lines);
  assert.ok(agent.stdout.lines > 100, last);
  const folder = /"(.*logaggregator-demo-[^/\\"]*)/.exec(agent.stderr)?.[1];
  if (folder !== undefined) await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
}

Deno.test("Demo delivers every line across rotations, then says so and cleans up", async () => {
  await using agent = AgentProcess.command(["demo", "--duration", "4s"]);
  await assertNothingLost(agent);
});

Deno.test({
  name: "Demo ends in order on Ctrl-C",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using agent = AgentProcess.command(["demo"]);
    await agent.until("some lines", () => agent.stdout.lines > 150);
    agent.signal("SIGINT");
    await assertNothingLost(agent);
  },
});

Deno.test("Demo refuses a duration that is none", async () => {
  await using agent = AgentProcess.command(["demo", "--duration", "soon"]);
  assert.equal((await agent.ended()).code, 2);
  assert.match(agent.stderr, /"soon" is no time/);
});
