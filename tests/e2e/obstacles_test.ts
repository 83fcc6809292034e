import assert from "node:assert/strict";
import { LineWriter } from "../support/line_writer.ts";
import {
  canMount,
  hasCommand,
  makeDirectory,
  makeFifo,
  obedientPrefix,
  shell,
  unmountIfMounted,
} from "../support/machine.ts";
import { scenario } from "../support/scenario.ts";

const OBEDIENT = obedientPrefix();

scenario("agent says once that it may not read a file, and reads it once it may", async (space) => {
  const locked = new LineWriter("locked"), open = new LineWriter("open");
  locked.append(space.log("locked.log"), 100);
  Deno.chmodSync(space.log("locked.log"), 0);
  open.append(space.log("open.log"), 100);
  const agent = space.start({ prefix: OBEDIENT ?? [] });
  await space.untilDelivered(agent, [open]);
  await agent.untilLog(/locked\.log.*permission|permission.*locked\.log/i);
  open.append(space.log("open.log"), 100);
  await space.untilDelivered(agent, [open]);
  Deno.chmodSync(space.log("locked.log"), 0o644);
  await space.complete(agent, [open, locked]);
  const said = agent.log.filter((entry) =>
    entry.line.includes("locked.log") && /permission/i.test(entry.line)
  );
  assert.equal(said.length, 1, said.map((entry) => entry.line).join("\n"));
}, { needs: () => OBEDIENT !== undefined });

scenario("agent says that it may not list a directory, and reads it once it may", async (space) => {
  space.configure({ files: { paths: [space.path("logs/**/*.log")] } });
  const hidden = new LineWriter("hidden"), open = new LineWriter("open");
  makeDirectory(space.path("logs/closed"));
  hidden.append(space.path("logs/closed/x.log"), 50);
  makeOld(space.path("logs/closed"));
  Deno.chmodSync(space.path("logs/closed"), 0);
  open.append(space.log("open.log"), 50);
  const agent = space.start({ prefix: OBEDIENT ?? [] });
  await space.untilDelivered(agent, [open]);
  await agent.untilLog(/closed.*permission|permission.*closed/i);
  Deno.chmodSync(space.path("logs/closed"), 0o755);
  await space.complete(agent, [open, hidden]);
}, { needs: () => OBEDIENT !== undefined });

scenario("agent lets a directory be that stands where a file was meant", async (space) => {
  const writer = new LineWriter("w"), later = new LineWriter("later");
  makeDirectory(space.log("directory.log"));
  writer.append(space.log("file.log"), 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  Deno.removeSync(space.log("directory.log"));
  later.append(space.log("directory.log"), 100);
  await space.complete(agent, [writer, later]);
});

scenario("agent does not hang on a named pipe or a device", async (space) => {
  const writer = new LineWriter("w");
  makeFifo(space.log("a-fifo.log"));
  Deno.symlinkSync("/dev/zero", space.log("a-device.log"));
  writer.append(space.log("file.log"), 100);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  writer.append(space.log("file.log"), 100);
  await space.complete(agent, [writer]);
}, { needs: () => Deno.build.os !== "windows" });

scenario("agent survives links that lead nowhere, in circles, or outside and back", async (space) => {
  space.configure({ files: { paths: [space.path("logs/**/*.log")] } });
  const writer = new LineWriter("w"), late = new LineWriter("late"), later = new LineWriter("later");
  Deno.symlinkSync(space.log("missing.txt"), space.log("dangling.log"));
  Deno.symlinkSync(space.log("circle.log"), space.log("circle.log"));
  makeDirectory(space.path("logs/sub"));
  Deno.symlinkSync(space.path("logs"), space.path("logs/sub/loop"));
  Deno.symlinkSync(space.path("missing"), space.path("logs/sub/nowhere"));
  writer.append(space.log("sub/file.log"), 100);
  makeOld(space.path("logs/sub"));
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  late.append(space.log("missing.txt"), 20);
  await space.untilDelivered(agent, [writer, late]);
  makeDirectory(space.path("missing"));
  later.append(space.path("missing/x.log"), 20);
  await space.complete(agent, [writer, late, later]);
}, { needs: () => Deno.build.os !== "windows" });

scenario("agent says that a file cannot be read, and goes on with the others", async (space) => {
  const writer = new LineWriter("w"), later = new LineWriter("later");
  Deno.writeTextFileSync(space.log("bad.log"), "");
  shell('mount --bind "$1" "$2"', unreadableFile() ?? "", space.log("bad.log"));
  space.defer(() => unmountIfMounted(space.log("bad.log")));
  writer.append(space.log("good.log"), 100);
  const agent = space.start();
  agent.expectError(/bad\.log/);
  await space.untilDelivered(agent, [writer]);
  await agent.untilLog(/Cannot read .*bad\.log/);
  unmountIfMounted(space.log("bad.log"));
  later.append(space.log("bad.log"), 50);
  await space.complete(agent, [writer, later]);
}, { needs: () => canMount() && unreadableFile() !== undefined });

scenario("agent tries again after read errors", async (space) => {
  const writer = new LineWriter("w");
  writer.append(space.log(), 100);
  const inject = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-P", space.log()];
  const agent = space.start({ prefix: [...inject, "-e", "inject=pread64,read,preadv:error=EIO:when=2..4"] });
  agent.expectError(/app\.log/);
  await space.untilDelivered(agent, [writer]);
  writer.append(space.log(), 100);
  await space.untilDelivered(agent, [writer]);
  writer.append(space.log(), 100);
  await space.complete(agent, [writer]);
  assert.ok(
    agent.log.some((entry) => /EIO|Input\/output|i\/o/i.test(entry.line)),
    "the log tells of the read errors",
  );
}, { needs: () => hasCommand("strace"), ways: "watching" });

/** Directories that have not changed for a while may be taken for known. */
function makeOld(directory: string): void {
  const hourAgo = new Date(Date.now() - 3600_000);
  Deno.utimeSync(directory, hourAgo, hourAgo);
}

/** A regular file of the kernel that can be opened and not be read, or undefined. */
function unreadableFile(): string | undefined {
  const found = shell(
    'for file in /sys/class/net/*/*; do if test -f "$file" && ! cat "$file"; then echo "!$file"; fi; done 2>/dev/null',
  );
  return found.split("\n").find((line) => line.startsWith("!") && /(speed|duplex|carrier)$/.test(line))
    ?.slice(1);
}
