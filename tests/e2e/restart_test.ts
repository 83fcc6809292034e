import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { copyAndTruncate, renameAndCreate, type RotationOptions } from "../support/rotator.ts";
import { scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";

/** How an agent starts and stops does not depend on how it looks at files. */
const WATCHING = { ways: "watching" } as const;

const WAYS: readonly (readonly [
  name: string,
  rotate: (path: string, options: RotationOptions) => void,
  options: RotationOptions,
])[] = [
  ["renamed", renameAndCreate, {}],
  ["renamed and compressed", renameAndCreate, { compress: true }],
  ["renamed and compressed later", renameAndCreate, { delayCompress: true }],
  ["copied and emptied", copyAndTruncate, {}],
  ["copied, emptied and compressed", copyAndTruncate, { compress: true }],
];

for (const [name, rotate, options] of WAYS) {
  scenario(
    `agent goes on after a restart with one rotation meanwhile, and with three: ${name}`,
    async (space) => {
      const writer = new LineWriter("w");
      writer.append(space.log(), 100);
      const outputs = [(await space.once()).stdout.bytes()];
      for (const rotations of [1, 3]) {
        for (let rotation = 0; rotation < rotations; rotation++) {
          writer.append(space.log(), 60 + 30 * rotation);
          rotate(space.log(), { keep: 20, ...options });
          // Times of modification tell the order of copies.
          await pause(8);
        }
        writer.append(space.log(), 200);
        outputs.push((await space.once()).stdout.bytes());
      }
      assertDelivered(Buffer.concat(outputs), [writer]);
      const last = await space.once();
      assert.equal(last.stdout.length, 0, "a restart with nothing new delivers nothing");
    },
    WATCHING,
  );
}

scenario(
  "agent killed before it saved a position in a file finds it under another name and compressed",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    space.configure({ output, files: { checkpoint_interval: "60s" } });
    const writer = new LineWriter("w");
    writer.append(space.log(), 50);
    await space.once();
    const agent = space.start();
    renameAndCreate(space.log());
    for (let part = 0; part < 2; part++) {
      writer.append(space.log(), 50);
      await space.untilDelivered(agent, [writer], delivered);
    }
    await agent.kill();
    renameAndCreate(space.log(), { compress: true });
    writer.append(space.log(), 50);
    await space.once();
    assertDelivered(delivered.bytes(), [writer]);
  },
  WATCHING,
);

scenario("agent that knows a file only empty finds its first lines under another name", async (space) => {
  for (const [name, options] of [["plain.log", {}], ["compressed.log", { compress: true }]] as const) {
    const writer = new LineWriter("w");
    writer.append(space.log(name), 0);
    await space.once();
    writer.append(space.log(name), 50);
    renameAndCreate(space.log(name), options);
    writer.append(space.log(name), 50);
    assertDelivered((await space.once()).stdout.bytes(), [writer]);
  }
}, WATCHING);

scenario("agent goes on where it stopped when it is stopped and started again and again", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 1000);
  const outputs: Uint8Array[] = [];
  const load = space.load(3000, (lines) => writer.append(space.log(), lines));
  for (let round = 0; round < 4; round++) {
    const agent = space.start();
    await agent.until("some lines", () => agent.stdout.lines > 500);
    const { code } = await agent.terminate();
    assert.equal(code, 0);
    outputs.push(agent.stdout.bytes());
  }
  await load.stop();
  outputs.push((await space.once()).stdout.bytes());
  assertDelivered(Buffer.concat(outputs), [writer]);
}, WATCHING);

scenario("agent goes on after restarts while files are renamed under load", async (space) => {
  const writer = new LineWriter("w");
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  writer.append(space.log(), 100);
  await space.once();
  let turn = 0;
  const load = space.load(3000, (lines) => {
    writer.append(space.log(), lines);
    if (++turn % 20 === 0) renameAndCreate(space.log(), { keep: 200 });
  });
  for (let round = 0; round < 3; round++) {
    const agent = space.start();
    const before = delivered.lines;
    await agent.until("some lines", () => delivered.lines > before + 300);
    assert.equal((await agent.terminate()).code, 0);
    await pause(150);
  }
  await load.stop();
  await space.once();
  assertDelivered(delivered.bytes(), [writer]);
}, { ways: "polling" });

scenario("agent finds a file again that was moved and renamed while it was down", async (space) => {
  space.configure({ files: { paths: [space.path("logs/**/*.log")] } });
  const writer = new LineWriter("w");
  writer.append(space.log("a.log"), 100);
  const outputs = [(await space.once()).stdout.bytes()];
  Deno.mkdirSync(space.log("deeper"));
  Deno.renameSync(space.log("a.log"), space.log("deeper/b.log"));
  writer.append(space.log("deeper/b.log"), 20);
  outputs.push((await space.once()).stdout.bytes());
  // A backup that is put back: another inode, the same contents.
  const bytes = Deno.readFileSync(space.log("deeper/b.log"));
  Deno.writeFileSync(space.log("copy"), bytes);
  Deno.removeSync(space.log("deeper/b.log"));
  Deno.renameSync(space.log("copy"), space.log("deeper/b.log"));
  writer.append(space.log("deeper/b.log"), 20);
  outputs.push((await space.once()).stdout.bytes());
  assertDelivered(Buffer.concat(outputs), [writer]);
}, WATCHING);

scenario("agent reads files with the same head each from its own place", async (space) => {
  const banner = Buffer.from(`${"# a banner that all files share ".repeat(60)}\n`);
  const writers = Array.from({ length: 20 }, (_, index) => new LineWriter(`w${index}`));
  for (const writer of writers) {
    Deno.writeFileSync(space.log(`${writer.name}.log`), banner);
    writer.append(space.log(`${writer.name}.log`), 10);
  }
  const outputs = [(await space.once()).stdout.bytes()];
  for (const writer of writers) writer.append(space.log(`${writer.name}.log`), 10);
  outputs.push((await space.once()).stdout.bytes());
  const text = Buffer.concat(outputs).toString("latin1");
  const rest = text.replaceAll(banner.toString("latin1"), "");
  assert.equal(text.length - rest.length, 20 * banner.length, "each banner came once");
  assertDelivered(Buffer.from(rest, "latin1"), writers);
}, WATCHING);

scenario("agent keeps what somebody else wrote to its file output while it was down", async (space) => {
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  const [ours, theirs] = [new LineWriter("ours"), new LineWriter("theirs")];
  const path = space.path("out", "all.log");
  for (let round = 0; round < 2; round++) {
    ours.append(space.log(), 100);
    const agent = space.start();
    await space.untilDelivered(agent, [ours], delivered);
    await agent.terminate();
    theirs.append(path, 10);
  }
  // After a kill only what is its own is cut off.
  const killed = space.start();
  ours.append(space.log(), 100);
  await space.untilDelivered(killed, [ours], delivered);
  await killed.kill();
  await space.once();
  assertDelivered(delivered.bytes(), [ours, theirs]);
  const said = space.agents.map(({ log }) =>
    log.filter(({ message }) => message.includes("somebody else")).length
  );
  assert.deepEqual(said, [0, 1, 1, 0]);
}, WATCHING);
