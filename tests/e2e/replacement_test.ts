import { Buffer } from "node:buffer";
import { LineWriter } from "../support/line_writer.ts";
import {
  canMount,
  makeDirectory,
  mountMemory,
  shell,
  unmount,
  unmountIfMounted,
} from "../support/machine.ts";
import { assertDelivered } from "../support/oracle.ts";
import { HeldLog, replaceAtomically, switchLink } from "../support/rotator.ts";
import { scenario } from "../support/scenario.ts";

scenario("agent reads the rest of a file that was deleted while its writer goes on", async (space) => {
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  agent.freeze();
  log.write(writer, 100);
  Deno.removeSync(space.log());
  log.write(writer, 100);
  agent.thaw();
  await space.untilDelivered(agent, [writer]);
  log.write(writer, 100);
  await space.complete(agent, [writer]);
});

scenario("agent takes a file that was deleted and created again for a new one", async (space) => {
  const writer = new LineWriter("w");
  const agent = space.start();
  for (let round = 0; round < 12; round++) {
    // Longer each time: a new file in which the old position exists too.
    writer.append(space.log(), 5 + round);
    await space.untilDelivered(agent, [writer]);
    Deno.removeSync(space.log());
  }
  await space.finish(agent, [writer]);
});

scenario(
  "agent loses nothing when a file is deleted, created and written between two looks",
  async (space) => {
    const writer = new LineWriter("w");
    writer.append(space.log(), 100);
    const agent = space.start();
    await space.untilDelivered(agent, [writer]);
    for (let round = 0; round < 5; round++) {
      agent.freeze();
      writer.append(space.log(), 20);
      Deno.removeSync(space.log());
      writer.append(space.log(), 200);
      agent.thaw();
      await space.untilDelivered(agent, [writer]);
    }
    await space.finish(agent, [writer]);
  },
);

scenario("agent is not misled by a new file that got the inode of the old one", async (space) => {
  const writer = new LineWriter("w");
  const outputs: Uint8Array[] = [];
  let reused = 0, inode: number | null = null;
  for (let round = 0; round < 4; round++) {
    writer.append(space.log(), 20 + 20 * round);
    const info = Deno.statSync(space.log());
    if (info.ino === inode) reused++;
    inode = info.ino;
    outputs.push((await space.once()).stdout.bytes());
    Deno.removeSync(space.log());
  }
  assertDelivered(Buffer.concat(outputs), [writer]);
  if (reused === 0) console.log("This file system gave no inode twice, so little was tested.");
}, { ways: "watching" });

scenario("agent reads what replaces a file in one step, and the rest of the old file", async (space) => {
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let round = 0; round < 5; round++) {
    agent.freeze();
    log.write(writer, 30);
    replaceAtomically(space.log(), writer.lines(60 + 50 * round));
    log.reopen();
    agent.thaw();
    await space.untilDelivered(agent, [writer]);
    log.write(writer, 10);
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
});

scenario("agent reads only what is new when a file is replaced by a longer copy of itself", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let round = 0; round < 3; round++) {
    replaceAtomically(space.log(), Buffer.concat([Deno.readFileSync(space.log()), writer.lines(20)]));
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
});

scenario("agent follows a symbolic link that is switched to the next file", async (space) => {
  space.configure({ files: { paths: [space.path("logs/current")] } });
  const writer = new LineWriter("w");
  writer.append(space.log("2026-01"), 100);
  switchLink(space.log("current"), space.log("2026-01"));
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let month = 2; month < 7; month++) {
    agent.freeze();
    writer.append(space.log(`2026-0${month - 1}`), 20);
    writer.append(space.log(`2026-0${month}`), 50 * month);
    switchLink(space.log("current"), `2026-0${month}`);
    agent.thaw();
    await space.untilDelivered(agent, [writer]);
    writer.append(space.log("current"), 10);
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
});

scenario(
  "agent reads nothing twice when a pattern matches both a link and what it points to",
  async (space) => {
    space.configure({ files: { paths: [space.path("logs/*")] } });
    const writer = new LineWriter("w");
    writer.append(space.log("2026-01"), 100);
    switchLink(space.log("current"), "2026-01");
    const agent = space.start();
    await space.untilDelivered(agent, [writer]);
    for (let month = 2; month < 7; month++) {
      writer.append(space.log(`2026-0${month}`), 50);
      switchLink(space.log("current"), `2026-0${month}`);
      writer.append(space.log("current"), 10);
      await space.untilDelivered(agent, [writer]);
    }
    await space.finish(agent, [writer], { disorder: true });
  },
);

scenario("agent follows a directory that is removed and created again", async (space) => {
  space.configure({ files: { paths: [space.path("logs/app/*.log")] } });
  const writer = new LineWriter("w");
  const agent = space.start();
  for (let round = 0; round < 5; round++) {
    makeDirectory(space.path("logs/app"));
    writer.append(space.path("logs/app/x.log"), 30 + 10 * round);
    await space.untilDelivered(agent, [writer]);
    writer.append(space.path("logs/app/x.log"), 5);
    await space.untilDelivered(agent, [writer]);
    Deno.removeSync(space.path("logs", round % 2 === 0 ? "app" : ""), { recursive: true });
  }
  makeDirectory(space.path("logs/app"));
  writer.append(space.path("logs/app/x.log"), 20);
  await space.complete(agent, [writer]);
});

scenario("agent follows a directory that is renamed away and back", async (space) => {
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let round = 0; round < 3; round++) {
    Deno.renameSync(space.path("logs"), space.path("away"));
    log.write(writer, 20);
    await space.untilDelivered(agent, [writer]);
    agent.freeze();
    log.write(writer, 20);
    Deno.renameSync(space.path("away"), space.path("logs"));
    log.write(writer, 20);
    agent.thaw();
    await space.untilDelivered(agent, [writer]);
    log.write(writer, 20);
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
});

scenario("agent follows a directory in whose place another is put", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 50);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  makeDirectory(space.path("next"));
  writer.append(space.path("next/app.log"), 100);
  Deno.renameSync(space.path("logs"), space.path("away"));
  Deno.renameSync(space.path("next"), space.path("logs"));
  await space.untilDelivered(agent, [writer]);
  writer.append(space.log(), 50);
  writer.append(space.log("more.log"), 50);
  await space.complete(agent, [writer], { disorder: true });
});

scenario("agent reads on in a directory that is unmounted and mounted again", async (space) => {
  const store = makeDirectory(space.path("store"));
  const mount = () => shell('mount --bind "$1" "$2"', store, space.path("logs"));
  space.defer(() => unmountIfMounted(space.path("logs")));
  mount();
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let round = 0; round < 3; round++) {
    unmount(space.path("logs"));
    writer.append(`${store}/app.log`, 30);
    mount();
    await space.untilDelivered(agent, [writer]);
    writer.append(space.log(), 30);
    await space.untilDelivered(agent, [writer]);
  }
  await space.finish(agent, [writer]);
}, { needs: canMount });

scenario("agent reads a new file system that is mounted in the place of another", async (space) => {
  const writer = new LineWriter("w");
  space.defer(() => unmountIfMounted(space.path("logs")));
  const agent = space.start();
  for (let round = 0; round < 3; round++) {
    mountMemory(space.path("logs"), "4m");
    writer.append(space.log(), 100);
    await space.untilDelivered(agent, [writer]);
    writer.append(space.log(), 20);
    await space.untilDelivered(agent, [writer]);
    unmount(space.path("logs"));
  }
  await space.finish(agent, [writer]);
}, { needs: canMount });
