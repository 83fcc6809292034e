import assert from "node:assert/strict";
import { newEvent } from "../../../src/event.ts";
import * as schema from "../../../src/lib/schema.ts";
import { VERSION } from "../../../src/lib/version.ts";
import { otlpConfig, otlpOutput } from "../../../src/outputs/otlp/otlp_config.ts";
import { otlpEncoder } from "../../../src/outputs/otlp/otlp_encoder.ts";
import { OtlpOutput } from "../../../src/outputs/otlp/otlp_output.ts";
import { ReverseWriter } from "../../../src/outputs/otlp/protobuf.ts";
import { ALL_SENT, RetryLaterError } from "../../../src/outputs/output.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { type Behaviour, HttpDestination, plainBody, type Reply } from "../../support/http_destination.ts";
import { failure, never, NOW } from "../http/support.ts";

const JSON_HEADERS = { "content-type": "application/json" };

/** An output, open, with its receiver. */
class Exchange implements AsyncDisposable {
  readonly log = new RecordingLog();
  readonly destination: HttpDestination;
  readonly output: OtlpOutput;
  now = NOW;

  constructor(behaviour: Behaviour | undefined, block: object) {
    this.destination = HttpDestination.start(behaviour);
    const config = schema.parse(otlpConfig, { endpoint: this.destination.url(""), ...block });
    this.output = new OtlpOutput(config, { name: "otel", log: this.log }, () => this.now);
  }

  static async open(behaviour?: Behaviour, block: object = {}): Promise<Exchange> {
    const exchange = new Exchange(behaviour, block);
    await exchange.output.open();
    return exchange;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.output[Symbol.asyncDispose]();
    await this.destination[Symbol.asyncDispose]();
  }
}

/** Records as the encoder makes them. */
function records(count: number) {
  const config = schema.parse(otlpConfig, {
    endpoint: "http://a",
    resource_attributes: { "service.name": "shop" },
  });
  const { encode, partitionOf } = otlpEncoder(config, { plain: false, includeRaw: false });
  const event = newEvent({ input: "i", stream: "/a.log", labels: {} });
  const lines = Array.from({ length: count }, (_, n) => {
    Object.assign(event, { message: `line ${n}`, fields: { n } });
    return encode(event);
  });
  return batchOf(lines, partitionOf!(event));
}

function partial(rejected: unknown, message: string): Reply {
  const body = JSON.stringify({ partialSuccess: { rejectedLogRecords: rejected, errorMessage: message } });
  return { headers: JSON_HEADERS, body };
}

Deno.test("OtlpOutput exports a batch in JSON, compressed as configured", async () => {
  for (const compression of ["none", "gzip"]) {
    await using exchange = await Exchange.open(undefined, { compression, headers: { "X-Key": "abc" } });
    assert.deepEqual(await exchange.output.send(records(2), never), ALL_SENT);
    const [request, ...others] = exchange.destination.requests;
    assert.deepEqual(others, []);
    assert.deepEqual([request?.method, request?.target], ["POST", "/v1/logs"]);
    assert.equal(request?.headers.get("content-type"), "application/json");
    assert.equal(request?.headers.get("content-encoding"), compression === "none" ? null : compression);
    assert.equal(request?.headers.get("x-key"), "abc");
    const { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] } = JSON.parse(
      new TextDecoder().decode(plainBody(request!)),
    );
    assert.deepEqual(resource.attributes, [{ key: "service.name", value: { stringValue: "shop" } }]);
    assert.deepEqual(scope, { name: "logaggregator", version: VERSION });
    assert.deepEqual(logRecords.map(({ body }: { body: object }) => body), [
      { stringValue: "line 0" },
      { stringValue: "line 1" },
    ]);
  }
});

Deno.test("OtlpOutput exports in protobuf too", async () => {
  await using exchange = await Exchange.open(undefined, { encoding: "protobuf", compression: "gzip" });
  assert.deepEqual(await exchange.output.send(records(2), never), ALL_SENT);
  const [request] = exchange.destination.requests;
  assert.equal(request?.headers.get("content-type"), "application/x-protobuf");
  const text = new TextDecoder().decode(plainBody(request!));
  for (const part of ["service.name", "shop", "line 0", "line 1"]) assert.ok(text.includes(part), part);
});

Deno.test("OtlpOutput makes dead letters where a receiver took nothing of a request", async () => {
  for (const count of ["3", 3]) {
    await using exchange = await Exchange.open(() => partial(count, "too\nlong"));
    const { rejected } = await exchange.output.send(records(3), never);
    assert.deepEqual(rejected.map(({ index }) => index), [0, 1, 2]);
    assert.equal(rejected[0]?.reason, 'POST /v1/logs took none of 3 records: "too long"');
  }
});

Deno.test("OtlpOutput tells of records that a receiver did not take without saying which, and sends none again", async () => {
  await using exchange = await Exchange.open((_, number) => partial(number + 1, "no room"));
  for (let count = 0; count < 3; count++) {
    assert.deepEqual(await exchange.output.send(records(10), never), ALL_SENT);
  }
  assert.equal(exchange.destination.requests.length, 3);
  assert.deepEqual(exchange.log.of("error"), [
    'Output "otel" lost 1 records: POST /v1/logs did not take them and does not say which: "no room"',
  ]);
  exchange.now += 60_000;
  await exchange.output.send(records(10), never);
  assert.match(exchange.log.at("error", 1), /lost 9 records/);
});

Deno.test("OtlpOutput tells of a warning, and understands answers in protobuf", async () => {
  await using warned = await Exchange.open(() => partial(0, "deprecated"), { encoding: "protobuf" });
  assert.deepEqual(await warned.output.send(records(1), never), ALL_SENT);
  assert.deepEqual(warned.log.of("warn"), [
    'Output "otel": POST /v1/logs took all records and says "deprecated"',
  ]);

  const writer = new ReverseWriter();
  const before = writer.length;
  writer.string(2, "no room");
  writer.integer(1, 2n);
  writer.message(1, before);
  const body = new TextDecoder().decode(writer.finish());
  await using exchange = await Exchange.open(
    () => ({ headers: { "content-type": "application/x-protobuf" }, body }),
    {
      encoding: "protobuf",
    },
  );
  assert.equal((await exchange.output.send(records(2), never)).rejected.length, 2);
});

Deno.test("OtlpOutput takes any answer of a success for one", async () => {
  for (
    const body of [
      "",
      "{}",
      '{"partialSuccess":{}}',
      '{"partialSuccess":null}',
      "<html>",
      "[1",
      '{"partialSuccess":{"rejectedLogRecords":-4}}',
    ]
  ) {
    for (const type of ["application/json", "application/x-protobuf", "text/html"]) {
      await using exchange = await Exchange.open(() => ({ headers: { "content-type": type }, body }));
      assert.deepEqual(await exchange.output.send(records(2), never), ALL_SENT);
      assert.deepEqual(exchange.log.lines, []);
    }
  }
});

Deno.test("OtlpOutput sends again what may pass, and as long as asked", async () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    await using exchange = await Exchange.open((_, number) =>
      number === 0 ? { status, headers: { "retry-after": "4" } } : {}
    );
    const batch = records(2);
    const error = await failure(exchange.output.send(batch, never));
    assert.ok(error instanceof RetryLaterError);
    assert.equal(error.wait, 4000);
    assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  }
});

Deno.test("OtlpOutput sends again only what the specification says, if it is told to", async () => {
  for (const status of [429, 502, 503, 504]) {
    await using exchange = await Exchange.open(() => ({ status }), { strict_retry: true });
    await assert.rejects(exchange.output.send(records(2), never));
  }
  for (const status of [400, 408, 500, 501]) {
    await using exchange = await Exchange.open(
      (_, number) => number === 0 ? {} : { status, body: "bad" },
      { strict_retry: true },
    );
    await exchange.output.send(records(1), never);
    const { rejected } = await exchange.output.send(records(2), never);
    assert.deepEqual(
      rejected.map(({ reason }) => reason),
      Array(2).fill(`POST /v1/logs answered ${status} "bad"`),
    );
  }
});

Deno.test("OtlpOutput loses nothing to a receiver that takes no request at all", async () => {
  let takes = false;
  await using exchange = await Exchange.open(() => takes ? {} : { status: 400, body: "no JSON" });
  const batch = records(2);
  const error = await failure(exchange.output.send(batch, never));
  assert.match(
    error.message,
    /^POST \/v1\/logs answered 400 "no JSON", look at endpoint, headers, and what it says/,
  );
  takes = true;
  assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  // Now it is understood: what it refuses is refused for what the records are.
  takes = false;
  const { rejected } = await exchange.output.send(records(2), never);
  assert.equal(rejected.length, 2);
});

Deno.test("OtlpOutput halves what is too large", async () => {
  await using exchange = await Exchange.open(({ body }) => body.length > 1500 ? { status: 413 } : {});
  assert.deepEqual(await exchange.output.send(records(16), never), ALL_SENT);
  assert.ok(exchange.destination.kept.length > 1);
});

Deno.test("OtlpOutput probes with a request that holds nothing", async () => {
  for (const [encoding, body] of [["json", '{"resourceLogs":[]}'], ["protobuf", ""]]) {
    await using exchange = await Exchange.open(undefined, { encoding, compression: "gzip" });
    await exchange.output.probe(never);
    const [request] = exchange.destination.requests;
    assert.deepEqual([request?.method, request?.target], ["POST", "/v1/logs"]);
    assert.equal(new TextDecoder().decode(request?.body), body);
    assert.equal(request?.headers.has("content-encoding"), false);
  }
  for (const status of [400, 401, 404, 415, 503]) {
    await using exchange = await Exchange.open(() => ({ status, body: "no" }));
    await assert.rejects(exchange.output.probe(never), new RegExp(`answered ${status} "no"`));
  }
});

Deno.test("otlpOutput tells what it needs and how it likes its batches", async () => {
  const config = schema.parse(otlpConfig, otlpOutput.example);
  assert.deepEqual(
    otlpOutput.permissions(config).map((need) => need.name === "net" && need.host),
    ["otel-collector:4318"],
  );
  const output = await otlpOutput.create(config, { name: "otel", log: new RecordingLog() });
  assert.deepEqual(output.batching, { events: 1000, bytes: 1048576, wait: 1000 });
  assert.equal(output.concurrency, 2);
});
