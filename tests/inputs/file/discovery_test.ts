import assert from "node:assert/strict";
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import { Discovery } from "../../../src/inputs/file/discovery.ts";
import type { FileInputConfig } from "../../../src/inputs/file/file_input_config.ts";
import { openContents } from "../../../src/inputs/file/rotation.ts";
import { Bench } from "./support.ts";

class Found {
  readonly registry;
  readonly discovery: Discovery;
  readonly #bench: Bench;

  constructor(bench: Bench, config: Partial<FileInputConfig> = {}) {
    this.#bench = bench;
    this.registry = bench.registry(config);
    this.discovery = new Discovery(this.registry);
  }
  /** Searches; answers what was opened, as "name@offset". */
  async scan(): Promise<string[]> {
    const files = await this.discovery.scan();
    return files.map((file) =>
      `${file.path.slice(this.#bench.directory.length + 1)}@${file.reader.position.off}`
    );
  }
  /** Reads every open file to its end; all of it is delivered. */
  async readAll(): Promise<void> {
    for (const file of this.registry.open.values()) {
      while ((await file.reader.look()).kind !== "end");
      file.reachEnd(this.#bench.time);
      file.mark = { gen: file.gen, at: file.reader.position };
    }
  }
  [Symbol.dispose](): void {
    for (const file of [...this.registry.open.values()]) this.registry.drop(file);
  }
}

Deno.test("Discovery opens each file once, and new ones as they come", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  using found = new Found(bench);
  assert.deepEqual(await found.scan(), ["a.log@0"]);
  assert.deepEqual(await found.scan(), []);
  bench.write("b.log", "two\n");
  assert.deepEqual(await found.scan(), ["b.log@0"]);
});

Deno.test("Discovery starts at the end of old lines only at the first run, and of files too old always", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\nbegun");
  using found = new Found(bench, { start_at: "end", ignore_older: 60_000 });
  assert.deepEqual(await found.scan(), ["a.log@4"]);
  bench.write("b.log", "new\n");
  fs.utimesSync(bench.write("c.log", "old\n"), 1000, 1000);
  assert.deepEqual((await found.scan()).sort(), ["b.log@0", "c.log@4"]);
});

Deno.test("Discovery follows a renamed file and opens its successor", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  using found = new Found(bench);
  await found.scan();
  await found.readAll();
  fs.renameSync(bench.path("a.log"), bench.path("a.log.1"));
  bench.write("a.log", "two\n");
  assert.deepEqual(await found.scan(), ["a.log@0"]);
  const states = [...found.registry.open.values()].map(({ state, path }) => [state, path]);
  assert.deepEqual(states, [["rotated", bench.path("a.log")], ["live", bench.path("a.log")]]);
});

Deno.test("Discovery opens no copy of what is read, and no compressed file", async () => {
  using bench = new Bench();
  const text = "some line\n".repeat(200);
  bench.write("a.log", text);
  using found = new Found(bench);
  await found.scan();
  await found.readAll();
  bench.write("a.log.1", text);
  bench.write("b.log.gz", gzipSync("compressed\n"));
  assert.deepEqual(await found.scan(), []);
  assert.equal(found.registry.aliases.size, 1);
  assert.equal(bench.log.of("info").filter((line) => line.includes("compressed files")).length, 1);
});

Deno.test("Discovery resumes from checkpoints, and says when a file is gone", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\ntwo\n");
  bench.write("b.log", "one\n");
  {
    using found = new Found(bench);
    await found.scan();
    await found.readAll();
    for (const file of found.registry.open.values()) bench.store.set(file.checkpointKey, file.checkpoint(0));
  }
  bench.store.condition = "intact";
  fs.rmSync(bench.path("b.log"));
  bench.append("a.log", "three\n");
  using found = new Found(bench);
  assert.equal(await found.discovery.prepare(), false, "not everything can be read again");
  assert.deepEqual(await found.scan(), ["a.log@8"]);
  assert.equal(bench.log.of("warn").filter((line) => line.includes("b.log")).length, 1);
});

Deno.test("Discovery goes on with the others when one file cannot be opened", async () => {
  using bench = new Bench();
  fs.symlinkSync("/proc/self/mem", bench.path("b.log"));
  bench.write("a.log", "one\n");
  using found = new Found(bench);
  const opened = await found.scan();
  assert.ok(opened.includes("a.log@0"), String(opened));
});

Deno.test("Discovery resumes later what an error kept from being resumed, at the byte where it was", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\ntwo\n");
  bench.write("b.log", "one\n");
  {
    using found = new Found(bench);
    await found.scan();
    await found.readAll();
    for (const file of found.registry.open.values()) bench.store.set(file.checkpointKey, file.checkpoint(0));
  }
  bench.append("a.log", "three\n");
  using found = new Found(bench);
  const { claim } = found.registry;
  found.registry.claim = (opened) => {
    if (opened.path === bench.path("a.log")) throw new Error("EIO: i/o error, read");
    return claim.call(found.registry, opened);
  };
  assert.equal(await found.discovery.prepare(), false);
  assert.deepEqual(await found.scan(), ["b.log@4"]);
  found.registry.claim = claim;
  assert.deepEqual(await found.scan(), [], "it waits before it tries again");
  bench.time += 1_000;
  assert.deepEqual(await found.scan(), ["a.log@8"]);
  assert.equal(bench.log.of("warn").length, 1);
  assert.equal(bench.log.of("info").filter((line) => line.includes("can be read again")).length, 1);
});

Deno.test("Discovery has nobody wait for a file that an error keeps from being opened again, and tries later", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  using found = new Found(bench);
  await found.scan();
  await found.readAll();
  const [file] = [...found.registry.open.values()];
  bench.write("a.log.1", "two\n");
  const later = found.registry.add(file!.path, openContents(bench.path("a.log.1")), {}, bench.time);
  later.waitFor(file!);
  file!.lose(file!.fingerprint());
  const { claim } = found.registry;
  found.registry.claim = () => {
    throw new Error("EIO: i/o error, read");
  };
  file!.end();
  await found.discovery.reopen(file!);
  found.registry.claim = claim;
  assert.deepEqual([later.after.size, found.registry.unresumed.size], [0, 1]);
  bench.time += 1_000;
  await found.scan();
  assert.equal(found.registry.unresumed.size, 0);
  assert.ok([...found.registry.open.values()].some(({ lid }) => lid === file!.lid));
});

Deno.test("Discovery prepares again at the next search when that failed, as at a first run", async () => {
  using bench = new Bench();
  bench.write("a.log", "one\n");
  using found = new Found(bench, { start_at: "end" });
  const { entries } = bench.store;
  bench.store.entries = () => {
    throw new Error("EIO");
  };
  await assert.rejects(found.scan());
  bench.store.entries = entries;
  assert.deepEqual(await found.scan(), ["a.log@4"]);
});

Deno.test("Discovery looks at each file once when it resumes, and at quiet ones seldom afterwards", async () => {
  using bench = new Bench();
  for (const name of ["a.log", "b.log"]) bench.write(name, "one\n");
  const old = new Date(Date.now() - 60_000);
  fs.utimesSync(bench.directory, old, old);
  {
    using found = new Found(bench);
    await found.scan();
    await found.readAll();
    for (const file of found.registry.open.values()) bench.store.set(file.checkpointKey, file.checkpoint(0));
  }
  const looks = new Map<string, number>();
  const { statSync } = Deno;
  Deno.statSync = (path) => {
    const name = String(path).slice(bench.directory.length + 1);
    looks.set(name, (looks.get(name) ?? 0) + 1);
    return statSync(path);
  };
  try {
    using found = new Found(bench);
    await found.discovery.prepare();
    const before = looks.get("a.log");
    await found.scan();
    assert.equal(looks.get("a.log"), before, "the search before was a moment ago");
    await found.readAll();
    bench.time += 20_000;
    for (let search = 0; search < 10; search++) await found.scan();
    assert.equal(looks.get("a.log"), before! + 1);
    bench.write("c.log", "new\n");
    assert.deepEqual(await found.scan(), ["c.log@0"]);
  } finally {
    Deno.statSync = statSync;
  }
});
