import { LineWriter } from "../support/line_writer.ts";
import { makeDirectory } from "../support/machine.ts";
import { HeldLog } from "../support/rotator.ts";
import { pause } from "../support/wait.ts";
import { Workspace } from "../support/workspace.ts";
import { serviceTest } from "./support/install.ts";
import { asWhom, logrotate, rotateNow } from "./support/logrotate.ts";

/** What names the old files get, and where, does not depend on how the agent looks at files. */
const KINDS:
  readonly (readonly [name: string, settings: string, ways: readonly ("watching" | "polling")[]])[] = [
    ["create", "create", ["watching", "polling"]],
    ["create, dateext", "create\ndateext\ndateformat -%Y%m%d-%s", ["polling"]],
    ["create, compress", "create\ncompress", ["watching", "polling"]],
    ["create, compress, delaycompress", "create\ncompress\ndelaycompress", ["watching"]],
    ["create, olddir", "create\nolddir OLD", ["polling"]],
    ["copytruncate", "copytruncate", ["watching", "polling"]],
    ["copytruncate, dateext", "copytruncate\ndateext\ndateformat -%Y%m%d-%s", ["watching"]],
    ["copytruncate, compress", "copytruncate\ncompress", ["watching", "polling"]],
    ["copytruncate, compress, delaycompress", "copytruncate\ncompress\ndelaycompress", ["polling"]],
    ["copytruncate, olddir", "copytruncate\nolddir OLD", ["watching"]],
  ];

for (const [name, settings, ways] of KINDS) {
  for (const way of ways) {
    serviceTest(`agent loses nothing to logrotate: ${name} (${way})`, [logrotate], async (directory = "") => {
      await using space = await Workspace.create(way === "polling");
      await rotateUnder(space, name, settings, directory);
      await space.verify();
    });
  }
}

/** Rotates a log again and again, while the agent stands still and while it does not. `directory`: of logrotate. */
async function rotateUnder(
  space: Workspace,
  name: string,
  settings: string,
  directory: string,
): Promise<void> {
  const old = makeDirectory(space.path("old"));
  if (settings.includes("olddir")) space.configure({ files: { copies_directory: old } });
  const file = space.path("logrotate.conf");
  const text = `"${space.log()}" {\nrotate 50\nmissingok\n${asWhom()}\n${settings.replace("OLD", old)}\n}\n`;
  Deno.writeTextFileSync(file, text);
  const rotate = async () => {
    // Names differ by the second, and logrotate does not rotate to a name that exists.
    if (settings.includes("dateext")) await pause(1050 - Date.now() % 1000);
    await rotateNow(directory, space.path("state"), file);
  };
  const writer = new LineWriter("w");
  using log = new HeldLog(space.log());
  log.write(writer, 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  for (let round = 0; round < (settings.includes("dateext") ? 2 : 3); round++) {
    agent.freeze();
    log.write(writer, 50);
    await rotate();
    // Without delaycompress the old file is deleted by now, and only who had it open can read what comes late.
    const late = name !== "create, compress";
    if (late || round === 0) log.write(writer, 50);
    if (settings.includes("create")) log.reopen();
    log.write(writer, 100);
    if (round > 0) {
      await rotate();
      if (late) log.write(writer, 50);
      if (settings.includes("create")) log.reopen();
    }
    agent.thaw();
    await space.untilDelivered(agent, [writer]);
    // The agent awake, the writer at rest: nothing is written between logrotate's copying and emptying.
    const load = space.load(2000, (lines) => log.write(writer, lines));
    await pause(100);
    await load.stop();
    await rotate();
    if (settings.includes("create")) log.reopen();
  }
  await space.complete(agent, [writer]);
}
