import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { filesBelow } from "../support/delivered.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";
import type { Workspace } from "../support/workspace.ts";

/** The database among the files of the checkpoint directory. */
function databaseOf(space: Workspace): string {
  const found = filesBelow(space.checkpoints).filter((path) =>
    Buffer.from(Deno.readFileSync(path)).subarray(0, 15).toString("latin1") === "SQLite format 3"
  );
  assert.equal(found.length, 1, `one database in ${filesBelow(space.checkpoints)}`);
  return found[0] ?? "";
}

function overwrite(path: string, at: number, length: number): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(crypto.getRandomValues(new Uint8Array(length)));
}

const DAMAGES: readonly (readonly [name: string, damage: (path: string) => void])[] = [
  ["is garbage", (path) => Deno.writeFileSync(path, crypto.getRandomValues(new Uint8Array(20_000)))],
  ["has overwritten pages", (path) => {
    const pages = Math.floor(Deno.statSync(path).size / 4096);
    for (let page = 1; page < Math.min(pages, 13); page++) overwrite(path, page * 4096, 4096);
  }],
  ["is cut in the middle", (path) => Deno.truncateSync(path, Math.floor(Deno.statSync(path).size / 2))],
  ["is empty", (path) => Deno.truncateSync(path, 0)],
  ["is gone", (path) => Deno.removeSync(path)],
  ["is a directory", (path) => {
    Deno.removeSync(path);
    Deno.mkdirSync(path);
  }],
];

for (const [name, damage] of DAMAGES) {
  scenario(`agent starts, says so, and loses no line when the checkpoint database ${name}`, async (space) => {
    const writers = Array.from({ length: 30 }, (_, index) => new LineWriter(`w${index}`));
    for (const writer of writers) writer.append(space.log(`${writer.name}.log`), 100);
    const outputs = [(await space.once()).stdout.bytes()];
    damage(databaseOf(space));
    for (const writer of writers) writer.append(space.log(`${writer.name}.log`), 10);
    const second = space.start({ once: true });
    second.expectError(/checkpoint/);
    assert.equal((await second.ended()).code, 0, second.tail());
    outputs.push(second.stdout.bytes());
    // The snapshot of a clean stop is complete.
    assertDelivered(Buffer.concat(outputs), writers);
    assert.ok(
      second.log.some((entry) => ["warn", "error"].includes(entry.level) && /checkpoint/.test(entry.line)),
      "the log tells of it",
    );
    const third = await space.once();
    assert.equal(third.stdout.length, 0, "the rebuilt database works");
  }, { ways: "watching" });
}

scenario(
  "agent starts over, and says that it lost its positions, when database and snapshots are damaged",
  async (space) => {
    const writer = new LineWriter("w");
    writer.append(space.log(), 100);
    await space.once();
    for (const path of filesBelow(space.checkpoints)) {
      Deno.writeFileSync(
        path,
        crypto.getRandomValues(new Uint8Array(9000)),
      );
    }
    writer.append(space.log(), 100);
    const second = space.start({ once: true });
    second.expectError(/checkpoint/);
    assert.equal((await second.ended()).code, 0, second.tail());
    assertDelivered(second.stdout.bytes(), [writer]);
    assert.ok(second.log.some((entry) => entry.level === "error"), "lost positions are an ERROR");
  },
  { ways: "watching" },
);

scenario("agent does not cut its file back when the positions are lost", async (space) => {
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  await space.once();
  Deno.removeSync(space.log());
  for (const path of filesBelow(space.checkpoints)) {
    Deno.writeFileSync(path, crypto.getRandomValues(new Uint8Array(9000)));
  }
  writer.append(space.log("b.log"), 100);
  const second = space.start({ once: true });
  second.expectError(/checkpoint/);
  assert.equal((await second.ended()).code, 0, second.tail());
  assertDelivered(delivered.bytes(), [writer]);
}, { ways: "watching" });

scenario("agent notices that its database was deleted, and loses nothing", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const agent = space.start();
  agent.expectError(/checkpoint/);
  await space.untilDelivered(agent, [writer]);
  await agent.until("a database", () => filesBelow(space.checkpoints).length > 0);
  const database = databaseOf(space);
  for (const path of filesBelow(space.checkpoints)) if (path.startsWith(database)) Deno.removeSync(path);
  const load = space.load(500, (lines) => writer.append(space.log(), lines));
  await agent.untilLog(/checkpoint.*(gone|deleted|removed|replaced|missing)/i, { within: 30_000 });
  await load.stop();
  await space.complete(agent, [writer]);
  const again = await space.once();
  assert.equal(again.stdout.length, 0, "the positions were saved after all");
}, { ways: "watching" });

scenario("agent loses no more than doubles when its database was deleted and it is killed", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  await agent.until("a database", () => filesBelow(space.checkpoints).some((path) => path.endsWith(".kv")));
  Deno.removeSync(space.checkpoints, { recursive: true });
  writer.append(space.log(), 100);
  await space.untilDelivered(agent, [writer]);
  await agent.kill();
  writer.append(space.log(), 100);
  const second = space.start({ once: true });
  second.expectError(/checkpoint/);
  assert.equal((await second.ended()).code, 0, second.tail());
  const all = Buffer.concat([agent.stdout.bytes(), second.stdout.bytes()]);
  assertDelivered(all, [writer], { duplicates: 200 });
}, { ways: "watching" });

scenario("second agent on the same checkpoint directory refuses to start", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const first = space.start();
  await space.untilDelivered(first, [writer]);
  const second = space.start();
  second.expectError(/checkpoints/);
  const { code } = await second.ended();
  assert.equal(code, 1);
  assert.match(second.stderr, /Cannot use .*checkpoints.*(another agent|is using)/);
  assert.match(second.stderr, new RegExp(String(first.pid)), "it names the process that has it");
  assert.equal(second.stdout.length, 0);
  writer.append(space.log(), 100);
  await space.complete(first, [writer]);
  const third = await space.once();
  assert.equal(third.stdout.length, 0);
}, { ways: "watching" });

scenario("agent creates the checkpoint directory, and says why when it cannot", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  space.configure({ files: { checkpoint_path: space.path("new/deep/checkpoints") } });
  assertDelivered((await space.once()).stdout.bytes(), [writer]);
  Deno.writeTextFileSync(space.path("file"), "");
  space.configure({ files: { checkpoint_path: join(space.path("file"), "checkpoints") } });
  const agent = space.start({ once: true });
  agent.expectError(/checkpoint/);
  assert.equal((await agent.ended()).code, 1);
  assert.match(agent.stderr, /Cannot .*file\/checkpoints/);
}, { ways: "watching" });

scenario("agent lists and resets positions from the command line", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  await space.once();
  const list = await space.command("checkpoints", "list", "--config", space.config);
  assert.match(list.stdout.text(), /app\.log/);
  const reset = await space.command("checkpoints", "reset", "--config", space.config, space.log());
  assert.equal((await reset.ended()).code, 0, reset.tail());
  assertDelivered((await space.once()).stdout.bytes(), [writer]);
}, { ways: "watching" });
