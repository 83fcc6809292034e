import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { configureOutput, killWhileDelivering } from "../support/killed_delivery.ts";
import { scenario } from "../support/scenario.ts";
import { type HecEvent, SplunkServer } from "../support/splunk_server.ts";

scenario(
  "agent killed while it waits for Splunk's acknowledgements delivers all",
  async (space) => {
    await using server = new SplunkServer();
    server.acknowledging = true;
    server.trouble = (_, number) => number % 11 === 7 ? { status: 503 } : undefined;
    // Some requests are never acknowledged.
    server.indexed = (ackId) => ackId % 9 !== 4;
    configureOutput(space, "splunk_hec", {
      endpoint: server.destination.url(""),
      token: server.token,
      index: "{{ fields.nested.none }}",
      sourcetype: "test",
      acknowledgements: true,
      acknowledgement_interval: "10ms",
      acknowledgement_timeout: "200ms",
      compression: "gzip",
    });
    const first = new Map<string, HecEvent>();
    let seen = 0;
    const distinct = () => {
      for (; seen < server.events.length; seen++) {
        const event = server.events[seen]!;
        const { message } = event.event as { message: string };
        if (!first.has(message)) first.set(message, event);
      }
      return first;
    };
    const { agent, writer } = await killWhileDelivering(
      space,
      () => distinct().size,
    );
    const delivered = {
      get lines() {
        return distinct().size;
      },
      bytes: () => Buffer.from([...distinct().keys()].map((message) => `${message}\n`).join(""), "latin1"),
    };
    await space.untilDelivered(agent, [writer], delivered);
    await space.finish(agent, [writer], { delivered, disorder: true });
    assert.ok(server.events.length > first.size, "what was not acknowledged came again");
    for (const { time, source, sourcetype, index } of first.values()) {
      assert.ok(time >= Date.UTC(2026, 10, 25, 10) / 1000);
      assert.deepEqual([source, sourcetype, index], [space.log(), "test", undefined]);
    }
  },
  { ways: "watching" },
);
