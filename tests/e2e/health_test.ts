import assert from "node:assert/strict";
import { HttpDestination } from "../support/http_destination.ts";
import { LineWriter } from "../support/line_writer.ts";
import { scenario } from "../support/scenario.ts";
import type { Workspace } from "../support/workspace.ts";

const ONCE = { ways: "watching" } as const;

function configure(space: Workspace, port: number): void {
  const http = { endpoint: `http://127.0.0.1:${port}/`, batch_timeout: "10ms", format: "text" };
  const retry = { initial_backoff: "10ms", max_backoff: "50ms" };
  const reliability = { retry, circuit_breaker: { enabled: false } };
  space.configure({ output: { type: "http", name: "server", http }, rest: { reliability } });
}

scenario("agent with --require-healthy starts only if its outputs answer", async (space) => {
  let port: number;
  {
    await using gone = HttpDestination.start();
    port = gone.port;
  }
  configure(space, port);
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  const args = ["--require-healthy"];
  const refused = space.start({ args });
  refused.expectError(/Cannot start: Output .*server.* is not healthy: /);
  assert.equal((await refused.ended()).code, 1);
  await refused.untilLog(/is not healthy/);

  await using server = HttpDestination.start(() => ({}), port);
  const agent = space.start({ args });
  await space.untilDelivered(agent, [writer], server.delivered());
  await space.finish(agent, [writer], { delivered: server.delivered() });
}, ONCE);

scenario("agent says at once which output is not healthy, and delivers when it is", async (space) => {
  let port: number;
  {
    await using gone = HttpDestination.start();
    port = gone.port;
  }
  configure(space, port);
  const agent = space.start();
  await agent.untilLog(/Output .*server.* is not healthy: .*; its records wait/);
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  await using server = HttpDestination.start(() => ({}), port);
  await space.untilDelivered(agent, [writer], server.delivered());
  await space.finish(agent, [writer], { delivered: server.delivered() });
}, ONCE);

scenario("agent that reads to the end does not wait there for a batch to fill", async (space) => {
  await using server = HttpDestination.start();
  const http = { endpoint: server.url(), batch_timeout: "10m", format: "text" };
  space.configure({ output: { type: "http", http } });
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  await space.once();
  assert.equal(server.delivered().lines, 10);
}, ONCE);
