import assert from "node:assert/strict";
import type { EncodedBatch } from "../../../src/batch.ts";
import { newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import * as schema from "../../../src/lib/schema.ts";
import { ALL_SENT, type Output } from "../../../src/outputs/output.ts";
import { redisEncoder } from "../../../src/outputs/redis/redis_encoder.ts";
import { redisOutput } from "../../../src/outputs/redis/redis_config.ts";
import { batchOf, RecordingLog, sourceOf } from "../../contracts/batches.ts";
import { RedisServer } from "../../support/redis_server.ts";
import { failure, never } from "../socket/support.ts";

const LINES = ["one\n", "zwei ü\n", "three\n"];

function configOf(keys: object) {
  return schema.parse(redisOutput.schema, keys);
}

async function outputTo(server: RedisServer, keys: object = {}): Promise<Output> {
  const output = await redisOutput.create(
    configOf({ address: server.address, timeout: "2s", ...keys }),
    { name: "redis", log: new RecordingLog() },
  );
  await output.open(never);
  return output;
}

/** The lines as records of a file, from an offset on. */
function fromFile(lines: readonly string[], offset: number, origin = "f.0"): EncodedBatch {
  const batch = batchOf(lines);
  const offsets = Float64Array.from(lines, (_, index) => offset + index * 10);
  return { ...batch, ids: { origins: [{ id: origin, end: lines.length }], offsets } };
}

Deno.test("RedisOutput adds the records of a batch in one exchange", async () => {
  await using server = await RedisServer.start();
  await using output = await outputTo(server, { maxlen: 500, field: "line", key: "app", db: 2 });
  assert.deepEqual(await output.send(batchOf([...LINES, "last"]), never), ALL_SENT);
  assert.deepEqual(server.records(), ["one", "zwei ü", "three", "last"]);
  assert.deepEqual(server.commands.slice(0, 2), [
    ["SELECT", "2"],
    ["XADD", "app", "MAXLEN", "~", "500", "*", "line", "one"],
  ]);
  assert.deepEqual(await output.send(batchOf([]), never), ALL_SENT);
});

Deno.test("RedisOutput adds to the stream that the partition names", async () => {
  await using server = await RedisServer.start();
  await using output = await outputTo(server, { key: "app:{{ fields.app }}" });
  await output.send(batchOf(LINES, "app:web"), never);
  await output.send(fromFile(LINES, 0), never);
  assert.deepEqual([...new Set(server.entries.map(({ key }) => key))], ["app:web", "app:{{ fields.app }}"]);
});

Deno.test("RedisOutput adds nothing twice when the answer is lost, whether the transaction was carried out or not", async () => {
  for (const fault of ["cut", "cut after"] as const) {
    await using server = await RedisServer.start();
    await using output = await outputTo(server);
    await output.send(fromFile(["zero\n"], 0), never);
    server.fault = ([name]) => name === "EXEC" ? fault : undefined;
    const batch = fromFile(LINES, 100);
    assert.match((await failure(output.send(batch, never))).message, /closed the connection|broke/);
    server.fault = () => undefined;
    assert.deepEqual(await output.send(batch, never), ALL_SENT);
    await output.send(fromFile(["next\n"], 500), never);
    assert.deepEqual(server.records(), ["zero", "one", "zwei ü", "three", "next"], fault);
  }
});

Deno.test("RedisOutput of another run goes on where the one before it was", async () => {
  await using server = await RedisServer.start();
  {
    await using output = await outputTo(server);
    await output.send(fromFile(LINES, 0), never);
  }
  await using output = await outputTo(server);
  assert.deepEqual(await output.send(fromFile([...LINES, "four\n"], 0), never), ALL_SENT);
  assert.deepEqual(await output.send(fromFile(LINES, 0, "other.0"), never), ALL_SENT);
  assert.deepEqual(server.records(), ["one", "zwei ü", "three", "four", "one", "zwei ü", "three"]);
  const [[key, value] = []] = server.values;
  assert.deepEqual([key, value], ["logaggregator:redis:{logs}:f.0", "30"]);
  assert.deepEqual(server.commands.find(([name]) => name === "SET")?.slice(3), ["EX", "86400"]);
});

Deno.test("RedisOutput sends records again that it did not deliver itself, also behind later ones", async () => {
  await using server = await RedisServer.start();
  await using output = await outputTo(server);
  await output.send(fromFile(["later\n"], 1000), never);
  await output.send(fromFile(["earlier\n"], 0), never);
  assert.deepEqual(server.records(), ["later", "earlier"]);
  assert.equal([...server.values.values()][0], "1000");
});

Deno.test("RedisOutput without deduplication keeps nothing in the server", async () => {
  await using server = await RedisServer.start();
  await using output = await outputTo(server, { deduplicate: false, id_field: "id" });
  assert.equal(output.takesIds, true);
  await output.send(fromFile(LINES, 35), never);
  await output.send(fromFile(LINES, 35), never);
  assert.equal(server.records().length, 6);
  assert.equal(server.values.size, 0);
  assert.deepEqual(server.entries[0]?.fields, ["event", "one", "id", "f.0.z"]);
  await using plain = await outputTo(server, { deduplicate: false });
  assert.equal(plain.takesIds, false);
});

Deno.test("RedisOutput rejects records for a key that is no stream, and tries others again", async () => {
  await using server = await RedisServer.start();
  await using output = await outputTo(server);
  server.types.set("logs", "string");
  for (const batch of [batchOf(LINES), fromFile(LINES, 0)]) {
    const { retry, rejected } = await output.send(batch, never);
    assert.deepEqual(retry, []);
    assert.deepEqual(rejected.map(({ index }) => index), [0, 1, 2]);
    assert.match(rejected[0]?.reason ?? "", /^WRONGTYPE/);
  }
  assert.match(
    (await failure(output.probe!(never))).message,
    /^key "logs" of redis:.* is no stream but a string$/,
  );
  server.types.clear();
  await output.probe!(never);
  server.fault = (words) => words.at(-1) === "zwei ü" ? { error: "OOM command not allowed" } : undefined;
  assert.deepEqual(await output.send(batchOf(LINES), never), { retry: [1], rejected: [] });
  const error = await failure(output.send(fromFile(LINES, 0), never));
  assert.match(error.message, /^127\.0\.0\.1:\d+ answered "OOM command not allowed"$/);
});

Deno.test("RedisOutput says what is wrong with the login, without the password", async () => {
  await using server = await RedisServer.start();
  server.password = "s3cret";
  const cases: [object, RegExp][] = [
    [{}, /^127\.0\.0\.1:\d+ answered "NOAUTH Authentication required\.", look at username and password$/],
    [
      { password: "wr0ng" },
      /^logging in: 127\.0\.0\.1:\d+ answered "WRONGPASS .*", look at username and password$/,
    ],
  ];
  for (const [keys, message] of cases) {
    await using output = await outputTo(server, keys);
    const error = await failure(output.send(batchOf(LINES), never));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /wr0ng|s3cret/);
  }
  await using output = await outputTo(server, { username: "ann", password: "s3cret" });
  await output.send(batchOf(LINES), never);
  assert.deepEqual(server.commands.filter(([name]) => name === "AUTH").at(-1), ["AUTH", "ann", "s3cret"]);
});

Deno.test("RedisOutput waits for replicas where it is told to", async () => {
  await using server = await RedisServer.start();
  await using output = await outputTo(server, { wait_replicas: 2 });
  server.replicas = 1;
  const batch = fromFile(LINES, 0);
  assert.equal((await failure(output.send(batch, never))).message, "only 1 of 2 replicas have the entries");
  server.replicas = 2;
  assert.deepEqual(await output.send(batch, never), ALL_SENT);
  assert.equal(server.records().length, 3);
});

Deno.test("RedisOutput gives up a server that hangs, speaks something else, or is to be left", async () => {
  await using server = await RedisServer.start();
  await using output = await outputTo(server, { timeout: "50ms" });
  server.fault = () => "hang";
  assert.match((await failure(output.send(batchOf(LINES), never))).message, /has not answered in time$/);
  server.fault = () => ({ error: "OK\r\nHTTP/1.1 400 Bad Request" });
  await using other = await outputTo(server);
  await assert.rejects(other.send(batchOf(LINES), never), /does not speak the protocol of Redis/);
  server.fault = () => "hang";
  await using patient = await outputTo(server, { timeout: "1h" });
  const stop = new AbortController();
  const sending = failure(patient.send(batchOf(LINES), stop.signal));
  stop.abort();
  assert.match((await sending).message, /stopped/);
});

Deno.test("the encoder of RedisOutput confines what records contribute to a key", () => {
  const key = "logs:{{ fields.app }}:{{ level }}";
  const encoder = redisEncoder(configOf({ key }), { plain: false, includeRaw: false });
  const event = newEvent(sourceOf("/a.log"));
  const keyFor = (app: unknown) => {
    event.fields = { app: app as string };
    return encoder.partitionOf?.(event);
  };
  assert.equal(keyFor("web-1.x"), "logs:web-1.x:none");
  assert.equal(keyFor("a:b{c}\r\n*ü"), "logs:a_b_c____ü:none");
  assert.equal(keyFor(undefined), "logs:none:none");
  assert.equal(keyFor("x".repeat(500)), `logs:${"x".repeat(128)}:none`);
  const plain = redisEncoder(configOf({ key, encoding: "text" }), { plain: true, includeRaw: false });
  event.raw = "as it came";
  assert.deepEqual([plain.kind, plain.encode(event)], ["text", "as it came\n"]);
  assert.equal(redisEncoder(configOf({}), { plain: true, includeRaw: false }).partitionOf, undefined);
  assert.throws(
    () => redisEncoder(configOf({ key: "a {{ b" }), { plain: true, includeRaw: false }),
    (error) => error instanceof KeyError && error.key === "key",
  );
});

Deno.test("the configuration of RedisOutput says what is wrong with it, and what is needed", () => {
  const cases: [object, RegExp][] = [
    [{ address: "http://x:1" }, /^address: has the scheme "http"; must be one of redis, rediss, unix$/],
    [{ address: "redis://u:p@x:1" }, /^address: must hold no user and no password/],
    [{ username: "a" }, /has username without password; give both/],
    [{ id_field: "event" }, /same name as field and id_field/],
    [{ tls: { ca_file: "/a" } }, /has tls, while address is not rediss/],
    [{ tls: { cert_file: "/a" }, address: "rediss://x" }, /has cert_file without key_file/],
    [{ key: "" }, /must not be empty/],
    [{ dedupe_window: "1ms" }, /is too small/],
  ];
  for (const [keys, message] of cases) assert.throws(() => configOf(keys), { message });
  const tls = { ca_file: "/a", cert_file: "/b", key_file: "/c" };
  assert.deepEqual(
    redisOutput.permissions(configOf({ address: "rediss://[::1]:1", tls })).map((need) => need.name),
    [
      "net",
      "read",
      "read",
      "read",
    ],
  );
  assert.deepEqual(
    redisOutput.permissions(configOf({ address: "unix:///run/redis.sock" })).map((need) =>
      Object.values(need)[1]
    ),
    ["unix:/run/redis.sock", "/run/redis.sock", "/run/redis.sock"],
  );
});
