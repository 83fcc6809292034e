import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LineWriter } from "../support/line_writer.ts";
import { startLoadProcess } from "../support/load_process.ts";
import { assertDelivered, countLines, wholeLines } from "../support/oracle.ts";
import { copyAndTruncate, HeldLog, renameAndCreate } from "../support/rotator.ts";
import { LONG, scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const KILLS = LONG ? 200 : 20;
const FEW_KILLS = LONG ? 100 : 8;
const LINES_PER_SECOND = 5000;

/** Starts and kills the agent at moments that differ each time, from before its first line to well under way. */
async function killRepeatedly(space: Workspace, kills: number): Promise<Uint8Array[]> {
  const outputs: Uint8Array[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const agent = space.start();
    await pause(100 + 600 * Math.random());
    await agent.kill();
    outputs.push(wholeLines(agent.stdout.bytes()));
  }
  return outputs;
}

/** Lets the agent see a file once. What was rotated away before it ever looked is not its concern. */
async function acquaint(space: Workspace, writer: LineWriter): Promise<void> {
  writer.append(space.log(), 10);
  await space.once();
}

/** What may be delivered twice: what came between the last checkpoint and the kill. */
function assertBoundedDoubles(duplicates: number, outputs: readonly Uint8Array[]): void {
  // No kill can double more than what the killed process had delivered.
  const bound = outputs.reduce((sum, output) => sum + Math.min(countLines(output), LINES_PER_SECOND), 0);
  assert.ok(duplicates <= bound, `${duplicates} lines came twice, ${bound} may`);
}

scenario("agent killed again and again under load leaves each line once in its file", async (space) => {
  const { output, delivered } = space.fileOutput();
  space.configure({ output });
  const writers = [new LineWriter("a"), new LineWriter("b")];
  const loads = writers.map((writer) =>
    space.load(LINES_PER_SECOND / 2, (lines) => writer.append(space.log(`${writer.name}.log`), lines))
  );
  await killRepeatedly(space, KILLS);
  for (const load of loads) await load.stop();
  await space.once();
  assertDelivered(delivered.bytes(), writers);
}, { ways: "watching" });

scenario(
  "agent killed again and again while files are renamed leaves each line once in its file",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    space.configure({ output });
    const writer = new LineWriter("w");
    await acquaint(space, writer);
    let turn = 0;
    const load = space.load(LINES_PER_SECOND, (lines) => {
      writer.append(space.log(), lines);
      if (++turn % 25 === 0) renameAndCreate(space.log(), { keep: LONG ? 5000 : 500 });
    });
    await killRepeatedly(space, FEW_KILLS);
    await load.stop();
    await space.once();
    assertDelivered(delivered.bytes(), [writer]);
  },
);

scenario(
  "agent killed again and again while files are copied and emptied leaves each line once in its file",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    space.configure({ output });
    const writer = new LineWriter("w");
    using log = new HeldLog(space.log());
    await acquaint(space, writer);
    let turn = 0;
    const load = space.load(LINES_PER_SECOND, (lines) => {
      log.write(writer, lines);
      if (++turn % 60 === 0) copyAndTruncate(space.log(), { keep: LONG ? 5000 : 500 });
    });
    await killRepeatedly(space, FEW_KILLS);
    await load.stop();
    await space.once();
    assertDelivered(delivered.bytes(), [writer]);
  },
);

scenario(
  "agent killed again and again misses nothing on stdout, and doubles only what was not yet saved",
  async (space) => {
    const writer = new LineWriter("w");
    const load = space.load(LINES_PER_SECOND, (lines) => writer.append(space.log(), lines));
    const outputs = await killRepeatedly(space, FEW_KILLS);
    await load.stop();
    const last = await space.once();
    const verdict = assertDelivered(Buffer.concat([...outputs, last.stdout.bytes()]), [writer], {
      duplicates: Infinity,
    });
    assertBoundedDoubles(verdict.duplicates, outputs);
  },
);

scenario(
  "agent killed while it catches up with a backlog leaves each line once in its file",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    space.configure({ output });
    const writer = new LineWriter("w", { minimum: 100, maximum: 300 });
    for (let part = 0; part < 10; part++) writer.append(space.log(), 20_000);
    await killRepeatedly(space, LONG ? 40 : 5);
    await space.once();
    assertDelivered(delivered.bytes(), [writer]);
  },
  { ways: "watching" },
);

scenario(
  "agent killed while a process writes to three files leaves each line once in its file",
  async (space) => {
    const { output, delivered } = space.fileOutput("all.log", { fsync: "never" });
    space.configure({ output });
    const processes = ["p", "q", "r"].map((name) => startLoadProcess(space.log(`${name}.log`), name, 2000));
    await killRepeatedly(space, FEW_KILLS);
    const written = [];
    for (const process of processes) written.push({ name: process.name, written: await process.stop() });
    await space.once();
    assertDelivered(delivered.bytes(), written);
  },
  { ways: "watching" },
);

scenario("agent killed in the middle of writing many files leaves each line once", async (space) => {
  space.configure({ output: { type: "file", path: space.path("out/{{ source }}") } });
  const writers = Array.from({ length: 10 }, (_, index) => new LineWriter(`w${index}`));
  const load = space.load(LINES_PER_SECOND, (lines) => {
    for (const writer of writers) writer.append(space.log(`${writer.name}.log`), Math.ceil(lines / 10));
  });
  await killRepeatedly(space, FEW_KILLS);
  await load.stop();
  await space.once();
  const all = [...Deno.readDirSync(space.path("out"))].map((entry) =>
    Deno.readFileSync(space.path("out", entry.name))
  );
  assertDelivered(Buffer.concat(all), writers);
}, { ways: "watching" });
