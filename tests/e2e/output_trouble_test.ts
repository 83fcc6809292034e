import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LineWriter } from "../support/line_writer.ts";
import { canMount, mountMemory, peakMemory, unmountIfMounted } from "../support/machine.ts";
import { assertDelivered, judge, wholeLines } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import type { AgentProcess } from "../support/agent_process.ts";
import { pause, until } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

scenario(
  "agent ends with an error when the reader of stdout goes away, and forgets nothing",
  async (space) => {
    const writer = new LineWriter("w");
    writer.append(space.log(), 2000);
    const first = space.start();
    space.notCounted(first);
    first.expectError(/stdout|standard output/i);
    await first.until("some lines", () => first.stdout.lines > 100);
    await first.stdout.close();
    const load = space.load(2000, (lines) => writer.append(space.log(), lines));
    const { code } = await first.ended();
    await load.stop();
    assert.equal(code, 1);
    const said = first.log.filter((entry) => entry.level === "error");
    assert.equal(said.length, 1, said.map((entry) => entry.line).join("\n"));
    assert.match(said[0]?.line ?? "", /standard output|stdout/i);
    const rest = await space.once();
    const all = Buffer.concat([wholeLines(first.stdout.bytes()), rest.stdout.bytes()]);
    // What stood in the pipe was delivered as far as the agent can know: nobody else's fault than the reader's.
    const gap = Math.ceil(65536 / 20);
    const { lost } = judgeLoosely(all, writer);
    assert.ok(lost <= gap, `${lost} lines are missing, the pipe held at most ${gap}`);
  },
  { ways: "watching" },
);

scenario("agent ends with an error when stdout is closed before its first line", async (space) => {
  const writer = new LineWriter("w");
  const first = space.start();
  space.notCounted(first);
  first.expectError(/stdout|standard output/i);
  await first.stdout.close();
  writer.append(space.log(), 2000);
  assert.equal((await first.ended()).code, 1);
  assertDelivered((await space.once()).stdout.bytes(), [writer]);
}, { ways: "watching" });

scenario("agent waits while nobody reads stdout, in bounded memory, and loses nothing", async (space) => {
  const writer = new LineWriter("w", { minimum: 200, maximum: 200 });
  const agent = space.start();
  agent.stdout.pause();
  for (let part = 0; part < 10; part++) writer.append(space.log(), 20_000);
  await agent.until("a first chunk", () => agent.stdout.length > 0);
  const load = space.load(1000, (lines) => writer.append(space.log(), lines));
  await pause(500);
  await load.stop();
  if (Deno.build.os === "linux") {
    const peak = peakMemory(agent.pid) / (1 << 20);
    assert.ok(peak < 150, `the agent used ${peak} MiB`);
  }
  assert.ok(agent.stdout.length < 1 << 20, "the reader has paused");
  agent.stdout.resume();
  await space.complete(agent, [writer]);
}, { ways: "watching" });

scenario(
  "agent that cannot write ends at its deadline, and the rest comes after a restart",
  async (space) => {
    space.configure({ rest: { shutdown_timeout: "500ms" } });
    const writer = new LineWriter("w", { minimum: 200, maximum: 200 });
    const agent = await startBlocked(space, writer);
    const start = performance.now();
    agent.signal("SIGTERM");
    await until("the agent to be gone", () => agent.exited, { within: 5000 });
    const took = performance.now() - start;
    assert.ok(took > 400 && took < 2500, `it took ${took} ms, with a deadline of 500 ms`);
    agent.stdout.resume();
    await agent.ended();
    const rest = await space.once();
    const all = Buffer.concat([wholeLines(agent.stdout.bytes()), rest.stdout.bytes()]);
    assertDelivered(all, [writer], { duplicates: 20_000 });
  },
  { ways: "watching" },
);

scenario("agent ends at once on a second SIGTERM when its output is blocked", async (space) => {
  const writer = new LineWriter("w", { minimum: 200, maximum: 200 });
  const agent = await startBlocked(space, writer);
  agent.signal("SIGTERM");
  await pause(500);
  assert.equal(agent.exited, false, "after one signal the agent waits for its output");
  const start = performance.now();
  agent.signal("SIGTERM");
  await until("the agent to be gone", () => agent.exited, { within: 5000 });
  assert.ok(performance.now() - start < 500, "the second signal ends it at once");
  agent.stdout.resume();
  const { code } = await agent.ended();
  assert.notEqual(code, 0);
  const rest = await space.once();
  const all = Buffer.concat([wholeLines(agent.stdout.bytes()), rest.stdout.bytes()]);
  assertDelivered(all, [writer], { duplicates: 20_000 });
}, { ways: "watching" });

/** An agent whose stdout nobody reads any more, with more to write than any pipe holds. */
async function startBlocked(space: Workspace, writer: LineWriter): Promise<AgentProcess> {
  const agent = space.start();
  space.notCounted(agent);
  agent.expectError(/./);
  agent.stdout.pause();
  for (let part = 0; part < 5; part++) writer.append(space.log(), 20_000);
  await agent.until("a first chunk", () => agent.stdout.length > 0);
  await pause(200);
  return agent;
}

scenario("agent waits while the disk is full, and goes on when there is room", async (space) => {
  mountMemory(space.path("out"), "1m");
  space.defer(() => unmountIfMounted(space.path("out")));
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  Deno.writeFileSync(space.path("out/filler"), new Uint8Array(700_000));
  const writer = new LineWriter("w");
  writer.append(space.log(), 1000);
  const agent = space.start();
  agent.expectError(/full|no space|ENOSPC/i);
  await space.untilDelivered(agent, [writer], delivered);
  writer.append(space.log(), 6000);
  await agent.untilLog(/full|no space|ENOSPC/i);
  Deno.removeSync(space.path("out/filler"));
  await space.complete(agent, [writer], { delivered });
  const again = await space.once();
  assert.equal((await again.ended()).summary?.delivered, 0);
}, { ways: "watching", needs: canMount });

scenario("agent killed while the disk is full leaves each line once in its file", async (space) => {
  mountMemory(space.path("out"), "1m");
  space.defer(() => unmountIfMounted(space.path("out")));
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  Deno.writeFileSync(space.path("out/filler"), new Uint8Array(700_000));
  const writer = new LineWriter("w");
  writer.append(space.log(), 7000);
  for (let kill = 0; kill < 3; kill++) {
    const agent = space.start();
    agent.expectError(/full|no space|ENOSPC/i);
    await agent.untilLog(/full|no space|ENOSPC/i);
    await agent.kill();
  }
  Deno.removeSync(space.path("out/filler"));
  await space.once();
  assertDelivered(delivered.bytes(), [writer]);
}, { ways: "watching", needs: canMount });

scenario("agent goes on in a new file when its file was renamed or deleted", async (space) => {
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer], delivered);
  Deno.renameSync(delivered.path, `${delivered.path}.1`);
  const load = space.load(500, (lines) => writer.append(space.log(), lines));
  await agent.until("the new file", () => delivered.files().length > 0 && delivered.lines > 0);
  await load.stop();
  await agent.terminate();
  const both = Buffer.concat([Deno.readFileSync(`${delivered.path}.1`), delivered.bytes()]);
  assertDelivered(both, [writer]);
}, { ways: "watching" });

function judgeLoosely(delivered: Uint8Array, writer: LineWriter): { lost: number } {
  const verdict = judge(delivered, [writer]);
  assert.deepEqual([...verdict.invented, ...verdict.corrupted], []);
  return { lost: verdict.lost.get(writer.name)?.length ?? 0 };
}
