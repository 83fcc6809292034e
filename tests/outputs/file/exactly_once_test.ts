import assert from "node:assert/strict";
import * as fs from "node:fs";
import fc from "fast-check";
import { batchOf } from "../../contracts/batches.ts";
import { FileBench } from "./support.ts";

Deno.test("FileOutput cuts off after a crash what came behind the last checkpoint", async () => {
  await using bench = FileBench.create("a.log");
  await bench.output.open();
  await bench.send("a.log", "a\n");
  await bench.checkpoint();
  await bench.send("a.log", "b\n");
  await bench.crash();
  assert.equal(bench.read("a.log"), "a\n");
  assert.match(
    bench.log.at("info", -1),
    /^Cut 2 bytes off ".*a.log" that came after the last checkpoint/,
  );
  await bench.send("a.log", "b\n");
  assert.equal(bench.read("a.log"), "a\nb\n");
});

Deno.test("FileOutput keeps what somebody else wrote between an orderly stop and the next start", async () => {
  await using bench = FileBench.create("a.log");
  await bench.output.open();
  await bench.send("a.log", "a\n");
  await bench.restart(() => fs.appendFileSync(bench.path("a.log"), "theirs\n"));
  assert.equal(bench.read("a.log"), "a\ntheirs\n");
  assert.match(
    bench.log.at("warn", 0),
    /has 7 bytes that were written after the last orderly stop, by somebody else/,
  );
  await bench.send("a.log", "b\n");
  // Saved before the first byte, so after a crash only what is the output's own is cut off.
  await bench.crash();
  assert.equal(bench.read("a.log"), "a\ntheirs\n");
});

Deno.test("FileOutput saves before its first byte after an orderly stop that there may be more to come", async () => {
  await using bench = FileBench.create("a.log");
  await bench.output.open();
  await bench.send("a.log", "a\n");
  await bench.restart();
  const before = bench.commits;
  await bench.send("a.log", "b\n");
  assert.equal(bench.commits, before + 1);
  await bench.crash();
  assert.equal(bench.read("a.log"), "a\n");
});

Deno.test("FileOutput writes nothing after its last state", async () => {
  await using bench = FileBench.create("{{ source }}");
  await bench.output.open();
  await bench.send("whole", "a\n");
  const { state } = bench.output.participant.snapshot(true);
  assert.match(JSON.stringify(state), /"complete":true/);
  await assert.rejects(bench.send("whole", "b\n"), /the output has ended/);
  assert.equal(bench.read("whole"), "a\n");
});

Deno.test("FileOutput keeps it and says so when the inputs cannot read it again", async () => {
  await using bench = FileBench.create("a.log");
  await bench.output.open();
  await bench.send("a.log", "a\n");
  await bench.checkpoint();
  await bench.send("a.log", "b\n");
  await bench.crash(false);
  assert.equal(bench.read("a.log"), "a\nb\n");
  assert.match(bench.log.at("warn", 0), /has 2 bytes behind the last checkpoint.*may be there twice/);
});

Deno.test("FileOutput has a file in the saved state before its first byte", async () => {
  await using bench = FileBench.create("{{ source }}");
  await bench.output.open();
  fs.writeFileSync(bench.path("old"), "before\n");
  const sizes: number[] = [];
  bench.onCommit = () =>
    sizes.push(
      ...["new", "old"].map((name) => fs.statSync(bench.path(name), { throwIfNoEntry: false })?.size ?? -1),
    );
  await bench.send("new", "a\n");
  await bench.send("old", "a\n");
  assert.deepEqual(sizes, [0, 7, 2, 7]);
  // Killed now, nothing was saved since: both go back to what they were.
  await bench.crash();
  assert.equal(bench.read("old"), "before\n");
  assert.equal(bench.read("new"), "a\n", "the second commit counted it");
});

Deno.test("FileOutput writes nothing while the checkpoints cannot be saved", async () => {
  await using bench = FileBench.create("a.log");
  await bench.output.open();
  bench.output.participant.commit = () => Promise.reject(new Error("database is full"));
  await assert.rejects(
    bench.send("a.log", "a\n"),
    /Cannot begin to write to ".*": the checkpoints cannot be saved: database is full/,
  );
  await assert.rejects(bench.send("a.log", "a\n"));
  assert.equal(bench.read("a.log"), "");
  bench.output.participant.commit = () => bench.checkpoint();
  await bench.send("a.log", "a\n");
  assert.equal(bench.read("a.log"), "a\n");
});

Deno.test("FileOutput counts no byte of a send that is under way", async () => {
  await using bench = FileBench.create("a.log", { fsync: "always" });
  await bench.output.open();
  await bench.send("a.log", "a\n");
  const sending = bench.send("a.log", "bbbb\n");
  const { state } = bench.output.participant.snapshot();
  assert.equal(fs.statSync(bench.path("a.log")).size, 7);
  assert.match(JSON.stringify(state), /"length":2\}/);
  await sending;
  assert.match(JSON.stringify(bench.output.participant.snapshot().state), /"length":7\}/);
});

Deno.test("FileOutput lets promises settle before it commits, so that positions keep up with lengths", async () => {
  await using bench = FileBench.create("{{ source }}");
  await bench.output.open();
  let position = 0;
  const seen: number[] = [];
  bench.onCommit = () => seen.push(position);
  const first = bench.send("a", "a\n");
  // The position follows the send through several promises, as through sender, buffer and tracker, while the sender
  // goes on with the next batch at once.
  const second = first.then(() => bench.send("b", "b\n"));
  let acknowledged = first;
  for (let hop = 0; hop < 20; hop++) acknowledged = acknowledged.then(() => {});
  await Promise.all([second, acknowledged.then(() => position = 1)]);
  assert.deepEqual(seen, [0, 1]);
});

Deno.test("FileOutput appends to a file that was replaced or cut by others while it was down", async () => {
  await using bench = FileBench.create("{{ source }}");
  await bench.output.open();
  for (const name of ["cut", "gone", "replaced"]) await bench.send(name, "first\n", "second\n");
  await bench.checkpoint();
  await bench.send("replaced", "third\n");
  fs.truncateSync(bench.path("cut"), 6);
  fs.unlinkSync(bench.path("gone"));
  fs.renameSync(bench.path("replaced"), bench.path("replaced.1"));
  fs.writeFileSync(bench.path("replaced"), "a file of somebody else, longer than the old one\n");
  await bench.crash();
  for (const name of ["cut", "gone", "replaced"]) await bench.send(name, "x\n");
  assert.equal(bench.read("cut"), "first\nx\n");
  assert.equal(bench.read("gone"), "x\n");
  assert.equal(bench.read("replaced"), "a file of somebody else, longer than the old one\nx\n");
  assert.equal(bench.log.of("warn").length, 1);
});

Deno.test("FileOutput ignores saved files outside of its directory and entries that make no sense", async () => {
  await using bench = FileBench.create("out/a.log");
  fs.writeFileSync(bench.path("precious"), "keep me");
  const stat = fs.statSync(bench.path("precious"));
  const entry = { dev: stat.dev, ino: stat.ino, length: 0 };
  bench.output.participant.restore({
    files: {
      [bench.path("precious")]: entry,
      [bench.path("out/../precious")]: entry,
      [bench.path("out/b")]: "nonsense",
      [bench.path("out/c")]: { dev: "1", ino: null, length: -1 },
    },
    compressing: [bench.path("precious"), 7],
  }, true);
  await bench.output.open();
  await bench.output.compressed();
  assert.equal(bench.read("precious"), "keep me");
  await bench.send("out/a.log", "a\n");
});

Deno.test("FileOutput drops files from the saved state that were not written for long", async () => {
  await using bench = FileBench.create("{{ source }}");
  await bench.output.open();
  await bench.send("a", "a\n");
  bench.time += 600_000;
  await bench.output.sweep();
  await bench.checkpoint();
  assert.deepEqual(bench.saved, { files: {}, compressing: [] });
  await bench.send("a", "b\n");
  await bench.crash();
  assert.equal(bench.read("a"), "a\n");
});

Deno.test("FileOutput saves the old state again while it was not recovered yet", () => {
  const bench = FileBench.create("a.log");
  const state = { files: { [bench.path("a.log")]: { dev: 1, ino: 2, born: 3, length: 4 } }, compressing: [] };
  bench.output.participant.restore(state, true);
  assert.deepEqual(bench.output.participant.snapshot().state, state);
  Deno.removeSync(bench.directory, { recursive: true });
});

Deno.test("FileOutput delivers every record exactly once over any sequence of writes, checkpoints and crashes", async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), file: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("checkpoint" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.constantFrom(1000, 60_000, 3_600_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("sweep" as const) }) },
  );
  const options = fc.record({
    fsync: fc.constantFrom("checkpoint" as const, "never" as const, "always" as const),
    max_size: fc.constantFrom(1, 20, 100),
    rotate_interval: fc.constantFrom(60_000, 86_400_000),
  });
  await fc.assert(
    fc.asyncProperty(options, fc.array(step, { maxLength: 40 }), async (config, steps) => {
      await using bench = FileBench.create("{{ source }}.log", config);
      await bench.output.open();
      // The input: records by number; its position is saved in the same commit as the lengths.
      let next = 0;
      let savedNext = 0;
      const fileOf: number[] = [];
      bench.onCommit = () => savedNext = next;
      for (const action of steps) {
        if (action.do === "send") {
          const file = fileOf[next] ??= action.file;
          await bench.output.send(batchOf([`record ${next}\n`], bench.path(`f${file}.log`)));
          next++;
        } else if (action.do === "checkpoint") await bench.checkpoint();
        else if (action.do === "restart") await bench.restart();
        else if (action.do === "wait") bench.time += action.ms;
        else if (action.do === "sweep") await bench.output.sweep();
        else {
          await bench.crash();
          next = savedNext;
        }
      }
      const lines = bench.names().flatMap((name) =>
        bench.read(name).split("\n").filter((line) => line !== "")
      );
      const expected = Array.from({ length: next }, (_, number) => `record ${number}`);
      assert.deepEqual(lines.sort(), expected.sort());
    }),
    { numRuns: 60 },
  );
});
