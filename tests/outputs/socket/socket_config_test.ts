import assert from "node:assert/strict";
import * as schema from "../../../src/lib/schema.ts";
import { loadAllOutputTypes } from "../../../src/outputs/registry.ts";
import { parseAddress } from "../../../src/outputs/socket/address.ts";
import { socketOutput } from "../../../src/outputs/socket/socket_config.ts";
import { RecordingLog } from "../../contracts/batches.ts";

const SCHEMES = { tcp: undefined, tls: 6514, unix: undefined };

function configOf(keys: object) {
  return schema.parse(socketOutput.schema, keys);
}

Deno.test("parseAddress takes hosts, IPv6 addresses, default ports and paths", () => {
  assert.deepEqual(parseAddress("tcp://logs.example:9000", SCHEMES), {
    scheme: "tcp",
    hostname: "logs.example",
    port: 9000,
  });
  assert.deepEqual(parseAddress("tls://[fd00::1]", SCHEMES), {
    scheme: "tls",
    hostname: "fd00::1",
    port: 6514,
  });
  assert.deepEqual(parseAddress("tcp://127.0.0.1:1/", SCHEMES), {
    scheme: "tcp",
    hostname: "127.0.0.1",
    port: 1,
  });
  assert.deepEqual(parseAddress("unix:///run/a b.sock", SCHEMES), { scheme: "unix", path: "/run/a b.sock" });
});

Deno.test("parseAddress says what is wrong without telling a secret", () => {
  const cases: Record<string, RegExp> = {
    "logs:9000": /^is no address; write one such as tcp:\/\/logs\.example\.com:5000$/,
    "": /^is no address/,
    "tcp://": /^is no address/,
    "unix://run/x": /^is no address/,
    "tcp://a/b": /^is no address/,
    "tcp://a b:1": /^is no address/,
    "tcp://a": /^has no port; write one such as/,
    "tcp://a:0": /^has a port that does not exist; must be 1 to 65535$/,
    "tcp://a:65536": /^has a port that does not exist/,
    "udp://a:1": /^has the scheme "udp"; must be one of tcp, tls, unix$/,
    "tcp://ann:s3cret@a:1": /^must hold no user and no password/,
  };
  for (const [text, message] of Object.entries(cases)) {
    const told = parseAddress(text, SCHEMES);
    assert.ok(typeof told === "string", text);
    assert.match(told, message);
    assert.doesNotMatch(told, /s3cret/);
  }
});

Deno.test("the configuration of the socket output says what is wrong with it, and what is needed", () => {
  const cases: [object, RegExp][] = [
    [
      { address: "tcp://a:1", tls: { ca_file: "/a" } },
      /has tls, while address is tcp; write tls, or leave it out$/,
    ],
    [{ address: "tls://a:1", tls: { key_file: "/a" } }, /^tls: has key_file without cert_file/],
    [{ address: "tls://a:1", tls: { ca_file: "" } }, /^tls\.ca_file: must not be empty$/],
    [{ address: "tcp://a:1", batch_bytes: 0 }, /^batch_bytes: is too small; must be at least 1 byte$/],
    [{ address: "tcp://a:1", timeout: "0s" }, /^timeout: is too small/],
    [
      { address: "udp://a:1", acknowledgement: "close" },
      /has acknowledgement: close, which udp does not know/,
    ],
    [{ address: "tcp://a:1", rate_limit: 5 }, /has rate_limit, which is for udp, while address is tcp/],
  ];
  for (const [keys, message] of cases) assert.throws(() => configOf(keys), { message });
  const needs = (keys: object) =>
    socketOutput.permissions(configOf(keys)).map((need) => Object.values(need).slice(0, 2).join(" "));
  assert.deepEqual(needs({ address: "udp://a:1" }), ["net a:1", "net 0.0.0.0:0"]);
  assert.deepEqual(needs({ address: "udp://127.0.0.1:1" }), ["net 127.0.0.1:1", "net 127.0.0.1:0"]);
  assert.deepEqual(needs({ address: "udp://[::1]:1" }), ["net [::1]:1", "net [::1]:0"]);
  const tls = { ca_file: "/ca", cert_file: "/c", key_file: "/k" };
  assert.deepEqual(needs({ address: "tls://a:1", tls }), ["net a:1", "read /ca", "read /c", "read /k"]);
  assert.deepEqual(needs({ address: "unix:///s" }), ["net unix:/s", "read /s", "write /s"]);
});

Deno.test("outputs to sockets, syslog, nats and redis gather batches as they are told", async () => {
  const keys = { batch_size: 7, batch_bytes: "3KiB", batch_timeout: "2s" };
  const blocks = {
    socket: [{ address: "tcp://a:1" }, { address: "udp://a:1" }],
    syslog: [{ address: "tcp://a" }, { address: "udp://a" }, { address: "relp://a" }],
    nats: [{}],
    redis: [{}],
  };
  for (const [name, variants] of Object.entries(blocks)) {
    for (const block of variants) {
      const type = (await loadAllOutputTypes())[name as "socket"];
      const config = schema.parse(type.schema, { ...block, ...keys });
      await using output = await type.create(config, { name, log: new RecordingLog() });
      assert.deepEqual(output.batching, { events: 7, bytes: 3072, wait: 2000 }, name);
    }
  }
});

Deno.test("the socket output sends one batch at a time where nothing has to settle", async () => {
  const concurrency = async (keys: object) => {
    const config = configOf({ address: "tcp://a:1", ...keys });
    await using output = await socketOutput.create(config, { name: "socket", log: new RecordingLog() });
    return output.concurrency;
  };
  assert.equal(await concurrency({}), 16);
  assert.equal(await concurrency({ settle_time: "0s" }), 1);
  assert.equal(await concurrency({ acknowledgement: "close" }), 1);
});
