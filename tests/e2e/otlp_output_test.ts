import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HttpDestination, plainBody } from "../support/http_destination.ts";
import { configureOutput, killWhileDelivering } from "../support/killed_delivery.ts";
import { scenario } from "../support/scenario.ts";

interface Record {
  readonly body: { readonly stringValue: string };
  readonly severityText: string;
  readonly timeUnixNano: string;
  readonly attributes: {
    readonly key: string;
    readonly value: { stringValue?: string; intValue?: string };
  }[];
}

scenario(
  "agent killed while it exports over OTLP delivers all, and ids tell the doubles",
  async (space) => {
    const records = new Map<string, Record>();
    let copies = 0;
    await using server = HttpDestination.start((request, number) => {
      if (number % 5 === 3) return { status: 503 };
      const { resourceLogs } = JSON.parse(new TextDecoder().decode(plainBody(request)));
      for (const record of resourceLogs[0].scopeLogs[0].logRecords as Record[]) {
        const uid = record.attributes.find(({ key }) => key === "log.record.uid")?.value.stringValue;
        assert.ok(uid !== undefined);
        if (records.has(uid)) copies++;
        else records.set(uid, record);
      }
      // What arrived, but not the answer.
      return number % 7 === 5
        ? { cut: "before" }
        : { headers: { "content-type": "application/json" }, body: "{}" };
    });
    configureOutput(space, "otlp", {
      endpoint: server.url(""),
      compression: "gzip",
      resource_attributes: { "service.name": "{{ file }}" },
    });
    const { agent, writer } = await killWhileDelivering(space, () => records.size);
    const delivered = {
      get lines() {
        return records.size;
      },
      bytes: () =>
        Buffer.from([...records.values()].map(({ body }) => `${body.stringValue}\n`).join(""), "latin1"),
    };
    await space.untilDelivered(agent, [writer], delivered);
    await space.finish(agent, [writer], { delivered, disorder: true });
    assert.ok(copies > 0, "answers were lost");

    for (const { attributes, severityText, timeUnixNano } of records.values()) {
      const n = Number(attributes.find(({ key }) => key === "n")?.value.intValue);
      assert.equal(severityText, ["info", "warn", "error"][n % 3]);
      assert.equal(timeUnixNano, `${Date.UTC(2026, 10, 25, 10) + n}000000`);
    }
  },
  { ways: "watching" },
);
