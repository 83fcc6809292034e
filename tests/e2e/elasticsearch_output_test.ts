import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ElasticsearchServer, type Fault } from "../support/elasticsearch_server.ts";
import { appendJson } from "../support/event_lines.ts";
import { configureOutput, killWhileDelivering } from "../support/killed_delivery.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";

/** The messages as the lines that their writer made. */
function linesOf({ documents }: ElasticsearchServer): Uint8Array {
  return Buffer.concat(
    documents.map(({ text }) => Buffer.from(`${JSON.parse(text).message}\n`, "latin1")),
  );
}

/** Each kind of trouble again and again, with success between them. */
const TROUBLE: readonly (Fault | undefined)[] = [
  { status: 503 },
  undefined,
  { stores: true, cut: "before" },
  { hang: true },
  { stores: true, status: 502 },
  undefined,
  { status: 429 },
];

scenario(
  "agent killed while it sends to a cluster that fails in every way stores each record once",
  async (space) => {
    let items = 0;
    await using server = ElasticsearchServer.start({
      item: () =>
        items++ % 200 === 0 ? { status: 429, error: { type: "es_rejected_execution_exception" } } : undefined,
      bulk: (number) => TROUBLE[number % TROUBLE.length],
    });
    configureOutput(space, "elasticsearch", {
      addresses: [server.url],
      index: "logs-{{ level }}",
      index_rotation: "monthly",
      bulk_workers: 2,
      batch_size: 200,
      timeout: "150ms",
      compression: "gzip",
      template: { name: "logs" },
    });
    const { agent, writer, inFlight } = await killWhileDelivering(
      space,
      () => server.documents.length,
    );
    await agent.until("all records", () => server.documents.length >= writer.written);
    assert.equal((await agent.terminate()).code, 0);
    assertDelivered(linesOf(server), [writer], { disorder: true });
    assert.ok(inFlight >= 0);
    assert.ok(server.templates.has("logs"));
    const indices = new Set(server.documents.map(({ index }) => index));
    assert.deepEqual([...indices].sort(), ["logs-error-2026.11", "logs-info-2026.11", "logs-warn-2026.11"]);
    assert.equal(new Set(server.documents.map(({ id }) => id)).size, writer.written);
  },
  { ways: "watching" },
);

scenario(
  "agent makes dead letters of documents that have no mapping, with the server's reason",
  async (space) => {
    await using server = ElasticsearchServer.start({
      item: (text) =>
        JSON.parse(text).fields.n % 10 === 0
          ? { status: 400, error: { type: "mapper_parsing_exception", reason: "failed to parse" } }
          : undefined,
    });
    const dir = space.path("dead");
    configureOutput(space, "elasticsearch", { addresses: [server.url] }, {
      dead_letter: { enabled: true, dir },
    });
    appendJson(space.log(), new LineWriter("w"), 100);
    await space.once();
    assert.equal(server.documents.length, 90);
    const letters = [...Deno.readDirSync(dir)].filter(({ name }) => name.endsWith(".ndjson"))
      .flatMap(({ name }) => Deno.readTextFileSync(`${dir}/${name}`).trimEnd().split("\n"))
      .map((line) => JSON.parse(line));
    assert.equal(letters.length, 10);
    for (const { reason, record } of letters) {
      assert.equal(reason, "400 mapper_parsing_exception: failed to parse");
      assert.equal(JSON.parse(record).fields.n % 10, 0);
    }
  },
  { ways: "watching" },
);

scenario("agent tells a mistake in the index with its place", async (space) => {
  configureOutput(space, "elasticsearch", { index: "{{ fields.app }}" });
  const agent = space.start();
  agent.expectError(/./);
  assert.notEqual((await agent.ended()).code, 0);
  assert.match(
    agent.stderr,
    /config\.yaml:\d+:\d+ output\.(elasticsearch\.)?index: must begin with text of its own/,
  );
}, { ways: "watching" });
