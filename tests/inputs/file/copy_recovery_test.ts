import assert from "node:assert/strict";
import * as fs from "node:fs";
import { CopyRecovery } from "../../../src/inputs/file/copy_recovery.ts";
import { Discovery } from "../../../src/inputs/file/discovery.ts";
import { factsOf } from "../../../src/inputs/file/open_file.ts";
import { START } from "../../../src/inputs/file/reader.ts";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { copyAndTruncate } from "../../support/rotator.ts";
import { Bench } from "./support.ts";

/** "a.log", read to its end, and the recovery that is to find its rest. */
async function lost(bench: Bench, text: string) {
  bench.write("a.log", text);
  const registry = bench.registry({ paths: [bench.path("a.log")] });
  const discovery = new Discovery(registry);
  const [file] = await discovery.scan();
  while ((await file!.reader.look()).kind !== "end");
  const ready: unknown[] = [];
  const stop = new AbortController();
  const recovery = new CopyRecovery({
    registry,
    discovery,
    stop: stop.signal,
    onReady: (which) => ready.push(which),
  });
  return { file: file!, recovery, ready, stop, registry, discovery };
}

Deno.test("CopyRecovery goes on in the copy at the very byte, and again in another when that one changes", async () => {
  using bench = new Bench();
  const text = "a line of some length\n".repeat(100);
  const { file, recovery, ready, registry } = await lost(bench, text);
  fs.writeFileSync(bench.path("a.log.1"), text + "rest\n");
  fs.truncateSync(bench.path("a.log"));
  assert.equal((await file.reader.look()).kind, "changed");
  await recovery.recover(file);
  assert.deepEqual(ready, [file]);
  assert.equal(file.recovery, "copy");
  assert.equal(file.reader.position.off, text.length);
  fs.writeFileSync(bench.path("a.log.2"), text + "rest\n");
  fs.truncateSync(bench.path("a.log.1"));
  assert.equal((await file.reader.look()).kind, "changed");
  await recovery.recover(file);
  const look = await file.reader.look();
  assert.equal(look.kind === "lines" && new TextDecoder().decode(look.chunk.bytes), "rest\n");
  registry.drop(file);
});

Deno.test("CopyRecovery begins the next generation when there is no copy, and says what is lost", async () => {
  using bench = new Bench();
  const { file, recovery, ready, registry } = await lost(bench, "one\n");
  bench.append("a.log", "unread\n");
  file.facts = file.file.facts();
  fs.truncateSync(bench.path("a.log"));
  await recovery.recover(file);
  assert.deepEqual(ready, [file]);
  assert.deepEqual([file.gen, file.recovery], [1, undefined]);
  assert.match(bench.log.of("error")[0] ?? "", /^Cannot find the rest of ".*a\.log".*7 ?B or more are lost/);
  registry.drop(file);
});

Deno.test("CopyRecovery is done once however often it is asked, and gives up when the input stops", async () => {
  using bench = new Bench();
  const { file, recovery, ready, stop, registry } = await lost(bench, "one\n");
  fs.truncateSync(bench.path("a.log"));
  const both = [recovery.recover(file), recovery.recover(file)];
  stop.abort();
  await Promise.all(both);
  assert.deepEqual(ready, []);
  assert.equal(file.gen, 0);
  registry.drop(file);
});

Deno.test("CopyRecovery finds the copies of later generations where the one that is wanted is gone", async () => {
  using bench = new Bench();
  const before = bench.time / 1000 - 60;
  fs.utimesSync(bench.write("a.log.2", "from before\n"), before, before);
  const { file, recovery, ready, registry } = await lost(bench, "one\n");
  bench.append("a.log", "unread\n");
  fs.truncateSync(bench.path("a.log"));
  bench.append("a.log", "two\n");
  const copy = copyAndTruncate(bench.path("a.log"), { suffix: ".1" });
  bench.append("a.log", "three\n");
  await recovery.recover(file);
  const [later] = [...file.after];
  assert.deepEqual(ready, [later]);
  assert.deepEqual([later!.key, later!.copyOf, later!.gen], [factsOf(copy)!.key, file.lid, 1]);
  registry.dropAll();
});

/** A truncated file, and copies of two generations of it, of which the later one is known already. */
async function withKnownCopy(bench: Bench) {
  const { file, registry, discovery, recovery } = await lost(bench, "one\n");
  const [earlier, later] = [2, 1].map((number) => {
    const path = bench.write(`a.log.${number}`, `${number}\n`);
    fs.utimesSync(path, bench.time / 1000 - number, bench.time / 1000 - number);
    return path;
  });
  const known = registry.add(file.path, openContents(later!), { start: START }, bench.time);
  known.becomeCopyOf(file, 2);
  known.waitForInstead(file);
  known.saved = true;
  fs.truncateSync(bench.path("a.log"));
  bench.append("a.log", "three\n");
  file.copyTime = 1;
  const found = () => [...registry.open.values()].find(({ key }) => key === factsOf(earlier!)!.key);
  return { file, registry, discovery, recovery, known, found };
}

for (const what of ["whole", "ended early by another truncation"]) {
  Deno.test(`CopyRecovery lets no copy be read before its search for earlier ones is over: ${what}`, async () => {
    using bench = new Bench();
    const { file, registry, discovery, recovery, known, found } = await withKnownCopy(bench);
    const { adoptLaterCopies } = discovery;
    const readable: unknown[] = [];
    discovery.adoptLaterCopies = async (...args) => {
      readable.push(known.isReadable);
      if (what !== "whole" && readable.length === 1) {
        fs.writeFileSync(bench.path("a.log"), "four\n");
        return [];
      }
      const opened = await adoptLaterCopies.apply(discovery, args);
      readable.push(known.isReadable, found()?.isReadable);
      return opened;
    };
    await recovery.proceed(file);
    assert.ok(readable.length > 2 && readable.every((each) => each === false), String(readable));
    assert.deepEqual([[...known.after], [...found()!.after]], [[found()], []]);
    assert.deepEqual(new Set(file.after), new Set([found(), known]));
    registry.dropAll();
  });
}

Deno.test("CopyRecovery searches the copies of a file once at a time", async () => {
  using bench = new Bench();
  const { file, registry, discovery, recovery, known, found } = await withKnownCopy(bench);
  const { adoptLaterCopies } = discovery;
  let searches = 0;
  discovery.adoptLaterCopies = async (...args) => {
    searches++;
    return await adoptLaterCopies.apply(discovery, args);
  };
  await Promise.all([recovery.proceed(file), recovery.proceed(file)]);
  assert.deepEqual([searches, file.recovery, new Set(file.after)], [1, "between", new Set([known, found()])]);
  for (const copy of [found()!, known]) copy.release();
  await recovery.proceed(file);
  assert.deepEqual([searches, file.recovery, file.gen], [2, undefined, 3]);
  registry.dropAll();
});
