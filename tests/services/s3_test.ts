import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendJson } from "../support/event_lines.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { type Block, Workspace } from "../support/workspace.ts";
import { serviceTest } from "./support/install.ts";
import { boto3, Gateway, type ReadObject, versityGateway } from "./support/s3.ts";

const RECORDS = 100_000;
const PARTS = 20;

function configure(space: Workspace, gateway: Gateway, keys: Block, rest: Block = {}): void {
  space.configure({
    output: {
      type: "s3",
      s3: { ...gateway.block, batch_size: 1000, batch_timeout: "100ms", flush_interval: "100ms", ...keys },
    },
    rest: {
      parser: { type: "json" },
      buffer: { size: 10_000 },
      reliability: {
        retry: { initial_backoff: "20ms", max_backoff: "500ms" },
        circuit_breaker: { timeout: "500ms" },
      },
      ...rest,
    },
  });
}

/** The messages of all objects as the lines that their writer made. */
function linesOf(objects: readonly ReadObject[]): Uint8Array {
  return Buffer.concat(
    objects.flatMap(({ text }) =>
      text.split("\n").slice(0, -1).map((line) => Buffer.from(`${JSON.parse(line).message}\n`, "latin1"))
    ),
  );
}

serviceTest(
  "s3 has every record once though three agents and the server are killed",
  [versityGateway, boto3],
  async (program, python) => {
    await using space = await Workspace.create();
    await using gateway = await Gateway.start(program!, python!, space.path("gateway"));
    configure(space, gateway, { key_template: "%Y/%m/{{ fields.app }}/{{ id }}.json" });
    const writer = new LineWriter("w");
    let agent = space.start();
    const arrived = async (share: number) => {
      const least = Math.floor(share * writer.written);
      await agent.until(`${least} records`, () => gateway.lines() >= least, { within: 120_000 });
    };
    for (let part = 1; part <= PARTS; part++) {
      appendJson(space.log(), writer, RECORDS / PARTS, (n) => ({ app: ["shop", "../api"][n % 2] }));
      if (part % 6 === 0) {
        // Some of what was just written is on its way.
        await arrived(0.9);
        await agent.kill();
        agent = space.start();
      } else if (part === 10) {
        await arrived(0.85);
        await gateway.restart();
      }
    }
    await arrived(1);
    const { code } = await agent.terminate();
    assert.equal(code, 0, `the agent ended with code ${code}; stderr:\n${agent.tail()}`);
    const { objects, uploads } = await gateway.read();
    assertDelivered(linesOf(objects), [writer], { disorder: true });
    assert.equal(uploads, 0);
    for (const { key, text } of objects) {
      assert.match(key, /^logs\/20\d\d\/\d\d\/(?:shop|___api)\/[\w.-]+\.json$/);
      const app = key.includes("shop") ? "shop" : "../api";
      assert.ok(text.split("\n").slice(0, -1).every((line) => JSON.parse(line).fields.app === app));
    }
    console.log(`    ${RECORDS} records in ${objects.length} objects, each once`);
    await space.verify();
  },
);

serviceTest(
  "s3 stores objects in every compression, with tags, and large ones in parts",
  [versityGateway, boto3],
  async (program, python) => {
    await using space = await Workspace.create();
    await using gateway = await Gateway.start(program!, python!, space.path("gateway"));
    const writer = new LineWriter("w");
    appendJson(space.log(), writer, 60_000);
    const keys = { batch_size: 100_000, batch_bytes: "64MiB", batch_timeout: "5s", part_size: "5MiB" };
    const buffer = { buffer: { size: 100_000, max_bytes: "64MiB" } };
    for (const compression of ["none", "gzip", "zstd", "snappy"]) {
      const own = {
        prefix: `${compression}/`,
        compression,
        tags: { env: "a b" },
        content_type: "text/x-log",
      };
      configure(space, gateway, { ...keys, ...own }, buffer);
      await space.once();
      Deno.removeSync(space.checkpoints, { recursive: true });
    }
    const { objects, uploads } = await gateway.read();
    assert.equal(uploads, 0);
    for (const compression of ["none", "gzip", "zstd", "snappy"]) {
      const own = objects.filter(({ key }) => key.startsWith(`${compression}/`));
      assertDelivered(linesOf(own), [writer], { disorder: true });
      assert.deepEqual([...new Set(own.map(({ type }) => type))], ["text/x-log"]);
      assert.deepEqual(own[0]!.tags, { env: "a b" });
    }
    const largest = Math.max(...objects.map(({ size }) => size));
    assert.ok(largest > 5 << 20, `the largest object has ${largest} bytes`);
    await space.verify();
  },
);

serviceTest(
  "s3 says what is wrong with its configuration",
  [versityGateway, boto3],
  async (program, python) => {
    await using space = await Workspace.create();
    await using gateway = await Gateway.start(program!, python!, space.path("gateway"));
    appendJson(space.log(), new LineWriter("w"), 1);
    for (
      const [keys, reason] of [
        [{ secret_access_key: "wrong-secret" }, /403 SignatureDoesNotMatch .*look at secret_access_key/],
        [{ access_key_id: "nobody" }, /answered 40[34] \w+ .*access key/i],
        [{ bucket: "elsewhere" }, /404 NoSuchBucket .*look at bucket/],
      ] as const
    ) {
      configure(space, gateway, keys);
      const agent = space.start();
      const { line } = await agent.untilLog(/Cannot (?:send 1 record|open output)/);
      assert.match(line, reason);
      assert.ok(!line.includes('secret"'), line);
      await agent.kill();
    }
  },
);
