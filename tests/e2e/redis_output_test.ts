import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendJson } from "../support/event_lines.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { RedisServer } from "../support/redis_server.ts";
import { scenario } from "../support/scenario.ts";

scenario(
  "agent killed while it adds to a stream of a server that loses answers stores each record once",
  async (space) => {
    await using server = await RedisServer.start();
    let transactions = 0;
    server.fault = ([name]) => {
      if (name !== "EXEC") return undefined;
      transactions++;
      return transactions % 7 === 3 ? "cut" : transactions % 7 === 6 ? "cut after" : undefined;
    };
    space.configure({
      files: { parser: { type: "json" } },
      output: {
        type: "redis",
        redis: { address: server.address, batch_size: 200, batch_timeout: "20ms", encoding: "text" },
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
    for (let run = 0; run < 2; run++) {
      const agent = space.start();
      const before = server.entries.length;
      await agent.until("records", () => server.entries.length >= before + 1000);
      await agent.kill();
    }
    const last = space.start();
    await load.stop();
    await last.until("all records", () => server.entries.length >= writer.written);
    assert.equal((await last.terminate()).code, 0);
    const lines = server.records().map((record) => `${record}\n`).join("");
    assertDelivered(Buffer.from(lines, "latin1"), [writer]);
  },
  { ways: "watching" },
);
