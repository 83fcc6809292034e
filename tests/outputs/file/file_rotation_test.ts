import assert from "node:assert/strict";
import * as fs from "node:fs";
import { gunzipSync } from "node:zlib";
import { batchOf, sourceOf } from "../../contracts/batches.ts";
import { FileBench } from "./support.ts";

Deno.test("FileOutput begins a new file before the old one grows past max_size", async () => {
  await using bench = FileBench.create("app.log", { max_size: 10 });
  await bench.output.open();
  await bench.send("app.log", "12345\n");
  await bench.send("app.log", "123\n");
  await bench.send("app.log", "x\n");
  await bench.send("app.log", "a record that is larger than a file may be\n");
  await bench.send("app.log", "y\n");
  assert.equal(bench.read("app-20261122T101500Z.log"), "12345\n123\n");
  assert.equal(bench.read("app-20261122T101500Z.1.log"), "x\n");
  assert.equal(bench.read("app-20261122T101500Z.2.log"), "a record that is larger than a file may be\n");
  assert.equal(bench.read("app.log"), "y\n");
});

Deno.test("FileOutput begins a new file when an interval begins, also over a restart", async () => {
  await using bench = FileBench.create("app.log", { rotate_interval: 3_600_000 });
  bench.time = Date.now();
  await bench.output.open();
  await bench.send("app.log", "a\n");
  bench.time += 3_600_000;
  await bench.send("app.log", "b\n");
  assert.equal(bench.names().length, 2);
  await bench.restart();
  bench.time += 3_600_000;
  await bench.send("app.log", "c\n");
  assert.equal(bench.names().length, 3);
  assert.equal(bench.read("app.log"), "c\n");
});

Deno.test("FileOutput closes an idle file when its interval has passed", async () => {
  await using bench = FileBench.create("app.log", { rotate_interval: 3_600_000 });
  await bench.output.open();
  await bench.send("app.log", "a\n");
  bench.time += 30_000;
  await bench.output.sweep();
  assert.deepEqual(bench.names(), ["app.log"]);
  bench.time += 3_600_000;
  await bench.output.sweep();
  assert.deepEqual(bench.names(), ["app-20261122T111530Z.log"]);
});

Deno.test("FileOutput keeps max_files closed files and deletes the oldest", async () => {
  await using bench = FileBench.create("app.log", { max_size: 1, max_files: 2 });
  await bench.output.open();
  fs.writeFileSync(bench.path("app-notes.log"), "somebody's");
  for (const text of ["a", "b", "c", "d", "e"]) {
    await bench.send("app.log", `${text}\n`);
    bench.time += 1000;
  }
  const closed = bench.names().filter((name) => name.startsWith("app-2"));
  assert.deepEqual(closed.map((name) => bench.read(name)), ["c\n", "d\n"]);
  assert.equal(bench.read("app-notes.log"), "somebody's");
});

Deno.test("FileOutput deletes the oldest also when all are closed within one second", async () => {
  await using bench = FileBench.create("app.log", { max_size: 1, max_files: 2 });
  await bench.output.open();
  for (const text of ["a", "b", "c", "d", "e", "f"]) await bench.send("app.log", `${text}\n`);
  const closed = bench.names().filter((name) => name.startsWith("app-"));
  assert.deepEqual(closed.map((name) => bench.read(name)), ["d\n", "e\n"]);
});

Deno.test("FileOutput never deletes a current file that is called like a closed one", async () => {
  await using bench = FileBench.create("{{ source }}.log", { max_size: 1, max_files: 1 });
  await bench.output.open();
  await bench.send("app-20200101T000000Z.log", "mine\n");
  for (const text of ["a", "b", "c"]) await bench.send("app.log", `${text}\n`);
  assert.equal(bench.read("app-20200101T000000Z.log"), "mine\n");
});

Deno.test("FileOutput compresses closed files and keeps their mode", async () => {
  await using bench = FileBench.create("app.log", { max_size: 10, compress: true, mode: "0600" });
  await bench.output.open();
  await bench.send("app.log", "first file\n");
  await bench.send("app.log", "second\n");
  await bench.output.compressed();
  assert.deepEqual(bench.names(), ["app-20261122T101500Z.log.gz", "app.log"]);
  const closed = bench.path("app-20261122T101500Z.log.gz");
  assert.equal(gunzipSync(fs.readFileSync(closed)).toString(), "first file\n");
  assert.equal(fs.statSync(closed).mode & 0o777, 0o600);
});

Deno.test("FileOutput compresses a file when the time in its path has passed and nothing comes any more", async () => {
  await using bench = FileBench.create("%Y-%m-%d.log", { compress: true });
  await bench.output.open();
  const source = sourceOf("a");
  const send = () => bench.output.send(batchOf(["a\n"], bench.output.partitionOf(source, bench.time)));
  await send();
  bench.time += 86_400_000;
  await send();
  await bench.output.sweep();
  await bench.output.compressed();
  assert.deepEqual(bench.names(), ["2026-11-22-20261123T101500Z.log.gz", "2026-11-23.log"]);
});

Deno.test("FileOutput finishes a compression that was interrupted", async () => {
  await using bench = FileBench.create("app.log", { max_size: 10, compress: true });
  await bench.output.open();
  await bench.send("app.log", "first file\n");
  await bench.send("app.log", "second\n");
  await bench.output.compressed();
  // As a kill in the middle would have left it.
  const closed = bench.path("app-20261122T101500Z.log");
  fs.rmSync(`${closed}.gz`);
  fs.writeFileSync(closed, "first file\n");
  fs.writeFileSync(`${closed}.gz.tmp`, "half");
  assert.match(JSON.stringify(bench.saved), /"compressing":\["[^"]*app-20261122T101500Z.log"\]/);
  await bench.crash();
  await bench.output.compressed();
  assert.deepEqual(bench.names(), ["app-20261122T101500Z.log.gz", "app.log"]);
  assert.equal(gunzipSync(fs.readFileSync(`${closed}.gz`)).toString(), "first file\n");
});

Deno.test("FileOutput renames only what the saved positions cover", async () => {
  await using bench = FileBench.create("app.log", { max_size: 1 });
  await bench.output.open();
  const moments: string[] = [];
  bench.onCommit = () => moments.push(bench.names().join(" "));
  await bench.send("app.log", "a\n");
  await bench.send("app.log", "b\n");
  assert.deepEqual(moments, [
    "app.log",
    "app.log",
    "app-20261122T101500Z.log app.log",
  ]);
});

Deno.test("FileOutput lets a file grow on when it cannot be renamed", async () => {
  await using bench = FileBench.create("app.log", { max_size: 1 });
  await bench.output.open();
  await bench.send("app.log", "a\n");
  const stillThere = bench.path("app.log");
  // Deleted by somebody between two looks: there is nothing to rename.
  fs.renameSync(stillThere, bench.path("elsewhere"));
  await bench.send("app.log", "b\n");
  assert.match(
    bench.log.at("warn", 0),
    /^Cannot rename ".*app.log" to ".*": no such file or directory; it grows on/,
  );
  assert.equal(bench.read("elsewhere"), "a\n");
  assert.equal(bench.read("app.log"), "b\n");
});
