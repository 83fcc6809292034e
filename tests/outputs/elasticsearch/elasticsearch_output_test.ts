import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { ALL_SENT, RetryLaterError } from "../../../src/outputs/output.ts";
import { ElasticsearchOutput } from "../../../src/outputs/elasticsearch/elasticsearch_output.ts";
import { pick } from "../../../src/delivery/merge.ts";
import { RecordingLog } from "../../contracts/batches.ts";
import { outputContract } from "../../contracts/output_contract.ts";
import { ElasticsearchServer } from "../../support/elasticsearch_server.ts";
import { plainBody } from "../../support/http_destination.ts";
import { hasOpenssl, TestCertificates } from "../../support/test_certificates.ts";
import { configOf, documents, Exchange, failure, never, upTo } from "./support.ts";

const BUSY = { status: 429, error: { type: "es_rejected_execution_exception", reason: "queue 17" } };
const MAPPING = { status: 400, error: { type: "mapper_parsing_exception", reason: "failed to parse [n]" } };
const numberOf = (text: string): number => JSON.parse(text).n;

outputContract("ElasticsearchOutput", () => {
  const server = ElasticsearchServer.start();
  const config = configOf({ addresses: [server.url], index: "logs" });
  return Promise.resolve({
    output: new ElasticsearchOutput(config, { name: "es", log: new RecordingLog() }),
    received: () => server.documents.map(({ text }) => `${text}\n`).join(""),
    remove: () => server[Symbol.asyncDispose](),
  });
});

Deno.test("ElasticsearchOutput creates each record in its index under its id, compressed as configured", async () => {
  for (const compression of ["none", "gzip"]) {
    await using exchange = await Exchange.open({}, { compression, pipeline: "geo/1" });
    assert.deepEqual(await exchange.output.send(documents([0, 40], "lögs-1"), never), ALL_SENT);
    assert.deepEqual(exchange.server.documents, [
      { index: "lögs-1", id: "file.0", text: '{"n":0}', pipeline: "geo/1" },
      { index: "lögs-1", id: "file.14", text: '{"n":40}', pipeline: "geo/1" },
    ]);
    const [request] = exchange.server.bulks;
    assert.equal(request?.headers.get("content-type"), "application/x-ndjson");
    assert.equal(request?.headers.get("content-encoding"), compression === "none" ? null : "gzip");
    assert.equal(
      request?.target,
      "/l%C3%B6gs-1/_bulk?filter_path=errors,items.*.status,items.*.error&pipeline=geo%2F1",
    );
    assert.match(new TextDecoder().decode(plainBody(request!)), /^{"create":{"_id":"file.0"}}\n/);
  }
});

Deno.test("ElasticsearchOutput stores each record once, however often it is sent", async () => {
  await using exchange = await Exchange.open({
    bulk: (number) =>
      number === 0
        ? { stores: true, cut: "before" }
        : number === 1
        ? { stores: true, status: 502 }
        : undefined,
  });
  const batch = documents(upTo(10));
  assert.match((await failure(exchange.output.send(batch, never))).message, /closed the connection/);
  assert.equal((await failure(exchange.output.send(batch, never))).message, "POST /_bulk answered 502");
  assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  assert.deepEqual(await exchange.output.send(documents([3, 10, 11]), never), ALL_SENT);
  assert.deepEqual(exchange.stored(), upTo(12));
});

Deno.test("ElasticsearchOutput sends no ids where they are off", async () => {
  await using exchange = await Exchange.open({}, { ids: "off" });
  assert.equal(exchange.output.takesIds, false);
  await exchange.output.send(documents([1, 1]), never);
  assert.deepEqual(exchange.server.documents.map(({ id }) => id), ["server-0", "server-1"]);
});

Deno.test("ElasticsearchOutput tells which records are to be sent again, and which never arrive and why", async () => {
  await using exchange = await Exchange.open({
    item: (text) => numberOf(text) % 5 === 1 ? BUSY : numberOf(text) % 5 === 3 ? MAPPING : undefined,
  });
  assert.deepEqual(await exchange.output.send(documents(upTo(8)), never), {
    retry: [1, 6],
    rejected: [{ index: 3, reason: "400 mapper_parsing_exception: failed to parse [n]" }],
  });
  assert.deepEqual(exchange.stored(), [0, 2, 4, 5, 7]);
  assert.deepEqual(exchange.log.of("warn"), [
    '2 record(s) of a request did not arrive at output "es" and are sent again: 429 es_rejected_execution_exception',
  ]);
  await exchange.output.send(documents([1, 2]), never);
  assert.equal(exchange.log.of("warn").length, 1, "the same reason is told once");
});

Deno.test("ElasticsearchOutput throws with the reason where no record arrived", async () => {
  await using exchange = await Exchange.open({ item: () => BUSY });
  const batch = documents(upTo(3));
  const { message } = await failure(exchange.output.send(batch, never));
  assert.equal(message, "POST /_bulk was refused: 429 es_rejected_execution_exception");
  exchange.server.faults = {};
  assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  assert.deepEqual(exchange.stored(), [0, 1, 2]);
});

Deno.test("ElasticsearchOutput gives up a record after max_retries, and counts each by itself", async () => {
  for (const ids of ["on", "off"]) {
    await using exchange = await Exchange.open({
      item: (text) => numberOf(text) < 2 ? BUSY : undefined,
    }, { max_retries: 2, ids });
    let batch = documents(upTo(4));
    assert.deepEqual((await exchange.output.send(batch, never)).retry, [0, 1]);
    batch = pick(batch, [0, 1]);
    assert.match((await failure(exchange.output.send(batch, never))).message, /was refused: 429/);
    exchange.server.faults = { item: (text) => numberOf(text) === 1 ? BUSY : undefined };
    const reason = "429 es_rejected_execution_exception; given up after 3 attempt(s)";
    assert.deepEqual(await exchange.output.send(batch, never), {
      retry: [],
      rejected: [{ index: 1, reason }],
    });
    assert.deepEqual(
      await failure(exchange.output.send(documents([1]), never)).then(({ message }) =>
        /refused/.test(message)
      ),
      true,
      "what was given up is counted anew",
    );
  }
});

Deno.test("ElasticsearchOutput sends again without limit unless max_retries is set", async () => {
  await using exchange = await Exchange.open({ item: () => BUSY });
  for (let attempt = 0; attempt < 20; attempt++) {
    assert.match((await failure(exchange.output.send(documents([1]), never))).message, /was refused/);
  }
});

Deno.test("ElasticsearchOutput halves a request that is too large, and goes on with smaller ones", async () => {
  const tooLarge = (size: number) => size > 400 ? { status: 413, body: "too large" } : undefined;
  await using exchange = await Exchange.open({
    bulk: (_, { body }) => tooLarge(body.length),
    item: (text) => numberOf(text) === 70 ? MAPPING : numberOf(text) === 30 ? BUSY : undefined,
  });
  const { retry, rejected } = await exchange.output.send(documents(upTo(100)), never);
  assert.deepEqual([retry, rejected.map(({ index }) => index)], [[30], [70]]);
  assert.deepEqual(exchange.stored(), upTo(100).filter((n) => n !== 30 && n !== 70));
  assert.equal(exchange.log.of("info").length, 1);
  assert.match(exchange.log.at("info", 0), /413 to \d+ bytes of records; a lower batch_bytes/);
  const refused = () => exchange.server.bulks.filter(({ body }) => body.length > 400).length;
  const before = refused();
  await exchange.output.send(documents(upTo(200).slice(100)), never);
  assert.ok(refused() - before <= 1, "the second batch is cut before it is sent");
});

Deno.test("ElasticsearchOutput rejects a single record that is too large", async () => {
  await using exchange = await Exchange.open({ bulk: () => ({ status: 413, body: "too large" }) });
  const { retry, rejected } = await exchange.output.send(documents([1, 2]), never);
  assert.deepEqual(retry, []);
  assert.deepEqual(rejected.map(({ reason }) => reason), [
    'POST /_bulk answered 413 "too large"',
    'POST /_bulk answered 413 "too large"',
  ]);
});

Deno.test("ElasticsearchOutput goes on where a batch stopped, and tells how far it is", async () => {
  let isDown = false;
  await using exchange = await Exchange.open({
    bulk: (_, { body }) => {
      if (body.length > 400) return { status: 413 };
      if (!isDown) return undefined;
      return { status: 503, headers: { "retry-after": "7" } };
    },
    item: (text) => {
      isDown = true;
      return numberOf(text) === 2 ? MAPPING : undefined;
    },
  });
  const batch = documents(upTo(20));
  assert.equal(exchange.output.progressOf(batch), undefined);
  const error = await failure(exchange.output.send(batch, never));
  assert.ok(error instanceof RetryLaterError);
  assert.equal(error.wait, 7000);
  const progress = exchange.output.progressOf(batch);
  assert.deepEqual(progress?.retry, upTo(20).slice(10));
  assert.deepEqual(progress?.rejected.map(({ index }) => index), [2]);
  exchange.server.faults = {};
  assert.deepEqual((await exchange.output.send(batch, never)).rejected.map(({ index }) => index), [2]);
  assert.deepEqual(exchange.stored(), upTo(20).filter((n) => n !== 2));
  const bodies = exchange.server.bulks.map(({ body }) => Buffer.from(body).toString());
  assert.equal(
    bodies.filter((body) => body.includes('"file.1"')).length,
    2,
    "the first half is sent no more",
  );
});

Deno.test("ElasticsearchOutput blames the configuration, not the records, and names what to look at", async () => {
  const cases = [
    [
      { status: 401, body: "who?" },
      /POST \/logs\/_bulk answered 401 "who\?", look at username, password and api_key/,
    ],
    [{ status: 403 }, /answered 403, look at username/],
    [{ status: 404 }, /answered 404, look at addresses/],
    [
      { status: 301, headers: { location: "https://other/x" } },
      /redirect to https:\/\/other\/x, look at addr/,
    ],
    [{ status: 400, body: "unrecognized parameter" }, /answered 400 "unrecognized parameter"/],
    [{ body: "<html>" }, /no JSON object/],
    [{ stores: true, cut: "within", body: '{"errors":false' }, /answered in part only/],
  ] as const;
  for (const [fault, pattern] of cases) {
    await using exchange = await Exchange.open({ bulk: () => fault });
    assert.match((await failure(exchange.output.send(documents([1]), never))).message, pattern);
  }
});

Deno.test("ElasticsearchOutput takes answers of servers that do not know filter_path", async () => {
  await using exchange = await Exchange.open({}, {}, { ignoresFilter: true });
  assert.deepEqual(await exchange.output.send(documents([1]), never), ALL_SENT);
});

Deno.test("ElasticsearchOutput bounds each request by timeout, and stops at once when told", async () => {
  await using exchange = await Exchange.open({ bulk: () => ({ hang: true }) }, { timeout: "50ms" });
  assert.match(
    (await failure(exchange.output.send(documents([1]), never))).message,
    /not answered within 50ms/,
  );
  await using patient = await Exchange.open({ bulk: () => ({ hang: true }) }, { timeout: "1h" });
  const stop = new AbortController();
  const sent = failure(patient.output.send(documents([1]), stop.signal));
  while (patient.server.bulks.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.abort();
  assert.match((await sent).message, /was stopped/);
});

Deno.test("ElasticsearchOutput says who it is in each way, and never tells secrets", async () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  const cases = [
    [{ username: "ann", password: "s3cret" }, basic("ann:s3cret")],
    [{ api_key: "aWQ6czNjcmV0" }, "ApiKey aWQ6czNjcmV0"],
    [{ api_key: "id:s3cret" }, "ApiKey aWQ6czNjcmV0"],
    [{ api_key: "id:s3cret", username: "ann", password: "s3cret" }, "ApiKey aWQ6czNjcmV0"],
    [{ headers: { Authorization: "Bearer s3cret", "X-Tenant": "a" } }, "Bearer s3cret"],
  ] as const;
  for (const [block, expected] of cases) {
    const echo = { status: 401, body: `${expected} s3cret` };
    await using exchange = await Exchange.open({ bulk: () => echo }, block);
    const { message } = await failure(exchange.output.send(documents([1]), never));
    assert.equal(exchange.server.bulks[0]?.headers.get("authorization"), expected);
    assert.ok(!message.includes("s3cret"), message);
    assert.ok(!message.includes(expected.split(" ")[1]!), message);
  }
  const server = ElasticsearchServer.start({ bulk: () => ({ status: 403, body: "bob p@ss" }) });
  const address = server.url.replace("//", "//bob:p%40ss@");
  const output = new ElasticsearchOutput(
    configOf({ addresses: [address], username: "ann", password: "x1y2" }),
    {
      name: "es",
      log: new RecordingLog(),
    },
  );
  await output.open(never);
  const { message } = await failure(output.send(documents([1]), never));
  assert.equal(server.bulks[0]?.headers.get("authorization"), basic("bob:p@ss"));
  assert.ok(!message.includes("p@ss") && !message.includes("p%40ss"), message);
  await output[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

Deno.test("ElasticsearchOutput asks another node when one is gone, and that one again later", async () => {
  const gone = ElasticsearchServer.start();
  const second = ElasticsearchServer.start();
  await using exchange = await Exchange.open({}, {});
  const log = new RecordingLog();
  let now = 0;
  const config = configOf({ addresses: [gone.url, `${exchange.server.url}/`, second.url] });
  const output = new ElasticsearchOutput(config, { name: "es", log }, () => now);
  await output.open(never);
  for (let n = 0; n < 6; n++) await output.send(documents([n]), never);
  assert.deepEqual([gone, exchange.server, second].map(({ bulks }) => bulks.length), [2, 2, 2]);
  const port = gone.http.port;
  await gone[Symbol.asyncDispose]();
  for (let n = 6; n < 12; n++) assert.deepEqual(await output.send(documents([n]), never), ALL_SENT);
  assert.equal(log.of("warn").length, 1);
  assert.match(log.at("warn", 0), /^Node 127\.0\.0\.1:\d+ is left out for 1s: .*; the others are asked$/);
  const back = ElasticsearchServer.start({}, { port });
  await output.send(documents([12]), never);
  assert.equal(back.bulks.length, 0);
  now = 1000;
  for (let n = 13; n < 16; n++) await output.send(documents([n]), never);
  assert.equal(back.bulks.length, 1);
  const stored = [gone, exchange.server, second, back].flatMap(({ documents }) => documents);
  assert.deepEqual(stored.map(({ text }) => numberOf(text)).sort((a, b) => a - b), upTo(16));
  await output[Symbol.asyncDispose]();
  for (const server of [second, back]) await server[Symbol.asyncDispose]();
});

Deno.test("ElasticsearchOutput installs the index template that it is given, or makes one, before it is open", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, '{"index_patterns":["from-file"]}');
  const cases = [
    [{ name: "a", body: { index_patterns: ["x"] } }, { index_patterns: ["x"] }],
    [{ name: "a", file }, { index_patterns: ["from-file"] }],
  ] as const;
  for (const [template, expected] of cases) {
    await using exchange = await Exchange.open({}, { template });
    assert.deepEqual(exchange.server.templates.get("a"), expected);
    const [head, put] = exchange.server.http.requests;
    assert.deepEqual([head?.method, put?.method], ["HEAD", "PUT"]);
    assert.equal(put?.headers.get("content-type"), "application/json");
  }
  await using made = await Exchange.open({}, {
    template: { name: "a" },
    index: "logs-{{ app }}-x",
    data_stream: true,
  });
  const template = made.server.templates.get("a") as Record<string, unknown>;
  assert.deepEqual([template["index_patterns"], template["data_stream"]], [["logs-*-x"], {}]);
  await Deno.remove(file);
});

Deno.test("ElasticsearchOutput replaces a template only if it may", async () => {
  for (const overwrite of [false, true]) {
    await using exchange = await Exchange.open({}, { template: { name: "a", body: { n: 1 }, overwrite } });
    exchange.server.templates.set("a", "theirs");
    await exchange.output.open(never);
    assert.deepEqual(exchange.server.templates.get("a"), overwrite ? { n: 1 } : "theirs");
  }
  // Another agent installs it between look and installation.
  let looks = 0;
  const server = ElasticsearchServer.start({
    other: ({ method }) => method === "HEAD" && looks++ === 0 ? { status: 404 } : undefined,
  });
  server.templates.set("a", "theirs");
  const config = configOf({ addresses: [server.url], template: { name: "a" } });
  const output = new ElasticsearchOutput(config, { name: "es", log: new RecordingLog() });
  await output.open(never);
  assert.equal(server.templates.get("a"), "theirs");
  await output[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

Deno.test("ElasticsearchOutput does not open where the template cannot be installed, and says why", async () => {
  const file = await Deno.makeTempFile();
  const cases = [
    [{ file: "/none/x.json" }, {}, /cannot use template\.file "\/none\/x\.json": no such file/],
    [{ file }, {}, /it is no JSON/],
    [
      {},
      { other: () => ({ status: 401 }) },
      /cannot look for the index template: HEAD .* answered 401, look at/,
    ],
    [{}, { other: () => ({ status: 403, body: "no" }) }, /cannot install the index template "a": PUT .* 403/],
  ] as const;
  for (const [template, faults, pattern] of cases) {
    const opened = Exchange.open(faults, { template: { name: "a", ...template } });
    assert.match((await failure(opened)).message, pattern);
  }
  await Deno.remove(file);
});

Deno.test("ElasticsearchOutput probes the cluster, the credentials and the pipeline", async () => {
  await using exchange = await Exchange.open({}, { pipeline: "p q" });
  assert.match(
    (await failure(exchange.output.probe(never))).message,
    /there is no ingest pipeline "p q"/,
  );
  exchange.server.pipelines.add("p q");
  await exchange.output.probe(never);
  exchange.server.faults = { other: ({ target }) => target === "/" ? { status: 403 } : undefined };
  await exchange.output.probe(never);
  exchange.server.faults = { other: () => ({ status: 401, body: "who?" }) };
  assert.match((await failure(exchange.output.probe(never))).message, /GET \/ answered 401 "who\?", look at/);
  assert.equal(exchange.server.bulks.length, 0);
});

Deno.test("ElasticsearchOutput asks for batches as configured", () => {
  const made = (block: Record<string, unknown>) =>
    new ElasticsearchOutput(configOf(block), { name: "es", log: new RecordingLog() });
  assert.deepEqual(made({}).batching, { events: 100, bytes: 5 * 1024 * 1024, wait: 1000 });
  assert.equal(made({}).concurrency, 1);
  const { batching, concurrency } = made({
    batch_size: 7,
    batch_bytes: "1KiB",
    batch_timeout: "20ms",
    flush_interval: "10s",
    bulk_workers: 4,
  });
  assert.deepEqual(batching, { events: 7, bytes: 1024, wait: 20 });
  assert.equal(concurrency, 4);
});

Deno.test({
  name: "ElasticsearchOutput trusts the configured CA and shows its client certificate",
  ignore: !hasOpenssl(),
  fn: async () => {
    await using certificates = await TestCertificates.make();
    const options = {
      cert: certificates.read("server.pem"),
      key: certificates.read("server.key"),
      ca: certificates.read("ca.pem"),
      requestCert: true,
    };
    const server = https.createServer(options, (request, response) => {
      request.resume().on("end", () => response.end('{"errors":false}'));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const send = async (tls: Record<string, string>) => {
      const config = configOf({ addresses: [address], tls });
      await using output = new ElasticsearchOutput(config, { name: "es", log: new RecordingLog() });
      await output.open(never);
      return await output.send(documents([1]), never);
    };
    const ca = { ca_file: certificates.path("ca.pem") };
    const client = { cert_file: certificates.path("client.pem"), key_file: certificates.path("client.key") };
    try {
      assert.deepEqual(await send({ ...ca, ...client }), ALL_SENT);
      assert.match((await failure(send(client))).message, /invalid peer certificate/);
      await assert.rejects(send(ca), /certificate/i);
    } finally {
      server.close();
      await once(server, "close");
    }
  },
});
