import assert from "node:assert/strict";
import * as fs from "node:fs";
import { batchOf, sourceOf } from "../../contracts/batches.ts";
import { outputContract } from "../../contracts/output_contract.ts";
import { configOf, FileBench, fileOutput, START } from "./support.ts";

outputContract("FileOutput", () => {
  const bench = FileBench.create("all.log");
  return Promise.resolve({
    output: bench.output,
    received: () => fs.existsSync(bench.path("all.log")) ? bench.read("all.log") : "",
    remove: () => Deno.remove(bench.directory, { recursive: true }),
  });
});

Deno.test("FileOutput gives each source and each time its own file, and creates directories", async () => {
  await using bench = FileBench.create("%Y-%m-%d/{{ source }}.log");
  await bench.output.open();
  for (const stream of ["/var/log/a", "/var/log/b"]) {
    for (const time of [START, START + 86_400_000]) {
      const partition = bench.output.partitionOf(sourceOf(stream), time);
      await bench.output.send(batchOf([`${stream} ${time}\n`], partition));
    }
  }
  assert.deepEqual(bench.names(), ["2026-11-22", "2026-11-23"]);
  assert.deepEqual(bench.names("2026-11-23"), ["_var_log_a.log", "_var_log_b.log"]);
  assert.equal(bench.read("2026-11-22/_var_log_a.log"), `/var/log/a ${START}\n`);
});

Deno.test("FileOutput creates files and directories with the configured mode", async () => {
  await using bench = FileBench.create("{{ input }}/a.log", { mode: "0600" });
  await bench.output.open();
  await bench.send("x/a.log", "a\n");
  assert.equal(fs.statSync(bench.path("x/a.log")).mode & 0o777, 0o600);
  assert.equal(fs.statSync(bench.path("x")).mode & 0o777, 0o700);
});

Deno.test("FileOutput appends to what is there, on a line of its own", async () => {
  await using bench = FileBench.create("a.log");
  fs.writeFileSync(bench.path("a.log"), "before\nunfinished");
  await bench.output.open();
  await bench.send("a.log", "a\n");
  await bench.send("a.log", "b\n");
  assert.equal(bench.read("a.log"), "before\nunfinished\na\nb\n");
});

Deno.test("FileOutput opens a new file when somebody else has renamed or deleted the old one", async () => {
  await using bench = FileBench.create("a.log");
  await bench.output.open();
  await bench.send("a.log", "a\n");
  fs.renameSync(bench.path("a.log"), bench.path("a.log.1"));
  await bench.send("a.log", "b\n");
  assert.equal(bench.read("a.log.1"), "a\nb\n", "not looked at within a second");
  bench.time += 1000;
  await bench.send("a.log", "c\n");
  assert.equal(bench.read("a.log"), "c\n");
  fs.unlinkSync(bench.path("a.log"));
  bench.output.reopen();
  await bench.send("a.log", "d\n");
  assert.equal(bench.read("a.log"), "d\n");
});

Deno.test("FileOutput says that somebody else has cut or written the file, and goes on behind it", async () => {
  await using bench = FileBench.create("a.log");
  await bench.output.open();
  await bench.send("a.log", "first\n");
  fs.truncateSync(bench.path("a.log"), 0);
  bench.time += 1000;
  await bench.send("a.log", "second\n");
  fs.appendFileSync(bench.path("a.log"), "other\n");
  bench.time += 1000;
  await bench.send("a.log", "third\n");
  assert.equal(bench.read("a.log"), "second\nother\nthird\n");
  assert.match(bench.log.at("warn", 0), /was 6 bytes long and has 0 now: somebody else cut it/);
  assert.match(bench.log.at("warn", 1), /has 6 bytes that somebody else wrote/);
});

Deno.test("FileOutput refuses symbolic links that lead out of its directory", async () => {
  await using bench = FileBench.create("out/{{ source }}/{{ file }}");
  await bench.output.open();
  fs.mkdirSync(bench.path("elsewhere"));
  fs.writeFileSync(bench.path("elsewhere/target"), "");
  // Made by a child process: Deno grants links only to those that may write everywhere.
  await link(bench.path("elsewhere"), bench.path("out/evil"));
  await link(bench.path("elsewhere/target"), bench.path("out/link"));
  await assert.rejects(
    bench.send("out/evil/a", "a\n"),
    /Cannot write to ".*": it would lie in ".*elsewhere", outside of/,
  );
  await assert.rejects(bench.send("out/evil/deep/a", "a\n"), /outside of/);
  await assert.rejects(bench.send("out/link", "a\n"), /it is a symbolic link/);
  await assert.rejects(bench.send("out/../a", "a\n"), /outside of/);
  assert.deepEqual(bench.names("elsewhere"), ["target"]);
  assert.equal(bench.read("elsewhere/target"), "");
});

Deno.test("FileOutput refuses a directory and a FIFO in the place of its file, without hanging", async () => {
  await using bench = FileBench.create("{{ source }}");
  await bench.output.open();
  fs.mkdirSync(bench.path("directory"));
  await assert.rejects(
    bench.send("directory", "a\n"),
    /Cannot append to ".*": it is a directory; only a regular file/,
  );
  await new Deno.Command("mkfifo", { args: [bench.path("fifo")] }).output();
  await assert.rejects(bench.send("fifo", "a\n"), /it is a FIFO/);
});

Deno.test("FileOutput keeps a bounded number of files open and loses nothing by it", async () => {
  await using bench = FileBench.create("{{ source }}", { fsync: "never" });
  delete bench.output.participant.commit;
  await bench.output.open();
  for (let round = 0; round < 2; round++) {
    for (let file = 0; file < 600; file++) await bench.send(`f${file}`, `${round}\n`);
  }
  // The system gives the lowest number that is free.
  const descriptor = fs.openSync(bench.path("f0"), "r");
  fs.closeSync(descriptor);
  assert.ok(descriptor < 590, `next descriptor is ${descriptor}`);
  for (let file = 0; file < 600; file++) assert.equal(bench.read(`f${file}`), "0\n1\n");
});

Deno.test("FileOutput closes files that are idle, and writes on when they are needed again", async () => {
  await using bench = FileBench.create("a.log");
  await bench.output.open();
  await bench.send("a.log", "a\n");
  bench.time += 60_000;
  await bench.output.sweep();
  await bench.send("a.log", "b\n");
  assert.equal(bench.read("a.log"), "a\nb\n");
  assert.equal(bench.commits, 1, "still known to the saved state");
});

Deno.test("FileOutput syncs after each batch with fsync: always", async () => {
  await using bench = FileBench.create("a.log", { fsync: "always" });
  await bench.output.open();
  await bench.send("a.log", "a\n");
  await bench.send("a.log", "b\n");
  assert.equal(bench.read("a.log"), "a\nb\n");
});

Deno.test("fileOutput asks for its directory only", () => {
  const config = configOf({ path: "/out/%Y/{{ source }}" });
  assert.deepEqual(fileOutput.permissions(config).map((need) => [need.name, "path" in need && need.path]), [
    ["read", "/out"],
    ["write", "/out"],
  ]);
});

async function link(target: string, path: string): Promise<void> {
  const { success } = await new Deno.Command("ln", { args: ["-s", target, path] }).output();
  assert.ok(success);
}
