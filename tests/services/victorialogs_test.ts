import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendJson } from "../support/event_lines.ts";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { assertDelivered, judge } from "../support/oracle.ts";
import { savedLines } from "../support/saved_lines.ts";
import { until } from "../support/wait.ts";
import { type Block, Workspace } from "../support/workspace.ts";
import { serviceTest } from "./support/install.ts";
import { VictoriaLogs, victoriaLogs } from "./support/victorialogs.ts";

const BATCH = 500;

/** Where the protocols carry the ids of records. */
const ID_FIELDS: Readonly<Record<string, string>> = { otlp: "log.record.uid", splunk_hec: "fields.id" };

/** The block of an output for each protocol that the server takes. */
const OUTPUTS: Readonly<Record<string, (server: VictoriaLogs) => Block>> = {
  http: (server) => ({
    endpoint: server.url(
      "/insert/jsonline?_msg_field=message&_time_field=timestamp&_stream_fields=source",
    ),
    compression: "zstd",
  }),
  loki: (server) => ({
    endpoint: server.url("/insert"),
    encoding: "text",
    labels: { job: "test", level: "{{ level }}" },
    structured_metadata: { n: "{{ fields.n }}", big: "{{ fields.big }}" },
    compression: "gzip",
  }),
  otlp: (server) => ({
    endpoint: server.url("/insert/opentelemetry"),
    encoding: "protobuf",
    resource_attributes: { "service.name": "{{ file }}" },
    compression: "gzip",
  }),
  splunk_hec: (server) => ({
    endpoint: server.url(""),
    token: "any",
    host: "here",
    sourcetype: "test",
    indexed_fields: { n: "{{ fields.n }}", id: "{{ id }}" },
    compression: "gzip",
  }),
};

function configure(space: Workspace, type: string, block: Block, parser: Block): void {
  space.configure({
    output: { type, [type]: { batch_size: BATCH, batch_timeout: "20ms", ...block } },
    rest: {
      parser: { type: "json", ...parser },
      reliability: {
        retry: { initial_backoff: "10ms", max_backoff: "100ms" },
        circuit_breaker: { failure_threshold: 3, timeout: "100ms" },
      },
    },
  });
}

for (const [type, blockOf] of Object.entries(OUTPUTS)) {
  serviceTest(
    `VictoriaLogs has every record of ${type} after a kill of the agent and a restart of the server`,
    [
      victoriaLogs,
    ],
    async (directory) => {
      await using space = await Workspace.create();
      await using server = await VictoriaLogs.start(directory, space.path("victoria"));
      configure(space, type, { concurrency: 1, ...blockOf(server) }, {});
      const writer = new LineWriter("w");
      const load = space.load(4000, (lines) => appendJson(space.log(), writer, lines));

      const first = space.start();
      await first.until("records", async () => await server.count() >= 6000);
      await first.kill();
      // What arrives becomes visible a moment later.
      let arrived = -1;
      await until("an end of arrivals", async () => {
        const before = arrived;
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return before === (arrived = await server.count());
      });
      const inFlight = arrived - await savedLines(space);
      assert.ok(inFlight >= 0, "no position is saved before its records are there");

      const second = space.start();
      await second.until("more records", async () => await server.count() >= arrived + 6000);
      await server.restart(() => second.untilLog(/retrying/).then(() => {}));
      await second.until("records after the restart", async () => await server.count() >= arrived + 12_000);
      await load.stop();
      await second.until("all records", async () => {
        if (await server.count() < writer.written) return false;
        return judge((await server.delivered()).bytes(), [writer]).lost.size === 0;
      }, { within: 60_000 });
      const { code } = await second.terminate();
      assert.equal(code, 0, second.tail());
      const bytes = (await server.delivered()).bytes();
      const { duplicates, arrived: all } = assertDelivered(bytes, [writer], {
        // A request that the server's stop has cut off is sent again too.
        duplicates: inFlight + BATCH,
        disorder: true,
      });
      const id = ID_FIELDS[type];
      if (id !== undefined) {
        const [row] = await server.query(`* | stats count_uniq("${id}") as n`);
        assert.equal(Number(row?.["n"]), writer.written, "a record has one id, whoever sent it");
      }
      console.log(`  ${type}: ${writer.written} records, ${all} stored, ${duplicates} twice`);
    },
  );

  serviceTest(
    `VictoriaLogs has what ${type} sends with all digits and letters`,
    [victoriaLogs],
    async (directory) => {
      await using space = await Workspace.create();
      await using server = await VictoriaLogs.start(directory, space.path("victoria"));
      configure(space, type, blockOf(server), {});
      const lines = [
        { time: "2026-11-25T10:00:00.123456789Z", level: "error", msg: 'größe "quoted" \\ \u{1f600}', n: 1 },
        { time: "2026-11-25T10:00:00.000000001Z", level: "info", msg: "same", n: 2 },
        { time: "2026-11-25T10:00:00Z", level: "info", msg: "same", n: 3 },
        { time: "2026-11-25T10:00:00Z", level: "info", msg: "same", n: 4 },
      ].map((line) => JSON.stringify(line).replace("}", ',"big":9007199254740993}\n')).join("");
      appendBytes(space.log(), Buffer.from(lines));
      await space.once();
      const rows = await until("the records", async () => {
        const found = await server.query("* | sort by (_time)");
        return found.length >= 4 && found;
      });
      const find = (n: number) =>
        rows.filter((row) => (row["n"] ?? row["event.fields.n"] ?? row["fields.n"]) === String(n));
      const [[one], [two], [three], [four]] = [find(1), find(2), find(3), find(4)];
      assert.equal(rows.length, 4, JSON.stringify(rows));
      assert.equal(one?.["_time"], "2026-11-25T10:00:00.123456789Z");
      assert.equal(one?.["_msg"], 'größe "quoted" \\ \u{1f600}');
      assert.equal(two?.["_time"], "2026-11-25T10:00:00.000000001Z");
      assert.match(three?.["_time"] ?? "", /^2026-11-25T10:00:00(\.000\d+)?Z$/);
      if (type === "loki") assert.notEqual(three?.["_time"], four?.["_time"]);
      else assert.equal(three?.["_time"], four?.["_time"]);
      const big = one?.["big"] ?? one?.["event.fields.big"] ?? one?.["fields.big"];
      assert.equal(big, "9007199254740993");
      await space.verify();
    },
  );
}
