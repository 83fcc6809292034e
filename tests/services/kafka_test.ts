import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { AgentProcess } from "../support/agent_process.ts";
import { appendJson } from "../support/event_lines.ts";
import { appendBytes, LineWriter } from "../support/line_writer.ts";
import { judge } from "../support/oracle.ts";
import { savedLines } from "../support/saved_lines.ts";
import { hasOpenssl, TestCertificates } from "../support/test_certificates.ts";
import { Workspace } from "../support/workspace.ts";
import { missing } from "./support/hard_times.ts";
import { type Installed, serviceTest } from "./support/install.ts";
import { kafka, KafkaBroker, kcat, USER } from "./support/kafka.ts";

const RECORDS = 100_000;
const PARTS = 20;
const NEEDS: Installed[] = [kafka, kcat, ...hasOpenssl() ? [] : [{ missing: "openssl is not there" }]];

function configure(space: Workspace, block: object): void {
  space.configure({
    files: { parser: { type: "json" } },
    output: { type: "kafka", kafka: { batch_size: 1000, batch_timeout: "20ms", ...block } },
    rest: {
      reliability: {
        retry: { initial_backoff: "20ms", max_backoff: "200ms" },
        circuit_breaker: { timeout: "200ms" },
      },
    },
  });
}

/** How many different records there are once no more come. */
async function settled(broker: KafkaBroker, topic: string): Promise<number> {
  let count = -1;
  for (let last = -2; count !== last;) {
    last = count;
    count = await broker.count(topic);
  }
  return new Set((await broker.messages(topic)).map(({ headers }) => headers)).size;
}

serviceTest(
  "kafka has every record though the broker and three agents are killed, and doubles only what was in flight",
  NEEDS,
  async (directory, kcatDirectory) => {
    await using certificates = await TestCertificates.make();
    await using space = await Workspace.create();
    await using broker = await KafkaBroker.start(
      directory!,
      kcatDirectory!,
      space.path("kafka"),
      certificates,
    );
    configure(space, { brokers: [broker.addresses.PLAINTEXT], topic: "hard", compression_codec: "lz4" });
    const writer = new LineWriter("w");
    let agent: AgentProcess = space.start();
    let inFlight = 0;
    const arrived = async (share: number) => {
      const least = Math.floor(share * writer.written);
      await agent.until(`${least} records`, async () => await broker.count("hard") >= least, {
        within: 90_000,
      });
    };
    for (let part = 1; part <= PARTS; part++) {
      appendJson(space.log(), writer, RECORDS / PARTS);
      if (part % 6 === 0) {
        // Some of what was just written is on its way.
        await arrived(0.9);
        await agent.kill();
        inFlight += await settled(broker, "hard") - await savedLines(space);
        agent = space.start();
      } else if (part === 10) {
        await arrived(0.8);
        await broker.restart();
      }
    }
    await arrived(1);
    const { code } = await agent.terminate();
    assert.equal(code, 0, `the agent ended with code ${code}; stderr:\n${agent.tail()}`);
    const messages = await broker.messages("hard");
    const lines = messages.map(({ value }) => `${JSON.parse(value).message}\n`).join("");
    const verdict = judge(Buffer.from(lines, "latin1"), [writer]);
    const ids = new Set(messages.map(({ headers }) => headers));
    console.log(
      `    ${writer.written} records: ${
        missing(verdict)
      } missing, ${verdict.duplicates} doubles of ${inFlight} in flight`,
    );
    assert.equal(missing(verdict), 0);
    assert.deepEqual([verdict.invented.slice(0, 3), verdict.corrupted.slice(0, 3)], [[], []]);
    assert.ok(verdict.duplicates <= inFlight, `${verdict.duplicates} doubles, ${inFlight} were in flight`);
    assert.equal(ids.size, writer.written, "ids tell the doubles");
  },
);

serviceTest(
  "kafka takes every codec, mechanism and TLS, keys, topics and times, and refuses what is too large",
  NEEDS,
  async (directory, kcatDirectory) => {
    await using certificates = await TestCertificates.make();
    await using space = await Workspace.create();
    const place = space.path("kafka");
    await using broker = await KafkaBroker.start(directory!, kcatDirectory!, place, certificates);
    await checkCodecsAndSecurity(space, broker, certificates);
    Deno.removeSync(space.log());
    await checkLimits(space, broker);
  },
);

const WAYS = [
  ["none", "SASL_PLAINTEXT", "PLAIN"],
  ["gzip", "SASL_PLAINTEXT", "SCRAM-SHA-256"],
  ["snappy", "SASL_PLAINTEXT", "SCRAM-SHA-512"],
  ["lz4", "SASL_SSL", "PLAIN"],
  ["zstd", "SASL_SSL", "SCRAM-SHA-512"],
] as const;

async function checkCodecsAndSecurity(
  space: Workspace,
  broker: KafkaBroker,
  certificates: TestCertificates,
): Promise<void> {
  const tls = {
    ca_file: certificates.path("ca.pem"),
    cert_file: certificates.path("client.pem"),
    key_file: certificates.path("client.key"),
  };
  const records = Array.from(
    { length: 3000 },
    (_, n) => ({ msg: `m${n} ${"x".repeat(n % 300)}`, app: `${n % 2}`, host: `h${n % 5}` }),
  );
  appendBytes(
    space.log(),
    new TextEncoder().encode(records.map((record) => `${JSON.stringify(record)}\n`).join("")),
  );
  for (const [compression_codec, listener, sasl_mechanism] of WAYS) {
    configure(space, {
      ...{ brokers: [broker.addresses[listener]], sasl_enabled: true, sasl_mechanism, ...USER },
      ...listener === "SASL_SSL" ? { enable_tls: true, tls } : {},
      ...{ topic: `${compression_codec}-{{ app }}`, create_topics: true, partition_key: "host" },
      compression_codec,
      headers: { id: "{{ id }}", host: "{{ host }}" },
    });
    await space.once();
    Deno.removeSync(space.checkpoints, { recursive: true });
    const partitions = new Map<string, number>();
    for (const app of ["0", "1"]) {
      const messages = await broker.messages(`${compression_codec}-${app}`);
      const events = messages.map(({ value }) => JSON.parse(value));
      assert.deepEqual(
        events.map(({ message }) => message).toSorted(),
        records.filter((record) => record.app === app).map(({ msg }) => msg).toSorted(),
      );
      for (const [index, { key, headers, partition, topic }] of messages.entries()) {
        assert.equal(key, events[index].fields.host);
        assert.match(headers, new RegExp(`^id=[!-~]+\\.\\w+,host=${key}$`));
        assert.equal(partitions.get(`${topic} ${key}`) ?? partition, partition, "a key has one partition");
        partitions.set(`${topic} ${key}`, partition);
      }
    }
    assert.ok(new Set(partitions.values()).size > 1);
  }
}

/** Times of the distant future, which the broker does not take, and more bytes than it takes. */
async function checkLimits(space: Workspace, broker: KafkaBroker): Promise<void> {
  const records = [
    { msg: "past", time: "2001-01-01T00:00:00.123Z" },
    { msg: "future", time: "2999-01-01T00:00:00Z" },
    { msg: "x".repeat(3_000_000), time: "2001-01-01T00:00:00Z" },
    { msg: "last", time: "2001-01-01T00:00:01Z" },
  ];
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  appendBytes(space.log(), new TextEncoder().encode(lines));
  // The broker's own limit is 1 MiB; without compression the message is above it.
  const limits = { max_message_bytes: "10MiB", batch_bytes: "20MiB" };
  configure(space, { brokers: [broker.addresses.PLAINTEXT], topic: "limits", ...limits });
  const agent = space.start({ once: true });
  agent.expectError(/MESSAGE_TOO_LARGE/);
  const { code } = await agent.ended();
  assert.equal(code, 0, agent.tail());
  const messages = await broker.messages("limits");
  assert.deepEqual(messages.map(({ value }) => JSON.parse(value).message).toSorted(), [
    "future",
    "last",
    "past",
  ]);
  const times = Object.fromEntries(
    messages.map(({ value, timestamp }) => [JSON.parse(value).message, timestamp]),
  );
  assert.equal(times["past"], Date.UTC(2001, 0, 1, 0, 0, 0, 123));
  assert.ok(times["future"]! < Date.now() + 3_600_000);
}
