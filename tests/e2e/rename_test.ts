import assert from "node:assert/strict";
import { LineWriter } from "../support/line_writer.ts";
import { makeDirectory, openFiles, openInodes } from "../support/machine.ts";
import { scenario } from "../support/scenario.ts";
import { HeldLog, renameAndCreate } from "../support/rotator.ts";
import { pause } from "../support/wait.ts";

scenario("agent reads on in a renamed file while its writer holds the old descriptor", async (space) => {
  const old = new LineWriter("old"), fresh = new LineWriter("fresh");
  using log = new HeldLog(space.log());
  log.write(old, 200);
  const agent = space.start();
  await space.untilDelivered(agent, [old]);
  renameAndCreate(space.log());
  for (let round = 0; round < 10; round++) {
    log.write(old, 20);
    fresh.append(space.log(), 20);
    await space.untilDelivered(agent, [old, fresh]);
  }
  log.reopen();
  log.write(fresh, 100);
  await space.complete(agent, [old, fresh]);
});

scenario("agent loses nothing when a file is renamed with lines unread", async (space) => {
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 200);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  agent.freeze();
  log.write(writer, 300);
  renameAndCreate(space.log());
  log.write(writer, 300);
  log.reopen();
  log.write(writer, 300);
  agent.thaw();
  await space.complete(agent, [writer]);
});

for (
  const [name, options] of [
    ["numbered", {}],
    ["compressed at once", { compress: true }],
    ["compressed one rotation later", { delayCompress: true }],
  ] as const
) {
  scenario(`agent finds generations it never saw under their own name: ${name}`, async (space) => {
    const writer = new LineWriter("w");
    writer.append(space.log(), 200);
    const agent = space.start();
    await space.untilDelivered(agent, [writer]);
    for (let round = 0; round < 3; round++) {
      agent.freeze();
      for (let generation = 0; generation < 5; generation++) {
        writer.append(space.log(), 50 + generation);
        renameAndCreate(space.log(), { keep: 30, ...options });
      }
      writer.append(space.log(), 20);
      agent.thaw();
      await space.untilDelivered(agent, [writer]);
    }
    await space.finish(agent, [writer]);
  });
}

for (const compress of [false, true]) {
  scenario(
    `agent reads a renamed file that it had seen only empty once and in order: ${
      compress ? "compressed" : "plain"
    }`,
    async (space) => {
      const writer = new LineWriter("w");
      using log = new HeldLog(space.log());
      log.write(writer, 100);
      const agent = space.start();
      await space.untilDelivered(agent, [writer]);
      for (let round = 0; round < 3; round++) {
        renameAndCreate(space.log());
        log.reopen();
        // The new file is found and looked at before anything stands in it.
        const path = space.log();
        const { ino } = Deno.statSync(path);
        await agent.until("the new file to be open", () => openInodes(agent.pid).includes(`${ino}`));
        await pause(100);
        agent.freeze();
        for (const lines of [50, 100, 30]) {
          log.write(writer, lines);
          renameAndCreate(path, { compress });
          log.reopen();
          await pause(8);
        }
        log.write(writer, 40);
        agent.thaw();
        await space.untilDelivered(agent, [writer]);
      }
      await space.finish(agent, [writer]);
    },
    { needs: () => Deno.build.os === "linux" },
  );
}

scenario("agent finds generations with the date in their name", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 200);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  agent.freeze();
  for (const suffix of ["-20261120", "-20261121", "-20261122"]) {
    writer.append(space.log(), 100);
    renameAndCreate(space.log(), { suffix });
    // Times of modification tell the order of generations, and have to differ for that.
    await pause(5);
  }
  writer.append(space.log(), 10);
  agent.thaw();
  await space.complete(agent, [writer]);
});

scenario("agent finds generations in the directory for old files", async (space) => {
  space.configure({ files: { copies_directory: space.path("old") } });
  const directory = makeDirectory(space.path("old"));
  const writer = new LineWriter("w");
  writer.append(space.log(), 200);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  agent.freeze();
  for (let generation = 0; generation < 3; generation++) {
    writer.append(space.log(), 100);
    renameAndCreate(space.log(), { directory });
  }
  writer.append(space.log(), 10);
  agent.thaw();
  await space.complete(agent, [writer]);
});

scenario("agent survives 50 rotations a second under load", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  const load = space.load(10_000, (lines) => writer.append(space.log(), lines));
  for (let rotation = 0; rotation < 50; rotation++) {
    renameAndCreate(space.log(), { keep: 60 });
    await pause(20);
  }
  await load.stop();
  await space.complete(agent, [writer]);
});

scenario("agent reads nothing twice when the pattern matches the old files too", async (space) => {
  space.configure({ files: { paths: [space.path("logs/app.log*")] } });
  const writer = new LineWriter("w");
  writer.append(space.log(), 10);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  const load = space.load(5000, (lines) => writer.append(space.log(), lines));
  for (let rotation = 0; rotation < 15; rotation++) {
    renameAndCreate(space.log(), { keep: 30 });
    await pause(60);
  }
  await load.stop();
  await space.complete(agent, [writer]);
  const again = await space.once();
  assert.equal(again.stdout.length, 0, "nothing is read again after a restart either");
});

scenario(
  "agent reads nothing twice when old files are compressed and the pattern matches them",
  async (space) => {
    space.configure({ files: { paths: [space.path("logs/app.log*")] } });
    const writer = new LineWriter("w");
    writer.append(space.log(), 100);
    const agent = space.start();
    await space.untilDelivered(agent, [writer]);
    for (let rotation = 0; rotation < 5; rotation++) {
      writer.append(space.log(), 100);
      await space.untilDelivered(agent, [writer]);
      renameAndCreate(space.log(), { delayCompress: true });
      writer.append(space.log(), 10);
      await space.untilDelivered(agent, [writer]);
    }
    await space.finish(agent, [writer]);
    const again = await space.once();
    assert.equal(again.stdout.length, 0, "nothing is read again after a restart either");
  },
);

scenario("agent closes renamed files once they are read and quiet", async (space) => {
  space.configure({ files: { rotated_wait: "300ms" } });
  const writer = new LineWriter("w");
  const agent = space.start();
  for (let rotation = 0; rotation < 8; rotation++) {
    writer.append(space.log(), 20);
    await space.untilDelivered(agent, [writer]);
    renameAndCreate(space.log());
  }
  const held = () => openFiles(agent.pid).filter((path) => path.includes("/logs/app.log."));
  await agent.until("the old files to be closed", () => held().length === 0, {
    state: () => held().join(" "),
  });
  writer.append(space.log(), 20);
  await space.complete(agent, [writer]);
});
