import assert from "node:assert/strict";
import * as fs from "node:fs";
import { compare } from "../../../src/inputs/file/fingerprint.ts";
import { START } from "../../../src/inputs/file/reader.ts";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { TailedFile } from "../../../src/inputs/file/tailed_file.ts";
import { Bench, bytesOf, MemorySource, readerOptions } from "./support.ts";

function tailed(bench: Bench, name = "a.log", text = "one\ntwo\n"): TailedFile {
  const path = bench.write(name, text);
  const { file, facts } = openContents(path);
  const options = { input: "in", path, file, facts, reader: readerOptions(), now: bench.time, start: START };
  const result = new TailedFile(options);
  result.saved = true;
  return result;
}

Deno.test("TailedFile waits for earlier generations, never in a circle", () => {
  using bench = new Bench();
  const [first, second, third] = ["a.log.2", "a.log.1", "a.log"].map((name) => tailed(bench, name));
  second!.waitFor(first!);
  third!.waitFor(second!);
  third!.waitFor(first!);
  first!.waitFor(second!);
  assert.equal(first!.isReadable, true);
  assert.equal(third!.isReadable, false);
  assert.deepEqual(first!.release(), [second]);
  assert.deepEqual(second!.release(), [third]);
  assert.equal(third!.isReadable, true);
  for (const file of [first, second, third]) file!.close();
});

Deno.test("TailedFile.takePlaceOf keeps the order of generations", () => {
  using bench = new Bench();
  const [first, second, third, again] = ["a", "b", "c", "d"].map((name) => tailed(bench, name));
  second!.waitFor(first!);
  third!.waitFor(second!);
  again!.waitFor(third!);
  again!.waitFor(first!);
  second!.end();
  again!.takePlaceOf(second!);
  assert.deepEqual([...again!.after], [first]);
  assert.deepEqual([...third!.after], [again]);
  assert.deepEqual(third!.release(), []);
  for (const file of [first, second, third, again]) file!.close();
});

Deno.test("TailedFile.handOver leaves the file open, and only where its position is the file's own", async () => {
  using bench = new Bench();
  const file = tailed(bench);
  await file.reader.look();
  fs.rmSync(bench.path("a.log"));
  const kept = file.handOver();
  file.close();
  assert.equal(kept?.read(new Uint8Array(8), 8, 0), 8);
  assert.equal(file.handOver(), undefined);
  kept?.close();
  const copied = tailed(bench, "b.log");
  copied.continueFrom(new MemorySource(), START, 0);
  assert.equal(copied.handOver(), undefined);
  copied.close();
});

Deno.test("TailedFile.checkpoint tells the settled position, not the read one", async () => {
  using bench = new Bench();
  const file = tailed(bench);
  await file.reader.look();
  assert.equal(file.reader.position.off, 8);
  assert.equal(file.checkpoint(bench.time).off, 0);
  file.mark = { gen: file.gen, at: file.reader.position };
  const checkpoint = file.checkpoint(bench.time);
  assert.equal(checkpoint.off, 8);
  assert.equal(await compare(file.file, checkpoint), "same");
  file.startGeneration({ head: START.head, seenAt: bench.time, mtime: 0 }, 1, bench.time);
  assert.equal(file.gen, 1);
  assert.equal(file.checkpoint(bench.time).gen, 0, "nothing of the new generation has settled");
  file.close();
});

Deno.test("TailedFile closes a copy when the next generation begins, and the file once", () => {
  using bench = new Bench();
  const file = tailed(bench);
  const copy = new MemorySource();
  file.continueFrom(copy, START, 0);
  assert.equal(file.canProbe, false);
  file.startGeneration({ head: START.head, seenAt: bench.time, mtime: 0 }, 1, bench.time);
  assert.equal(copy.closed, true);
  file.close();
  file.close();
  assert.equal(file.closed, true);
});

Deno.test("TailedFile is drained only once what was read of it is handed on", async () => {
  using bench = new Bench();
  const file = tailed(bench);
  const drainAll = async () => {
    while ((await file.reader.look()).kind !== "end");
    file.reachEnd(bench.time);
  };
  await drainAll();
  assert.equal(file.isDrained(), true);
  bench.append("a.log", "three\n");
  assert.equal(file.isDrained(), false);
  file.queued = true;
  // The reader stands behind the line while it waits for room.
  await file.reader.look();
  assert.equal(file.isDrained(), false);
  file.queued = false;
  await drainAll();
  assert.equal(file.isDrained(), true);
  file.close();
});

Deno.test("TailedFile knows its generation by its beginning from the moment it begins", async () => {
  using bench = new Bench();
  const file = tailed(bench, "a.log", "");
  assert.equal(file.isEmptySoFar, true);
  bench.append("a.log", "one\n");
  file.startGeneration({ head: bytesOf("one\n"), seenAt: bench.time, mtime: 0 }, 0);
  assert.deepEqual([file.isEmptySoFar, file.mark.at.head.length], [false, 4]);
  bench.write("a.log", "two\n");
  assert.equal((await file.reader.look()).kind, "changed");
  file.close();
});

Deno.test("TailedFile sees once that it was written to while it was only seen empty, whatever the clocks say", () => {
  using bench = new Bench();
  const file = tailed(bench, "a.log", "");
  assert.equal(file.hasChangedEmpty, false);
  const mtime = bench.time + 3_600_000;
  file.facts = { ...file.facts, mtime };
  assert.equal(file.hasChangedEmpty, true);
  file.startGeneration({ head: START.head, seenAt: bench.time, mtime }, 0);
  assert.equal(file.hasChangedEmpty, false);
  file.close();
});

Deno.test("TailedFile gives each generation an id that tells its place in the order and how it begins", () => {
  using bench = new Bench();
  const file = tailed(bench, "a.log", "one\n");
  const idAfter = (first: string) => file.originId(bytesOf(first));
  const id = idAfter("one\n");
  assert.ok(id.startsWith(`${file.lid}.0.`));
  assert.equal(idAfter("one\ntwo\n"), id, "what follows the first line makes no difference");
  const begin = (gen: number) =>
    file.startGeneration({ head: START.head, seenAt: bench.time, mtime: 0 }, gen, bench.time);
  begin(1);
  const second = idAfter("two\n");
  begin(2);
  assert.notEqual(idAfter("two\n").replace(".2.", ".1."), id);
  assert.equal(idAfter("two\n"), second.replace(".1.", ".2."));
  const copy = tailed(bench, "a.log.1", "two\n");
  copy.becomeCopyOf(file, 1);
  assert.equal(copy.originId(bytesOf("two\n")), second, "the same as when it stood in the file itself");
  file.close();
  copy.close();
});
