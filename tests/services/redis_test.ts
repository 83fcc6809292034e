import assert from "node:assert/strict";
import { appendBytes } from "../support/line_writer.ts";
import { hasOpenssl, TestCertificates } from "../support/test_certificates.ts";
import { Workspace } from "../support/workspace.ts";
import { deliverInHardTimes, missing } from "./support/hard_times.ts";
import { serviceTest } from "./support/install.ts";
import { Redis, redis } from "./support/redis.ts";

const RECORDS = 100_000;

function configure(space: Workspace, keys: object): void {
  space.configure({
    files: { parser: { type: "json" } },
    output: { type: "redis", redis: keys },
    rest: {
      reliability: {
        retry: { initial_backoff: "20ms", max_backoff: "200ms" },
        circuit_breaker: { timeout: "200ms" },
      },
    },
  });
}

for (const deduplicate of [true, false]) {
  const promise = deduplicate ? "exactly once" : "at least once, without deduplication";
  serviceTest(`redis has every record ${promise}, though both are killed`, [redis], async (directory) => {
    await using space = await Workspace.create();
    await using server = await Redis.start(directory!, space.path("redis"));
    configure(space, { address: `redis://127.0.0.1:${server.port}`, encoding: "text", deduplicate });
    const verdict = await deliverInHardTimes({
      space,
      records: deduplicate ? RECORDS : RECORDS / 5,
      restart: () => server.restart(),
      arrived: () => server.length("logs"),
      messages: async () => (await server.entries("logs")).map(({ fields }) => fields[1] ?? ""),
    });
    assert.equal(missing(verdict), 0);
    if (deduplicate) {
      assert.equal(verdict.duplicates, 0);
      assert.deepEqual(verdict.disordered.slice(0, 3), []);
    }
  });
}

serviceTest(
  "redis keeps streams by template, of the length that is wanted, behind a password",
  [redis],
  async (directory) => {
    await using space = await Workspace.create();
    await using server = await Redis.start(directory!, space.path("redis"), () => [
      "--user",
      ...["agent", "on", ">secret", "~app:*", "~logaggregator:*", "+@all"],
    ]);
    const lines = Array.from(
      { length: 5000 },
      (_, number) => `${JSON.stringify({ message: `m${number}`, app: number % 2 === 0 ? "a:{b}" : "c" })}\n`,
    );
    appendBytes(space.log(), new TextEncoder().encode(lines.join("")));
    configure(space, {
      address: `redis://127.0.0.1:${server.port}`,
      key: "app:{{ fields.app }}",
      username: "agent",
      password: "secret",
      db: 3,
      maxlen: 1000,
      id_field: "id",
    });
    await space.once();
    const keys = (await server.cli("-n", "3", "KEYS", "app:*")).trim().split("\n").sort();
    assert.deepEqual(keys, ["app:a__b_", "app:c"]);
    const length = Number(await server.cli("-n", "3", "XLEN", "app:c"));
    assert.ok(length >= 1000 && length < 2500, `${length} entries`);
    const [, name, event, idName, id] =
      (await server.cli("-n", "3", "XREVRANGE", "app:c", "+", "-", "COUNT", "1"))
        .split("\n");
    assert.deepEqual([name, idName], ["event", "id"]);
    assert.equal(JSON.parse(event ?? "").message, "m4999");
    assert.match(id ?? "", /^\S+\.[0-9a-z]+$/);
  },
);

serviceTest("redis takes records over TLS with a client certificate", [
  hasOpenssl() ? redis : { missing: "no openssl" },
], async (directory) => {
  await using space = await Workspace.create();
  await using files = await TestCertificates.make();
  await using server = await Redis.start(directory!, space.path("redis"), (port) => [
    ...["--tls-port", String(port), "--tls-ca-cert-file", files.path("ca.pem")],
    ...["--tls-cert-file", files.path("server.pem"), "--tls-key-file", files.path("server.key")],
  ]);
  appendBytes(space.log(), new TextEncoder().encode('{"message":"one"}\n'));
  const tls = {
    ca_file: files.path("ca.pem"),
    cert_file: files.path("client.pem"),
    key_file: files.path("client.key"),
  };
  configure(space, { address: `rediss://127.0.0.1:${server.port}`, encoding: "text", tls });
  await space.once();
  const entries = await server.cli(
    ...["--tls", "--cacert", tls.ca_file, "--cert", tls.cert_file, "--key", tls.key_file],
    ...["XRANGE", "logs", "-", "+"],
  );
  assert.equal(entries.split("\n")[2], "one");
});
