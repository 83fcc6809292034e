import assert from "node:assert/strict";
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import { Discovery } from "../../../src/inputs/file/discovery.ts";
import { GenerationSearch } from "../../../src/inputs/file/generation_search.ts";
import { factsOf, OpenFile } from "../../../src/inputs/file/open_file.ts";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { renameAndCreate } from "../../support/rotator.ts";
import { pause } from "../../support/wait.ts";
import { Running } from "./running.ts";
import { Bench, bytesOf, Collector, until } from "./support.ts";

/** Has `meanwhile` happen when a file with this ending is opened for the first time, before it is. */
function beforeOpening(ending: string, meanwhile: () => void): Disposable {
  const { open } = OpenFile;
  let done = false;
  OpenFile.open = (path) => {
    if (!done && path.endsWith(ending)) {
      done = true;
      meanwhile();
    }
    return open.call(OpenFile, path);
  };
  return {
    [Symbol.dispose]() {
      OpenFile.open = open;
      assert.ok(done, `a file ${ending} was opened`);
    },
  };
}

/** A file that holds `text` now; of the copies beside it none was read. */
function truncated(bench: Bench, text: string) {
  const path = bench.write("a.log", text);
  const registry = bench.registry();
  const file = registry.add(path, openContents(path), {}, bench.time);
  file.copyTime = 1;
  return { path, registry, file };
}

Deno.test("GenerationSearch keeps the order when the file it is done for is renamed and compressed meanwhile", async () => {
  for (const compress of [true, false]) {
    using bench = new Bench();
    const path = bench.write("a.log", "one\n");
    await using running = new Running(bench, { paths: [path] });
    await until("one", () => running.records.length === 1);
    let time = Date.now() / 1000;
    const rotate = (text: string, compress: boolean) => {
      fs.appendFileSync(path, text);
      // Times tell the order, and count in steps of some milliseconds.
      fs.utimesSync(path, time += 0.1, time);
      for (const end = Date.now() + 20; Date.now() < end;);
      renameAndCreate(path, { compress });
    };
    // The empty successor is opened, its elders are searched: and only now it gets its line and is moved away, too.
    using _ = beforeOpening(".1.gz", () => {
      for (const text of ["two\n", "three\n", "four\n"]) rotate(text, compress);
      fs.appendFileSync(path, "five\n");
    });
    rotate("", true);
    await until("all lines", () => running.records.length >= 5);
    assert.deepEqual(running.records, ["one\n", "two\n", "three\n", "four\n", "five\n"]);
  }
});

Deno.test("GenerationSearch puts what it missed before the file that stands under the path", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  const registry = bench.registry({ paths: [bench.path("a.log")] });
  const discovery = new Discovery(registry);
  const [first] = await discovery.scan();
  while ((await first!.reader.look()).kind !== "end");
  first!.reachEnd(bench.time);
  // The generation between is being compressed, so nobody can tell yet what is in it.
  const whole = gzipSync("two\n");
  fs.rmSync(bench.path("a.log"));
  bench.write("a.log.1.gz", whole.subarray(0, 12));
  bench.write("a.log", "three\n");
  const [latest] = await discovery.scan();
  assert.deepEqual([...latest!.after], []);
  bench.write("a.log.1.gz", whole);
  const [missed] = await discovery.scan();
  assert.deepEqual([...latest!.after], [missed]);
  for (const file of [...registry.open.values()]) registry.drop(file);
});

Deno.test("GenerationSearch takes no copy of what still stands in the file for an earlier generation", async () => {
  using bench = new Bench();
  const { registry, file } = truncated(bench, "now\n");
  bench.write("a.log.1", "now\n");
  bench.write("a.log.2", "no");
  bench.write("a.log.3", "");
  bench.write("a.log.4.gz", gzipSync("now\n"));
  bench.write("a.log.5", "earlier\n");
  const search = new GenerationSearch(registry, openContents);
  await search.copied(file, bytesOf("now\n"));
  const adopted = [...file.before].map(({ file }) => file.facts().ino);
  assert.deepEqual(adopted, [fs.statSync(bench.path("a.log.5")).ino]);
  // Once the file itself has moved on, they are not judged by what it held.
  bench.write("a.log", "later\n");
  bench.write("a.log.6", "now\n");
  await search.copied(file, bytesOf("now\n"));
  assert.equal(file.before.size, 1);
  for (const open of [...registry.open.values()]) registry.drop(open);
});

Deno.test("GenerationSearch takes no later copy first when an earlier one is being renamed", async () => {
  using bench = new Bench();
  const { registry, file } = truncated(bench, "three\n");
  bench.write("a.log.2", "one\n");
  bench.write("a.log.1", "two\n");
  // The rotation has moved the first of them when it is opened, and makes the next step only then.
  using _ = beforeOpening(".2", () => fs.renameSync(bench.path("a.log.2"), bench.path("a.log.3")));
  const search = new GenerationSearch(registry, (path) => {
    try {
      return openContents(path);
    } catch {
      return undefined;
    }
  });
  await search.copied(file, bytesOf("three\n"));
  const [one, two] = [...registry.open.values()].slice(1);
  assert.deepEqual([one!.facts.size, two!.facts.size, registry.open.size], [4, 4, 3]);
  // It was never seen to hold anything, so the first copy is its first generation.
  assert.deepEqual([one!.gen, two!.gen, registry.nextGeneration(file)], [0, 1, 2]);
  assert.deepEqual(new Set(two!.after), new Set([file, one]));
  assert.equal(one!.file.facts().ino, fs.statSync(bench.path("a.log.3")).ino);
  for (const file of [...registry.open.values()]) registry.drop(file);
});

Deno.test("GenerationSearch has a copy saved as one, whenever checkpoints are saved", async () => {
  using bench = new Bench();
  const { registry, file } = truncated(bench, "three\n");
  for (const name of ["a.log.2", "a.log.1"]) bench.write(name, `${name}\n`);
  const saved: unknown[] = [];
  const { add } = registry;
  registry.add = (...args) => {
    const added = add.apply(registry, args);
    queueMicrotask(() => saved.push(added.checkpoint(0).copyOf));
    return added;
  };
  await new GenerationSearch(registry, openContents).copied(file, bytesOf("three\n"));
  assert.deepEqual(saved, [file.lid, file.lid]);
  for (const file of [...registry.open.values()]) registry.drop(file);
});

Deno.test("GenerationSearch puts a copy before later ones that are known already", async () => {
  using bench = new Bench();
  const { path, registry, file } = truncated(bench, "three\n");
  const time = Date.now() / 1000;
  const copies = ["begun\n", "one\n", "two\n"].map((text, index) => {
    const copy = bench.write(`a.log.${3 - index}`, text);
    fs.utimesSync(copy, time + index, time + index);
    return copy;
  });
  const known = [0, 2].map((gen) => {
    const added = registry.add(path, openContents(copies[gen]!), {}, bench.time);
    added.becomeCopyOf(file, gen);
    return added;
  });
  const search = new GenerationSearch(registry, openContents);
  await search.copied(file, bytesOf("three\n"));
  const [added] = [...registry.open.values()].filter((each) => each !== file && !known.includes(each));
  assert.equal(added!.file.facts().ino, fs.statSync(copies[1]!).ino);
  assert.equal(added!.gen, 1, "the number that it had when it was read in the file itself");
  assert.equal(registry.nextGeneration(file), 3);
  assert.ok(known[1]!.after.has(added!));
  assert.ok(!added!.after.has(known[1]!) && added!.after.has(known[0]!));
  for (const file of [...registry.open.values()]) registry.drop(file);
});

Deno.test("GenerationSearch puts renamed generations before later ones that are known already", async () => {
  using bench = new Bench();
  const path = bench.path("a.log");
  const names = ["a.log.4", "a.log.3", "a.log.2", "a.log.1", "a.log"];
  for (const name of names) {
    bench.write(name, `${name}\n`);
    // File systems count births in steps of some milliseconds.
    await pause(10);
  }
  const registry = bench.registry();
  const known = names.slice(2).map((name) =>
    registry.add(path, openContents(bench.path(name)), {}, bench.time)
  );
  const search = new GenerationSearch(registry, openContents);
  const missed = await search.renamed(path, 1);
  assert.deepEqual(missed.map(({ key }) => key), names.slice(0, 2).map((name) => keyAt(bench.path(name))));
  const order = [...missed, ...known];
  for (const [index, file] of order.entries()) {
    assert.deepEqual([...file.after].map((each) => order.indexOf(each)).sort(), [...Array(index).keys()]);
  }
  for (const file of order) registry.drop(file);
});

function keyAt(path: string): string | undefined {
  return factsOf(path)?.key;
}

Deno.test("FileInput reads generations with the same time in the order of their births, also after a restart", async () => {
  using bench = new Bench();
  const path = bench.write("a.log", "0\n");
  await new Running(bench, { paths: [path] }, { once: true }).done;
  fs.renameSync(path, bench.path("a.log-20261121"));
  const time = Date.now() / 1000 + 1;
  const count = 8;
  for (let number = 1; number <= count; number++) {
    // File systems count births in steps of some milliseconds.
    await pause(10);
    // The names tell nothing.
    const name = number < count ? `a.log-20261122T${(number * 7919) % 10_000}` : "a.log";
    fs.utimesSync(bench.write(name, `${number}\n`), time, time);
  }
  const collector = new Collector();
  collector.outcome = "failed";
  const first = new Running(bench, { paths: [path] }, { collector });
  await until(
    "a lineage of each",
    () => bench.store.persisted.length > count && collector.batches.length > 0,
  );
  await first.stop();
  await using again = new Running(bench, { paths: [path] });
  await until("all lines", () => again.records.length === count);
  assert.deepEqual(again.records.map(Number), Array.from({ length: count }, (_, index) => index + 1));
});

Deno.test("FileInput waits for a generation that is still being compressed before it reads the next one", async () => {
  using bench = new Bench();
  const path = bench.write("a.log", "one\n");
  await new Running(bench, { paths: [path] }, { once: true }).done;
  const rest = Array.from({ length: 5_000 }, () => `${Math.random()}\n`);
  const packed = gzipSync(`one\n${rest.join("")}`);
  fs.rmSync(path);
  bench.write("a.log.1.gz", packed.subarray(0, packed.length / 2));
  bench.write("a.log", "last\n");
  await using running = new Running(bench, { paths: [path] });
  await until("a failure to read it", () => bench.log.of("warn").length > 0);
  fs.appendFileSync(bench.path("a.log.1.gz"), packed.subarray(packed.length / 2));
  await until("the last line", () => running.records.includes("last\n"));
  assert.deepEqual(running.records, [...rest, "last\n"]);
});

for (const state of ["lost", "not noticed yet", "intact", "unreadable"]) {
  Deno.test(`GenerationSearch leaves copies to a file that was emptied and renamed, as long as it needs them: ${state}`, async () => {
    using bench = new Bench();
    const { path, registry, file } = truncated(bench, "one\n");
    while ((await file.reader.look()).kind !== "end");
    file.recovery = undefined;
    const fingerprint = file.fingerprint();
    bench.write("a.log.1", "two\n");
    bench.write("a.log.2.gz", gzipSync("three\n"));
    const isOwn = state === "lost" || state === "not noticed yet";
    if (isOwn) fs.truncateSync(path);
    fs.appendFileSync(path, "four\n");
    fs.utimesSync(path, bench.time / 1000 + 60, bench.time / 1000 + 60);
    fs.renameSync(path, bench.path("a.log.0"));
    if (state === "lost") file.lose(fingerprint);
    if (state === "unreadable") {
      file.file.read = () => {
        throw new Error("ESTALE: stale file handle, read");
      };
    }
    const search = new GenerationSearch(registry, openContents);
    const found = await search.renamed(path, 0);
    assert.equal(found.length, isOwn ? 0 : state === "intact" ? 2 : 1);
    assert.equal(search.undecided.has(path), isOwn);
    // Once it has read them, what is left belongs to nobody else.
    file.startGeneration({ head: bytesOf("four\n"), seenAt: bench.time, mtime: bench.time }, 1);
    assert.equal((await search.renamed(path, 0)).length, isOwn ? 2 : 0);
    assert.equal(search.undecided.size, 0);
    for (const open of [...registry.open.values()]) registry.drop(open);
  });
}
