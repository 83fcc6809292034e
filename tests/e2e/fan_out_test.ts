import assert from "node:assert/strict";
import { countLines } from "../support/oracle.ts";
import { HttpDestination } from "../support/http_destination.ts";
import { LineWriter } from "../support/line_writer.ts";
import { scenario } from "../support/scenario.ts";
import type { AgentProcess } from "../support/agent_process.ts";
import type { Workspace } from "../support/workspace.ts";

const ONCE = { ways: "watching" } as const;
const QUICK = {
  retry: { initial_backoff: "10ms", max_backoff: "30ms" },
  circuit_breaker: { enabled: false },
};

function httpOutput(server: HttpDestination, keys: object = {}): Record<string, unknown> {
  const http = {
    endpoint: server.url(),
    batch_size: 50,
    batch_timeout: "10ms",
    timeout: "10s",
    format: "text",
  };
  return { name: "server", type: "http", http, ...keys };
}

/** Several outputs in the place of the only one. */
function configure(space: Workspace, outputs: readonly object[], keys: object = {}): void {
  space.configure({ output: { type: "multi", multi: { outputs, ...keys } }, rest: { reliability: QUICK } });
}

async function appended(space: Workspace, writer: LineWriter, lines: number): Promise<void> {
  writer.append(space.log(), lines);
  await Promise.resolve();
}

/** What the agent says of its outputs on SIGUSR2; the sums must add up. */
async function outputsOf(agent: AgentProcess): Promise<Record<string, Record<string, number>>> {
  const told = () => agent.log.filter(({ message }) => message === "Summary");
  const before = told().length;
  agent.signal("SIGUSR2");
  await agent.until("a summary", () => told().length > before);
  const { outputs } = told().at(-1)!.fields as { outputs: Record<string, Record<string, number>> };
  for (const [name, { received, ...others }] of Object.entries(outputs)) {
    const sum = Object.values(others).reduce((sum, records) => sum + records, 0);
    assert.equal(received, sum, `the balance of output ${name}: ${JSON.stringify(outputs)}`);
  }
  return outputs;
}

scenario(
  "agent with an optional output that hangs delivers to the others and saves its positions",
  async (space) => {
    await using server = HttpDestination.start(() => ({ hang: true }));
    const { output, delivered } = space.fileOutput();
    configure(space, [
      { name: "all", ...output },
      httpOutput(server, { optional: true, buffer: { size: 200 } }),
    ]);
    const agent = space.start();
    const writer = new LineWriter("w");
    for (let round = 0; round < 20; round++) {
      await appended(space, writer, 100);
      await space.untilDelivered(agent, [writer], delivered);
    }
    const outputs = await outputsOf(agent);
    assert.equal(outputs["all"]!["delivered"], 2000);
    const { received, dropped = 0, in_flight = 0 } = outputs["server"]!;
    assert.equal(received, 2000);
    assert.ok(dropped >= 1500 && in_flight <= 500, JSON.stringify(outputs));
    await agent.untilLog(/Dropped \d+ records for output .{1,2}server.{1,2}, the newest: its buffer is full/);
    await agent.kill();
    const second = space.start();
    await appended(space, writer, 1);
    await space.complete(second, [writer], { delivered });
  },
  ONCE,
);

scenario(
  "agent that may drop the oldest goes on while its destination is down, and delivers the newest",
  async (space) => {
    let isDown = true;
    await using server = HttpDestination.start(() => isDown ? { status: 503 } : {});
    const buffer = { size: 500, backpressure_strategy: "drop_oldest" };
    configure(space, [httpOutput(server, { buffer })]);
    const agent = space.start();
    const writer = new LineWriter("w");
    await agent.untilLog(/Started/);
    for (let round = 0; round < 30; round++) {
      const { length } = server.requests;
      await appended(space, writer, 100);
      // Some tries later it has read them.
      await agent.until("further requests", () => server.requests.length >= length + 3);
    }
    assert.ok((await outputsOf(agent))["server"]!["in_flight"]! <= 700);
    isDown = false;
    await agent.until(
      "the last line",
      () => new TextDecoder().decode(server.delivered().bytes()).includes(" 3000 "),
    );
    const { dropped = 0, delivered } = (await outputsOf(agent))["server"]!;
    assert.equal(dropped + delivered!, 3000);
    assert.ok(dropped >= 2300, `${dropped} were dropped`);
    const text = new TextDecoder().decode(server.delivered().bytes());
    assert.equal(countLines(server.delivered().bytes()), delivered);
    assert.ok(text.includes(`w 3000 `) || /\b3000\b/.test(text.slice(-200)), "the last line arrived");
  },
  ONCE,
);

scenario(
  "agent that sends to one output after the other gives the second only what the first has",
  async (space) => {
    let isDown = false;
    await using server = HttpDestination.start(() => isDown ? { status: 503 } : {});
    const { output, delivered } = space.fileOutput();
    const outputs = [httpOutput(server), { name: "second", ...output }];
    space.configure({
      output: { type: "multi", multi: { outputs, parallel: false } },
      rest: { reliability: QUICK },
    });
    const agent = space.start();
    const writer = new LineWriter("w");
    await appended(space, writer, 100);
    await space.untilDelivered(agent, [writer], delivered);
    isDown = true;
    await appended(space, writer, 100);
    await agent.untilLog(/answered 503; retrying/);
    assert.equal(delivered.lines, 100);
    isDown = false;
    await space.untilDelivered(agent, [writer], server.delivered());
    await space.complete(agent, [writer], { delivered });
  },
  ONCE,
);

scenario(
  "agent that is to stop on a failure gives nothing new to other outputs while one fails",
  async (space) => {
    let isDown = false;
    await using server = HttpDestination.start(() => isDown ? { status: 503 } : {});
    const { output, delivered } = space.fileOutput();
    const outputs = [{ name: "first", ...output }, httpOutput(server)];
    space.configure({
      output: { type: "multi", multi: { outputs, failure_strategy: "stop" } },
      rest: { reliability: QUICK },
    });
    const agent = space.start();
    const writer = new LineWriter("w");
    await appended(space, writer, 100);
    await space.untilDelivered(agent, [writer], delivered);
    isDown = true;
    await appended(space, writer, 1);
    await agent.untilLog(/answered 503; retrying/);
    await appended(space, writer, 100);
    await agent.untilLog(/nothing new is taken until output .{1,2}server.{1,2} works again/);
    assert.ok(delivered.lines <= 101, `${delivered.lines} lines arrived`);
    isDown = false;
    await space.untilDelivered(agent, [writer], server.delivered());
    await space.complete(agent, [writer], { delivered });
  },
  ONCE,
);
