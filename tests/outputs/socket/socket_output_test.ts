import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { ALL_SENT } from "../../../src/outputs/output.ts";
import { batchOf } from "../../contracts/batches.ts";
import { outputContract } from "../../contracts/output_contract.ts";
import { type Conduct, LineServer } from "../../support/line_server.ts";
import { hasOpenssl, TestCertificates } from "../../support/test_certificates.ts";
import { until } from "../../support/wait.ts";
import { arrived, failure, never, socketTo } from "./support.ts";

const LINES = ["one\n", "zwei ü\n", "three\n"];

for (const acknowledgement of ["none", "close"]) {
  outputContract(`socket output over TCP (acknowledgement ${acknowledgement})`, async () => {
    const server = await LineServer.start();
    const output = await socketTo(`tcp://127.0.0.1:${server.port}`, { acknowledgement, encoding: "text" });
    return {
      output,
      received: async () => {
        // Without its end, nobody knows whether more is on its way.
        await output[Symbol.asyncDispose]();
        await until("the end of the connections", () => server.open === 0);
        return server.text();
      },
      remove: () => server[Symbol.asyncDispose](),
    };
  });
}

Deno.test("socket output frames records by line feed, by zero byte, or by their number of bytes", async () => {
  const frames: Record<string, string> = {
    newline: "one\nzwei ü\nlast\n",
    null: "one\0zwei ü\0last\0",
    octet_counting: "3 one7 zwei ü4 last",
  };
  for (const [framing, expected] of Object.entries(frames)) {
    await using server = await LineServer.start();
    await using output = await socketTo(`tcp://127.0.0.1:${server.port}`, { framing });
    await output.open(never);
    assert.deepEqual(await output.send(batchOf(["one\n", "zwei ü\n", "last"]), never), ALL_SENT);
    await arrived(server, expected);
  }
});

Deno.test("socket output frames records by line feed that do not all end in one", async () => {
  await using server = await LineServer.start();
  await using output = await socketTo(`tcp://127.0.0.1:${server.port}`);
  await output.open(never);
  await output.send(batchOf(["one", "two\n", "three", ""]), never);
  await arrived(server, "one\ntwo\nthree\n\n");
});

Deno.test("socket output uses one connection for many batches, or one for each where the end acknowledges", async () => {
  for (const [acknowledgement, connections] of [["none", 1], ["close", 3]] as const) {
    await using server = await LineServer.start();
    await using output = await socketTo(`tcp://127.0.0.1:${server.port}`, { acknowledgement });
    await output.open(never);
    for (const line of LINES) await output.send(batchOf([line]), never);
    assert.equal(server.connections.length, connections);
    await arrived(server, LINES.join(""));
  }
});

Deno.test("socket output keeps the order of batches that are under way at once", async () => {
  await using server = await LineServer.start();
  await using output = await socketTo(`tcp://127.0.0.1:${server.port}`);
  await output.open(never);
  assert.ok((output.concurrency ?? 1) > 1);
  const numbers = Array.from({ length: 12 }, (_, number) => `${number}\n`);
  await Promise.all(numbers.map((line) => output.send(batchOf([line]), never)));
  await arrived(server, numbers.join(""));
});

Deno.test("socket output fails all batches whose connection ends before they have settled", async () => {
  await using server = await LineServer.start();
  await using output = await socketTo(`tcp://127.0.0.1:${server.port}`, { settle_time: "1h" });
  await output.open(never);
  const sends = LINES.map((line) => failure(output.send(batchOf([line]), never)));
  await until("all lines", () => server.text() === LINES.join(""));
  server.cut();
  for (const error of await Promise.all(sends)) {
    assert.match(error.message, /^127\.0\.0\.1:\d+ closed the connection$|broke/);
  }
});

Deno.test("socket output connects again after the server ended the connection between two batches", async () => {
  await using server = await LineServer.start();
  await using output = await socketTo(`tcp://127.0.0.1:${server.port}`);
  await output.open(never);
  await output.send(batchOf(["one\n"]), never);
  server.cut();
  await until("the end of the connection", () => server.open === 0);
  // The first may still meet the old connection; what fails is sent again.
  await output.send(batchOf(["two\n"]), never).catch(() => output.send(batchOf(["two\n"]), never));
  await arrived(server, "one\ntwo\n");
  assert.deepEqual(server.connections.map(String), ["one\n", "two\n"]);
});

Deno.test("socket output tells of a server that resets, hangs, or does not end the connection", async () => {
  const big = batchOf([`${"x".repeat(20_000_000)}\n`]);
  const cases: [Conduct, Record<string, string>, RegExp][] = [
    [{ cutAfter: 100 }, {}, /^the connection to 127\.0\.0\.1:\d+ broke: |closed the connection$/],
    [{ hang: true }, { timeout: "50ms" }, /^127\.0\.0\.1:\d+ took nothing for 50ms$/],
    [
      { keepOpen: true },
      { acknowledgement: "close", timeout: "500ms" },
      /^127\.0\.0\.1:\d+ did not close the connection within 500ms$/,
    ],
    [{ cutAfter: 100 }, { acknowledgement: "close" }, /broke|closed the connection/],
  ];
  for (const [conduct, keys, message] of cases) {
    await using server = await LineServer.start({ conduct: () => conduct });
    await using output = await socketTo(`tcp://127.0.0.1:${server.port}`, keys);
    await output.open(never);
    const batch = conduct.keepOpen ? batchOf(LINES) : big;
    assert.match((await failure(output.send(batch, never))).message, message);
  }
});

Deno.test("socket output stops at once when it is told to", async () => {
  const stop = new AbortController();
  await using server = await LineServer.start({ conduct: () => ({ hang: true }) });
  await using output = await socketTo(`tcp://127.0.0.1:${server.port}`, { settle_time: "1h", timeout: "1h" });
  await output.open(never);
  const settling = failure(output.send(batchOf(LINES), stop.signal));
  const writing = failure(output.send(batchOf([`${"x".repeat(20_000_000)}\n`]), stop.signal));
  await until("a connection", () => server.open === 1);
  stop.abort();
  assert.match((await settling).message, /was stopped$/);
  assert.match((await writing).message, /was stopped$/);
  await assert.rejects(output.send(batchOf(LINES), stop.signal));
});

Deno.test("socket output names a server that is not there, and says the same when it is probed", async () => {
  const server = await LineServer.start();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await using output = await socketTo(`tcp://127.0.0.1:${port}`);
  await output.open(never);
  const message = `cannot connect to 127.0.0.1:${port}: connection refused`;
  assert.equal((await failure(output.send(batchOf(LINES), never))).message, message);
  assert.equal((await failure(output.probe!(never))).message, message);
  await using back = await LineServer.start({ port });
  await output.probe!(never);
  await output.send(batchOf(LINES), never);
  await arrived(back, LINES.join(""));
});

Deno.test("socket output sends each record as a datagram, and rejects what is too large for one", async () => {
  const server = createSocket("udp4");
  const datagrams: string[] = [];
  server.on("message", (message) => datagrams.push(message.toString()));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await using output = await socketTo(`udp://127.0.0.1:${server.address().port}`, { rate_limit: 1000 });
    await output.open(never);
    await output.probe!(never);
    const { retry, rejected } = await output.send(
      batchOf(["one\n", `${"x".repeat(70_000)}\n`, "three"]),
      never,
    );
    assert.deepEqual(retry, []);
    assert.deepEqual(rejected, [{ index: 1, reason: "70000 bytes are too many for a datagram" }]);
    await until("two datagrams", () => datagrams.length === 2);
    assert.deepEqual(datagrams, ["one", "three"]);
  } finally {
    server.close();
  }
});

Deno.test({
  name: "socket output trusts the configured CA and shows its client certificate",
  ignore: !hasOpenssl(),
  fn: async () => {
    await using files = await TestCertificates.make();
    const identity = { cert: files.read("server.pem"), key: files.read("server.key") };
    const ca_file = files.path("ca.pem");
    const client = { cert_file: files.path("client.pem"), key_file: files.path("client.key") };
    for (const ca of [undefined, files.read("ca.pem")]) {
      for (const acknowledgement of ["none", "close"]) {
        await using server = await LineServer.start({
          tls: { ...identity, ...ca === undefined ? {} : { ca } },
        });
        const address = `tls://127.0.0.1:${server.port}`;
        const send = async (tls: object) => {
          await using output = await socketTo(address, { tls, acknowledgement, settle_time: "100ms" });
          await output.open(never);
          await output.send(batchOf(LINES), never);
        };
        await send(ca === undefined ? { ca_file } : { ca_file, ...client });
        await arrived(server, LINES.join(""));
        assert.match((await failure(send({}))).message, /invalid peer certificate/);
        if (ca !== undefined) await assert.rejects(send({ ca_file }), /certificate|broke|closed/i);
        // The server has no certificate for this name.
        const named = address.replace("127.0.0.1", "localhost");
        await using output = await socketTo(named, {
          tls: { ca_file, ...ca === undefined ? {} : client, verify_hostname: false },
        });
        await output.open(never);
        await output.probe!(never);
        await using strict = await socketTo(named, { tls: { ca_file, ...client } });
        await strict.open(never);
        assert.match((await failure(strict.probe!(never))).message, /invalid peer certificate/);
      }
    }
  },
});
