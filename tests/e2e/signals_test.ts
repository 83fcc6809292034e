import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { AgentProcess } from "../support/agent_process.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  scenario(`agent drains on ${signal} under load: nothing is lost or doubled`, async (space) => {
    const writers = [new LineWriter("a"), new LineWriter("b")];
    for (const writer of writers) writer.append(space.log(`${writer.name}.log`), 20_000);
    const loads = writers.map((writer) =>
      space.load(5000, (lines) => writer.append(space.log(`${writer.name}.log`), lines))
    );
    const outputs: Uint8Array[] = [];
    for (const wait of [0, 30, 200]) {
      const agent = space.start();
      await agent.until("some lines", () => agent.stdout.lines > 0);
      await pause(wait);
      agent.signal(signal);
      const { code, summary } = await agent.ended();
      assert.equal(code, 0, agent.tail());
      assert.equal(summary?.failed, 0);
      outputs.push(agent.stdout.bytes());
    }
    for (const load of loads) await load.stop();
    outputs.push((await space.once()).stdout.bytes());
    assertDelivered(Buffer.concat(outputs), writers);
  }, { ways: "watching" });
}

scenario("agent ends well on SIGTERM at any moment of its start", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 3000);
  const outputs: Uint8Array[] = [];
  for (let wait = 120; wait < 420; wait += 40) {
    const agent = space.start();
    await pause(wait);
    agent.signal("SIGTERM");
    const { code, signal } = await agent.ended();
    // Until its handler is there the signal ends the runtime, which is as good: nothing was begun.
    assert.ok(code === 0 || signal === "SIGTERM", `it ended with code ${code}; stderr:\n${agent.tail()}`);
    outputs.push(agent.stdout.bytes());
  }
  outputs.push((await space.once()).stdout.bytes());
  assertDelivered(Buffer.concat(outputs), [writer]);
}, { ways: "watching" });

scenario("agent opens no debugger on SIGUSR1 and goes on", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const agent = space.start();
  agent.expectError(/inspector server/);
  await space.untilDelivered(agent, [writer]);
  for (let round = 0; round < 3; round++) {
    agent.signal("SIGUSR1");
    // Without the permission to occupy the port the agent can only close it, within milliseconds.
    await pause(50);
    for (let look = 0; look < 10; look++) {
      assert.equal(await answersAsDebugger(agent), false, "a debugger answers");
      await pause(10);
    }
    writer.append(space.log(), 10);
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
}, { ways: "watching" });

scenario("agent goes on after it was stopped for a while by SIGSTOP", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  agent.freeze();
  for (let file = 0; file < 200; file++) writer.append(space.log(`${String(file).padStart(3, "0")}.log`), 5);
  agent.thaw();
  await space.complete(agent, [writer], { disorder: true });
});

/** Whether somebody on the debugger's port answers for this process. Other tests' agents may hold the port. */
async function answersAsDebugger(agent: AgentProcess): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(200);
    const targets = await (await fetch("http://127.0.0.1:9229/json/list", { signal })).text();
    return targets.includes(`pid: ${agent.pid}]`);
  } catch {
    return false;
  }
}
