import assert from "node:assert/strict";
import { ALL_SENT } from "../../../src/outputs/output.ts";
import type { Reply } from "../../support/kafka_server.ts";
import { events, Exchange, failure } from "./support.ts";

const THREE = events(3);

Deno.test("KafkaOutput sends again what is not known to have arrived, and the broker recognises it", async () => {
  const faults: [Reply, RegExp][] = [
    [{ cut: true, keep: true }, /^broker 127\.0\.0\.1:\d+: it closed the connection$/],
    [{ cut: true }, /^broker 127\.0\.0\.1:\d+: it closed the connection$/],
    [{ hang: true, keep: true }, /^broker 127\.0\.0\.1:\d+: no answer within 100ms$/],
    [{ error: 7, keep: true }, /^topic logs, partition 0: REQUEST_TIMED_OUT$/],
    [{ error: 20, keep: true }, /^topic logs, partition 0: NOT_ENOUGH_REPLICAS_AFTER_APPEND$/],
    [{ error: 19 }, /^topic logs, partition 0: NOT_ENOUGH_REPLICAS$/],
    [{ error: 6 }, /^topic logs, partition 0: NOT_LEADER_OR_FOLLOWER$/],
    [{ error: 29 }, /^topic logs, partition 0: TOPIC_AUTHORIZATION_FAILED \(.*ACLs\)$/],
    [{ error: 999 }, /^topic logs, partition 0: error 999$/],
  ];
  for (const [fault, message] of faults) {
    await using exchange = await Exchange.open({}, { timeout: "100ms" });
    await exchange.send(exchange.batch(events(2)));
    exchange.server.behaviour = (_, number) => (number < 3 ? fault : {});
    const batch = exchange.batch(THREE);
    assert.match((await failure(exchange.send(batch))).message, message);
    assert.match((await failure(exchange.send(batch))).message, message);
    assert.deepEqual(await exchange.send(batch), ALL_SENT);
    assert.deepEqual(await exchange.send(exchange.batch(events(1))), ALL_SENT);
    assert.deepEqual(exchange.values(), ["m0", "m1", "m0", "m1", "m2", "m0"], JSON.stringify(fault));
    assert.ok(fault.keep !== true || exchange.server.log.recognised > 0);
  }
});

Deno.test("KafkaOutput may double what is not known to have arrived where brokers recognise nothing", async () => {
  await using exchange = await Exchange.open({}, { idempotent_writes: false });
  exchange.server.behaviour = (_, number) => (number === 0 ? { cut: true, keep: true } : {});
  const batch = exchange.batch(THREE);
  await failure(exchange.send(batch));
  assert.deepEqual(await exchange.send(batch), ALL_SENT);
  assert.deepEqual(exchange.values(), ["m0", "m1", "m2", "m0", "m1", "m2"]);
});

Deno.test("KafkaOutput takes the answer that messages are known for success", async () => {
  await using exchange = await Exchange.open();
  exchange.server.behaviour = () => ({ error: 46 });
  assert.deepEqual(await exchange.send(exchange.batch(THREE)), ALL_SENT);
});

Deno.test("KafkaOutput never gives numbers that may be used up to other messages", async () => {
  await using exchange = await Exchange.open();
  exchange.server.behaviour = (_, number) => (number === 0 ? { cut: true, keep: true } : {});
  await failure(exchange.send(exchange.batch(THREE)));
  // The caller gave the first batch up. The broker would take another of its size for it, and drop it.
  const other = events(3).map((event) => ({ ...event, message: `other ${event.message}` }));
  assert.deepEqual(await exchange.send(exchange.batch(other)), ALL_SENT);
  assert.deepEqual(exchange.values(), ["m0", "m1", "m2", "other m0", "other m1", "other m2"]);
  assert.equal(exchange.server.log.recognised, 0);
});

Deno.test("KafkaOutput takes a new producer id where the broker does not know the old one's numbers", async () => {
  for (const error of [45, 47, 59]) {
    await using exchange = await Exchange.open();
    await exchange.send(exchange.batch(THREE));
    exchange.server.behaviour = (_, number) => (number === 1 ? { error } : {});
    assert.deepEqual(await exchange.send(exchange.batch(events(1))), ALL_SENT);
    assert.deepEqual(exchange.values(), ["m0", "m1", "m2", "m0"]);
    const [first, , third] = exchange.server.produces.map(({ batches }) => batches[0]);
    assert.notEqual(third?.producer, first?.producer);
    assert.equal(third?.sequence, 0);
  }
  await using exchange = await Exchange.open();
  exchange.server.behaviour = () => ({ error: 45 });
  assert.match(
    (await failure(exchange.send(exchange.batch(THREE)))).message,
    /refuse the numbers of messages/,
  );
  exchange.server.behaviour = () => ({});
  exchange.server.producerIdError = 31;
  assert.match(
    (await failure(exchange.send(exchange.batch(THREE)))).message,
    /^no producer id: CLUSTER_AUTHORIZATION_FAILED \(allow IdempotentWrite .*idempotent_writes: false\)$/,
  );
});

Deno.test("KafkaOutput stops at once when it is told to", async () => {
  await using exchange = await Exchange.open({}, { timeout: "1h" });
  const stopping = new AbortController();
  exchange.server.behaviour = () => {
    stopping.abort();
    return { hang: true };
  };
  const batch = exchange.batch(THREE);
  assert.match((await failure(exchange.send(batch, stopping.signal))).message, /the request was stopped/);
  exchange.server.behaviour = () => ({});
  assert.deepEqual(await exchange.send(batch), ALL_SENT);
  assert.match((await failure(exchange.send(exchange.batch(THREE), stopping.signal))).message, /was stopped/);
});

Deno.test("KafkaOutput repeats only what failed", async () => {
  await using exchange = await Exchange.open(
    { brokers: 2, topics: { logs: 2 } },
    { partition_strategy: "round-robin" },
  );
  exchange.server.behaviour = ({ broker }, number) => (broker === 1 && number < 4 ? { cut: true } : {});
  const batch = exchange.batch(events(6));
  await failure(exchange.send(batch));
  assert.deepEqual(exchange.output.progressOf(batch), { retry: [0, 2, 4], rejected: [] });
  const [one = [], two = []] = [exchange.values("logs", 0), exchange.values("logs", 1)];
  assert.deepEqual([one.length, two.length], [3, 0]);
  while (exchange.server.log.messages().length < 6) await exchange.send(batch).catch(() => {});
  assert.deepEqual(exchange.values("logs", 0), one);
  assert.equal(exchange.values("logs", 1).length, 3);
  assert.equal(exchange.server.produces.filter(({ broker }) => broker === 0).length, 1);
  assert.equal(exchange.output.progressOf(batch), undefined);
});

Deno.test("KafkaOutput follows a leader that moves", async () => {
  await using exchange = await Exchange.open({ brokers: 3 });
  await exchange.send(exchange.batch(events(1)));
  exchange.server.log.move("logs", 0, 2);
  const batch = exchange.batch(events(2));
  assert.match((await failure(exchange.send(batch))).message, /NOT_LEADER_OR_FOLLOWER/);
  assert.deepEqual(await exchange.send(batch), ALL_SENT);
  assert.deepEqual(exchange.values(), ["m0", "m0", "m1"]);
  assert.equal(exchange.server.produces.at(-1)?.broker, 2);
});

Deno.test("KafkaOutput finds the cluster while one broker is left, and again once others are back", async () => {
  await using exchange = await Exchange.open({ brokers: 2, topics: { logs: 1 } });
  await exchange.send(exchange.batch(events(1)));
  await exchange.server.stopBroker(0);
  exchange.server.log.move("logs", 0, 1);
  const batch = exchange.batch(THREE);
  await exchange.send(batch).catch(() => {});
  assert.deepEqual(await exchange.send(batch), ALL_SENT);
  await exchange.server.stopBroker(1);
  const last = exchange.batch(events(1));
  await exchange.send(last).catch(() => {});
  assert.match(
    (await failure(exchange.send(last))).message,
    /^cannot connect to broker 127\.0\.0\.1:\d+: connection refused; cannot connect to broker 127\.0\.0\.1:\d+: conn/,
  );
  exchange.server.startBroker(0);
  exchange.server.log.move("logs", 0, 0);
  assert.deepEqual(await exchange.send(last), ALL_SENT);
  assert.deepEqual(exchange.values(), ["m0", "m0", "m1", "m2", "m0"]);
});

Deno.test("KafkaOutput knows brokers that are not configured", async () => {
  await using exchange = await Exchange.open({ brokers: 2, topics: { logs: 2 } }, {});
  await using single = await Exchange.open({}, { brokers: [exchange.server.brokers[1]] });
  assert.deepEqual(await single.send(exchange.batch(events(1))), ALL_SENT);
  assert.equal(exchange.server.produces[0]?.broker, 0);
});

Deno.test("KafkaOutput moves records without a key to a partition that has a leader", async () => {
  await using exchange = await Exchange.open({ topics: { logs: 2 } }, { partition_key: "k" });
  const batch = exchange.batch(THREE);
  exchange.server.behaviour = () => ({ error: 6 });
  await failure(exchange.send(batch));
  exchange.server.log.move("logs", 0, -1);
  exchange.server.behaviour = () => ({});
  assert.deepEqual(await exchange.send(batch), ALL_SENT);
  assert.deepEqual(exchange.values("logs", 1), ["m0", "m1", "m2"]);

  await using keyed = await Exchange.open({ topics: { logs: 1 } }, { partition_key: "k" });
  keyed.server.log.move("logs", 0, -1);
  const waiting = keyed.batch(events(1, () => ({ k: "key" })));
  assert.match((await failure(keyed.send(waiting))).message, /^topic logs, partition 0: it has no leader$/);
});

Deno.test("KafkaOutput leaves records where they may have arrived", async () => {
  for (const fault of [{ error: 7, keep: true }, { cut: true, keep: true }]) {
    await using exchange = await Exchange.open({ topics: { logs: 2 } });
    const batch = exchange.batch(THREE);
    exchange.server.behaviour = () => fault;
    await failure(exchange.send(batch));
    exchange.server.log.move("logs", 0, -1);
    await exchange.output.open();
    exchange.server.behaviour = () => ({});
    assert.match((await failure(exchange.send(batch))).message, /it has no leader/);
    exchange.server.log.move("logs", 0, 0);
    await exchange.output.open();
    assert.deepEqual(await exchange.send(batch), ALL_SENT);
    assert.deepEqual(exchange.values(), ["m0", "m1", "m2"]);
  }
});

Deno.test("KafkaOutput waits for a topic that does not exist, and delivers the records of others", async () => {
  await using exchange = await Exchange.open({ topics: { "logs-a": 1 } }, { topic: "logs-{{ app }}" });
  const batch = exchange.batch(events(4, (n) => ({ app: n < 2 ? "a" : "b" })));
  for (let attempt = 0; attempt < 2; attempt++) {
    assert.equal(
      (await failure(exchange.send(batch))).message,
      "the topic logs-b does not exist; create it, or have the brokers do so with create_topics: true",
    );
  }
  assert.deepEqual(exchange.values("logs-a"), ["m0", "m1"]);
  assert.deepEqual(exchange.output.progressOf(batch), { retry: [2, 3], rejected: [] });
  exchange.server.log.create("logs-b", 2);
  assert.deepEqual(await exchange.send(batch), ALL_SENT);
  assert.deepEqual([exchange.values("logs-a"), exchange.values("logs-b")], [["m0", "m1"], ["m2", "m3"]]);
});

Deno.test("KafkaOutput makes dead letters of records without a topic where it is told to", async () => {
  const block = { topic: "logs-{{ app }}", missing_topic: "reject" };
  await using exchange = await Exchange.open({ topics: { "logs-a": 1 } }, block);
  const { rejected } = await exchange.send(exchange.batch(events(3, (n) => ({ app: n === 1 ? "b" : "a" }))));
  assert.deepEqual(rejected, [{
    index: 1,
    reason: "the topic logs-b does not exist; create it, or have the brokers do so with create_topics: true",
  }]);
  assert.deepEqual(exchange.values("logs-a"), ["m0", "m2"]);
});

Deno.test("KafkaOutput has topics created as create_topics says", async () => {
  await using fixed = await Exchange.open({ topics: {}, autoCreate: true });
  assert.deepEqual(await fixed.send(fixed.batch(THREE)), ALL_SENT);
  await using chosen = await Exchange.open({ topics: {}, autoCreate: true }, { topic_field: "t" });
  assert.match(
    (await failure(chosen.send(chosen.batch(THREE)))).message,
    /^the topic logs does not exist; create it, or have the brokers do so with create_topics: true$/,
  );
  await using asked = await Exchange.open({ topics: {}, autoCreate: true }, {
    topic_field: "t",
    create_topics: true,
  });
  assert.deepEqual(await asked.send(asked.batch(events(2, (n) => ({ t: `t${n}` })))), ALL_SENT);
  assert.deepEqual([...asked.server.log.topics.keys()], ["t0", "t1"]);
  await using refused = await Exchange.open({ topics: {} });
  assert.match(
    (await failure(refused.send(refused.batch(THREE)))).message,
    /^the topic logs does not exist; the brokers do not create it; create it there$/,
  );
});
