import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import * as schema from "../../../src/lib/schema.ts";
import { ALL_SENT, type Output } from "../../../src/outputs/output.ts";
import { syslogOutput } from "../../../src/outputs/syslog/syslog_config.ts";
import { nameOfThisHost, withHost } from "../../../src/outputs/syslog/this_host.ts";
import { batchOf, RecordingLog, recordsOf } from "../../contracts/batches.ts";
import { LineServer } from "../../support/line_server.ts";
import { RelpAnswers } from "../../support/relp_server.ts";
import { hasOpenssl, TestCertificates } from "../../support/test_certificates.ts";
import { until } from "../../support/wait.ts";
import { arrived, failure, never } from "../socket/support.ts";

const MESSAGES = ["<14>1 T box a - - - one", "<14>1 T box a - - - zwei\nü", "<14>1 T box a - - - three"];

function configOf(keys: object) {
  return schema.parse(syslogOutput.schema, keys);
}

async function outputTo(address: string, keys: object = {}): Promise<Output> {
  const config = configOf({ address, settle_time: "20ms", timeout: "2s", ...keys });
  const output = await syslogOutput.create(config, { name: "syslog", log: new RecordingLog() });
  await output.open(never);
  return output;
}

Deno.test("SyslogOutput frames messages by their length or by a line feed", async () => {
  const lengths = [23, 27, 25];
  for (const framing of ["octet_counting", "newline"]) {
    await using server = await LineServer.start();
    await using output = await outputTo(`tcp://127.0.0.1:${server.port}`, { framing });
    assert.deepEqual(await output.send(batchOf(MESSAGES), never), ALL_SENT);
    assert.deepEqual(await output.send(batchOf([]), never), ALL_SENT);
    await arrived(
      server,
      framing === "newline"
        ? MESSAGES.map((message) => `${message}\n`).join("")
        : MESSAGES.map((message, index) => `${lengths[index]} ${message}`).join(""),
    );
  }
});

Deno.test("SyslogOutput sends a datagram for each message", async () => {
  const server = createSocket("udp4");
  const datagrams: string[] = [];
  server.on("message", (message) => datagrams.push(message.toString()));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await using output = await outputTo(`udp://127.0.0.1:${server.address().port}`);
    await output.probe!(never);
    assert.deepEqual(await output.send(batchOf(MESSAGES), never), { retry: [], rejected: [] });
    await until("the datagrams", () => datagrams.length === 3);
    assert.deepEqual(datagrams, MESSAGES);
  } finally {
    server.close();
  }
});

Deno.test("SyslogOutput tells the name of this machine where the encoder left that open", async () => {
  const host = new TextEncoder().encode("box");
  const modern = batchOf(["<14>1 T \x01 a - - - \x01", "<14>1 T x a - - - b", ""]);
  assert.deepEqual(recordsOf(withHost(modern, host, "5424")), [
    "<14>1 T box a - - - \x01",
    "<14>1 T x a - - - b",
    "",
  ]);
  const old = batchOf(["<14>Nov  5 09:08:07 \x01 a: b", "<14>Nov  5 09:08:07 x a: \x01"]);
  assert.deepEqual(recordsOf(withHost(old, host, "3164")), [
    "<14>Nov  5 09:08:07 box a: b",
    "<14>Nov  5 09:08:07 x a: \x01",
  ]);
  assert.equal(await nameOfThisHost(), Deno.hostname());
});

Deno.test("SyslogOutput with RELP counts what the server acknowledges, and sends the rest again", async () => {
  const relp = new RelpAnswers();
  await using server = await LineServer.start({ conduct: relp.conduct });
  const output = await outputTo(`relp://127.0.0.1:${server.port}`);
  await output.probe!(never);
  assert.deepEqual(await output.send(batchOf([...MESSAGES, ""]), never), ALL_SENT);
  assert.deepEqual(relp.messages, [...MESSAGES, ""]);
  relp.fault = (message) => message === MESSAGES[1] ? "refuse" : undefined;
  assert.deepEqual(await output.send(batchOf(MESSAGES), never), { retry: [1], rejected: [] });
  relp.fault = () => "refuse";
  assert.match(
    (await failure(output.send(batchOf(MESSAGES), never))).message,
    /takes no message: "500 disk full"$/,
  );
  relp.fault = () => undefined;
  await output.send(batchOf(MESSAGES), never);
  await output[Symbol.asyncDispose]();
  assert.deepEqual(relp.commands.filter((command) => command !== "syslog"), [
    "open",
    "close",
    "open",
    "close",
  ]);
});

Deno.test("SyslogOutput with RELP begins a new session after answers that are missing", async () => {
  const relp = new RelpAnswers();
  await using server = await LineServer.start({ conduct: relp.conduct });
  await using output = await outputTo(`relp://127.0.0.1:${server.port}`, { timeout: "200ms" });
  relp.fault = (message) => message === MESSAGES[2] ? "kept without answer" : undefined;
  const batch = batchOf(MESSAGES);
  assert.match(
    (await failure(output.send(batch, never))).message,
    /^127\.0\.0\.1:\d+ has not acknowledged 1 of 3 messages in time$/,
  );
  relp.fault = () => undefined;
  assert.deepEqual(await output.send(batch, never), ALL_SENT);
  assert.equal(relp.messages.length, 6);
  server.cut();
  await until("the end of the connection", () => server.open === 0);
  await output.send(batch, never).catch(() => output.send(batch, never));
});

Deno.test("SyslogOutput with RELP tells of a server that does not speak it", async () => {
  const cases: [(relp: RelpAnswers) => void, RegExp][] = [
    [(relp) => relp.greeting = "500 too many sessions", /refused the session: "500 too many sessions"$/],
    [(relp) => relp.greeting = "200 OK\nrelp_version=0", /takes no syslog messages$/],
  ];
  for (const [change, message] of cases) {
    const relp = new RelpAnswers();
    change(relp);
    await using server = await LineServer.start({ conduct: relp.conduct });
    await using output = await outputTo(`relp://127.0.0.1:${server.port}`);
    assert.match((await failure(output.send(batchOf(MESSAGES), never))).message, message);
    assert.match((await failure(output.probe!(never))).message, message);
  }
  await using server = await LineServer.start({
    conduct: () => ({ answer: () => "HTTP/1.1 400 Bad Request\r\n".repeat(4) }),
  });
  await using output = await outputTo(`relp://127.0.0.1:${server.port}`);
  assert.match((await failure(output.send(batchOf(MESSAGES), never))).message, /does not speak RELP$/);
});

Deno.test({
  name: "SyslogOutput sends with TLS, also with RELP",
  ignore: !hasOpenssl(),
  fn: async () => {
    await using files = await TestCertificates.make();
    const tls = { cert: files.read("server.pem"), key: files.read("server.key") };
    const keys = { tls: { ca_file: files.path("ca.pem") } };
    const relp = new RelpAnswers();
    await using relpServer = await LineServer.start({ tls, conduct: relp.conduct });
    await using relps = await outputTo(`relps://127.0.0.1:${relpServer.port}`, keys);
    await relps.send(batchOf(MESSAGES), never);
    assert.deepEqual(relp.messages, MESSAGES);
    await using server = await LineServer.start({ tls });
    await using output = await outputTo(`tls://127.0.0.1:${server.port}`, { ...keys, framing: "newline" });
    await output.send(batchOf(MESSAGES), never);
    await arrived(server, MESSAGES.map((message) => `${message}\n`).join(""));
    await using trusting = await outputTo(`relps://127.0.0.1:${relpServer.port}`);
    assert.match(
      (await failure(trusting.send(batchOf(MESSAGES), never))).message,
      /invalid peer certificate/,
    );
  },
});

Deno.test("the configuration of SyslogOutput says what is wrong with it, and what is needed", () => {
  const cases: [object, RegExp][] = [
    [{}, /^address: is missing|required/],
    [
      { address: "http://x:1" },
      /^address: has the scheme "http"; must be one of udp, tcp, tls, unix, relp, relps$/,
    ],
    [{ address: "logs:514" }, /^address: is no address; write one such as udp:\/\/logs\.example\.com:514$/],
    [{ address: "tcp://x:0" }, /^address: has a port that does not exist/],
    [{ address: "unix://relative" }, /^address: is no address/],
    [{ address: "tcp://x", tls: { ca_file: "/a" } }, /has tls, while address is tcp/],
    [{ address: "tcp://x", max_message_bytes: 100 }, /must be at least 480 bytes/],
    [{ address: "tcp://x", structured_data: { id: "no number" } }, /is no name of an element/],
    [{ address: "tcp://x", structured_data: { fields: ["a"] } }, /has fields without id/],
    [{ address: "tcp://x", format: "3164", structured_data: { id: "a@1" } }, /which RFC 3164 does not know/],
  ];
  for (const [keys, message] of cases) assert.throws(() => configOf(keys), { message });
  const hosts = (address: string) =>
    syslogOutput.permissions(configOf({ address })).flatMap((need) => need.name === "net" ? [need.host] : []);
  assert.deepEqual(hosts("udp://logs.example"), ["logs.example:514", "0.0.0.0:0"]);
  assert.deepEqual(hosts("tls://[fd00::1]"), ["[fd00::1]:6514"]);
  assert.deepEqual(hosts("relp://a"), ["a:2514"]);
  assert.deepEqual(hosts("unix:///run/x"), ["unix:/run/x"]);
});
