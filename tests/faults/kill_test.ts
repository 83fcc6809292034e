import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LineWriter } from "../support/line_writer.ts";
import { startLoadProcess } from "../support/load_process.ts";
import { assertDelivered, countLines, judge, wholeLines } from "../support/oracle.ts";
import { copyAndTruncate, HeldLog, renameAndCreate } from "../support/rotator.ts";
import { savedLines } from "../support/saved_lines.ts";
import { LONG, scenario } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

const KILLS = LONG ? 200 : 12;
const FEW_KILLS = LONG ? 100 : 5;
const LINES_PER_SECOND = 5000;

/**
 * Starts and kills the agent at a moment from before its first line to well under way, or always behind its first line
 * on stdout; what it wrote there.
 */
async function startAndKill(space: Workspace, behindFirstLine = false): Promise<Uint8Array> {
  const agent = space.start();
  if (behindFirstLine) await agent.until("the first line", () => agent.stdout.lines > 0);
  await pause(behindFirstLine ? 400 * Math.random() : 100 + 600 * Math.random());
  await agent.kill();
  return wholeLines(agent.stdout.bytes());
}

async function killRepeatedly(space: Workspace, kills: number): Promise<void> {
  for (let kill = 0; kill < kills; kill++) await startAndKill(space);
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

/** Lets the agent see a file once. What was rotated away before it ever looked is not its concern. */
async function acquaint(space: Workspace, writer: LineWriter): Promise<void> {
  writer.append(space.log(), 10);
  await space.once();
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
  "agent killed again and again misses nothing on stdout, and doubles exactly what was not yet saved",
  async (space) => {
    const writer = new LineWriter("w");
    writer.append(space.log(), 10);
    const outputs = [(await space.once()).stdout.bytes()];
    const load = space.load(LINES_PER_SECOND, (lines) => writer.append(space.log(), lines));
    let unsaved = 0, doubles = 0;
    const count = (output: Uint8Array) => {
      // It begins behind the saved position, so first of all comes what was delivered and not saved.
      doubles += Math.min(countLines(output), unsaved);
      outputs.push(output);
      const { arrived, duplicates } = judge(Buffer.concat(outputs), [writer]);
      assert.equal(duplicates, doubles, "lines came twice that were saved, or were not those that follow");
      return arrived - duplicates;
    };
    for (let kill = 0; kill < FEW_KILLS; kill++) {
      const delivered = count(await startAndKill(space, kill % 2 === 1));
      const saved = await savedLines(space);
      assert.ok(saved <= delivered, `${saved} lines are saved, ${delivered} were delivered`);
      unsaved = delivered - saved;
    }
    await load.stop();
    count((await space.once()).stdout.bytes());
    assertDelivered(Buffer.concat(outputs), [writer], { duplicates: doubles });
  },
  { ways: "watching" },
);

scenario(
  "agent killed while it catches up with a backlog leaves each line once in its file",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    space.configure({ output, files: { checkpoint_interval: "20ms" } });
    const writer = new LineWriter("w", { minimum: 900, maximum: 1100 });
    for (let part = 0; part < 10; part++) writer.append(space.log(), 4_000);
    const { size } = Deno.statSync(space.log());
    const kills = LONG ? 40 : 5;
    let halfway = 0;
    for (let kill = 1; kill <= kills; kill++) {
      const agent = space.start();
      await agent.until("a part of it", () => sizeOf(delivered.path) > size * kill / (kills + 1));
      await agent.kill();
      if (sizeOf(delivered.path) < size) halfway++;
    }
    assert.ok(halfway > 0, "no kill came before all was delivered");
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
