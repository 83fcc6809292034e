import assert from "node:assert/strict";
import { planFiles } from "../../src/processing/plan_files.ts";

const FILES = new Map(
  ["patterns/a", "patterns/b", "patterns/deep/c", "/etc/t.csv", "top"].map((path) => [
    path,
    new TextEncoder().encode(path),
  ]),
);

Deno.test("planFiles gives the files that were read, and says which one is not there", () => {
  assert.equal(new TextDecoder().decode(planFiles(FILES).file("/etc/t.csv")), "/etc/t.csv");
  assert.throws(() => planFiles(FILES).file("/etc/none"), /Cannot read "\/etc\/none": there is no such file/);
});

Deno.test("planFiles gives the files of a directory by name, however its path is written", () => {
  const { directory } = planFiles(FILES);
  for (const path of ["patterns", "./patterns", "patterns/", "./patterns//"]) {
    assert.deepEqual([...directory(path).keys()], ["a", "b"], path);
  }
  assert.deepEqual([...directory("patterns/deep").keys()], ["c"]);
  assert.deepEqual([...directory("/etc/").keys()], ["t.csv"]);
  assert.deepEqual([...directory(".").keys()], ["top"]);
  assert.deepEqual([...directory("other").keys()], []);
});
