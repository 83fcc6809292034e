import assert from "node:assert/strict";
import type { EncodedBatch } from "../../../src/batch.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import { type LogEvent, newEvent } from "../../../src/event.ts";
import { httpEncoder } from "../../../src/outputs/http/http_encoder.ts";
import { ALL_SENT } from "../../../src/outputs/output.ts";
import { batchOf } from "../../contracts/batches.ts";
import { configOf, Exchange, failure, never } from "./support.ts";

const OPTIONS = { plain: false, includeRaw: false };

function eventWith(fields: LogEvent["fields"], more: Partial<LogEvent> = {}): LogEvent {
  return Object.assign(newEvent({ input: "i", stream: "/a.log", labels: {} }), { fields }, more);
}

/** Records with ids `<origin>.<offset in base 36>`. */
function withIds(batch: EncodedBatch, offsets: readonly number[], origin = "L.0"): EncodedBatch {
  return {
    ...batch,
    ids: { origins: [{ id: origin, end: offsets.length }], offsets: new Float64Array(offsets) },
  };
}

function encoderFor(headers: Record<string, string>, block: object = {}) {
  return httpEncoder(configOf({ endpoint: "http://a", headers, ...block }), OPTIONS);
}

Deno.test("httpEncoder makes the partition of headers that are templates", async () => {
  const headers = { "X-Fixed": "one", "X-Tenant": "{{ fields.tenant }}", "X-Level": "l-{{ level }}" };
  const encoder = encoderFor(headers);
  const a = encoder.partitionOf!(eventWith({ tenant: "a" }, { level: "info" }));
  const b = encoder.partitionOf!(eventWith({ tenant: "b" }, { level: "info" }));
  assert.notEqual(a, b);
  assert.equal(encoder.partitionOf!(eventWith({ tenant: "a" }, { level: "info" })), a);

  await using exchange = await Exchange.open(undefined, { headers });
  await exchange.output.send(batchOf(["1\n"], a), never);
  await exchange.output.send(batchOf(["2\n"], b), never);
  assert.deepEqual(
    exchange.destination.requests.map(({ headers }) =>
      ["x-fixed", "x-tenant", "x-level"].map((name) => headers.get(name))
    ),
    [["one", "a", "l-info"], ["one", "b", "l-info"]],
  );
});

Deno.test("httpEncoder lets no record break out of a header", async () => {
  const headers = { "X-Tenant": "{{ fields.tenant }}" };
  const encoder = encoderFor(headers);
  await using exchange = await Exchange.open(undefined, { headers });
  const cases: [unknown, string][] = [
    ["a\r\nX-Admin: 1", "a__X-Admin: 1"],
    ["größe", "gr%C3%B6%C3%9Fe"],
    ["\ud800", "_"],
    ["  spaces ", "spaces"],
    ["", "unknown"],
    [undefined, "unknown"],
    [null, "null"],
    [12, "12"],
    [{ a: 1 }, '{"a":1}'],
    ["x".repeat(5000), "x".repeat(256)],
  ];
  for (const [value, expected] of cases) {
    const partition = encoder.partitionOf!(eventWith({ tenant: value as never }));
    assert.deepEqual(await exchange.output.send(batchOf(["1\n"], partition), never), ALL_SENT);
    const { headers } = exchange.destination.requests.at(-1)!;
    assert.equal(headers.get("x-tenant"), expected);
    assert.equal(headers.has("x-admin"), false);
  }
});

Deno.test("httpEncoder keeps the body's format beside template headers, and finds mistakes in them", () => {
  const event = eventWith({ t: "1" }, { message: "said", raw: "as it came" });
  const headers = { "X-T": "{{ fields.t }}" };
  for (const format of ["ndjson", "text"]) {
    const config = configOf({ endpoint: "http://a", format });
    for (const plain of [true, false]) {
      const options = { plain, includeRaw: false };
      const without = httpEncoder(config, options);
      const encoder = httpEncoder({ ...config, headers }, options);
      assert.equal(encoder.encode(event), without.encode(event));
      assert.notEqual(encoder.kind, "copy", "each record is looked at");
      assert.equal(without.partitionOf, undefined);
    }
  }
  assert.throws(() => encoderFor({ "X-T": "{{ fields.t" }), (error) => {
    assert.ok(error instanceof KeyError);
    assert.equal(error.key, "headers.X-T");
    return true;
  });
});

Deno.test("HttpOutput never tells a secret that came from a record", async () => {
  await using exchange = await Exchange.open(
    ({ headers }) => ({ status: 400, body: `bad ${headers.get("x-api-key")}` }),
    { headers: { "X-Api-Key": "{{ fields.key }}" } },
  );
  const { rejected } = await exchange.output.send(batchOf(["1\n"], '["hunter2"]'), never);
  assert.equal(rejected[0]?.reason, 'POST /ingest answered 400 "bad ***"');
});

Deno.test("HttpOutput makes the key of ids, so that it outlives a restart", async () => {
  const key = async (batch: EncodedBatch): Promise<string | null> => {
    await using exchange = await Exchange.open(undefined, { id_headers: true });
    assert.equal(exchange.output.takesIds, true);
    await exchange.output.send(batch, never);
    const { headers } = exchange.destination.requests[0]!;
    assert.deepEqual(
      [headers.get("x-batch-first-id"), headers.get("x-batch-last-id")],
      ["L.0.0", `L.0.${(batch.ids?.offsets.at(-1) ?? 0).toString(36)}`],
    );
    return headers.get("idempotency-key");
  };
  const records = ["a\n", "b\n", "c\n"];
  assert.equal(await key(withIds(batchOf(records), [0, 2, 400])), "L.0.0..L.0.b4.3");
  assert.equal(await key(withIds(batchOf(records), [0, 2, 400])), "L.0.0..L.0.b4.3");
  assert.equal(await key(withIds(batchOf(records.slice(1)), [0, 400])), "L.0.0..L.0.b4.2");
});

Deno.test("HttpOutput gives each part of a batch a key of its own ids, and sends no ids unless asked", async () => {
  await using exchange = await Exchange.open(({ body }) => body.length > 4 ? { status: 413 } : {}, {
    format: "text",
  });
  const batch = withIds(batchOf(["a\n", "b\n", "c\n", "d\n"]), [0, 2, 4, 6]);
  assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  assert.deepEqual(
    exchange.destination.requests.map(({ headers }) => headers.get("idempotency-key")),
    ["L.0.0..L.0.6.4", "L.0.0..L.0.2.2", "L.0.4..L.0.6.2"],
  );
  assert.equal(exchange.destination.requests[0]?.headers.has("x-batch-first-id"), false);
});

Deno.test("HttpOutput takes a first conflict for an arrival where the server names the key", async () => {
  const batch = () => withIds(batchOf(["a\n"]), [5]);
  await using named = await Exchange.open(() => ({ status: 409, body: "L.0.5..L.0.5.1 was here before" }));
  assert.deepEqual(await named.output.send(batch(), never), ALL_SENT);
  await using header = await Exchange.open(({ headers }) => ({
    status: 409,
    headers: { "idempotency-key": headers.get("idempotency-key") ?? "" },
  }));
  assert.deepEqual(await header.output.send(batch(), never), ALL_SENT);
  await using other = await Exchange.open(() => ({ status: 409, body: "locked" }));
  assert.equal((await other.output.send(batch(), never)).rejected.length, 1);
});

Deno.test("HttpOutput probes without sending a record", async () => {
  for (const status of [200, 204, 400, 403, 404, 405, 501]) {
    await using exchange = await Exchange.open(() => ({ status }), { token: "abc" });
    await exchange.output.probe(never);
    const [request, ...others] = exchange.destination.requests;
    assert.deepEqual(others, []);
    assert.deepEqual([request?.method, request?.target, request?.body.length], ["OPTIONS", "/ingest", 0]);
    assert.equal(request?.headers.get("authorization"), "Bearer abc");
  }
  for (
    const [status, message] of [
      [401, 'OPTIONS /ingest answered 401 "no", look at username, password, token and headers'],
      [503, 'OPTIONS /ingest answered 503 "no"'],
    ] as const
  ) {
    await using exchange = await Exchange.open(() => ({ status, body: "no" }));
    assert.equal((await failure(exchange.output.probe(never))).message, message);
  }
  const gone = await Exchange.open();
  await gone.destination[Symbol.asyncDispose]();
  assert.match((await failure(gone.output.probe(never))).message, /failed: connection refused$/);
  await gone.output[Symbol.asyncDispose]();
});

Deno.test("HttpOutput tells how many requests may be under way", async () => {
  await using one = await Exchange.open();
  assert.equal(one.output.concurrency, 1);
  await using four = await Exchange.open(undefined, { concurrency: 4 });
  assert.equal(four.output.concurrency, 4);
  const sent = await Promise.all([1, 2, 3, 4].map((n) => four.output.send(batchOf([`${n}\n`]), never)));
  assert.deepEqual(sent, [ALL_SENT, ALL_SENT, ALL_SENT, ALL_SENT]);
});
