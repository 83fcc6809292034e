import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendJson } from "../support/event_lines.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { NatsServer } from "../support/nats_server.ts";
import { scenario } from "../support/scenario.ts";

scenario(
  "agent killed while it publishes to a stream that loses acknowledgements and connections stores each record once",
  async (space) => {
    await using server = await NatsServer.start();
    server.fault = (_, number) =>
      number % 900 === 899
        ? "cut"
        : number % 400 === 399
        ? "stored without answer"
        : number % 300 === 299
        ? { error: "no space" }
        : undefined;
    space.configure({
      files: { parser: { type: "json" } },
      output: {
        type: "nats",
        nats: {
          servers: `nats://127.0.0.1:${server.port}`,
          subject: "logs.{{ level }}",
          batch_size: 200,
          batch_timeout: "20ms",
          timeout: "200ms",
          encoding: "text",
        },
      },
      rest: {
        reliability: {
          retry: { initial_backoff: "10ms", max_backoff: "50ms" },
          circuit_breaker: { failure_threshold: 3, timeout: "50ms" },
        },
      },
    });
    const writer = new LineWriter("w");
    const load = space.load(2000, (lines) => appendJson(space.log(), writer, lines));
    const first = space.start();
    await first.until("messages", () => server.stored.length >= 2000);
    await first.kill();
    const second = space.start();
    await load.stop();
    await second.until("all messages", () => server.stored.length >= writer.written);
    assert.equal((await second.terminate()).code, 0);
    assert.ok(server.published.length > server.stored.length, "messages came again");
    assert.deepEqual([...new Set(server.stored.map(({ subject }) => subject))].sort(), [
      "logs.error",
      "logs.info",
      "logs.warn",
    ]);
    const lines = server.stored.map(({ payload }) => `${payload}\n`).join("");
    assertDelivered(Buffer.from(lines, "latin1"), [writer], { disorder: true });
  },
  { ways: "watching" },
);

scenario(
  "agent publishes lines that nothing parses, to a server by its name, and survives a refused login",
  async (space) => {
    await using server = await NatsServer.start();
    let refused = 0;
    server.letsIn = () => refused++ >= 2;
    space.configure({
      output: {
        type: "nats",
        nats: {
          servers: `nats://localhost:${server.port}`,
          subject: "logs",
          encoding: "text",
          batch_timeout: "20ms",
        },
      },
    });
    const lines = Array.from({ length: 100 }, (_, n) => `line ${n} ü`);
    Deno.writeTextFileSync(space.log(), `${lines.join("\n")}\n`);
    const agent = space.start();
    await agent.until("all messages", () => server.stored.length >= 100);
    assert.equal((await agent.terminate()).code, 0);
    assert.match(agent.stderr, /the login is refused/);
    assert.deepEqual([...new Set(server.stored.map(({ subject }) => subject))], ["logs"]);
    assert.deepEqual(server.stored.map(({ payload }) => payload), lines);
  },
  { ways: "watching" },
);
