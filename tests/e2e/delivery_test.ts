import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { filesBelow } from "../support/delivered.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";

/** Lines that text tools spoil: empty ones, CRLF, NUL, invalid UTF-8, a byte order mark in the middle. */
function awkwardBytes(): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  bytes.push(0x0a, 0x0a, 0x0d, 0x0a, 0x20, 0x0a);
  for (let byte = 0; byte < 256; byte++) if (byte !== 0x0a) bytes.push(0x61, byte, 0x62, 0x0a);
  bytes.push(0x00, 0x00, 0x0a, 0xef, 0xbb, 0xbf, 0x0a, 0xc3, 0x0a, 0xa9, 0x0a, 0xf0, 0x9f, 0x98, 0x0a);
  for (let i = 0; i < 3000; i++) bytes.push(i % 256 === 0x0a ? 0 : i % 256);
  bytes.push(0x0a);
  return new Uint8Array(bytes);
}

scenario("agent delivers lines to stdout as they are written", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 1000);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let round = 0; round < 20; round++) {
    writer.append(space.log(), 10);
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
  const { summary } = await agent.ended();
  assert.deepEqual(summary, {
    received: 1200,
    delivered: 1200,
    discarded: 0,
    deadLettered: 0,
    failed: 0,
    inFlight: 0,
  });
});

scenario("agent delivers lines to a file as they are written", async (space) => {
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  const writer = new LineWriter("w");
  writer.append(space.log(), 1000);
  const agent = space.start();
  await space.untilDelivered(agent, [writer], delivered);
  writer.append(space.log(), 500);
  await space.complete(agent, [writer], { delivered });
  const { summary } = await agent.ended();
  assert.deepEqual(summary, {
    received: 1500,
    delivered: 1500,
    discarded: 0,
    deadLettered: 0,
    failed: 0,
    inFlight: 0,
  });
  assert.equal(agent.stdout.length, 0, "nothing but events belongs on stdout, and those go to the file");
});

scenario("agent takes the path of a file output beside its type", async (space) => {
  const { delivered } = space.fileOutput();
  space.configure({ output: { type: "file", path: delivered.path } });
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  await space.once();
  assertDelivered(delivered.bytes(), [writer]);
}, { ways: "watching" });

scenario("agent passes lines to stdout byte for byte", async (space) => {
  const bytes = awkwardBytes();
  Deno.writeFileSync(space.log(), bytes);
  const agent = await space.once();
  assert.deepEqual(Buffer.from(agent.stdout.bytes()), Buffer.from(bytes));
}, { ways: "watching" });

scenario("agent passes lines to a file byte for byte", async (space) => {
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  const bytes = awkwardBytes();
  Deno.writeFileSync(space.log(), bytes);
  await space.once();
  assert.deepEqual(Buffer.from(delivered.bytes()), Buffer.from(bytes));
}, { ways: "watching" });

scenario("agent reads to the end with --once, and finds nothing new the second time", async (space) => {
  const writers = Array.from({ length: 20 }, (_, index) => new LineWriter(`w${index}`));
  for (const writer of writers) writer.append(space.log(`${writer.name}.log`), 200);
  const first = await space.once();
  assertDelivered(first.stdout.bytes(), writers);
  const second = await space.once();
  assert.equal(second.stdout.length, 0);
  writers[3]?.append(space.log("w3.log"), 5);
  const third = await space.once();
  assert.equal(third.stdout.lines, 5);
});

scenario("agent with --once and no file at all ends well", async (space) => {
  const agent = await space.once();
  assert.equal(agent.stdout.length, 0);
}, { ways: "watching" });

scenario("agent writes one file for each source where the path says so", async (space) => {
  space.configure({ output: { type: "file", path: space.path("out/%Y/{{ source }}.log") } });
  const writers = [new LineWriter("a"), new LineWriter("b")];
  for (const writer of writers) writer.append(space.log(`${writer.name}.log`), 100);
  await space.once();
  for (const writer of writers) {
    const year = String(new Date().getUTCFullYear());
    const found = filesBelow(space.path("out", year)).filter((path) =>
      path.endsWith(`_${writer.name}.log.log`)
    );
    assert.equal(found.length, 1, `one file for ${writer.name} in ${filesBelow(space.path("out"))}`);
    assertDelivered(Deno.readFileSync(found[0] ?? ""), [writer]);
  }
}, { ways: "watching" });

scenario("agent rotates and compresses the file it writes without losing a line", async (space) => {
  const keys = { max_size: "64KiB", max_files: 100, compress: true };
  const { output, delivered } = space.fileOutput("all.log", keys);
  space.configure({ output });
  const writer = new LineWriter("w");
  const agent = space.start();
  const load = space.load(5000, (lines) => writer.append(space.log(), lines));
  await agent.until("some rotations", () => filesBelow(space.path("out")).length > 4);
  await load.stop();
  await agent.until("the file to be there", () => delivered.lines > 0);
  await agent.terminate();
  const parts = filesBelow(space.path("out")).map((path) => {
    const bytes = Deno.readFileSync(path);
    return path.endsWith(".gz") ? new Uint8Array(gunzipSync(bytes)) : bytes;
  });
  assertDelivered(Buffer.concat(parts), [writer], { disorder: true });
  assert.ok(
    filesBelow(space.path("out")).some((path) => path.endsWith(".gz")),
    "closed files are compressed",
  );
}, { ways: "watching" });

scenario("agent keeps one writer's lines in order through thousands of small writes", async (space) => {
  const writers = [new LineWriter("a"), new LineWriter("b"), new LineWriter("c")];
  const agent = space.start();
  const loads = writers.map((writer) =>
    space.load(2000, (lines) => writer.append(space.log(`${writer.name}.log`), lines))
  );
  await agent.until("8000 lines", () => agent.stdout.lines > 8000);
  for (const load of loads) await load.stop();
  await space.complete(agent, writers);
});
