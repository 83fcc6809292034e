import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { LineWriter, writeAll } from "../support/line_writer.ts";
import { makeDirectory } from "../support/machine.ts";
import { assertDelivered } from "../support/oracle.ts";
import { scenario, type ScenarioOptions } from "../support/scenario.ts";
import { copyAndTruncate, HeldLog, renameAndCreate, type RotationOptions } from "../support/rotator.ts";
import { pause } from "../support/wait.ts";
import type { Workspace } from "../support/workspace.ts";

interface Kind {
  readonly name: string;
  /** Where the copy is, and what it is called, does not depend on how the agent looks at files. */
  readonly ways?: ScenarioOptions["ways"];
  readonly options?: (space: Workspace) => RotationOptions;
}

const KINDS: readonly Kind[] = [
  { name: "app.log.1" },
  { name: "app.log-20261122", ways: "polling", options: () => ({ suffix: "-20261122" }) },
  { name: "app.log.1.gz", options: () => ({ compress: true }) },
  {
    name: "app.log-20261122.gz",
    ways: "watching",
    options: () => ({ suffix: "-20261122", compress: true }),
  },
  {
    name: "another directory",
    ways: "polling",
    options: (space) => ({ directory: makeDirectory(space.path("old")) }),
  },
];

for (const { name, options, ways = "both" } of KINDS) {
  scenario(`agent reads the rest of a copied and emptied file from its copy: ${name}`, async (space) => {
    if (name === "another directory") space.configure({ files: { copies_directory: space.path("old") } });
    const writer = new LineWriter("w");
    using log = new HeldLog(space.log());
    log.write(writer, 300);
    const agent = space.start();
    await space.untilDelivered(agent, [writer]);
    agent.freeze();
    log.write(writer, 200);
    copyAndTruncate(space.log(), options?.(space));
    log.write(writer, 50);
    agent.thaw();
    await space.untilDelivered(agent, [writer]);
    log.write(writer, 50);
    await space.complete(agent, [writer]);
  }, { ways });

  scenario(`agent notices emptying when the file has grown past the old place: ${name}`, async (space) => {
    if (name === "another directory") space.configure({ files: { copies_directory: space.path("old") } });
    const writer = new LineWriter("w");
    using log = new HeldLog(space.log());
    log.write(writer, 100);
    const agent = space.start();
    await space.untilDelivered(agent, [writer]);
    agent.freeze();
    log.write(writer, 70);
    copyAndTruncate(space.log(), options?.(space));
    log.write(writer, 1000);
    agent.thaw();
    await space.complete(agent, [writer]);
  }, { ways });
}

for (const compress of [false, true]) {
  scenario(
    `agent puts several rotations between two looks together: ${compress ? "compressed" : "plain"}`,
    async (space) => {
      const writer = new LineWriter("w");
      using log = new HeldLog(space.log());
      log.write(writer, 100);
      const agent = space.start();
      await space.untilDelivered(agent, [writer]);
      for (let round = 0; round < 3; round++) {
        agent.freeze();
        for (let rotation = 0; rotation < 3; rotation++) {
          log.write(writer, 40 + 100 * rotation);
          copyAndTruncate(space.log(), { keep: 20, compress });
          await nextTick();
        }
        log.write(writer, 30);
        agent.thaw();
        await space.untilDelivered(agent, [writer]);
      }
      await space.finish(agent, [writer]);
    },
  );
}

scenario("agent finds copies of a file that it has only seen empty", async (space) => {
  const writer = new LineWriter("w"), other = new LineWriter("other");
  using log = new HeldLog(space.log());
  other.append(space.log("other.log"), 1);
  const agent = space.start();
  await space.untilDelivered(agent, [other]);
  for (let round = 0; round < 3; round++) {
    agent.freeze();
    log.write(writer, 50);
    copyAndTruncate(space.log(), { keep: 20 });
    await nextTick();
    log.write(writer, 50);
    copyAndTruncate(space.log(), { keep: 20 });
    await nextTick();
    log.write(writer, 200);
    agent.thaw();
    await space.untilDelivered(agent, [writer, other]);
    // Emptied with all read: again there is nothing that could tell the next generation from this one.
    copyAndTruncate(space.log(), { keep: 20 });
    await nextTick();
    other.append(space.log("other.log"), 1);
    await space.untilDelivered(agent, [writer, other]);
  }
  await space.finish(agent, [writer, other]);
});

scenario("agent notices rotations while it still reads the rest of the one before", async (space) => {
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let round = 0; round < 8; round++) {
    for (const wait of [5 + 10 * round, 0]) {
      agent.freeze();
      log.write(writer, 50);
      copyAndTruncate(space.log(), { keep: 50 });
      await nextTick();
      log.write(writer, 120);
      copyAndTruncate(space.log(), { keep: 50 });
      await nextTick();
      log.write(writer, 30);
      agent.thaw();
      await pause(wait);
    }
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
});

scenario("agent follows copying and emptying under load", async (space) => {
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 10);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  const load = space.load(20_000, (lines) => log.write(writer, lines));
  for (let rotation = 0; rotation < 20; rotation++) {
    await pause(80);
    copyAndTruncate(space.log(), { keep: 50 });
    await nextTick();
  }
  await load.stop();
  await space.complete(agent, [writer]);
});

scenario("agent reads nothing twice when the pattern matches the copies too", async (space) => {
  space.configure({ files: { paths: [space.path("logs/app.log*")] } });
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let rotation = 0; rotation < 5; rotation++) {
    agent.freeze();
    log.write(writer, 100);
    copyAndTruncate(space.log());
    log.write(writer, 30);
    agent.thaw();
    await space.untilDelivered(agent, [writer]);
    log.write(writer, 30);
    await space.untilDelivered(agent, [writer]);
    // All is read when this copy is made.
    copyAndTruncate(space.log());
    log.write(writer, 20);
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
  const again = await space.once();
  assert.equal(again.stdout.length, 0, "nothing is read again after a restart either");
});

scenario("agent waits for a copy that is still being compressed", async (space) => {
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  agent.freeze();
  log.write(writer, 2000);
  const whole = gzipSync(Deno.readFileSync(space.log()));
  Deno.truncateSync(space.log());
  log.write(writer, 10);
  using copy = Deno.openSync(space.log("app.log.1.gz"), { write: true, createNew: true });
  writeAll(copy, whole.subarray(0, whole.length / 2));
  agent.thaw();
  await pause(300);
  writeAll(copy, whole.subarray(whole.length / 2));
  await space.complete(agent, [writer]);
});

scenario("agent says so when a file was emptied and its rest is in no copy", async (space) => {
  const before = new LineWriter("before"), gone = new LineWriter("gone"), after = new LineWriter("after");
  using log = new HeldLog(space.log());
  log.write(before, 100);
  const agent = space.start();
  agent.expectError(/truncated|emptied|lost/i);
  await space.untilDelivered(agent, [before]);
  agent.freeze();
  log.write(gone, 20);
  Deno.truncateSync(space.log());
  log.write(after, 300);
  agent.thaw();
  await space.complete(agent, [before, after]);
  assert.ok(agent.log.some((entry) => /truncated|emptied/i.test(entry.line)), "the log tells of it");
});

scenario("agent reads a file from its start after it was emptied with all read", async (space) => {
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  const agent = space.start();
  agent.expectError(/truncated|emptied/i);
  for (let round = 0; round < 5; round++) {
    log.write(writer, 50);
    await space.untilDelivered(agent, [writer]);
    Deno.truncateSync(space.log());
  }
  log.write(writer, 50);
  await space.complete(agent, [writer]);
});

scenario(
  "agent passes over the hole that a writer without append mode leaves in an emptied file",
  async (space) => {
    const writer = new LineWriter("w");
    using file = Deno.openSync(space.log(), { write: true, create: true });
    writer.write(file, 200);
    const agent = space.start();
    await space.untilDelivered(agent, [writer]);
    agent.freeze();
    writer.write(file, 100);
    copyAndTruncate(space.log());
    writer.write(file, 100);
    agent.thaw();
    await agent.until("400 lines", () => agent.stdout.lines >= 400);
    await agent.terminate();
    const bytes = Buffer.from(agent.stdout.bytes());
    assertDelivered(bytes.filter((byte) => byte !== 0), [writer]);
  },
);

scenario(
  "agent with a log takes no generation for another one that it read before it was killed",
  async (space) => {
    const { output, delivered } = space.fileOutput();
    space.configure({
      output,
      files: { checkpoint_interval: "60s" },
      rest: { wal: { enabled: true, dir: space.path("wal"), sync_interval: "20ms" } },
    });
    const writer = new LineWriter("w");
    using log = new HeldLog(space.log());
    log.write(writer, 100);
    await space.once();
    const agent = space.start();
    await agent.untilLog(/Started/);
    copyAndTruncate(space.log());
    log.write(writer, 100);
    await space.untilDelivered(agent, [writer], delivered);
    // What was read of the second generation is in the log; the saved position still stands in the first.
    await pause(100);
    await agent.kill();
    log.write(writer, 10);
    copyAndTruncate(space.log());
    log.write(writer, 100);
    await space.once();
    assertDelivered(delivered.bytes(), [writer]);
  },
);

/** Times of modification tell the order of copies, and file systems count them in steps of some milliseconds. */
function nextTick(): Promise<void> {
  return pause(8);
}

for (const copies of [1, 3]) {
  scenario(
    `agent reads each generation once and in order of a file that is emptied ${copies} times, then renamed`,
    async (space) => {
      const writer = new LineWriter("w");
      const { output, delivered } = space.fileOutput();
      space.configure({ output });
      writer.append(space.log(), 20);
      await space.once();
      for (let round = 0; round < 2; round++) {
        for (let copy = 0; copy < copies; copy++) {
          writer.append(space.log(), 100);
          copyAndTruncate(space.log(), { keep: 20 });
          // Times of modification tell the order of copies.
          await pause(12);
        }
        writer.append(space.log(), 100);
        renameAndCreate(space.log(), { keep: 20 });
        writer.append(space.log(), 100);
        const { log } = await space.once();
        assert.deepEqual(log.filter(({ level }) => level === "error" || level === "warn"), []);
        await pause(12);
      }
      assertDelivered(delivered.bytes(), [writer]);
    },
  );
}
