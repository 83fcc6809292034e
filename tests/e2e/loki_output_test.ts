import assert from "node:assert/strict";
import { configureOutput, killWhileDelivering } from "../support/killed_delivery.ts";
import type { Reply } from "../support/http_destination.ts";
import { LokiServer } from "../support/loki_server.ts";
import { scenario } from "../support/scenario.ts";

/** Of ten requests. */
const TROUBLE: Readonly<Record<number, Reply>> = {
  2: { status: 429 },
  5: { cut: "before", keep: true },
  8: { status: 500, keep: true },
};

scenario(
  "agent killed while it pushes to Loki delivers all, and Loki has each line once",
  async (space) => {
    await using server = new LokiServer();
    server.trouble = (_, number) => TROUBLE[number % 10];
    configureOutput(space, "loki", {
      endpoint: server.destination.url(""),
      encoding: "text",
      labels: { job: "test", file: "{{ file }}", level: "{{ level }}" },
      structured_metadata: { n: "{{ fields.n }}" },
      tenant_id: "team-{{ input }}",
      compression: "gzip",
    });
    const { agent, writer } = await killWhileDelivering(space, () => server.entries.length);
    await space.untilDelivered(agent, [writer], server.delivered());
    // Lines of different streams come in any order.
    await space.finish(agent, [writer], { delivered: server.delivered(), disorder: true });

    const base = BigInt(Date.UTC(2026, 10, 25, 10)) * 1_000_000n;
    for (const { labels, tenant, nanoseconds, metadata } of server.entries) {
      const n = BigInt(metadata["n"] ?? 0);
      assert.equal((nanoseconds - base) / 1_000_000n, n, "its own time");
      assert.deepEqual(labels, {
        job: "test",
        file: "app.log",
        level: ["info", "warn", "error"][Number(n % 3n)],
      });
      assert.equal(tenant, "team-files-0");
    }
  },
  { ways: "watching" },
);
