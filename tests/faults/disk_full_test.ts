import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LetterArchive } from "../../src/delivery/letter_archive.ts";
import { appendJson, DeliveredMessages } from "../support/event_lines.ts";
import { ArrivedLetters, FaultyHttp, numbersIn } from "../support/faulty_destination.ts";
import { summariesIn } from "../support/ledger.ts";
import { LineWriter } from "../support/line_writer.ts";
import { assertDelivered, countLines } from "../support/oracle.ts";
import { BATCH, Ordeal } from "../support/ordeal.ts";
import { scenario } from "../support/scenario.ts";
import { hasSmallDisks, onSmallDisk, SmallDisk } from "../support/tmpfs.ts";
import type { AgentProcess } from "../support/agent_process.ts";
import type { Workspace } from "../support/workspace.ts";

function onFullDisk(name: string, body: (space: Workspace) => Promise<void>): void {
  scenario(onSmallDisk(name), body, { ways: "watching", needs: hasSmallDisks });
}

/** How often an agent has said something. */
function said({ log }: AgentProcess, pattern: RegExp): number {
  return log.filter(({ line }) => pattern.test(line)).length;
}

onFullDisk(
  "agent whose log fills its disk waits, says so once, and goes on when there is room",
  async (space) => {
    const full = /Cannot write to .*\/wal\//;
    const disk = SmallDisk.mount(space, space.path("wal"), "2m");
    await using destination = new FaultyHttp(() => ({ status: 503 }));
    const ordeal = new Ordeal(space, { trials: { remote: { destination } }, isDurable: true });
    const [trial] = ordeal.trials;
    ordeal.write();
    await ordeal.misbehave();
    disk.fill(40_000);
    ordeal.write(1000);
    await ordeal.agent.untilLog(full);
    ordeal.write();
    await ordeal.untilMet();
    assert.equal(said(ordeal.agent, full), 1);
    disk.free();
    await ordeal.agent.untilLog(/Writing to .* again after/);

    disk.fill();
    ordeal.write(1000);
    await ordeal.agent.untilLog(full, { skip: 1 });
    trial!.versions.transforms = "2";
    await ordeal.reload();
    ordeal.write();
    await ordeal.stop();

    await ordeal.start();
    ordeal.write();
    await ordeal.agent.untilLog(full);
    await ordeal.untilMet();
    await ordeal.kill();

    // What is delivered makes the room that the rest needs.
    await ordeal.start();
    await ordeal.agent.untilLog(full);
    await destination.recover();
    await ordeal.complete();
  },
);

for (const isDurable of [false, true]) {
  const buffer = isDurable ? "a log" : "a buffer in memory";
  onFullDisk(
    `agent whose dead letters fill their disk holds back what it cannot keep, with ${buffer}`,
    async (space) => {
      const full = /Cannot keep dead letters in /;
      const disk = SmallDisk.mount(space, space.path("dead"), "1m");
      await using destination = new FaultyHttp((request) => {
        const numbers = numbersIn(request);
        return { status: numbers.every((n) => n % 10 !== 0) ? 200 : numbers.length > 1 ? 413 : 422 };
      });
      const ordeal = new Ordeal(space, {
        trials: { remote: { fault: { refuses: true }, destination } },
        isDurable,
      });
      const [trial] = ordeal.trials;
      ordeal.write();
      await ordeal.misbehave();
      disk.fill();
      // There may be room for some in the last page.
      ordeal.write(1000);
      await ordeal.agent.untilLog(full);
      ordeal.write();
      const { length } = await trial!.arrivals();
      assert.ok(length < trial!.writer.written, "what is behind them waits");
      ordeal.agent.askForSummary();
      await ordeal.agent.until("its ledger", () => summariesIn(ordeal.agent.log).length > 0);
      assert.equal(said(ordeal.agent, full), 1);
      disk.free();
      await ordeal.agent.untilLog(/Dead letters are kept in .* again/);
      await ordeal.untilDelivered();

      disk.fill();
      ordeal.write(1000);
      await ordeal.agent.untilLog(full, { skip: 1 });
      trial!.allowed += BATCH;
      await ordeal.stop();

      await ordeal.start();
      ordeal.write();
      await ordeal.agent.untilLog(full);
      await ordeal.kill();

      await ordeal.start();
      await ordeal.agent.untilLog(full);
      disk.free();
      await ordeal.complete();
      const letters = await new ArrivedLetters(space.path("dead"), "remote").arrivals();
      assert.deepEqual(new Set(letters.map(({ n }) => n % 10)), new Set([0]));
    },
  );
}

onFullDisk("agent whose unparsed records fill the disk of dead letters waits, and goes on", async (space) => {
  const full = /Cannot keep dead letters in /;
  const disk = SmallDisk.mount(space, space.path("dead"), "1m");
  const { output, delivered } = space.fileOutput();
  space.configure({
    output,
    rest: {
      parser: { type: "json", on_error: "dead_letter" },
      dead_letter: { enabled: true, dir: space.path("dead") },
      shutdown_timeout: "500ms",
    },
  });
  const [good, bad] = [new LineWriter("good"), new LineWriter("bad", { maximum: 100 })];
  const write = () => {
    for (let round = 0; round < 100; round++) {
      appendJson(space.log(), good, 3);
      bad.append(space.log(), 2);
    }
  };
  const lettersOf = async () => {
    await using archive = new LetterArchive(space.path("dead"));
    const letters = await Array.fromAsync(archive.letters());
    return Buffer.concat(letters.map(({ letter }) => Buffer.from(letter?.record ?? [])));
  };
  disk.fill();
  write();
  const first = space.start();
  await first.untilLog(full);
  assert.equal((await first.terminate()).code, 0, first.tail());
  write();
  const second = space.start();
  await second.untilLog(full);
  await second.kill();
  const third = space.start();
  await third.untilLog(full);
  disk.free();
  await third.until("all letters", async () => countLines(await lettersOf()) >= bad.written);
  await space.complete(third, [good], { delivered: new DeliveredMessages(delivered) });
  assertDelivered(await lettersOf(), [bad]);
});

onFullDisk(
  "agent whose checkpoints fill their disk delivers all the same, and saves them when there is room",
  async (space) => {
    const full = /Cannot save checkpoints in /;
    const disk = SmallDisk.mount(space, space.checkpoints, "8m");
    await using destination = new FaultyHttp(() => ({ status: 503 }));
    const ordeal = new Ordeal(space, { trials: { remote: { destination } }, isDurable: false });
    const [trial] = ordeal.trials;
    ordeal.agent.expectError(full);
    ordeal.write();
    await ordeal.untilDelivered();
    disk.fill();
    ordeal.write();
    await ordeal.untilDelivered();
    await ordeal.agent.untilLog(full);
    ordeal.write();
    await ordeal.untilDelivered();
    assert.equal(said(ordeal.agent, full), 1);
    disk.free();
    await ordeal.agent.untilLog(/Checkpoints are saved again in /);

    disk.fill();
    ordeal.write();
    await ordeal.untilDelivered();
    await ordeal.agent.untilLog(full, { skip: 1 });
    await ordeal.kill();

    await ordeal.start();
    ordeal.agent.expectError(full);
    ordeal.write();
    await ordeal.untilDelivered();
    await ordeal.agent.untilLog(full);
    await ordeal.stop();
    await trial!.allowUnsaved();

    await ordeal.start();
    ordeal.agent.expectError(full);
    await destination.misbehave();
    ordeal.write();
    await ordeal.untilMet();
    disk.free();
    await destination.recover();
    await ordeal.complete();
    const { summary } = await (await space.once()).ended();
    assert.equal(summary?.received, 0, "the positions are saved");
  },
);

onFullDisk(
  "agent killed while its checkpoints fill their disk leaves each line once in its file",
  async (space) => {
    const full = /Cannot save checkpoints in /;
    const disk = SmallDisk.mount(space, space.checkpoints, "8m");
    const { output, delivered } = space.fileOutput();
    space.configure({ output });
    const [known, fresh] = [new LineWriter("known"), new LineWriter("fresh")];
    const write = () => known.append(space.log("known.log"), 500);
    write();
    const first = space.start();
    first.expectError(full);
    await space.untilDelivered(first, [known], delivered);
    disk.fill();
    write();
    await first.untilLog(full);
    await space.untilDelivered(first, [known], delivered);
    await first.kill();
    write();
    const second = space.start();
    second.expectError(full);
    await space.untilDelivered(second, [known], delivered);
    // What a file is has to be saved before its first line leaves.
    fresh.append(space.log("fresh.log"), 100);
    await second.untilLog(/Cannot save the positions of new files/);
    assertDelivered(delivered.bytes(), [known]);
    await second.kill();
    const third = space.start();
    third.expectError(full);
    await third.untilLog(full);
    disk.free();
    await space.complete(third, [known, fresh], { delivered });
  },
);
