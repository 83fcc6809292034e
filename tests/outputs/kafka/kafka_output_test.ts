import assert from "node:assert/strict";
import { ALL_SENT } from "../../../src/outputs/output.ts";
import { KafkaOutput } from "../../../src/outputs/kafka/kafka_output.ts";
import { partitionOfKey } from "../../../src/outputs/kafka/partitioner.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { outputContract } from "../../contracts/output_contract.ts";
import { KafkaServer } from "../../support/kafka_server.ts";
import { until } from "../../support/wait.ts";
import { configOf, eventOf, events, Exchange, failure, never, NOW } from "./support.ts";

for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"]) {
  outputContract(`KafkaOutput (${compression})`, () => {
    const server = KafkaServer.start();
    const config = configOf({ brokers: server.brokers, compression_codec: compression });
    return Promise.resolve({
      output: new KafkaOutput(config, { name: "queue", log: new RecordingLog() }),
      received: () => new TextDecoder().decode(server.delivered().bytes()),
      remove: () => server[Symbol.asyncDispose](),
    });
  });
}

Deno.test("KafkaOutput sends value, key, headers and time of each record", async () => {
  for (const [codec, compression] of ["none", "gzip", "snappy", "lz4", "zstd"].entries()) {
    const block = { partition_key: "k", compression_codec: compression, client_id: "me", encoding: "json" };
    await using exchange = await Exchange.open({}, block);
    const list = [
      eventOf("first", { k: "one" }, NOW + 5000),
      eventOf("second", {}, NOW),
      eventOf("ü€", { k: "two" }),
    ];
    assert.deepEqual(await exchange.send(exchange.batch(list)), ALL_SENT);
    const source = "/var/log/app.log";
    assert.deepEqual(
      exchange.server.log.messages().map(({ value, ...rest }) => ({
        message: JSON.parse(value).message,
        ...rest,
      })),
      [
        { message: "first", key: "one", timestamp: NOW + 5000, headers: { id: "stream.0.0", source } },
        { message: "second", key: undefined, timestamp: NOW, headers: { id: "stream.0.2s", source } },
        { message: "ü€", key: "two", timestamp: NOW, headers: { id: "stream.0.5k", source } },
      ],
    );
    const [produce] = exchange.server.produces;
    assert.deepEqual(produce?.batches.map((batch) => [batch.codec, batch.sequence, batch.epoch]), [[
      codec,
      0,
      0,
    ]]);
    assert.deepEqual([produce?.acks, produce?.timeout], [-1, 4000]);
    assert.ok(exchange.server.requests.every(({ client }) => client === "me"));
  }
});

Deno.test("KafkaOutput speaks to brokers of every age", async () => {
  for (const produceVersion of [3, 5, 7, 8, 13]) {
    await using exchange = await Exchange.open({ produceVersion });
    assert.deepEqual(await exchange.send(exchange.batch(events(2))), ALL_SENT);
    assert.deepEqual(exchange.values(), ["m0", "m1"]);
  }
  await using old = await Exchange.open({ produceVersion: 2 });
  assert.match(
    (await failure(old.send(old.batch(events(1))))).message,
    /no version of the protocol that is known/,
  );
});

Deno.test("KafkaOutput asks for ids only where a header has them", () => {
  const takes = (block: object) =>
    new KafkaOutput(configOf({ ...block }), { name: "k", log: new RecordingLog() }).takesIds;
  assert.equal(takes({}), true);
  assert.equal(takes({ headers: {} }), false);
  assert.equal(takes({ headers: { event: "{{id}}" } }), true);
});

Deno.test("KafkaOutput numbers nothing with required_acks 0 or 1", async () => {
  for (const acks of [0, 1] as const) {
    await using exchange = await Exchange.open({}, { required_acks: acks });
    assert.deepEqual(await exchange.send(exchange.batch(events(3))), ALL_SENT);
    await exchange.send(exchange.batch(events(1)));
    // Requests with acks 0 are not answered.
    await until("both requests", () => exchange.server.produces.length === 2);
    assert.deepEqual(
      exchange.server.produces.map((produce) => [produce.acks, produce.batches[0]?.producer]),
      [
        [acks, -1n],
        [acks, -1n],
      ],
    );
    assert.deepEqual(exchange.values(), ["m0", "m1", "m2", "m0"]);
  }
});

Deno.test("KafkaOutput spreads records as partition_strategy says", async () => {
  const partitions = async (block: object, list = events(8, (n) => ({ n, k: `k${n % 3}` }))) => {
    await using exchange = await Exchange.open({ topics: { logs: 4 } }, { ...block });
    const result = await exchange.send(exchange.batch(list));
    return { result, counts: [0, 1, 2, 3].map((partition) => exchange.values("logs", partition).length) };
  };
  // Without a key all records of a batch share a partition.
  assert.deepEqual((await partitions({})).counts, [8, 0, 0, 0]);
  const hashed = (await partitions({ partition_key: "k" })).counts;
  const expected = [0, 0, 0, 0];
  for (let n = 0; n < 8; n++) {
    const bytes = new TextEncoder().encode(`k${n % 3}`);
    expected[partitionOfKey({ bytes, start: 0, end: bytes.length }, 4)]!++;
  }
  assert.deepEqual(hashed, expected);
  assert.deepEqual((await partitions({ partition_strategy: "round-robin" })).counts, [2, 2, 2, 2]);
  assert.deepEqual(
    (await partitions({ partition_strategy: "random" })).counts,
    [8, 0, 0, 0],
    "0 is all that comes",
  );
  const manual = { partition_strategy: "manual", partition: "n" };
  const { counts, result } = await partitions(manual);
  assert.deepEqual(counts, [1, 1, 1, 1]);
  assert.deepEqual(result.rejected[0], { index: 4, reason: "the topic logs has no partition 4, only 4" });
  assert.equal(result.rejected.length, 4);
  assert.deepEqual((await partitions({ ...manual, partition: "2" })).counts, [0, 0, 8, 0]);
  assert.deepEqual((await partitions({ ...manual, partition: "none" })).counts, [8, 0, 0, 0]);
});

Deno.test("KafkaOutput sends the records of several topics in one request, each topic in its order", async () => {
  await using exchange = await Exchange.open(
    { topics: { "logs-a": 1, "logs-b": 1 } },
    { topic: "logs-{{ app }}" },
  );
  const list = events(6, (n) => ({ app: n % 2 === 0 ? "a" : "b" }));
  assert.deepEqual(await exchange.send(exchange.batch(list)), ALL_SENT);
  assert.deepEqual(exchange.values("logs-a"), ["m0", "m2", "m4"]);
  assert.deepEqual(exchange.values("logs-b"), ["m1", "m3", "m5"]);
  assert.equal(exchange.server.produces.length, 1);
});

Deno.test("KafkaOutput makes dead letters of messages above max_message_bytes", async () => {
  await using exchange = await Exchange.open({}, { max_message_bytes: 2000, partition_key: "k" });
  const list = [
    eventOf("small"),
    eventOf("x".repeat(2000)),
    eventOf("small key", { k: "k".repeat(2000) }),
    eventOf("last"),
  ];
  const { retry, rejected } = await exchange.send(exchange.batch(list));
  assert.deepEqual([retry, rejected.map(({ index }) => index)], [[], [1, 2]]);
  assert.match(rejected[0]!.reason, /^message of about \d+ bytes is larger than max_message_bytes$/);
  assert.deepEqual(exchange.values(), ["small", "last"]);
  const huge = await exchange.send(exchange.batch([eventOf("x".repeat(5000))]));
  assert.equal(huge.rejected.length, 1);
});

Deno.test("KafkaOutput splits what is too large for max_message_bytes or for the broker", async () => {
  const list = events(40).map((event) => ({ ...event, message: event.message.padEnd(200, "-") }));
  await using small = await Exchange.open({}, { max_message_bytes: 2048 });
  assert.deepEqual(await small.send(small.batch(list)), ALL_SENT);
  assert.deepEqual(small.values(), list.map(({ message }) => message));
  assert.ok(small.server.produces.length >= 5);

  await using exchange = await Exchange.open({ maxBatchBytes: 3000 });
  const odd = [...list, eventOf("y".repeat(4000)), eventOf("end")];
  const { rejected } = await exchange.send(exchange.batch(odd));
  assert.deepEqual(rejected, [{ index: 40, reason: "MESSAGE_TOO_LARGE: too large" }]);
  assert.deepEqual(exchange.values(), [...list.map(({ message }) => message), "end"]);
  assert.match(
    exchange.log.at("info", 0),
    /sends smaller batches: the broker refused one of \d+ bytes; a lower max_/,
  );
  const count = exchange.server.produces.length;
  await exchange.send(exchange.batch(list));
  const [first] = exchange.server.produces.slice(count);
  assert.ok(first!.batches[0]!.bytes <= 3000, "it has learned how large batches may be");
  assert.equal(exchange.log.of("info").length, 1);
});

Deno.test("KafkaOutput gives the present time to messages whose own the broker does not take", async () => {
  await using exchange = await Exchange.open();
  exchange.server.behaviour = ({ batches: [batch] }) => {
    const refused = batch!.messages.flatMap(({ timestamp }, position) =>
      timestamp > NOW ? [{ position, reason: "in the future" }] : []
    );
    return refused.length > 0 && exchange.server.produces.length < 2 ? { error: 32, refused } : {};
  };
  const list = [eventOf("a"), eventOf("b", {}, Date.UTC(2900, 1, 1)), eventOf("c")];
  assert.deepEqual(await exchange.send(exchange.batch(list)), ALL_SENT);
  const [a, b, c] = exchange.server.log.messages();
  assert.deepEqual([a?.value, b?.value, c?.value], ["a", "b", "c"]);
  assert.deepEqual([a?.timestamp, c?.timestamp], [NOW, NOW]);
  assert.ok(b!.timestamp < Date.UTC(2900, 1, 1) && b!.timestamp > Date.UTC(2020, 1, 1));

  exchange.server.behaviour = () => ({ error: 32 });
  const { rejected } = await exchange.send(exchange.batch(events(2)));
  assert.deepEqual(rejected.map(({ index, reason }) => [index, reason]), [[0, "INVALID_TIMESTAMP"], [
    1,
    "INVALID_TIMESTAMP",
  ]]);
});

Deno.test("KafkaOutput makes dead letters of the records that the broker refuses, and delivers the others", async () => {
  for (const isTold of [true, false]) {
    await using exchange = await Exchange.open();
    exchange.server.behaviour = ({ batches: [batch] }) => {
      const refused = batch!.messages.flatMap(({ value }, position) =>
        value === "m3" || value === "m5" ? [{ position, reason: "no\nkey" }] : []
      );
      if (refused.length === 0) return {};
      return { error: 87, refused: isTold ? refused : [], reason: "invalid record" };
    };
    const { retry, rejected } = await exchange.send(exchange.batch(events(8)));
    assert.deepEqual(retry, []);
    const reason = isTold ? "INVALID_RECORD: no key" : "INVALID_RECORD: invalid record";
    assert.deepEqual(rejected.toSorted((a, b) => a.index - b.index), [{ index: 3, reason }, {
      index: 5,
      reason,
    }]);
    assert.deepEqual(exchange.values(), ["m0", "m1", "m2", "m4", "m6", "m7"]);
  }
});

Deno.test("KafkaOutput probes the topic without sending", async () => {
  await using exchange = await Exchange.open({ user: { mechanism: "PLAIN", username: "a", password: "b" } }, {
    ...{ sasl_enabled: true, sasl_username: "a", sasl_password: "b" },
  });
  await exchange.output.probe(never);
  assert.deepEqual(exchange.server.produces, []);
  exchange.server.metadataError = 29;
  // What was learned would do.
  await exchange.output.open();
  assert.match(
    (await failure(exchange.output.probe(never))).message,
    /^topic logs: TOPIC_AUTHORIZATION_FAILED \(.*ACLs\)$/,
  );

  await using missing = await Exchange.open({ topics: {} }, { create_topics: false });
  assert.equal(
    (await failure(missing.output.probe(never))).message,
    "the topic logs does not exist; create it, or have the brokers do so with create_topics: true",
  );
  await using created = await Exchange.open({ topics: {}, autoCreate: true });
  await created.output.probe(never);
  assert.equal(created.server.log.topics.size, 0, "asking creates nothing");
  await using template = await Exchange.open({ topics: {} }, { topic: "logs-{{ app }}" });
  await template.output.probe(never);
  await template.server.stopBroker(0);
  await template.output.open();
  assert.match(
    (await failure(template.output.probe(never))).message,
    /^cannot connect to broker 127\.0\.0\.1:\d+: /,
  );
});

Deno.test("KafkaOutput says what is missing before it was opened", async () => {
  const output = new KafkaOutput(configOf({}), { name: "k", log: new RecordingLog() });
  assert.equal((await failure(output.send(batchOf(["a\n"]), never))).message, "it is not open");
});
