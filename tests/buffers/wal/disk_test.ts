import assert from "node:assert/strict";
import { batchOf, RecordingLog, recordsOf } from "../../contracts/batches.ts";
import { logIn, NEVER, openLog, plain, segmentFiles, take, texts, withDirectory } from "./support.ts";

const WRITER = new URL("writer_process.ts", import.meta.url).pathname;

/** Runs the writer until it has acknowledged `count` batches, then kills it. Answers the first numbers of batches. */
async function killedWriter(directory: string, start: number, interval: number, count: number) {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--allow-read`,
      `--allow-write=${directory}`,
      WRITER,
      directory,
      `${start}`,
      `${interval}`,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const acknowledged: number[] = [];
  const released: number[] = [];
  let rest = "";
  let isKilled = false;
  for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [word, number] = line.split(" ");
      if (word === "acknowledged") acknowledged.push(Number(number));
      if (word === "released") released.push(Number(number));
    }
    // What it has told until it is dead counts too.
    if (acknowledged.length >= count && !isKilled) {
      isKilled = true;
      process.kill("SIGKILL");
    }
  }
  await process.status;
  return { acknowledged, released };
}

Deno.test("Everything that a killed process acknowledged is there, kill after kill", async () => {
  await withDirectory(async (directory) => {
    const settled = new Set<number>();
    const gone = new Set<number>();
    for (let round = 0; round < 4; round++) {
      const { acknowledged, released } = await killedWriter(
        directory,
        round * 1_000_000,
        round % 2 * 20,
        40 + round * 30,
      );
      for (const number of acknowledged) settled.add(number);
      for (const number of released) gone.add(number);
      // A look at a copy, so that the next process meets what the killed one left.
      const copy = await Deno.makeTempDir();
      for (const { name } of Deno.readDirSync(directory)) {
        Deno.copyFileSync(`${directory}/${name}`, `${copy}/${name}`);
      }
      const log = await openLog(copy);
      const found = (await texts(log)).map((text) => Number(text.split(" ")[0]));
      const there = new Set(found);
      for (const number of settled) {
        if (gone.has(number)) continue;
        for (let index = 0; index < 10; index++) {
          assert.ok(there.has(number + index), `${number + index} is lost`);
        }
      }
      assert.equal(there.size, found.length, "doubled");
      assert.equal(log.counters.lostRecords, 0);
      await log[Symbol.asyncDispose]();
      await Deno.remove(copy, { recursive: true });
    }
    assert.ok(settled.size > 200);
  });
});

Deno.test("A second process is refused with its reason, and the lock ends with the first", async () => {
  await withDirectory(async (directory) => {
    const first = await openLog(directory);
    await assert.rejects(openLog(directory), {
      name: "LogInUseError",
      message: new RegExp(
        `^Cannot use ".*" for the write-ahead log: process ${Deno.pid} is using it; stop that one first`,
      ),
    });
    await first[Symbol.asyncDispose]();
    await (await openLog(directory))[Symbol.asyncDispose]();
  });
});

Deno.test("A restart in the middle of a segment goes on where releases left a gap", async () => {
  await withDirectory(async (directory) => {
    const log = await openLog(directory);
    for (let index = 0; index < 10; index++) {
      await log.write(batchOf([`record ${index}`], `partition ${index % 2}`));
    }
    const batches = await take(log, 10);
    for (const index of [0, 1, 5, 3]) batches[index]?.release("delivered");
    assert.equal(log.events, 6);
    await log[Symbol.asyncDispose]();
    const again = await openLog(directory);
    assert.equal(again.events, 6);
    assert.deepEqual(await texts(again), [2, 4, 6, 7, 8, 9].map((index) => `record ${index}`));
    await again.write(batchOf(["more"]));
    assert.equal(segmentFiles(directory).length, 1, "the same segment goes on");
    assert.equal((await texts(again)).at(-1), "more");
    await again[Symbol.asyncDispose]();
  });
});

Deno.test("Ids, keys and partitions are the same after a restart, with every compression", async () => {
  await withDirectory(async (root) => {
    for (const compression of ["none", "gzip", "zstd"] as const) {
      const directory = `${root}/${compression}`;
      const batch = {
        ...batchOf(["a\n", "bb\n", ""], '["logs","é"]'),
        ids: {
          origins: [{ id: "lineage.0", end: 2 }, { id: "other.3", end: 3 }],
          offsets: new Float64Array([0, 2 ** 52, 7]),
        },
        keys: batchOf(["k", "", "key"]),
      };
      const log = await openLog(directory, { compression });
      await log.write(batch);
      await log[Symbol.asyncDispose]();
      const again = await openLog(directory, { compression: "none" });
      const [found] = await take(again, 1);
      assert.deepEqual(plain(found?.batch ?? batchOf([])), plain({ ...batch, keys: { ...batch.keys } }));
      found?.release("delivered");
      await again[Symbol.asyncDispose]();
      assert.deepEqual(segmentFiles(directory), [], "nothing is left to deliver");
    }
  });
});

Deno.test("A batch of 24 MiB goes through memory and disk", async () => {
  await withDirectory(async (directory) => {
    const bytes = new Uint8Array(24 * 1024 * 1024).map((_, index) => index % 251);
    const batch = { bytes, ends: new Uint32Array([1, bytes.length]), partition: "" };
    const log = await openLog(directory, { memoryBytes: 1 << 20 });
    assert.equal(await log.waitForRoom(2, bytes.length), true);
    assert.equal(await log.write(batch), "delivered");
    const [fromMemory] = await take(log, 1);
    assert.ok(
      fromMemory &&
        Uint8Array.prototype.every.call(fromMemory.batch.bytes, (byte, index) => byte === bytes[index]),
    );
    await log[Symbol.asyncDispose]();
    const again = await openLog(directory);
    const [fromDisk] = await take(again, 1);
    assert.ok(
      fromDisk &&
        Uint8Array.prototype.every.call(fromDisk.batch.bytes, (byte, index) => byte === bytes[index]),
    );
    await again[Symbol.asyncDispose]();
  });
});

Deno.test("Delivered segments go at once, after their time, or by hand only", async () => {
  await withDirectory(async (root) => {
    let now = 1_000_000;
    const fill = async (compaction: "size" | "time" | "manual") => {
      const log = await openLog(`${root}/${compaction}`, {
        compaction,
        retention: 10_000,
        segmentBytes: 500,
        cursorInterval: 1,
        maxSegments: 1000,
        now: () => now,
      });
      for (let index = 0; index < 10; index++) await log.write(batchOf([`record ${index}`]));
      for (const buffered of await take(log, 10)) buffered.release("delivered");
      return log;
    };
    for (const compaction of ["size", "time", "manual"] as const) {
      const log = await fill(compaction);
      const before = log.segments;
      assert.ok(before > 2);
      await log[Symbol.asyncDispose]();
      assert.equal(segmentFiles(`${root}/${compaction}`).length, compaction === "size" ? 0 : before);
    }
    now += 20_000;
    for (const compaction of ["time", "manual"] as const) {
      const log = logIn(`${root}/${compaction}`, { compaction, retention: 10_000, now: () => now });
      await log.open();
      await log[Symbol.asyncDispose]();
      assert.equal(segmentFiles(`${root}/${compaction}`).length > 0, compaction === "manual");
    }
  });
});

Deno.test("There is room for as many segments as are allowed, until the oldest is delivered", async () => {
  await withDirectory(async (directory) => {
    const log = await openLog(directory, { segmentBytes: 2000, maxSegments: 3, cursorInterval: 1 });
    let written = 0;
    while (log.hasRoom(1, 500)) {
      await log.write(batchOf(["x".repeat(500)]));
      written++;
    }
    assert.ok(written >= 6 && written <= 12);
    assert.equal(log.segments, 3);
    const waiting = log.waitForRoom(1, 500);
    for (const buffered of (await take(log, written)).slice(0, 4)) buffered.release("delivered");
    assert.equal(await waiting, true);
    await log[Symbol.asyncDispose]();
  });
});

Deno.test("dropOldest gives up whole segments that no reader has, and what was read can still be released", async () => {
  await withDirectory(async (directory) => {
    const log = await openLog(directory, { segmentBytes: 2000, maxSegments: 3, cursorInterval: 1 });
    const outcomes = [];
    let written = 0;
    while (log.hasRoom(1, 500)) {
      outcomes.push(await log.write(batchOf([`${written++}`.padEnd(500)])));
    }
    const [first] = await take(log, 1);
    const dropped = log.dropOldest(1, 500);
    assert.ok(dropped > 0 && dropped < written);
    assert.equal(log.events, written - dropped);
    assert.equal(log.hasRoom(1, 500), true);
    // Files go although the sender still holds the oldest batch, perhaps for hours.
    while (log.counters.deletedSegments === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    first?.release("delivered");
    const left = await texts(log);
    assert.equal(left.length, written - dropped - 1);
    assert.equal(left.at(-1)?.trim(), `${written - 1}`);
    await log[Symbol.asyncDispose]();
    const again = await openLog(directory);
    assert.deepEqual(await texts(again), left);
    await again[Symbol.asyncDispose]();
  });
});

Deno.test("A log can be opened again after it was disposed", async () => {
  await withDirectory(async (directory) => {
    const log = await openLog(directory);
    await log.write(batchOf(["a"]));
    await log[Symbol.asyncDispose]();
    await log[Symbol.asyncDispose]();
    assert.equal(await log.write(batchOf(["b"])), "failed");
    assert.equal(await log.waitForRoom(1, 1), false);
    await log.open();
    assert.equal(log.events, 1);
    assert.equal(await log.waitForRoom(1, 1), true);
    assert.equal(await log.write(batchOf(["c"])), "delivered");
    assert.deepEqual(await texts(log), ["a", "c"]);
    await log[Symbol.asyncDispose]();
  });
});

Deno.test("A batch that is delivered first is answered without waiting for the disk", async () => {
  await withDirectory(async (directory) => {
    const log = await openLog(directory, { syncInterval: 3_600_000 });
    const outcome = log.write(batchOf(["a"]));
    const iterator = log.read(NEVER)[Symbol.asyncIterator]();
    (await iterator.next()).value.release("delivered");
    assert.equal(await outcome, "delivered");
    await log[Symbol.asyncDispose]();
  });
});

Deno.test("A write is answered within the sync interval, without another write", async () => {
  await withDirectory(async (directory) => {
    const log = await openLog(directory, { syncInterval: 20 });
    assert.equal(await log.write(batchOf(["a"])), "delivered");
    await log[Symbol.asyncDispose]();
  });
});

/** Whether a small file system can be had here. */
async function mountSmall(directory: string, bytes: number): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  try {
    const options = ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", directory];
    return (await new Deno.Command("mount", { args: options, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

Deno.test("A real disk that is full is waited for, and nothing is lost", async (test) => {
  await withDirectory(async (directory) => {
    if (!(await mountSmall(directory, 512 * 1024))) {
      await test.step({ name: "no permission to mount a small tmpfs here", ignore: true, fn: () => {} });
      return;
    }
    try {
      const said = new RecordingLog();
      const log = await openLog(directory, {
        segmentBytes: 100_000,
        log: said,
        cursorInterval: 5,
        syncInterval: 5,
      });
      const outcomes = [];
      for (let index = 0; index < 90; index++) outcomes.push(log.write(batchOf([`${index}`.padEnd(8000)])));
      while (said.of("warn").length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.match(said.at("warn", 0), /no space left on device; inputs wait/);
      assert.equal(log.hasRoom(1, 1), false);
      // What is delivered makes room by itself, since its segments go.
      const found: string[] = [];
      const stop = new AbortController();
      for await (const buffered of log.read(stop.signal)) {
        found.push(...recordsOf(buffered.batch).map((record) => record.trim()));
        buffered.release("delivered");
        if (found.length === 90) stop.abort();
      }
      assert.deepEqual(found, Array.from({ length: 90 }, (_, index) => `${index}`));
      assert.equal(await log.waitForRoom(1, 1), true);
      assert.ok((await Promise.all(outcomes)).every((outcome) => outcome === "delivered"));
      assert.match(said.at("warn", -1), /^Writing to ".*" again after/);
      await log[Symbol.asyncDispose]();
    } finally {
      await new Deno.Command("umount", { args: [directory] }).output();
    }
  });
});
