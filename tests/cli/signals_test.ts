import assert from "node:assert/strict";
import type { AgentProcess } from "../support/agent_process.ts";
import { LineWriter } from "../support/line_writer.ts";
import { scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

/** An agent that cannot drain, since nobody reads what it writes. */
async function stuck(space: Workspace): Promise<AgentProcess> {
  new LineWriter("w").append(space.log(), 50_000);
  const agent = space.start();
  agent.stdout.pause();
  space.notCounted(agent);
  await agent.untilLog(/"Started"/);
  await pause(200);
  return agent;
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  scenario(`Program ends at once on a second ${signal}`, async (space) => {
    const agent = await stuck(space);
    agent.signal(signal);
    await agent.untilLog(/Stopping on/);
    await pause(150);
    assert.ok(!agent.exited);
    agent.signal(signal);
    agent.stdout.resume();
    assert.equal((await agent.ended(5000)).code, code);
  }, { ways: "watching", needs: () => Deno.build.os !== "windows" });
}

scenario("Program takes a Ctrl-C that comes twice within milliseconds for one", async (space) => {
  const agent = await stuck(space);
  agent.signal("SIGINT");
  await pause(3);
  agent.signal("SIGINT");
  await agent.untilLog(/Stopping on/);
  await pause(150);
  assert.ok(!agent.exited);
  agent.stdout.resume();
  assert.equal((await agent.ended()).code, 0);
}, { ways: "watching", needs: () => Deno.build.os !== "windows" });

/** Whether this process's debugger can be reached. Agents of other tests may occupy the port meanwhile. */
async function debuggerAnswers(agent: AgentProcess): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(500);
    const targets = await (await fetch("http://127.0.0.1:9229/json", { signal })).text();
    return targets.includes(`pid: ${agent.pid}]`);
  } catch {
    return false;
  }
}

scenario("Program closes the debugger that Deno opens on SIGUSR1", async (space) => {
  const flags = ["--no-prompt", "--allow-read=/", "--allow-write=/"];
  const agent = space.start({ flags });
  agent.expectError(/inspector server/);
  await agent.untilLog(/"Started"/);
  // Within the first half second of its life Deno does not react to the signal.
  await pause(600);
  for (let round = 0; round < 3; round++) {
    agent.signal("SIGUSR1");
    await agent.untilLog(/SIGUSR1/, { skip: round });
    await pause(100);
    for (let look = 0; look < 10; look++) {
      assert.equal(await debuggerAnswers(agent), false);
      await pause(20);
    }
  }
  assert.ok(!agent.exited);
}, { ways: "watching", needs: () => Deno.build.os !== "windows" });

scenario("Program survives SIGUSR1 and SIGHUP right after its start", async (space) => {
  const agent = space.start();
  await agent.untilLog(/permissions/);
  for (let count = 0; count < 5; count++) {
    agent.signal("SIGUSR1");
    agent.hangUp();
  }
  agent.expectError(/inspector server/);
  await agent.untilLog(/"Started"/);
  assert.ok(!agent.exited);
}, { ways: "watching", needs: () => Deno.build.os !== "windows" });

scenario("Program keeps Deno's debugger out where it may occupy its port", async (space) => {
  const agent = space.start();
  agent.expectError(/inspector server/);
  await agent.untilLog(/"Started"/);
  await pause(600);
  for (let round = 0; round < 3; round++) {
    agent.signal("SIGUSR1");
    for (let look = 0; look < 20; look++) {
      assert.equal(await debuggerAnswers(agent), false);
      await pause(5);
    }
  }
  assert.match(agent.stderr, /Failed to start inspector server/);
  assert.doesNotMatch(agent.stderr, /Debugger listening/);
}, { ways: "watching", needs: () => Deno.build.os !== "windows" });

scenario("Program tells its counters on SIGUSR2", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  agent.signal("SIGUSR2");
  const { fields } = await agent.untilLog(/"Summary"/);
  assert.equal(fields["lines_received"], 10);
}, { ways: "watching", needs: () => Deno.build.os !== "windows" });
