import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ALL_SENT, RetryLaterError } from "../../../src/outputs/output.ts";
import { HttpOutput } from "../../../src/outputs/http/http_output.ts";
import { httpOutput } from "../../../src/outputs/http/http_output_config.ts";
import { VERSION } from "../../../src/lib/version.ts";
import { batchOf, RecordingLog } from "../../contracts/batches.ts";
import { outputContract } from "../../contracts/output_contract.ts";
import { HttpDestination, plainBody, type Reply } from "../../support/http_destination.ts";
import { configOf, Exchange, failure, never } from "./support.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const THREE = ['{"n":1}\n', '{"n":2}\n', '{"n":3}\n'];

for (
  const block of [
    { format: "ndjson" },
    { format: "text", compression: "gzip" },
    { format: "text", compression: "zstd" },
  ]
) {
  outputContract(`HttpOutput (${Object.values(block).join(", ")})`, () => {
    const destination = HttpDestination.start();
    const config = configOf({ endpoint: destination.url(), ...block });
    return Promise.resolve({
      output: new HttpOutput(config, { name: "web", log: new RecordingLog() }),
      received: () => text(destination.delivered().bytes()),
      remove: () => destination[Symbol.asyncDispose](),
    });
  });
}

Deno.test("HttpOutput sends each format with its content type, compressed as configured", async () => {
  const bodies = {
    ndjson: ["application/x-ndjson", THREE.join("")],
    json: ["application/json", '[{"n":1},{"n":2},{"n":3}]'],
    text: ["text/plain; charset=utf-8", THREE.join("")],
  };
  for (const [format, [type, body]] of Object.entries(bodies)) {
    for (const compression of ["none", "gzip", "zstd"]) {
      await using exchange = await Exchange.open(undefined, { format, compression });
      assert.deepEqual(await exchange.output.send(batchOf(THREE), never), ALL_SENT);
      const [request, ...others] = exchange.destination.requests;
      assert.deepEqual(others, []);
      assert.ok(request !== undefined);
      assert.equal(request.headers.get("content-type"), type);
      assert.equal(request.headers.get("content-encoding"), compression === "none" ? null : compression);
      assert.equal(request.headers.get("user-agent"), `logaggregator/${VERSION}`);
      assert.deepEqual([request.method, request.target], ["POST", "/ingest"]);
      assert.equal(text(plainBody(request)), body);
      if (compression === "none") assert.deepEqual(Buffer.from(request.body), Buffer.from(body!));
    }
  }
});

Deno.test("HttpOutput joins any records to one array of JSON", async () => {
  await using exchange = await Exchange.open(undefined, { format: "json" });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.json(), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      async (records, cut) => {
        const lines = records.map((record, index) =>
          cut && index === records.length - 1 ? record : `${record}\n`
        );
        await exchange.output.send(batchOf(lines), never);
        const sent = JSON.parse(text(exchange.destination.requests.at(-1)?.body));
        assert.deepEqual(sent, records.map((record) => JSON.parse(record)));
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("HttpOutput sends credentials, the user's headers, method and query", async () => {
  const cases = [
    [{ username: "ann", password: "pä:ss" }, `Basic ${Buffer.from("ann:pä:ss").toString("base64")}`],
    [{ username: "ann" }, `Basic ${Buffer.from("ann:").toString("base64")}`],
    [{ token: "abc.def" }, "Bearer abc.def"],
    [{ headers: { Authorization: "ApiKey xyz" } }, "ApiKey xyz"],
    [{}, null],
  ] as const;
  for (const [block, authorization] of cases) {
    await using exchange = await Exchange.open(undefined, block);
    await exchange.output.send(batchOf(THREE), never);
    assert.equal(exchange.destination.requests[0]?.headers.get("authorization"), authorization);
  }
  await using destination = HttpDestination.start();
  await using output = new HttpOutput(
    configOf({
      endpoint: destination.url("/in?stream=a%20b"),
      method: "PUT",
      headers: { "Content-Type": "application/json; lines", "X-Scope": "größe" },
    }),
    { name: "web", log: new RecordingLog() },
  );
  await output.open();
  await output.send(batchOf(THREE), never);
  const request = destination.requests[0];
  assert.deepEqual([request?.method, request?.target], ["PUT", "/in?stream=a%20b"]);
  assert.equal(request?.headers.get("content-type"), "application/json; lines");
  assert.equal(request?.headers.get("x-scope"), "größe");
});

Deno.test("HttpOutput uses its connections again, whatever the answers", async () => {
  const bodies = ["", "ok", "x".repeat(30_000)];
  await using exchange = await Exchange.open((_, number) => ({
    status: [200, 204, 503, 400][number % 4]!,
    body: number % 4 === 1 ? "" : bodies[number % 3]!,
  }));
  for (let number = 0; number < 12; number++) {
    await exchange.output.send(batchOf(THREE), never).catch(() => {});
  }
  assert.equal(exchange.destination.requests.length, 12);
  // A connection is free only a moment after its answer; without reading the bodies there would be one a request.
  assert.ok(exchange.destination.connections <= 3, `${exchange.destination.connections} connections`);
});

Deno.test("HttpOutput takes every success for all records", async () => {
  for (const status of [200, 201, 202, 204, 207]) {
    await using exchange = await Exchange.open(() => ({ status }));
    assert.deepEqual(await exchange.output.send(batchOf(THREE), never), ALL_SENT);
  }
});

Deno.test("HttpOutput takes a success for one even if the answer breaks off", async () => {
  await using exchange = await Exchange.open(() => ({ cut: "within", body: "half" }));
  assert.deepEqual(await exchange.output.send(batchOf(THREE), never), ALL_SENT);
});

Deno.test("HttpOutput sends again what a server does not take now, and waits as long as it asks", async () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    const replies: Reply[] = [
      { status, body: "number of this request: 4711" },
      { status, headers: { "retry-after": "7" } },
      { status, headers: { "retry-after": "Wed, 25 Nov 2026 12:01:30 GMT" } },
      {
        status,
        headers: { "retry-after": "Wed, 25 Nov 2026 12:01:30 GMT", date: "Wed, 25 Nov 2026 12:01:00 GMT" },
      },
      { status, headers: { "retry-after": "0" } },
    ];
    await using exchange = await Exchange.open((_, number) => replies[number] ?? {});
    const batch = batchOf(THREE);
    const waits: (number | undefined)[] = [];
    for (const _ of replies) {
      const error = await failure(exchange.output.send(batch, never));
      assert.equal(error.message, `POST /ingest answered ${status}`);
      waits.push(error instanceof RetryLaterError ? error.wait : undefined);
    }
    assert.deepEqual(waits, [undefined, 7000, 90_000, 30_000, undefined]);
    assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  }
});

Deno.test("HttpOutput rejects records that a server refuses, with its words", async () => {
  for (const status of [400, 409, 410, 413, 422]) {
    const body = `field\n\t"n" \u001b[31mis ${"é".repeat(300)}`;
    await using exchange = await Exchange.open(() => ({ status, body }));
    const result = await exchange.output.send(batchOf(status === 413 ? ["1\n"] : ["1\n", "2\n"]), never);
    const reason = `POST /ingest answered ${status} "${
      [...'field "n" [31mis ' + "é".repeat(300)].slice(0, 200).join("")
    }…"`;
    const rejected = [{ index: 0, reason }, { index: 1, reason }];
    assert.deepEqual(result, { retry: [], rejected: status === 413 ? rejected.slice(0, 1) : rejected });
  }
});

Deno.test("HttpOutput discards nothing because its configuration is wrong, and says where to look", async () => {
  const advice = {
    401: "look at username, password, token and headers",
    403: "look at username, password, token and headers",
    404: "look at endpoint and headers",
    405: "look at method and endpoint",
    407: "look at endpoint and headers",
    415: "look at format and compression",
  };
  for (const [status, hint] of Object.entries(advice)) {
    await using exchange = await Exchange.open(() => ({ status: Number(status), body: "no, thanks" }));
    const error = await failure(exchange.output.send(batchOf(THREE), never));
    assert.equal(error.message, `POST /ingest answered ${status} "no, thanks", ${hint}`);
  }
});

Deno.test("HttpOutput never tells a credential that a server repeats", async () => {
  const secrets = [
    "pass-word-1",
    "tok.en-2",
    "api-key-3",
    "query-4",
    Buffer.from("ann:pass-word-1").toString("base64"),
  ];
  const echo = (request: { headers: Headers; target: string }) =>
    `${"-".repeat(190)}${request.headers.get("authorization")} ${
      request.headers.get("x-api-key")
    } ${request.target} pass-word-1`;
  for (const credentials of [{ username: "ann", password: "pass-word-1" }, { token: "tok.en-2" }]) {
    for (const status of [400, 401, 302]) {
      await using destination = HttpDestination.start((request) => ({
        status,
        body: echo(request).slice(status === 400 ? 190 : 0),
        headers: { location: `https://elsewhere.example${request.target}` },
      }));
      const config = configOf({
        endpoint: destination.url("/in?key=query-4"),
        headers: { "X-Api-Key": "api-key-3" },
        ...credentials,
      });
      await using output = new HttpOutput(config, { name: "web", log: new RecordingLog() });
      await output.open();
      const result = await output.send(batchOf(["1\n"]), never).then(
        ({ rejected }) => rejected[0]?.reason ?? "",
        (error: Error) => error.message,
      );
      assert.match(result, new RegExp(`answered ${status}`));
      for (const secret of secrets) {
        const told = secret === "pass-word-1" && !("password" in credentials) ? "" : secret;
        if (told !== "") assert.ok(!result.includes(told.slice(0, 6)), `${secret} stands in: ${result}`);
      }
    }
  }
});

Deno.test("HttpOutput halves what is too large for a server, in order, and rejects only what is too large alone", async () => {
  const records = Array.from({ length: 20 }, (_, n) => `${"x".repeat(n === 13 ? 200 : 20)}${n}\n`);
  await using exchange = await Exchange.open(
    ({ body }) => body.length > 100 ? { status: 413, body: "big" } : {},
    {
      format: "text",
    },
  );
  const batch = batchOf(records);
  const { retry, rejected } = await exchange.output.send(batch, never);
  assert.deepEqual(retry, []);
  assert.deepEqual(rejected, [{ index: 13, reason: 'POST /ingest answered 413 "big"' }]);
  const arrived = text(exchange.destination.delivered(true).bytes());
  assert.equal(arrived, records.toSpliced(13, 1).join(""));
  assert.match(
    exchange.log.at("info", 0),
    /^Output "web" sends smaller requests: POST \/ingest answered 413 to \d+ bytes/,
  );
  assert.equal(exchange.log.of("info").length, 1);
});

Deno.test("HttpOutput remembers what was too large, and grows again when the server takes more", async () => {
  let limit = 100;
  await using exchange = await Exchange.open(
    ({ body }) => body.length > limit ? { status: 413 } : {},
    { format: "text" },
  );
  const records = Array.from({ length: 16 }, () => `${"x".repeat(19)}\n`);
  await exchange.output.send(batchOf(records), never);
  const refused = () => exchange.destination.requests.length - exchange.destination.kept.length;
  const before = refused();
  for (let batch = 0; batch < 5; batch++) await exchange.output.send(batchOf(records), never);
  assert.ok(refused() - before <= 1, "five batches and no more than one request in vain");
  limit = Infinity;
  for (let batch = 0; batch < 40; batch++) await exchange.output.send(batchOf(records), never);
  const count = exchange.destination.requests.length;
  await exchange.output.send(batchOf(records), never);
  assert.equal(exchange.destination.requests.length, count + 1);
});

Deno.test("HttpOutput goes on behind the part that has arrived, and repeats the keys of the rest", async () => {
  const records = Array.from({ length: 8 }, (_, n) => `record ${n}\n`);
  let down = true;
  await using exchange = await Exchange.open(({ body }) => {
    if (body.length > 40) return { status: 413 };
    if (text(body).includes("record 4") && down) return { cut: "before", keep: true };
    return {};
  }, { format: "text" });
  const batch = batchOf(records);
  for (let attempt = 0; attempt < 3; attempt++) {
    await assert.rejects(exchange.output.send(batch, never), /closed the connection/);
  }
  down = false;
  assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  assert.equal(text(exchange.destination.delivered(true).bytes()), records.join(""));
  const first = exchange.destination.kept.filter(({ body }) => text(body).includes("record 0"));
  assert.equal(first.length, 1, "what had arrived was not sent again");
});

Deno.test("HttpOutput keeps a batch's key while it is sent again, and gives no two batches the same", async () => {
  await using exchange = await Exchange.open((_, number) => number < 2 ? { status: 503 } : {}, {
    idempotency_header: "X-Batch",
  });
  const batch = batchOf(THREE);
  for (let attempt = 0; attempt < 2; attempt++) await assert.rejects(exchange.output.send(batch, never));
  await exchange.output.send(batch, never);
  await exchange.output.send(batchOf(THREE), never);
  const other = new HttpOutput(
    configOf({ endpoint: exchange.destination.url(), idempotency_header: "X-Batch" }),
    {
      name: "web",
      log: new RecordingLog(),
    },
  );
  await other.open();
  await other.send(batchOf(THREE), never);
  await other[Symbol.asyncDispose]();
  const keys = exchange.destination.requests.map(({ headers }) => headers.get("x-batch"));
  assert.equal(keys.length, 5);
  assert.deepEqual([keys[1], keys[2]], [keys[0], keys[0]]);
  assert.equal(new Set(keys).size, 3, "equal bytes are not the same batch");
});

Deno.test("HttpOutput takes a conflict for an arrival only when it repeats a key", async () => {
  const replies: Reply[] = [{ cut: "before", keep: true }, { status: 409 }];
  await using exchange = await Exchange.open((_, number) => replies[number] ?? {});
  const batch = batchOf(THREE);
  await assert.rejects(exchange.output.send(batch, never));
  assert.deepEqual(await exchange.output.send(batch, never), ALL_SENT);
  await using without = await Exchange.open((_, number) => replies[number] ?? {}, { idempotency_header: "" });
  await assert.rejects(without.output.send(batch, never));
  assert.equal((await without.output.send(batch, never)).rejected.length, 3);
  assert.equal(without.destination.requests[0]?.headers.has("idempotency-key"), false);
});

Deno.test("HttpOutput follows redirects that keep method and body, within the origin", async () => {
  await using exchange = await Exchange.open(
    ({ target }) =>
      target === "/ingest"
        ? { status: 307, headers: { location: "/second" } }
        : target === "/second"
        ? { status: 308, headers: { location: "third?x=1" } }
        : {},
    { token: "secret" },
  );
  assert.deepEqual(await exchange.output.send(batchOf(THREE), never), ALL_SENT);
  const { requests, kept } = exchange.destination;
  assert.deepEqual(requests.map(({ target }) => target), ["/ingest", "/second", "/third?x=1"]);
  assert.equal(kept[0]?.method, "POST");
  assert.equal(text(kept[0]?.body), THREE.join(""));
  assert.equal(kept[0]?.headers.get("authorization"), "Bearer secret");
});

Deno.test("HttpOutput follows no other redirect, and says where it leads", async () => {
  await using elsewhere = HttpDestination.start();
  const cases: [Reply, RegExp][] = [
    [
      { status: 302, headers: { location: "/second" } },
      /answered 302 with a redirect to http:\S+\/second, look at endpoint; only 307/,
    ],
    [
      { status: 307, headers: { location: elsewhere.url("/in?secret=1") } },
      /answered 307 with a redirect to http:\S+\/in,/,
    ],
    [{ status: 308 }, /answered 308/],
    [{ status: 307, headers: { location: "/ingest" } }, /answered 307 with a redirect to/],
    [{ status: 304 }, /answered 304/],
  ];
  for (const [reply, message] of cases) {
    await using exchange = await Exchange.open(() => reply);
    const error = await failure(exchange.output.send(batchOf(THREE), never));
    assert.match(error.message, message);
    assert.ok(exchange.destination.requests.length < 10);
  }
  assert.equal(elsewhere.requests.length, 0);
});

Deno.test("httpOutput needs the endpoint's port and its TLS files", () => {
  const hosts = ["http://a.example", "https://a.example/x", "http://127.0.0.1:8080/", "https://[::1]:9/"].map(
    (endpoint) =>
      httpOutput.permissions(configOf({ endpoint })).map((need) =>
        need.name === "net" ? need.host : need.name
      ),
  );
  assert.deepEqual(hosts, [["a.example:80"], ["a.example:443"], ["127.0.0.1:8080"], ["[::1]:9"]]);
  const tls = { ca_file: "/a", cert_file: "/b", key_file: "/c" };
  const needs = httpOutput.permissions(configOf({ endpoint: "https://a.example", tls }));
  assert.deepEqual(needs.map((need) => "path" in need ? [need.name, need.path] : need.name), [
    "net",
    ["read", "/a"],
    ["read", "/b"],
    ["read", "/c"],
  ]);
});

Deno.test("httpOutput tells how it likes its batches", async () => {
  const context = { name: "web", log: new RecordingLog() };
  const output = await httpOutput.create(
    configOf({ endpoint: "http://a", batch_size: 5, batch_bytes: "2KiB" }),
    context,
  );
  assert.deepEqual(output.batching, { events: 5, bytes: 2048, wait: 1000 });
});
