import assert from "node:assert/strict";
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { START } from "../../../src/inputs/file/reader.ts";
import { isLater, putBehind } from "../../../src/inputs/file/reading_order.ts";
import { TailedFile } from "../../../src/inputs/file/tailed_file.ts";
import { Bench, readerOptions } from "./support.ts";

Deno.test("putBehind turns round who waits for whom, but never so that files wait in a circle", () => {
  using bench = new Bench();
  const registry = bench.registry();
  const [first, second, third] = ["a.log.1", "b.log.1", "c.log.1"].map((name) =>
    registry.add(bench.path(name), openContents(bench.write(name, "x\n")), {}, bench.time)
  );
  second!.waitFor(first!);
  putBehind(first!, second!);
  assert.deepEqual([[...first!.after], [...second!.after]], [[second], []]);
  third!.waitFor(first!);
  putBehind(second!, third!);
  assert.deepEqual([...second!.after], [], "it would wait for itself by way of the first");
  assert.deepEqual([[...third!.after], [...first!.after]], [[first], [second]]);
  for (const file of [first!, second!, third!]) registry.drop(file);
});

Deno.test("putBehind looks at each file once, however many wait for each other", () => {
  using bench = new Bench();
  const registry = bench.registry();
  const files = Array.from(
    { length: 150 },
    (_, index) =>
      registry.add(bench.path("a.log"), openContents(bench.write(`a.log.${index}`, "x\n")), {}, bench.time),
  );
  let looks = 0;
  for (const file of files) {
    const { after } = file;
    Object.defineProperty(file, "after", { get: () => (looks++, after) });
  }
  const [later, earlier] = files.slice(-2);
  putBehind(later!, earlier!);
  assert.ok(looks < 10 * files.length, `looked ${looks} times`);
  looks = 0;
  putBehind(earlier!, later!);
  assert.ok(looks < 10 * files.length, `looked ${looks} times`);
  assert.ok(earlier!.after.has(later!) && !later!.after.has(earlier!));
  for (const file of files) registry.drop(file);
});

/** A generation of "a.log" under another name; times in ms. */
function generation(
  bench: Bench,
  name: string,
  { born, written }: { born: number; written: number },
): TailedFile {
  fs.utimesSync(
    bench.write(name, name.endsWith(".gz") ? gzipSync("x\n") : "x\n"),
    written / 1000,
    written / 1000,
  );
  const { file, facts, contents } = openContents(bench.path(name));
  const options = { input: "in", path: bench.path("a.log"), reader: readerOptions(), now: 0, start: START };
  const tailed = new TailedFile({ ...options, file, facts, contents });
  tailed.facts = { ...facts, birth: born };
  const { file: { facts: now } } = tailed;
  tailed.file.facts = () => ({ ...now.call(tailed.file), birth: born });
  return tailed;
}

Deno.test("isLater goes by the births of files, and by the last write where one is compressed", () => {
  using bench = new Bench();
  const first = generation(bench, "a.log.1", { born: 1_000, written: 9_000 });
  const second = generation(bench, "a.log", { born: 2_000, written: 5_000 });
  // However late they were compressed.
  const earlier = generation(bench, "a.log.3.gz", { born: 7_000, written: 4_000 });
  const later = generation(bench, "a.log.2.gz", { born: 8_000, written: 6_000 });
  for (const [a, b] of [[first, second], [earlier, second], [second, later]] as const) {
    assert.deepEqual([isLater(b, a), isLater(a, b)], [true, false]);
  }
  for (const file of [first, second, earlier, later]) file.close();
});

Deno.test("isLater takes what was written at once, while the other file was there, for a copy of what came before", () => {
  using bench = new Bench();
  const file = generation(bench, "a.log.1", { born: 1_000, written: 9_000 });
  const copy = generation(bench, "a.log.2", { born: 5_000, written: 5_004 });
  const successor = generation(bench, "a.log", { born: 8_500, written: 8_600 });
  for (const [a, b] of [[copy, file], [file, successor], [copy, successor]] as const) {
    assert.deepEqual([isLater(b, a), isLater(a, b)], [true, false]);
  }
  for (const each of [file, copy, successor]) each.close();
});

Deno.test("isLater tells nothing of generations that were compressed as they were written last", () => {
  using bench = new Bench();
  const [one, two, three] = [4_000, 4_004, 4_000].map((born, index) =>
    generation(bench, `a.log.${3 - index}.gz`, { born, written: 4_000 })
  );
  assert.deepEqual([isLater(two!, one!), isLater(one!, two!)], [true, false]);
  assert.deepEqual([isLater(three!, one!), isLater(one!, three!)], [false, false]);
  const successor = generation(bench, "a.log", { born: 4_000, written: 4_000 });
  assert.deepEqual([isLater(successor, two!), isLater(two!, successor)], [true, false]);
  for (const file of [one!, two!, three!, successor]) file.close();
});
