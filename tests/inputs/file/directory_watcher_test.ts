import assert from "node:assert/strict";
import * as fs from "node:fs";
import { DirectoryWatcher } from "../../../src/inputs/file/directory_watcher.ts";
import { Bench, until } from "./support.ts";

function watch(bench: Bench) {
  const changes: string[] = [];
  const floods: string[] = [];
  const watcher = new DirectoryWatcher({
    log: bench.log,
    onChange: (_, change) => changes.push(change.kind === "written" ? `written ${change.path}` : "listing"),
    onFlood: (directory) => floods.push(directory),
  });
  return { watcher, changes, floods };
}

Deno.test("DirectoryWatcher tells what was written, and that the listing changed", async () => {
  using bench = new Bench();
  bench.write("a.log", "");
  const { watcher, changes } = watch(bench);
  watcher.update(new Set([bench.directory]));
  bench.append("a.log", "one\n");
  await until("the write", () => changes.includes(`written ${bench.path("a.log")}`));
  fs.renameSync(bench.path("a.log"), bench.path("b.log"));
  await until("the move", () => changes.includes("listing"));
  watcher.close();
});

Deno.test("DirectoryWatcher pauses a directory that reports too much, until it is resumed", async () => {
  using bench = new Bench();
  const { watcher, changes, floods } = watch(bench);
  const directories = new Set([bench.directory]);
  watcher.update(directories);
  for (let i = 0; i < 200; i++) bench.append("a.log", "x\n");
  await until("the flood", () => floods.length === 1);
  assert.equal(watcher.isPaused(bench.directory), true);
  watcher.update(directories);
  const before = changes.length;
  bench.append("a.log", "x\n");
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(changes.length, before, "it is not watched");
  watcher.resume(bench.directory);
  watcher.update(directories);
  bench.append("a.log", "x\n");
  await until("a change", () => changes.length > before);
  watcher.close();
});

Deno.test("DirectoryWatcher watches a directory again that was removed and made anew, after a later update", async () => {
  using bench = new Bench();
  const directory = bench.path("logs");
  fs.mkdirSync(directory);
  const { watcher, changes } = watch(bench);
  watcher.update(new Set([directory, bench.path("missing")]));
  fs.rmdirSync(directory);
  watcher.update(new Set([directory]));
  fs.mkdirSync(directory);
  await new Promise((resolve) => setTimeout(resolve, 60));
  watcher.update(new Set([directory]));
  changes.length = 0;
  fs.writeFileSync(`${directory}/a.log`, "one\n");
  await until("the new file", () => changes.length > 0);
  assert.deepEqual(bench.log.of("warn"), []);
  watcher.close();
});
