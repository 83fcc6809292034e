import assert from "node:assert/strict";
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import { fileInput } from "../../../src/inputs/file/file_input.ts";
import { OpenFile } from "../../../src/inputs/file/open_file.ts";
import { Reader } from "../../../src/inputs/file/reader.ts";
import { Running } from "./running.ts";
import { Bench, Collector, configOf, until } from "./support.ts";

Deno.test("FileInput goes on while positions cannot be saved, and reads new files once they can", async () => {
  using bench = new Bench();
  bench.write("old.log", "one\n");
  await using running = new Running(bench);
  await until("the first line", () => running.records.length === 1);
  bench.store.full = true;
  bench.write("new.log", "two\n");
  await until(
    "the warning",
    () => bench.log.of("warn").some((line) => line.includes("Cannot save the positions")),
  );
  bench.append("old.log", "three\n");
  await until("the line of a known file", () => running.records.length === 2);
  assert.deepEqual(running.records, ["one\n", "three\n"], "nothing of a file whose lineage is not saved");
  bench.store.full = false;
  await until("the new file", () => running.records.length === 3);
  assert.equal(running.records[2], "two\n");
});

Deno.test("FileInput reads again from its settled position what was not delivered", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  await using running = new Running(bench);
  await until("one", () => running.records.length === 1);
  running.collector.outcome = "failed";
  bench.append("a.log", "two\n");
  await until("the failure", () => bench.log.of("warn").some((line) => line.includes("again from byte 4")));
  running.collector.outcome = "delivered";
  await until("two", () => running.records.length >= 2);
  assert.deepEqual(running.records, ["one\n", "two\n"]);
  bench.append("a.log", "three\n");
  await until("three", () => running.records.length >= 3);
  assert.deepEqual(running.records, ["one\n", "two\n", "three\n"]);
});

Deno.test("FileInput reads again also what stands in a deleted file only", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  await using running = new Running(bench);
  await until("one", () => running.records.length === 1);
  running.collector.outcome = "failed";
  fs.appendFileSync(bench.path("a.log"), "two\n");
  fs.rmSync(bench.path("a.log"));
  await until("the failure", () => bench.log.of("warn").some((line) => line.includes("again from byte 4")));
  running.collector.outcome = "delivered";
  await until("two", () => running.records.length >= 2);
  assert.deepEqual(running.records, ["one\n", "two\n"]);
  assert.deepEqual(bench.log.of("error"), []);
});

Deno.test("FileInput reads again a file whose records failed while another one keeps it busy", async () => {
  using bench = new Bench();
  bench.write("busy.log", "busy\n".repeat(200_000));
  bench.write("failing.log", "failing\n");
  const collector = new Collector();
  let refused = 0;
  const { emit } = collector;
  // The busy file never comes to its end: its batches are taken one every few milliseconds, and it grows.
  const slow: Collector["emit"] = async (batch) => {
    if (batch.source.labels.file === "busy.log") {
      fs.appendFileSync(bench.path("busy.log"), "busy\n".repeat(60_000));
      await new Promise((resolve) => setTimeout(resolve, 3));
      return { settled: Promise.resolve("delivered" as const) };
    }
    if (refused++ === 0) return { settled: Promise.resolve("failed" as const) };
    return await emit(batch);
  };
  Object.assign(collector, { emit: slow });
  await using running = new Running(bench, {}, { collector });
  await until("the failing file", () => running.records.length === 1);
  assert.deepEqual(running.records, ["failing\n"]);
});

Deno.test("FileInput keeps the order of generations when the records of an earlier one fail", async () => {
  using bench = new Bench();
  const lines = Array.from({ length: 100_000 }, (_, index) => `old ${index}\n`);
  bench.write("a.log", "first\n");
  await using running = new Running(bench, { paths: [bench.path("a.log")] });
  await until("the first line", () => running.records.length === 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  running.collector.gate = promise;
  bench.append("a.log", lines.join(""));
  fs.renameSync(bench.path("a.log"), bench.path("a.log.1"));
  bench.write("a.log", "new\n");
  await until("the new generation", () => bench.store.persisted.length === 2);
  running.collector.outcome = "failed";
  running.collector.gate = undefined;
  resolve();
  await until("the failure", () => bench.log.of("warn").some((line) => line.includes("again from byte 6")));
  running.collector.outcome = "delivered";
  await until("the new line", () => running.records.includes("new\n"));
  await until("all lines", () => running.records.length >= lines.length + 2);
  assert.deepEqual(running.records, ["first\n", ...lines, "new\n"]);
});

Deno.test("FileInput reads the rest of a truncated generation from its copy, then the next one", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  await using running = new Running(bench);
  await until("one", () => running.records.length === 1);
  const { gate } = running.collector;
  assert.equal(gate, undefined);
  fs.writeFileSync(bench.path("a.log.1"), "one\ntwo\nrest");
  fs.truncateSync(bench.path("a.log"));
  await until("the rest", () => running.records.length === 3);
  bench.append("a.log", "three\n");
  await until("three", () => running.records.length === 4);
  assert.deepEqual(running.records, ["one\n", "two\n", "rest\n", "three\n"]);
  assert.deepEqual(bench.log.of("error"), []);
});

Deno.test("FileInput begins the next generation once, however long the last line of a copy waits for room", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  await using running = new Running(bench);
  await until("one", () => running.records.length === 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  running.collector.gate = promise;
  fs.writeFileSync(bench.path("a.log.1"), "one\nrest");
  fs.truncateSync(bench.path("a.log"));
  bench.append("a.log", "new\n");
  await new Promise((done) => setTimeout(done, 400));
  running.collector.gate = undefined;
  resolve();
  await until("new", () => running.records.length >= 3);
  await new Promise((done) => setTimeout(done, 100));
  assert.deepEqual(running.records, ["one\n", "rest\n", "new\n"]);
});

Deno.test("FileInput does not give up the last line of a copy that cannot be read at first", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  await using running = new Running(bench);
  await until("one", () => running.records.length === 1);
  const { takeRest } = Reader.prototype;
  let failures = 0;
  Reader.prototype.takeRest = function (rest) {
    return failures++ === 0 ? Promise.reject(new Error("EIO: i/o error, read")) : takeRest.call(this, rest);
  };
  try {
    fs.writeFileSync(bench.path("a.log.1"), "one\nrest");
    fs.truncateSync(bench.path("a.log"));
    bench.append("a.log", "new\n");
    await until("new", () => running.records.length >= 3);
  } finally {
    Reader.prototype.takeRest = takeRest;
  }
  assert.ok(failures > 1);
  assert.deepEqual(running.records, ["one\n", "rest\n", "new\n"]);
});

Deno.test("FileInput goes on from its checkpoints after a stop, and leaves an unfinished line where it is", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\ntwo\nbegun");
  {
    await using running = new Running(bench);
    await until("two lines", () => running.records.length === 2);
  }
  bench.store.condition = "intact";
  bench.append("a.log", " and done\nfour\n");
  await using running = new Running(bench);
  await until("the rest", () => running.records.length === 2);
  assert.deepEqual(running.records, ["begun and done\n", "four\n"]);
});

Deno.test("FileInput survives a compressed generation that is never whole", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  await using running = new Running(bench);
  await until("one", () => running.records.length === 1);
  fs.renameSync(bench.path("a.log"), bench.path("a.log.2"));
  bench.write("a.log.1.gz", gzipSync("short\n").subarray(0, 15));
  bench.write("a.log", "three\n");
  await until("three", () => running.records.includes("three\n"));
  bench.append("a.log", "four\n");
  await until("four", () => running.records.includes("four\n"));
});

Deno.test("FileInput ends by itself with --once, every batch settled", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\ntwo\n");
  const running = new Running(bench, {}, { once: true });
  await running.done;
  assert.deepEqual(running.records, ["one\n", "two\n"]);
  const [saved] = [...bench.store.entries()].filter(([key]) => key.startsWith("file:"));
  assert.equal(saved?.[1].off, 8);
  assert.equal(bench.claims.size, 0);
});

Deno.test("FileInput starts at the end only in files that were there at its first run", async () => {
  using bench = new Bench();
  bench.write("a.log", "old\nbegun");
  await using running = new Running(bench, { start_at: "end" });
  await until("the file to be opened", () => bench.store.persisted.length === 1);
  bench.append("a.log", " and done\n");
  bench.write("b.log", "new\n");
  await until("both lines", () => running.records.length === 2);
  assert.deepEqual([...running.records].sort(), ["begun and done\n", "new\n"]);
});

Deno.test("fileInput tells which directories it must read, and where it keeps its positions", () => {
  const needs = fileInput.permissions(configOf({ paths: ["/var/log/*.log"], checkpoint_path: "/var/lib/x" }));
  assert.deepEqual(needs.map((need) => [need.name, "path" in need && need.path]), [
    ["read", "/var/log"],
    ["read", "/var/lib/x"],
    ["write", "/var/lib/x"],
  ]);
});

Deno.test("FileInput goes on finding files while an unfinished line waits for room", async () => {
  using bench = new Bench();
  bench.write("a.log", "begun");
  const collector = new Collector();
  const held = Promise.withResolvers<void>();
  collector.gate = held.promise;
  await using _running = new Running(bench, { partial_line_timeout: 10 }, { collector });
  await until("the file", () => bench.claims.size === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  bench.write("b.log", "two\n");
  await until("the other file", () => bench.claims.size === 2);
  held.resolve();
  await until("both lines", () => collector.records.length === 2);
  assert.deepEqual([...collector.records].sort(), ["begun\n", "two\n"]);
});

Deno.test("FileInput says when a file can be read again", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  await using running = new Running(bench);
  await until("one", () => running.records.length === 1);
  const { read } = OpenFile.prototype;
  try {
    OpenFile.prototype.read = () => {
      throw new Error("EIO: i/o error, read");
    };
    bench.append("a.log", "two\n");
    await until("the warning", () => bench.log.of("warn").some((line) => line.includes("i/o error")));
  } finally {
    OpenFile.prototype.read = read;
  }
  await until("two", () => running.records.length === 2);
  assert.ok(bench.log.of("info").some((line) => line.includes("can be read again")));
});
