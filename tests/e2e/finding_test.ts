import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LineWriter } from "../support/line_writer.ts";
import { makeDirectory } from "../support/machine.ts";
import { assertDelivered, countLines } from "../support/oracle.ts";
import { scenario } from "../support/scenario.ts";

scenario("agent finds files by ** and {a,b}, and leaves out what is excluded", async (space) => {
  space.configure({
    files: {
      paths: [space.path("logs/**/*.{log,txt}"), space.path("logs/single")],
      exclude_paths: ["secret*", space.path("logs/skip/**")],
    },
  });
  const wanted = ["top.log", "a/one.log", "a/b/c/deep.txt", "single"].map((name) =>
    [name, new LineWriter(name)] as const
  );
  const unwanted = ["a/secret.log", "skip/x.log", "skip/more/y.log", "a/other.conf", "a/single"];
  for (const [name, writer] of wanted) {
    makeDirectory(space.log(name), "..");
    writer.append(space.log(name), 50);
  }
  for (const name of unwanted) {
    makeDirectory(space.log(name), "..");
    new LineWriter("unwanted").append(space.log(name), 50);
  }
  const agent = await space.once();
  assertDelivered(agent.stdout.bytes(), wanted.map(([, writer]) => writer));
}, { ways: "watching" });

scenario("agent reads files and directories that appear later from their first line", async (space) => {
  space.configure({
    files: { paths: [space.path("logs/**/*.log"), space.path("later/here/*.log")], start_at: "end" },
  });
  const old = new LineWriter("old");
  old.append(space.log("old.log"), 10);
  await space.once();
  const agent = space.start();
  const writers = [
    new LineWriter("file"),
    new LineWriter("directory"),
    new LineWriter("deep"),
    new LineWriter("missing"),
  ];
  const paths = [
    space.log("file.log"),
    space.log("d/x.log"),
    space.log("e/f/g/x.log"),
    space.path("later/here/x.log"),
  ];
  for (const [index, writer] of writers.entries()) {
    const path = paths[index] ?? "";
    makeDirectory(path, "..");
    writer.append(path, 100);
    await space.untilDelivered(agent, writers.slice(0, index + 1));
    writer.append(path, 100);
  }
  await space.complete(agent, writers);
});

scenario("agent reads a file that is moved into the directory", async (space) => {
  const agent = space.start();
  const writer = new LineWriter("w");
  writer.append(space.path("elsewhere"), 500);
  Deno.renameSync(space.path("elsewhere"), space.log("moved.log"));
  await space.untilDelivered(agent, [writer]);
  writer.append(space.log("moved.log"), 10);
  await space.complete(agent, [writer]);
});

scenario(
  "agent follows symbolic links, and reads a file only once however many names it has",
  async (space) => {
    const writer = new LineWriter("w"), linked = new LineWriter("linked"), hard = new LineWriter("hard");
    writer.append(space.log("real.log"), 100);
    Deno.symlinkSync(space.log("real.log"), space.log("alias.log"));
    makeDirectory(space.path("data"));
    linked.append(space.path("data/target"), 100);
    Deno.symlinkSync(space.path("data/target"), space.log("linked.log"));
    hard.append(space.log("hard.log"), 100);
    Deno.linkSync(space.log("hard.log"), space.log("hard2.log"));
    const agent = space.start();
    await space.untilDelivered(agent, [writer, linked, hard]);
    writer.append(space.log("alias.log"), 10);
    linked.append(space.path("data/target"), 10);
    hard.append(space.log("hard2.log"), 10);
    await space.complete(agent, [writer, linked, hard]);
    const again = await space.once();
    assert.equal(again.stdout.length, 0, "nothing is read again after a restart either");
  },
);

scenario("agent reads a file once even if two inputs match it", async (space) => {
  space.configure({ files: [{ name: "one" }, { name: "two", paths: [space.path("logs/app*")] }] });
  const writer = new LineWriter("w");
  writer.append(space.log(), 200);
  const agent = space.start();
  await space.untilDelivered(agent, [writer]);
  writer.append(space.log(), 100);
  await space.complete(agent, [writer]);
}, { ways: "watching" });

scenario("agent goes on where it was when an input gets another name", async (space) => {
  const writer = new LineWriter("w");
  space.configure({ files: { name: "before" } });
  writer.append(space.log(), 100);
  const first = await space.once();
  space.configure({ files: { name: "after", paths: [space.path("logs/*")] } });
  writer.append(space.log(), 100);
  const second = await space.once();
  assert.equal(second.stdout.lines, 100);
  assertDelivered(new Uint8Array([...first.stdout.bytes(), ...second.stdout.bytes()]), [writer]);
}, { ways: "watching" });

scenario(
  "agent reads 300 files side by side, so that a big one does not hold up the small ones",
  async (space) => {
    const big = new LineWriter("big", { minimum: 300, maximum: 300 });
    big.append(space.log("0-big.log"), 60_000);
    const small = Array.from({ length: 299 }, (_, index) => new LineWriter(`s${index}`));
    for (const writer of small) writer.append(space.log(`${writer.name}.log`), 20);
    const agent = space.start();
    await space.untilDelivered(agent, [big, ...small]);
    for (const writer of small) writer.append(space.log(`${writer.name}.log`), 1);
    await space.complete(agent, [big, ...small]);
    const text = Buffer.from(agent.stdout.bytes()).toString("latin1");
    const lastSmall = Math.max(...small.map((writer) => text.indexOf(`\n${writer.name} 20 `)));
    const bigBefore = countLines(Buffer.from(text.slice(0, lastSmall), "latin1")) - 299 * 20;
    assert.ok(
      bigBefore < 40_000,
      `${bigBefore} of 60000 lines of the big file came before the last small file's`,
    );
  },
);

scenario("agent starts at the end where it is told to, and later files at the beginning", async (space) => {
  space.configure({ files: { start_at: "end" } });
  const old = new LineWriter("old"), fresh = new LineWriter("fresh"), next = new LineWriter("next");
  old.append(space.log("a.log"), 100);
  const first = await space.once();
  assert.equal(first.stdout.length, 0);
  fresh.append(space.log("a.log"), 100);
  next.append(space.log("b.log"), 100);
  const second = await space.once();
  assertDelivered(second.stdout.bytes(), [fresh, next]);
}, { ways: "watching" });

scenario("agent passes over files that are too old, until they are written to", async (space) => {
  space.configure({ files: { ignore_older: "1h" } });
  const old = new LineWriter("old"), young = new LineWriter("young"), fresh = new LineWriter("fresh");
  old.append(space.log("old.log"), 100);
  const hoursAgo = new Date(Date.now() - 2 * 3600_000);
  Deno.utimeSync(space.log("old.log"), hoursAgo, hoursAgo);
  young.append(space.log("young.log"), 100);
  const agent = space.start();
  await space.untilDelivered(agent, [young]);
  fresh.append(space.log("old.log"), 20);
  await space.complete(agent, [young, fresh]);
});
