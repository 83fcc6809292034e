import assert from "node:assert/strict";
import { appendJson, DeliveredMessages, eventsOf } from "../support/event_lines.ts";
import { KafkaServer, type Reply } from "../support/kafka_server.ts";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { judge } from "../support/oracle.ts";
import { savedLines } from "../support/saved_lines.ts";
import { scenario } from "../support/scenario.ts";
import { until } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const WATCHING = { ways: "watching" } as const;

function configure(space: Workspace, server: KafkaServer, keys: object = {}, rest: object = {}): void {
  const kafka = {
    brokers: server.brokers,
    batch_size: 200,
    batch_timeout: "20ms",
    timeout: "150ms",
    ...keys,
  };
  const reliability = {
    retry: { initial_backoff: "10ms", max_backoff: "50ms" },
    circuit_breaker: { failure_threshold: 3, timeout: "100ms" },
  };
  space.configure({
    output: { type: "kafka", kafka },
    rest: { parser: { type: "json" }, reliability, ...rest },
  });
}

/** Each kind of trouble again and again, with success between them. */
const TROUBLE: readonly Reply[] = [
  { cut: true, keep: true },
  {},
  { hang: true, keep: true },
  { error: 7, keep: true },
  {},
  { error: 6 },
  { hang: true },
  {},
  { error: 45 },
  { cut: true },
];

scenario(
  "agent killed while it sends to brokers that fail in every way delivers all, and doubles only what was in flight",
  async (space) => {
    let calm = Infinity;
    await using server = KafkaServer.start({
      behaviour: (_, number) => number < calm ? TROUBLE[number % TROUBLE.length]! : {},
    });
    configure(space, server, {}, {
      transforms: [{ type: "remove", fields: ["nested"] }, { type: "add", add: { env: "test" } }],
    });
    const distinct = new DeliveredMessages(server.delivered(true));
    const writer = new LineWriter("w");
    const load = space.load(400, (lines) => appendJson(space.log(), writer, lines));

    const first = space.start();
    await first.until("requests", () => server.produces.length >= 15);
    await first.kill();
    await until("the end of its connections", () => server.open === 0);
    const before = judge(distinct.bytes(), [writer]);
    assert.equal(server.delivered().lines, before.arrived, "what one agent sends again is recognised");
    assert.ok(server.log.recognised > 0);
    const inFlight = before.arrived - await savedLines(space);

    const second = space.start();
    const produces = server.produces.length;
    await second.until("requests", () => server.produces.length >= produces + 12);
    calm = server.produces.length;
    await load.stop();
    await space.complete(second, [writer], { delivered: distinct });
    const doubles = server.delivered().lines - server.delivered(true).lines;
    assert.equal(
      doubles,
      inFlight,
      "what the first agent could not note as delivered comes again, with its id",
    );
    await second.untilLog(/it closed the connection; retrying/);
    await second.untilLog(/no answer within 150ms; retrying/);
    for (const { fields } of eventsOf(server.delivered(true))) {
      assert.deepEqual(fields, { n: fields["n"], env: "test" });
    }
  },
  WATCHING,
);

scenario("agent sends to the topic and with the key that each record has", async (space) => {
  await using server = KafkaServer.start({ topics: { "logs-a": 2, "logs-b": 1 } });
  const lines = Array.from(
    { length: 40 },
    (_, n) => JSON.stringify({ msg: `m${n}`, app: "ab"[n % 2], host: `h${n % 4}` }),
  );
  appendBytes(space.log(), new TextEncoder().encode(`${lines.join("\n")}\n`));
  configure(space, server, {
    ...{ topic: "logs-{{ app }}", partition_key: "host", compression_codec: "zstd" },
    headers: { id: "{{ id }}", source: "{{ source }}", app: "{{ fields.app }}", env: "test" },
  });
  await space.once();
  for (const [topic, rest] of [["logs-a", 0], ["logs-b", 1]] as const) {
    const messages = server.log.messages(topic).map((message) => ({
      ...message,
      event: JSON.parse(message.value),
    }));
    assert.deepEqual(
      messages.map(({ event }) => event.message).toSorted(),
      lines.flatMap((_, n) => n % 2 === rest ? [`m${n}`] : []).toSorted(),
    );
    assert.equal(new Set(messages.map(({ headers }) => headers["id"])).size, messages.length);
    for (const { key, headers, timestamp, event } of messages) {
      assert.equal(key, event.fields.host);
      assert.deepEqual({ ...headers, id: "" }, {
        id: "",
        source: space.log(),
        app: event.fields.app,
        env: "test",
      });
      assert.equal(timestamp, Math.floor(Date.parse(event.timestamp)));
    }
  }
}, WATCHING);

scenario("agent says where the mistake in a template is", async (space) => {
  await using server = KafkaServer.start();
  configure(space, server, { topic: "{{ app }}" });
  const agent = space.start();
  agent.expectError(/./);
  assert.notEqual((await agent.ended()).code, 0);
  assert.match(agent.stderr, /config\.yaml:\d+:\d+.*topic: is made of values alone/);
}, WATCHING);
