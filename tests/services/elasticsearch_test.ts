import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { AgentProcess } from "../support/agent_process.ts";
import { appendJson } from "../support/event_lines.ts";
import { timeOf } from "../support/killed_delivery.ts";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { pause } from "../support/wait.ts";
import { type Block, Workspace } from "../support/workspace.ts";
import { serviceTest } from "./support/install.ts";
import { type FoundDocument, SearchServer, searchServers } from "./support/opensearch.ts";

const RECORDS = { opensearch: 100_000, elasticsearch: 20_000 } as const;
const PARTS = 20;

function configure(space: Workspace, server: SearchServer, block: Block, rest: Block = {}): void {
  space.configure({
    output: {
      type: "elasticsearch",
      elasticsearch: { addresses: [server.url], batch_size: 1000, batch_timeout: "50ms", ...block },
    },
    rest: {
      parser: { type: "json" },
      // A list of numbers and texts has no mapping.
      transforms: [{ type: "remove", fields: ["nested"] }],
      reliability: {
        retry: { initial_backoff: "20ms", max_backoff: "500ms" },
        circuit_breaker: { failure_threshold: 5, timeout: "500ms" },
      },
      ...rest,
    },
  });
}

/** The messages as the lines that their writer made. */
function linesOf(documents: readonly FoundDocument[]): Uint8Array {
  return Buffer.concat(documents.map(({ _source }) => Buffer.from(`${_source.message}\n`, "latin1")));
}

for (const name of ["opensearch", "elasticsearch"] as const) {
  serviceTest(
    `${name} has every record once though agents and server are killed, refuses single ones, keeps data streams`,
    [searchServers[name]],
    async (directory) => {
      await using place = await Workspace.create();
      await using server = await SearchServer.start(name, directory!, place.path("server"));
      await refuseSingleRecords(server);
      // Elasticsearch has data streams in a module that Maven Central does not have.
      if (name === "opensearch") await keepDataStream(server);
      await deliverThroughKills(server, RECORDS[name]);
    },
  );
}

/** Three agents and the server are killed while records go to four indices. */
async function deliverThroughKills(server: SearchServer, records: number): Promise<void> {
  await using space = await Workspace.create();
  // Four indices, two requests at once, and answers that nobody hears.
  configure(space, server, {
    index: "hard-{{ fields.app }}",
    index_rotation: "monthly",
    bulk_workers: 2,
    compression: "gzip",
    template: { name: "hard" },
  });
  const writer = new LineWriter("w");
  let agent: AgentProcess = space.start();
  const arrived = async (share: number) => {
    const least = Math.floor(share * writer.written);
    await agent.until(`${least} records`, async () => {
      assert.deepEqual(agent.unexpectedErrors(), []);
      // Each count is a refresh, which costs the server much.
      await pause(250);
      return await server.count("hard-*") >= least;
    }, { within: 120_000 });
  };
  for (let part = 1; part <= PARTS; part++) {
    appendJson(space.log(), writer, records / PARTS, (sequence) => ({
      app: sequence % 2 === 0 ? "Shop" : "api/v1",
      time: sequence % 3 === 0 ? timeOf(sequence) : `2026-10-31T23:59:59.${sequence % 1000 + 1000}Z`,
    }));
    if (part % 6 === 0) {
      // Some of what was just written is on its way.
      await arrived(0.9);
      await agent.kill();
      agent = space.start();
    } else if (part === 10) {
      await arrived(0.85);
      await server.restart();
    }
  }
  await arrived(1);
  const { code } = await agent.terminate();
  assert.equal(code, 0, `the agent ended with code ${code}; stderr:\n${agent.tail()}`);
  const documents = await server.documents("hard-*");
  assertDelivered(linesOf(documents), [writer], { disorder: true });
  assert.equal(new Set(documents.map(({ _id }) => _id)).size, records);
  assert.equal(await server.count("hard-*"), records);
  assert.deepEqual([...new Set(documents.map(({ _index }) => _index))].sort(), [
    "hard-api_v1-2026.10",
    "hard-api_v1-2026.11",
    "hard-shop-2026.10",
    "hard-shop-2026.11",
  ]);
  for (const { _index, _source } of documents) {
    const { app } = _source.fields as { app: string };
    const month = String(_source["@timestamp"]).slice(0, 7).replace("-", ".");
    assert.equal(_index, `hard-${app === "Shop" ? "shop" : "api_v1"}-${month}`);
  }
  console.log(`    ${documents.length} records, each once`);
  await space.verify();
}

/** The server's reasons reach the dead letters; pipelines and templates do their part. */
async function refuseSingleRecords(server: SearchServer): Promise<void> {
  await using space = await Workspace.create();
  const events = [
    { msg: "number", n: 1 },
    { msg: "text", n: "no number" },
    { msg: "größe \u{1f600}", n: 3, big: "B" },
    { msg: "object", n: { a: 1 } },
    { msg: "bad name", "": 1 },
    { msg: "last", n: 6 },
  ];
  const time = "2026-11-25T10:00:00.123456789Z";
  const lines = events.map((event) => `${JSON.stringify({ ...event, time })}\n`).join("");
  appendBytes(space.log(), new TextEncoder().encode(lines.replace('"B"', "9007199254740993")));
  await server.ask("PUT", "/_ingest/pipeline/marks", {
    processors: [{ set: { field: "marked", value: "{{message}}!" } }, {
      fail: { if: "ctx.message == 'last'", message: "not this one" },
    }],
  });
  const directoryOf = space.path("dead");
  configure(space, server, {
    index: "typed",
    pipeline: "marks",
    template: {
      name: "typed",
      body: {
        index_patterns: ["typed-*"],
        template: { mappings: { properties: { fields: { properties: { n: { type: "long" } } } } } },
      },
    },
  }, { dead_letter: { enabled: true, dir: directoryOf } });
  await space.once();
  const documents = await server.documents("typed-2026.11.25");
  const found = documents.map(({ _source }) => _source).sort((a, b) => a.message < b.message ? -1 : 1);
  assert.deepEqual(found.map(({ message }) => message), ["größe \u{1f600}", "number"]);
  assert.deepEqual(found.map((source) => source["marked"]), ["größe \u{1f600}!", "number!"]);
  assert.equal(found[0]?.["@timestamp"], time);
  const exact = await (await fetch(`${server.url}/typed-2026.11.25/_search?q=fields.n:3`)).text();
  assert.match(exact, /"big":9007199254740993/);
  const letters = [...Deno.readDirSync(directoryOf)].flatMap(({ name: file }) =>
    file.endsWith(".ndjson")
      ? Deno.readTextFileSync(`${directoryOf}/${file}`).trimEnd().split("\n").map((line) => JSON.parse(line))
      : []
  );
  const reasons = Object.fromEntries(
    letters.map((letter) => [JSON.parse(letter.record).message, letter.reason]),
  );
  assert.deepEqual(Object.keys(reasons).sort(), ["bad name", "last", "object", "text"]);
  assert.match(
    reasons["text"],
    /^400 mapper_parsing_exception: failed to parse field \[fields\.n\] of type \[long\]/,
  );
  assert.match(reasons["object"], /^400 mapper_parsing_exception: .*caused by/);
  assert.match(reasons["bad name"], /^400 /);
  assert.match(reasons["last"], /^500 fail_processor_exception: not this one$/);
  await space.verify();
}

/** A data stream gets what an agent that is killed sends, once; a block on it only makes the output wait. */
async function keepDataStream(server: SearchServer): Promise<void> {
  await using space = await Workspace.create();
  configure(space, server, { index: "logs-app-default", data_stream: true, template: { name: "stream" } });
  const writer = new LineWriter("w");
  appendJson(space.log(), writer, 1000);
  const first = space.start();
  await first.until("1000 records", async () => await server.count("logs-app-default") === 1000);
  await first.kill();
  const streams = await server.ask("GET", "/_data_stream/logs-app-default") as { data_streams: unknown[] };
  assert.equal(streams.data_streams.length, 1);

  await server.ask("PUT", "/logs-app-default/_settings", { "index.blocks.read_only_allow_delete": true });
  appendJson(space.log(), writer, 1000);
  const second = space.start();
  await second.untilLog(/Cannot send .* cluster_block_exception/);
  await server.ask("PUT", "/logs-app-default/_settings", { "index.blocks.read_only_allow_delete": null });
  await second.until("2000 records", async () => await server.count("logs-app-default") >= 2000);
  assert.equal((await second.terminate()).code, 0);
  assertDelivered(linesOf(await server.documents("logs-app-default")), [writer], { disorder: true });
  await space.verify();
}
