import assert from "node:assert/strict";
import { join } from "node:path";
import type { EncodedBatch } from "../../../src/batch.ts";
import { newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import * as schema from "../../../src/lib/schema.ts";
import { natsEncoder, subjectFilter } from "../../../src/outputs/nats/nats_encoder.ts";
import { natsOutput } from "../../../src/outputs/nats/nats_config.ts";
import { ALL_SENT, type Output } from "../../../src/outputs/output.ts";
import { batchOf, RecordingLog, sourceOf } from "../../contracts/batches.ts";
import { NatsServer } from "../../support/nats_server.ts";
import { until } from "../../support/wait.ts";
import { failure, never } from "../socket/support.ts";

const LINES = ["one\n", "zwei ü\n", "three\n"];
const SEED = "SUAMK2FG4MI6UE3ACF3FK3OIQBCEIEZV7NSWFFEW63UXMRLFM2XLAXK4GY";

function configOf(keys: object) {
  return schema.parse(natsOutput.schema, keys);
}

async function outputTo(server: NatsServer, keys: object = {}): Promise<Output> {
  const config = configOf({ servers: `nats://127.0.0.1:${server.port}`, timeout: "5s", ...keys });
  const output = await natsOutput.create(config, { name: "nats", log: new RecordingLog() });
  await output.open(never);
  return output;
}

/** The lines with ids, as records of a file. */
function withIds(lines: readonly string[]): EncodedBatch {
  const offsets = Float64Array.from(lines, (_, index) => index * 36);
  return { ...batchOf(lines), ids: { origins: [{ id: "f.0", end: lines.length }], offsets } };
}

Deno.test("NatsOutput publishes records with their ids, each on its subject", async () => {
  await using server = await NatsServer.start();
  await using output = await outputTo(server, { subject: "logs.{{ fields.app }}" });
  const keys = batchOf(["logs.a", "logs.b", "logs.a"]);
  assert.deepEqual(await output.send({ ...withIds(LINES), keys }, never), ALL_SENT);
  assert.deepEqual(await output.send(batchOf([]), never), ALL_SENT);
  assert.deepEqual(server.stored, [
    { subject: "logs.a", id: "f.0.0", payload: "one" },
    { subject: "logs.b", id: "f.0.10", payload: "zwei ü" },
    { subject: "logs.a", id: "f.0.20", payload: "three" },
  ]);
  await assert.rejects(output.send(withIds(LINES), never), /no subjects/);
});

Deno.test("NatsOutput sends no ids where it is told so, or where there are none", async () => {
  await using server = await NatsServer.start();
  await using output = await outputTo(server, { message_id: false });
  assert.equal(output.takesIds, false);
  await output.send(withIds(["one\n"]), never);
  await using other = await outputTo(server);
  await other.send(batchOf(["two\n"]), never);
  assert.deepEqual(server.published.map(({ subject, id }) => [subject, id]), [["logs", undefined], [
    "logs",
    undefined,
  ]]);
});

Deno.test("NatsOutput sends again only what was not acknowledged, and the stream stores it once", async () => {
  for (const fault of ["cut", "stored without answer", "no answer"] as const) {
    await using server = await NatsServer.start();
    await using output = await outputTo(server, { timeout: "300ms" });
    const batch = withIds(LINES);
    server.fault = ({ payload }) => payload === "three" ? fault : undefined;
    let missing: readonly number[];
    try {
      const { retry, rejected } = await output.send(batch, never);
      assert.deepEqual(rejected, []);
      missing = retry;
    } catch {
      // None of the acknowledgements came before the cut.
      missing = [0, 1, 2];
    }
    if (fault !== "cut") assert.deepEqual(missing, [2]);
    server.fault = () => undefined;
    assert.deepEqual(await output.send(batch, never), ALL_SENT);
    assert.deepEqual(server.stored.map(({ payload }) => payload), ["one", "zwei ü", "three"]);
  }
});

Deno.test("NatsOutput waits as long as the next acknowledgement comes in time", async () => {
  await using server = await NatsServer.start();
  await using output = await outputTo(server, { timeout: "1s" });
  server.fault = (_message, number) => ({ late: number * 600 });
  assert.deepEqual(await output.send(withIds(LINES), never), ALL_SENT);
});

Deno.test("NatsOutput tells what a stream answers, and rejects what will never fit", async () => {
  await using server = await NatsServer.start();
  server.info = { max_payload: 200 };
  const server127 = `127.0.0.1:${server.port}`;
  await using output = await outputTo(server);
  const cases = [
    ["no stream", `${server127}: no stream takes the subject "logs"`],
    [{ error: "maximum messages exceeded" }, `${server127}: the stream answered "maximum messages exceeded"`],
  ] as const;
  for (const [fault, message] of cases) {
    server.fault = () => fault;
    assert.equal((await failure(output.send(withIds(LINES), never))).message, message);
  }
  server.fault = ({ payload }) =>
    payload === "one" ? { error: "message size exceeds maximum", code: 10054 } : undefined;
  const { retry, rejected } = await output.send(withIds([...LINES, `${"x".repeat(180)}\n`]), never);
  assert.deepEqual(retry, []);
  assert.deepEqual(rejected, [
    { index: 0, reason: 'the stream answered "message size exceeds maximum"' },
    { index: 3, reason: "180 bytes are more than the server takes" },
  ]);
});

Deno.test("NatsOutput without JetStream publishes and waits for the server alone", async () => {
  await using server = await NatsServer.start();
  server.fault = () => "stored without answer";
  server.streams = [];
  await using output = await outputTo(server, { jetstream: false });
  await output.probe!(never);
  assert.deepEqual(await output.send(withIds(LINES), never), ALL_SENT);
  assert.equal(server.stored.length, 3);
  server.fault = () => "cut";
  await assert.rejects(output.send(withIds(["four\n"]), never), /publishing failed/);
});

Deno.test("NatsOutput tells whether a server and a stream are there when it is probed", async () => {
  const server = await NatsServer.start();
  await using output = await outputTo(server, { subject: "logs.{{ fields.app }}.x" });
  await output.probe!(never);
  server.streams = [];
  assert.equal((await failure(output.probe!(never))).message, 'no stream takes the subject "logs.*.x"');
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const message = `cannot connect to 127.0.0.1:${port}: connection refused`;
  assert.equal((await failure(output.probe!(never))).message, message);
});

Deno.test("NatsOutput that is to use TLS does not log in to a server without it", async () => {
  await using server = await NatsServer.start();
  const servers = `tls://127.0.0.1:${server.port}`;
  await using output = await outputTo(server, { servers, username: "ann", password: "s3cret" });
  await assert.rejects(output.send(withIds(LINES), never), /cannot connect to 127\.0\.0\.1:\d+: /);
  assert.deepEqual(server.logins, []);
});

Deno.test("NatsOutput connects to the next server where one is gone", async () => {
  const gone = await NatsServer.start();
  await using server = await NatsServer.start();
  const servers = [gone, server].map(({ port }) => `nats://127.0.0.1:${port}`);
  await gone[Symbol.asyncDispose]();
  await using output = await outputTo(server, { servers });
  await output.send(withIds(LINES), never);
  server.cut();
  await until("a new connection", async () => {
    await output.send(withIds(LINES), never).catch(() => {});
    return server.logins.length === 2;
  });
  assert.equal(server.stored.length, 3);
});

Deno.test("NatsOutput logs in each way, and says without the secret that it may not", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, "agent.creds");
    Deno.writeTextFileSync(
      file,
      `-----BEGIN NATS USER JWT-----\nthe.users.jwt\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${SEED}\n------END USER NKEY SEED------\n`,
    );
    await using server = await NatsServer.start();
    const cases: [object, (login: Record<string, unknown>) => boolean][] = [
      [{ username: "ann", password: "s3cret" }, ({ user, pass }) => user === "ann" && pass === "s3cret"],
      [{ token: "s3cret" }, ({ auth_token }) => auth_token === "s3cret"],
      [{ nkey_seed: SEED }, ({ nkey, sig }) => String(nkey).startsWith("U") && String(sig).length > 80],
      [{ creds_file: file }, ({ jwt, sig }) => jwt === "the.users.jwt" && String(sig).length > 80],
    ];
    for (const [keys, isRight] of cases) {
      server.letsIn = isRight;
      await using output = await outputTo(server, keys);
      assert.deepEqual(await output.send(withIds(LINES), never), ALL_SENT);
      server.letsIn = () => false;
      await using other = await outputTo(server, keys);
      const { message } = await failure(other.send(withIds(LINES), never));
      assert.match(
        message,
        /^cannot connect to 127\.0\.0\.1:\d+: the login is refused \("Authorization Violation"\)$/,
      );
      assert.ok(!message.includes("s3cret") && !message.includes(SEED));
    }
    await using output = await natsOutput.create(configOf({ credentials_file: join(directory, "none") }), {
      name: "nats",
      log: new RecordingLog(),
    });
    assert.match(
      (await failure(output.open(never))).message,
      /^cannot read credentials_file ".*": no such file/,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("NatsOutput stops at once when it is told to", async () => {
  await using server = await NatsServer.start();
  server.fault = () => "no answer";
  await using output = await outputTo(server, { timeout: "1h" });
  const stop = new AbortController();
  const sending = failure(output.send(withIds(LINES), stop.signal));
  await until("the messages", () => server.published.length === 3);
  stop.abort();
  assert.match((await sending).message, /it was stopped$/);
  await assert.rejects(output.send(withIds(LINES), stop.signal));
});

Deno.test("the encoder of NatsOutput confines what records contribute to a subject", () => {
  const options = { plain: false, includeRaw: false };
  const encoder = natsEncoder(configOf({ subject: "logs.{{ fields.app }}.{{ level }}" }), options);
  const event = newEvent(sourceOf("/a.log"));
  const subjectOf = (app: unknown) => {
    event.fields = { app: app as string };
    return encoder.keyOf?.(event);
  };
  assert.equal(subjectOf("web-1"), "logs.web-1.none");
  assert.equal(subjectOf("a.b *>$ü\r\n"), "logs.a_b____ü__.none");
  assert.equal(subjectOf(undefined), "logs.none.none");
  assert.equal(subjectOf({ a: 1 }), "logs.__a__1_.none");
  for (const subject of ["logs..a", ".logs", "a b", "logs.>", "logs.*", "{{ a }}.", "x {{ a"]) {
    assert.throws(
      () => natsEncoder(configOf({ subject }), options),
      (error) => error instanceof KeyError && error.key === "subject",
      subject,
    );
  }
  assert.equal(natsEncoder(configOf({}), { plain: true, includeRaw: false }).keyOf, undefined);
  assert.equal(subjectFilter("a.{{ x }}-{{ y }}.b"), "a.*.b");
});

Deno.test("the configuration of NatsOutput says what is wrong with it, and what is needed", () => {
  const cases: [object, RegExp][] = [
    [{ servers: ["http://x:1"] }, /has the scheme "http"; must be one of nats, tls$/],
    [{ servers: ["nats://u:p@x"] }, /must hold no user and no password/],
    [{ servers: ["nats://a", "tls://b"] }, /has servers with and without TLS/],
    [{ servers: [] }, /must name a server/],
    [{ username: "a" }, /has only one of username and password/],
    [{ token: "a", nkey_seed: SEED }, /has token as well as nkey_seed; keep one of them/],
    [{ nkey_seed: "SUnonsense" }, /is no seed of a user's nkey/],
    [{ tls: { ca_file: "/a" } }, /has tls, while servers are nats/],
  ];
  for (const [keys, message] of cases) {
    const error = (() => {
      try {
        configOf(keys);
      } catch (thrown) {
        return thrown as Error;
      }
      throw new Error(`${JSON.stringify(keys)} was taken`);
    })();
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /nonsense/);
  }
  const needs = natsOutput.permissions(
    configOf({ servers: ["tls://a", "tls://b:1"], credentials_file: "/c", tls: { ca_file: "/a" } }),
  );
  assert.deepEqual(needs.map((need) => Object.values(need)[1]), ["a:4222", "b:1", "/a", "/c"]);
});
