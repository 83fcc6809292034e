import assert from "node:assert/strict";
import * as schema from "../../../src/lib/schema.ts";
import { ALL_SENT, RetryLaterError } from "../../../src/outputs/output.ts";
import { splunkHecConfig, splunkHecOutput } from "../../../src/outputs/splunk_hec/splunk_hec_config.ts";
import { SplunkHecOutput } from "../../../src/outputs/splunk_hec/splunk_hec_output.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { SplunkServer } from "../../support/splunk_server.ts";
import { failure, never, NOW } from "../http/support.ts";

/** An output, open, with its server. Time passes only while it sleeps. */
class Exchange implements AsyncDisposable {
  readonly server = new SplunkServer();
  readonly output: SplunkHecOutput;
  now = NOW;
  /** How long it slept, each time. */
  readonly slept: number[] = [];

  constructor(block: object = {}) {
    const config = schema.parse(splunkHecConfig, {
      endpoint: this.server.destination.url(""),
      token: this.server.token,
      ...block,
    });
    this.output = new SplunkHecOutput(
      config,
      { name: "hec", log: new RecordingLog() },
      () => this.now,
      (ms) => {
        this.now += ms;
        this.slept.push(ms);
        // A turn of the event loop, as a timer takes.
        return new Promise((resolve) => setTimeout(() => resolve(true), 0));
      },
    );
  }

  static async open(block: object = {}): Promise<Exchange> {
    const exchange = new Exchange(block);
    await exchange.output.open();
    return exchange;
  }

  /** How many questions for acknowledgements came. */
  get questions(): number {
    return this.server.destination.requests.filter(({ target }) => target.endsWith("/ack")).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.output[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function events(count: number, partition = "", more: (n: number) => object = () => ({})) {
  return batchOf(
    Array.from(
      { length: count },
      (_, n) => `${JSON.stringify({ time: n, event: `event ${n}`, ...more(n) })}\n`,
    ),
    partition,
  );
}

Deno.test("SplunkHecOutput sends events with its token, compressed as configured", async () => {
  for (const compression of ["none", "gzip"]) {
    await using exchange = await Exchange.open({ compression });
    assert.deepEqual(await exchange.output.send(events(3), never), ALL_SENT);
    const [request, ...others] = exchange.server.destination.requests;
    assert.deepEqual(others, []);
    assert.deepEqual([request?.method, request?.target], ["POST", "/services/collector/event"]);
    assert.equal(request?.headers.get("authorization"), `Splunk ${exchange.server.token}`);
    assert.equal(request?.headers.get("content-encoding"), compression === "none" ? null : compression);
    assert.match(request?.headers.get("x-splunk-request-channel") ?? "", /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.deepEqual(exchange.server.events.map(({ event }) => event), ["event 0", "event 1", "event 2"]);
  }
});

Deno.test("SplunkHecOutput waits until its events are indexed", async () => {
  await using exchange = await Exchange.open({ acknowledgements: true, compression: "gzip" });
  exchange.server.acknowledging = true;
  exchange.server.indexed = () => exchange.questions >= 3;
  assert.deepEqual(await exchange.output.send(events(2), never), ALL_SENT);
  assert.equal(exchange.questions, 3);
  assert.deepEqual(exchange.slept, [1000, 1000]);
  const channels = exchange.server.destination.requests.map(({ headers }) =>
    headers.get("x-splunk-request-channel")
  );
  assert.equal(new Set(channels).size, 1);
  assert.deepEqual(await exchange.output.send(events(2), never), ALL_SENT);
});

Deno.test("SplunkHecOutput asks for the acknowledgements of all requests at once", async () => {
  await using exchange = await Exchange.open({ acknowledgements: true });
  exchange.server.acknowledging = true;
  const questions = () => exchange.questions;
  exchange.server.indexed = (id) => questions() > 4 + id % 2;
  const sent = await Promise.all(Array.from({ length: 8 }, () => exchange.output.send(events(1), never)));
  assert.deepEqual(sent, Array.from({ length: 8 }, () => ALL_SENT));
  assert.equal(exchange.server.events.length, 8);
  assert.ok(questions() < 8 * 5, `${questions()} questions`);
});

Deno.test("SplunkHecOutput sends again what is not acknowledged in time", async () => {
  await using exchange = await Exchange.open({ acknowledgements: true, acknowledgement_timeout: "2500ms" });
  exchange.server.acknowledging = true;
  exchange.server.indexed = () => false;
  const batch = events(2);
  const { message } = await failure(exchange.output.send(batch, never));
  assert.equal(message, "POST /services/collector/ack acknowledged nothing within 2.5s");
  assert.deepEqual(exchange.slept, [1000, 1000, 500]);
  exchange.server.indexed = () => true;
  assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  assert.equal(exchange.server.events.length, 4);
});

Deno.test("SplunkHecOutput asks on while questions fail, and says what failed", async () => {
  await using exchange = await Exchange.open({ acknowledgements: true });
  exchange.server.acknowledging = true;
  exchange.server.trouble = ({ target }, number) =>
    target.endsWith("/ack") && number < 4
      ? [{ status: 503 }, { cut: "before" } as const][number % 2]
      : undefined;
  assert.deepEqual(await exchange.output.send(events(1), never), ALL_SENT);
  exchange.server.trouble = ({ target }) => target.endsWith("/ack") ? { status: 503 } : undefined;
  assert.match(
    (await failure(exchange.output.send(events(1), never))).message,
    /acknowledged nothing within 3m \(it answered 503\)$/,
  );
});

Deno.test("SplunkHecOutput stops waiting when it is told to", async () => {
  await using exchange = await Exchange.open({ acknowledgements: true });
  exchange.server.acknowledging = true;
  const stop = new AbortController();
  exchange.server.indexed = () => {
    stop.abort();
    return false;
  };
  assert.match((await failure(exchange.output.send(events(1), stop.signal))).message, /was stopped$/);
});

Deno.test("SplunkHecOutput says how acknowledgements are configured wrong", async () => {
  await using without = await Exchange.open({ acknowledgements: true });
  assert.equal(
    (await failure(without.output.send(events(1), never))).message,
    "POST /services/collector/event answered 200 without an ackId, set acknowledgements to false: the token has them disabled",
  );
  await using wanted = await Exchange.open();
  wanted.server.trouble = () => ({ status: 400, body: '{"text":"Data channel is missing","code":10}' });
  assert.match(
    (await failure(wanted.output.send(events(1), never))).message,
    /answered 400 "{"text":"Data channel is missing","code":10}", set acknowledgements to true: the token wants a channel$/,
  );
});

Deno.test("SplunkHecOutput rejects the events that are wrong, and only those", async () => {
  await using exchange = await Exchange.open();
  const bad = [0, 9, 10, 31];
  const batch = events(32, "", (n) => bad.includes(n) ? { event: n === 9 ? undefined : "" } : {});
  const { retry, rejected } = await exchange.output.send(batch, never);
  assert.deepEqual(retry, []);
  assert.deepEqual(rejected.map(({ index }) => index).sort((a, b) => a - b), bad);
  assert.match(rejected[0]?.reason ?? "", /answered 400 "{"text":"Event field cannot be blank","code":13/);
  const kept = new Set(exchange.server.events.map(({ event }) => event));
  assert.equal(kept.size, 28, "those before a wrong one may be there twice, but none is missing");
});

Deno.test("SplunkHecOutput rejects records of an index that is none, and holds those of a wrong configuration", async () => {
  await using exchange = await Exchange.open();
  const { rejected } = await exchange.output.send(events(3, "nowhere", () => ({ index: "nowhere" })), never);
  assert.equal(rejected.length, 3);
  assert.match(rejected[0]?.reason ?? "", /Incorrect index/);
  assert.match(
    (await failure(exchange.output.send(events(3, "", () => ({ index: "nowhere" })), never))).message,
    /answered 400 .*Incorrect index.*, look at index$/,
  );
});

Deno.test("SplunkHecOutput holds everything while its token is wrong, and never tells it", async () => {
  await using exchange = await Exchange.open({ token: "my-wrong-token" });
  const { message } = await failure(exchange.output.send(events(1), never));
  assert.match(
    message,
    /^POST \/services\/collector\/event answered 403 "{"text":"Invalid token","code":4}", look at/,
  );
  exchange.server.trouble = ({ headers }) => ({ status: 400, body: `${headers.get("authorization")}` });
  const { rejected } = await exchange.output.send(events(1), never);
  assert.equal(rejected[0]?.reason, 'POST /services/collector/event answered 400 "***"');
});

Deno.test("SplunkHecOutput sends again what Splunk does not take now", async () => {
  await using exchange = await Exchange.open();
  const replies = [
    { cut: "before" } as const,
    { status: 503, headers: { "retry-after": "3" }, body: '{"text":"Server is busy","code":9}' },
    { status: 500, body: '{"text":"Internal server error","code":8}' },
    { status: 429 },
  ];
  exchange.server.trouble = (_, number) => replies[number];
  const batch = events(2);
  await assert.rejects(exchange.output.send(batch, never));
  const later = await failure(exchange.output.send(batch, never));
  assert.ok(later instanceof RetryLaterError);
  assert.equal(later.wait, 3000);
  for (let count = 2; count < replies.length; count++) {
    await assert.rejects(exchange.output.send(batch, never));
  }
  assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  assert.equal(exchange.server.events.length, 2);
});

Deno.test("SplunkHecOutput probes the health of the collector", async () => {
  await using exchange = await Exchange.open();
  await exchange.output.probe(never);
  const [request] = exchange.server.destination.requests;
  assert.deepEqual([request?.method, request?.target], ["GET", "/services/collector/health"]);
  exchange.server.full = true;
  await assert.rejects(
    exchange.output.probe(never),
    /GET \/services\/collector\/health answered 503 .*queues are full/,
  );
  assert.equal(exchange.server.events.length, 0);
});

Deno.test("splunkHecOutput tells what it needs and how it likes its batches", async () => {
  const config = schema.parse(splunkHecConfig, splunkHecOutput.example);
  assert.deepEqual(
    splunkHecOutput.permissions(config).map((need) => need.name === "net" && need.host),
    ["splunk.example.com:8088"],
  );
  const output = await splunkHecOutput.create(config, { name: "hec", log: new RecordingLog() });
  assert.deepEqual(output.batching, { events: 1000, bytes: 1048576, wait: 1000 });
  assert.equal(output.concurrency, 4);
});
