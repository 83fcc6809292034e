import assert from "node:assert/strict";
import * as schema from "../../../src/lib/schema.ts";
import { lokiConfig, lokiOutput } from "../../../src/outputs/loki/loki_config.ts";
import { LokiOutput } from "../../../src/outputs/loki/loki_output.ts";
import { ALL_SENT, RetryLaterError } from "../../../src/outputs/output.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { LokiServer } from "../../support/loki_server.ts";
import { failure, never } from "../http/support.ts";

const SECOND = 1_000_000_000n;
const START = 1_764_064_800n;

/** An output, open, with its server. */
class Exchange implements AsyncDisposable {
  readonly server = new LokiServer();
  readonly output: LokiOutput;

  constructor(block: object = {}) {
    const endpoint = this.server.destination.url("");
    this.output = new LokiOutput(schema.parse(lokiConfig, { endpoint, ...block }), {
      name: "loki",
      log: new RecordingLog(),
    });
  }

  static async open(block: object = {}): Promise<Exchange> {
    const exchange = new Exchange(block);
    await exchange.output.open();
    return exchange;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.output[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function entries(count: number, partition = '\n{"job":"a"}', line = (n: number) => `line ${n}`) {
  const records = Array.from(
    { length: count },
    (_, n) => `["${(START + BigInt(n)) * SECOND}",${JSON.stringify(line(n))}]\n`,
  );
  return batchOf(records, partition);
}

Deno.test("LokiOutput pushes a batch as entries of one stream, compressed as configured", async () => {
  for (const compression of ["none", "gzip"]) {
    await using exchange = await Exchange.open({ compression, username: "ann", password: "pw" });
    assert.deepEqual(await exchange.output.send(entries(3), never), ALL_SENT);
    const [request, ...others] = exchange.server.destination.requests;
    assert.deepEqual(others, []);
    assert.deepEqual([request?.method, request?.target], ["POST", "/loki/api/v1/push"]);
    assert.equal(request?.headers.get("content-type"), "application/json");
    assert.equal(request?.headers.get("content-encoding"), compression === "none" ? null : compression);
    assert.match(request?.headers.get("authorization") ?? "", /^Basic /);
    assert.equal(request?.headers.has("x-scope-orgid"), false);
    assert.deepEqual(exchange.server.entries.map(({ line }) => line), ["line 0", "line 1", "line 2"]);
    assert.deepEqual(exchange.server.entries[0]?.labels, { job: "a" });
    assert.equal(exchange.server.entries[2]?.nanoseconds, (START + 2n) * SECOND);
  }
});

Deno.test("LokiOutput puts the path behind its endpoint unless it is there", async () => {
  await using server = new LokiServer();
  for (const target of ["", "/", "/loki/api/v1/push", "/prefix/", "/prefix/loki/api/v1/push"]) {
    const config = schema.parse(lokiConfig, { url: server.destination.url(target), token: "abc" });
    await using output = new LokiOutput(config, { name: "loki", log: new RecordingLog() });
    await output.open();
    await output.send(entries(1), never);
    const request = server.destination.requests.at(-1);
    assert.equal(request?.target, `${target.startsWith("/prefix") ? "/prefix" : ""}/loki/api/v1/push`);
    assert.equal(request?.headers.get("authorization"), "Bearer abc");
  }
});

Deno.test("LokiOutput names the tenant", async () => {
  await using exchange = await Exchange.open({ tenant_id: "{{ fields.tenant }}" });
  exchange.server.limits = { tenants: true };
  await exchange.output.send(entries(1, 'team-a\n{"job":"a"}'), never);
  await exchange.output.send(entries(1, 'team-b\n{"job":"a"}'), never);
  assert.deepEqual(exchange.server.entries.map(({ tenant }) => tenant), ["team-a", "team-b"]);
  const { message } = await failure(exchange.output.send(entries(1), never));
  assert.equal(
    message,
    'POST /loki/api/v1/push answered 401 "no org id", look at username, password, token and headers',
  );
});

Deno.test("LokiOutput rejects what is too old, with Loki's reason, and only that", async () => {
  await using exchange = await Exchange.open();
  exchange.server.limits = { oldest: (START + 30n) * SECOND };
  const { retry, rejected } = await exchange.output.send(entries(100), never);
  assert.deepEqual(retry, []);
  assert.deepEqual(
    rejected.map(({ index }) => index).sort((a, b) => a - b),
    Array.from({ length: 30 }, (_, n) => n),
  );
  assert.match(
    rejected[0]?.reason ?? "",
    /^POST \/loki\/api\/v1\/push answered 400 "entry with timestamp \d+ ignored, reason: 'entry too far behind/,
  );
  assert.equal(exchange.server.entries.length, 70);
  assert.ok(
    exchange.server.destination.requests.length < 30,
    "what is older than Loki says is not asked for again",
  );
});

Deno.test("LokiOutput rejects a whole batch that is too old after one request", async () => {
  await using exchange = await Exchange.open();
  exchange.server.limits = { oldest: (START + 1000n) * SECOND };
  assert.equal((await exchange.output.send(entries(50), never)).rejected.length, 50);
  assert.equal(exchange.server.destination.requests.length, 1);
});

Deno.test("LokiOutput finds the entries that are wrong among others", async () => {
  await using exchange = await Exchange.open();
  exchange.server.limits = { longestLine: 50 };
  const bad = [0, 17, 18, 63];
  const batch = entries(64, undefined, (n) => bad.includes(n) ? "x".repeat(51) : `line ${n}`);
  const { rejected } = await exchange.output.send(batch, never);
  assert.deepEqual(rejected.map(({ index }) => index).sort((a, b) => a - b), bad);
  assert.match(rejected[0]?.reason ?? "", /max entry size '50' bytes exceeded/);
  assert.equal(exchange.server.entries.length, 60);
});

Deno.test("LokiOutput rejects a batch whose stream is wrong", async () => {
  await using exchange = await Exchange.open();
  exchange.server.trouble = () => ({ status: 400, body: "stream '{a=...}' has label value too long: 'xx'" });
  assert.equal((await exchange.output.send(entries(20), never)).rejected.length, 20);
  assert.equal(exchange.server.destination.requests.length, 1);
});

Deno.test("LokiOutput sends again what Loki does not take now", async () => {
  await using exchange = await Exchange.open();
  const { server, output } = exchange;
  const batch = entries(10);
  const replies = [
    { cut: "before", keep: true } as const,
    { status: 429, headers: { "retry-after": "2" }, body: "Ingestion rate limit exceeded" },
    { status: 500 },
    { status: 503 },
  ];
  server.trouble = (_, number) => replies[number];
  await assert.rejects(output.send(batch, never), /closed the connection/);
  const later = await failure(output.send(batch, never));
  assert.ok(later instanceof RetryLaterError);
  assert.equal(later.wait, 2000);
  for (let count = 2; count < replies.length; count++) await assert.rejects(output.send(batch, never));
  assert.deepEqual(await output.send(batch, never), ALL_SENT);
  assert.equal(server.entries.length, 10, "Loki keeps once what arrives twice");
});

Deno.test("LokiOutput probes credentials and tenant without an entry", async () => {
  await using exchange = await Exchange.open({ tenant_id: "team", compression: "gzip" });
  exchange.server.limits = { tenants: true };
  await exchange.output.probe(never);
  assert.equal(exchange.server.destination.requests[0]?.headers.get("x-scope-orgid"), "team");
  for (const status of [401, 404, 503]) {
    exchange.server.trouble = () => ({ status, body: "no" });
    await assert.rejects(exchange.output.probe(never), new RegExp(`answered ${status} "no"`));
  }
  assert.equal(exchange.server.entries.length, 0);
});

Deno.test("lokiOutput tells what it needs and how it likes its batches", async () => {
  const config = schema.parse(lokiConfig, lokiOutput.example);
  assert.deepEqual(
    lokiOutput.permissions(config).map((need) => need.name === "net" && need.host),
    ["loki:3100"],
  );
  const output = await lokiOutput.create(
    schema.parse(lokiConfig, { endpoint: "http://a", batch_size: 5, batch_bytes: "2KiB", concurrency: 7 }),
    { name: "loki", log: new RecordingLog() },
  );
  assert.deepEqual(output.batching, { events: 5, bytes: 2048, wait: 1000 });
  assert.equal(output.concurrency, 7);
});
