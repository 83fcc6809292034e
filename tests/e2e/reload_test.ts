import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { AgentProcess } from "../support/agent_process.ts";
import { HttpDestination } from "../support/http_destination.ts";
import { LineWriter } from "../support/line_writer.ts";
import { makeDirectory } from "../support/machine.ts";
import { scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";

/** So that a reload may need what the first configuration did not. */
const KEEP = { args: ["--keep-permissions"] };

scenario("agent adds and removes inputs on SIGHUP under load without loss or doubles", async (space) => {
  const first = { name: "first", paths: [space.path("logs/*.log")] };
  const second = { name: "second", paths: [space.path("more/*.log")] };
  makeDirectory(space.path("more"));
  const a = new LineWriter("a"), b = new LineWriter("b");
  space.configure({ files: first });
  const loads = [
    space.load(2000, (lines) => a.append(space.log(), lines)),
    space.load(2000, (lines) => b.append(space.path("more/b.log"), lines)),
  ];
  const agent = space.start(KEEP);
  const count = (name: string) => judgeOne(agent.stdout.bytes(), name);
  await agent.until("lines of the first", () => count("a") > 0);
  assert.equal(count("b"), 0);
  space.configure({ files: [first, second] });
  agent.hangUp();
  await agent.until("lines of the second", () => count("b") > 0);
  space.configure({ files: second });
  agent.hangUp();
  // The removed input falls behind, and once it is back it goes on where it was.
  let behind = -1;
  await agent.until("the first to be silent", async () => {
    const before = count("a");
    await pause(150);
    behind = count("a") - before;
    return behind === 0;
  });
  space.configure({ files: [first, second] });
  agent.hangUp();
  const before = count("a");
  await agent.until("lines of the first again", () => count("a") > before);
  for (const load of loads) await load.stop();
  await space.complete(agent, [a, b]);
}, { ways: "watching" });

scenario("agent changes its output on SIGHUP under load without loss or doubles", async (space) => {
  const outputs = ["one.log", "two.log", "three.log"].map((name) => space.fileOutput(name));
  const writers = [new LineWriter("a"), new LineWriter("b")];
  const loads = writers.map((writer) =>
    space.load(3000, (lines) => writer.append(space.log(`${writer.name}.log`), lines))
  );
  const [start, ...later] = outputs;
  space.configure({ output: start?.output ?? {} });
  const agent = space.start();
  await agent.until("lines in the first file", () => (start?.delivered.lines ?? 0) > 100);
  for (const { output, delivered } of later) {
    space.configure({ output });
    agent.hangUp();
    await agent.until("lines in the next file", () => delivered.lines > 100);
  }
  for (const load of loads) await load.stop();
  const all = () => Buffer.concat(outputs.map(({ delivered }) => delivered.bytes()));
  const delivered = {
    get lines() {
      return outputs.reduce((sum, output) => sum + output.delivered.lines, 0);
    },
    bytes: all,
  };
  await space.complete(agent, writers, { delivered });
  const again = await space.once();
  assert.equal((await again.ended()).summary?.delivered, 0, "a restart delivers nothing again");
}, { ways: "watching" });

scenario("agent goes from stdout to a file on SIGHUP without loss or doubles", async (space) => {
  const writer = new LineWriter("w");
  const load = space.load(3000, (lines) => writer.append(space.log(), lines));
  const agent = space.start(KEEP);
  space.notCounted(agent);
  await agent.until("lines on stdout", () => agent.stdout.lines > 100);
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  agent.hangUp();
  await agent.until("lines in the file", () => delivered.lines > 100);
  await load.stop();
  const both = {
    get lines() {
      return agent.stdout.lines + delivered.lines;
    },
    bytes: () => Buffer.concat([agent.stdout.bytes(), delivered.bytes()]),
  };
  await space.complete(agent, [writer], { delivered: both });
}, { ways: "watching" });

scenario(
  "agent that has given up permissions reloads to output types that it had not loaded",
  async (space) => {
    await using destination = HttpDestination.start();
    const writer = new LineWriter("w");
    const arrived = (target: string) => destination.requests.some((request) => request.target === target);
    let agent: AgentProcess | undefined;
    const outputs = { http: "/ingest", loki: "/loki/api/v1/push", splunk_hec: "/services/collector/event" };
    for (const [index, [type, target]] of Object.entries(outputs).entries()) {
      const endpoint = destination.url(type === "http" ? target : "");
      // The environment may name a type as well as the file.
      const named = type === "http" ? "$OUTPUT_TYPE" : type;
      space.configure({ output: { type: named, endpoint, ...type === "splunk_hec" ? { token: "t" } : {} } });
      if (agent !== undefined) agent.hangUp();
      agent ??= space.start({ env: { OUTPUT_TYPE: "http" } });
      if (index > 0) await agent.untilLog(/"Reloaded"/, { skip: index - 1 });
      writer.append(space.log(), 10);
      await agent.until(`a request to ${target}`, () => arrived(target));
    }
  },
  { ways: "watching" },
);

scenario("agent keeps running as it was when the new configuration is bad, and says why", async (space) => {
  const writer = new LineWriter("w");
  const good = Deno.readTextFileSync(space.config);
  const load = space.load(1000, (lines) => writer.append(space.log(), lines));
  const agent = space.start();
  agent.expectError(/config\.yaml|reload/);
  await agent.until("lines", () => agent.stdout.lines > 10);
  for (
    const [bad, said] of [
      ["inputs: [", /config\.yaml:\d+:\d+/],
      [good.replace("poll_interval", "pol_interval"), /poll_interval/],
      [good.replace("type: stdout", "type: stdouts"), /stdouts/],
    ] as const
  ) {
    space.writeConfig(bad);
    const before = agent.log.length;
    agent.hangUp();
    await agent.until(
      "an error that says why",
      () => agent.log.slice(before).some((entry) => said.test(entry.line)),
    );
    const lines = agent.stdout.lines;
    await agent.until("more lines", () => agent.stdout.lines > lines + 10);
  }
  space.writeConfig(good);
  agent.hangUp();
  const lines = agent.stdout.lines;
  await agent.until("more lines", () => agent.stdout.lines > lines + 10);
  await load.stop();
  await space.complete(agent, [writer]);
}, { ways: "watching" });

scenario(
  "agent refuses a new configuration that needs what it has given up, and names the flags",
  async (space) => {
    const writer = new LineWriter("w");
    makeDirectory(space.path("more"));
    writer.append(space.log(), 10);
    const agent = space.start();
    agent.expectError(/--allow-read/);
    await space.untilDelivered(agent, [writer]);
    space.configure({ files: [{ name: "first" }, { name: "second", paths: [space.path("more/*.log")] }] });
    agent.hangUp();
    const entry = await agent.untilLog(/--allow-read/, { skip: 1 });
    assert.ok(entry.line.includes(space.path("more")), entry.line);
    writer.append(space.log(), 10);
    await space.complete(agent, [writer]);
  },
  { ways: "watching" },
);

scenario("agent survives many reloads in a row under load without loss or doubles", async (space) => {
  const { output, delivered } = space.fileOutput();
  const block = { poll_interval: "50ms" };
  space.configure({ output, files: block });
  const writer = new LineWriter("w");
  const load = space.load(5000, (lines) => writer.append(space.log(), lines));
  const agent = space.start();
  await agent.until("lines", () => delivered.lines > 10);
  for (let round = 0; round < 15; round++) {
    space.configure({ output, files: { ...block, poll_interval: `${51 + round}ms` } });
    agent.hangUp();
    await pause(round % 5 === 0 ? 0 : 60);
  }
  await load.stop();
  await space.complete(agent, [writer], { delivered });
}, { ways: "watching" });

scenario("agent reloads by itself with --watch-config, also when the file is replaced", async (space) => {
  makeDirectory(space.path("more"));
  const a = new LineWriter("a"), b = new LineWriter("b"), c = new LineWriter("c");
  space.configure({ files: { name: "first" } });
  const agent = space.start({ ...KEEP, watchConfig: true });
  a.append(space.log(), 100);
  await space.untilDelivered(agent, [a]);
  b.append(space.path("more/b.log"), 100);
  const files = [{ name: "first" }, { name: "second", paths: [space.path("more/b.log")] }];
  space.configure({ files });
  await space.untilDelivered(agent, [a, b]);
  c.append(space.path("more/c.log"), 100);
  space.configure({ files: [...files, { name: "third", paths: [space.path("more/c.log")] }] });
  Deno.renameSync(space.config, space.path("next.yaml"));
  await pause(20);
  Deno.renameSync(space.path("next.yaml"), space.config);
  await space.complete(agent, [a, b, c]);
});

function judgeOne(bytes: Uint8Array, name: string): number {
  return Buffer.from(bytes).toString("latin1").split("\n").filter((line) => line.startsWith(`${name} `))
    .length;
}
