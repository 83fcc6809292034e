import assert from "node:assert/strict";
import { nkeys } from "@nats-io/transport-node";
import { appendBytes } from "../support/line_writer.ts";
import { hasOpenssl, TestCertificates } from "../support/test_certificates.ts";
import { Workspace } from "../support/workspace.ts";
import { deliverInHardTimes, missing } from "./support/hard_times.ts";
import { serviceTest } from "./support/install.ts";
import { Nats, natsCli, natsServer } from "./support/nats.ts";

const RECORDS = 100_000;
const NEEDS = [natsServer, natsCli];

function configure(space: Workspace, keys: object): void {
  space.configure({
    files: { parser: { type: "json" } },
    output: { type: "nats", nats: keys },
    rest: {
      reliability: {
        retry: { initial_backoff: "20ms", max_backoff: "200ms" },
        circuit_breaker: { timeout: "200ms" },
      },
    },
  });
}

for (const message_id of [true, false]) {
  const promise = message_id ? "exactly once" : "at least once, without message ids";
  serviceTest(
    `a stream of nats has every record ${promise}, though both are killed`,
    NEEDS,
    async (...directories) => {
      await using space = await Workspace.create();
      await using server = await Nats.start(directories, space.path("nats"));
      await server.addStream("LOGS", "logs.>", "--dupe-window", "10m");
      configure(space, {
        servers: [`nats://${server.address}`],
        subject: "logs.app",
        encoding: "text",
        message_id,
        timeout: "2s",
      });
      let stored = 0;
      const verdict = await deliverInHardTimes({
        space,
        records: message_id ? RECORDS : RECORDS / 5,
        restart: () => server.restart(),
        arrived: async () => stored = await server.count("LOGS").catch(() => stored),
        messages: () => server.messages("LOGS", "logs.app"),
      });
      assert.equal(missing(verdict), 0);
      if (message_id) assert.equal(verdict.duplicates, 0);
    },
  );
}

serviceTest(
  "nats gets subjects by template, rejects what is too large, and is probed",
  NEEDS,
  async (...directories) => {
    await using space = await Workspace.create();
    await using server = await Nats.start(directories, space.path("nats"), "max_payload: 64KB");
    await server.addStream("LOGS", "logs.*");
    const lines = ["a.b", "c *", "", undefined].map((app, number) =>
      `${JSON.stringify({ message: `m${number}`, app })}\n`
    );
    lines.push(`${JSON.stringify({ message: "x".repeat(70_000), app: "large" })}\n`);
    appendBytes(space.log(), new TextEncoder().encode(lines.join("")));
    configure(space, {
      servers: `nats://${server.address}`,
      subject: "logs.{{ fields.app }}",
      encoding: "text",
    });
    const agent = space.start({ once: true });
    agent.expectError(/70000 bytes are more than the server takes/);
    assert.equal((await agent.ended()).code, 0, agent.tail());
    const subjects = await server.run("stream", "subjects", "LOGS", "--json");
    assert.deepEqual(JSON.parse(subjects), { "logs.a_b": 1, "logs.c__": 1, "logs.none": 2 });
  },
);

const SEED = "SUAMK2FG4MI6UE3ACF3FK3OIQBCEIEZV7NSWFFEW63UXMRLFM2XLAXK4GY";
const PUBLIC = nkeys.fromSeed(new TextEncoder().encode(SEED)).getPublicKey();
const ADMIN = ["--user", "admin", "--password", "admin"];
const ADMIN_USER = "{ user: admin, password: admin }";

/** Ways to log in: settings of the server, how its own client logs in, keys of the output. */
const LOGINS: Record<string, [string, readonly string[], object]> = {
  "a user": [`authorization { users: [ ${ADMIN_USER}, { user: agent, password: secret } ] }`, ADMIN, {
    username: "agent",
    password: "secret",
  }],
  "a token": ["authorization { token: s3cret }", ["--user", "s3cret"], { token: "s3cret" }],
  "an nkey": [`authorization { users: [ ${ADMIN_USER}, { nkey: ${PUBLIC} } ] }`, ADMIN, { nkey_seed: SEED }],
};

for (const [way, [settings, login, keys]] of Object.entries(LOGINS)) {
  serviceTest(`nats lets in ${way}`, NEEDS, async (...directories) => {
    await using space = await Workspace.create();
    await using server = await Nats.start(directories, space.path("nats"), settings, login);
    await server.addStream("LOGS", "logs");
    appendBytes(space.log(), new TextEncoder().encode('{"message":"one"}\n'));
    configure(space, { servers: `nats://${server.address}`, encoding: "text", ...keys });
    await space.once();
    assert.deepEqual(await server.messages("LOGS", "logs"), ["one"]);
  });
}

serviceTest("nats that does not let a user publish is told at once", NEEDS, async (...directories) => {
  await using space = await Workspace.create();
  const agentUser = '{ user: agent, password: secret, permissions: { publish: "$JS.>" } }';
  const settings = `authorization { users: [ ${ADMIN_USER}, ${agentUser} ] }`;
  await using server = await Nats.start(directories, space.path("nats"), settings, ADMIN);
  await server.addStream("LOGS", "logs");
  appendBytes(space.log(), new TextEncoder().encode('{"message":"one"}\n'));
  configure(space, {
    servers: `nats://${server.address}`,
    username: "agent",
    password: "secret",
    timeout: "1h",
  });
  const agent = space.start();
  await agent.untilLog(/permissions violation for publish to/i);
  await agent.kill();
});

serviceTest("nats takes records over TLS with a client certificate", [
  ...NEEDS,
  ...hasOpenssl() ? [] : [{ missing: "no openssl" }],
], async (...directories) => {
  await using space = await Workspace.create();
  await using files = await TestCertificates.make();
  const tls = {
    ca_file: files.path("ca.pem"),
    cert_file: files.path("client.pem"),
    key_file: files.path("client.key"),
  };
  for (const handshake_first of [false, true]) {
    const settings = `tls { cert_file: "${files.path("server.pem")}", key_file: "${files.path("server.key")}"
      ca_file: "${tls.ca_file}", verify: true, handshake_first: ${handshake_first} }`;
    const login = ["--tlsca", tls.ca_file, "--tlscert", tls.cert_file, "--tlskey", tls.key_file];
    if (handshake_first) login.push("--tlsfirst");
    const place = space.path(`nats-${handshake_first}`);
    await using server = await Nats.start(directories, place, settings, login);
    await server.addStream("LOGS", "logs");
    appendBytes(space.log(), new TextEncoder().encode('{"message":"one"}\n'));
    const servers = `tls://${server.address}`;
    configure(space, { servers, encoding: "text", tls: { ...tls, handshake_first } });
    await space.once();
    assert.deepEqual(await server.messages("LOGS", "logs"), ["one"]);
  }
});
