import assert from "node:assert/strict";
import { checkpointStoreContract, FakeParticipant } from "../contracts/checkpoint_store_contract.ts";
import { openStore, RecordingLog, withDirectory } from "./support.ts";

checkpointStoreContract("KvCheckpointStore", (directory) => openStore({ directory }));

Deno.test("KvCheckpointStore flushes by itself, and writes nothing while nothing changes", async () => {
  await withDirectory(async (directory) => {
    await using store = await openStore({ directory, interval: 5 });
    const participant = new FakeParticipant("out");
    store.join(participant);
    participant.length = 1;
    while (participant.syncs === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await store.flush();
    const before = contentOf(directory);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(contentOf(directory), before);
    assert.equal(participant.syncs, 1);
    store.set("a", { off: 1 });
    while (participant.syncs === 1) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

Deno.test("KvCheckpointStore says a failure once, goes on trying, and says when it is over", async () => {
  await withDirectory(async (directory) => {
    const log = new RecordingLog();
    await using store = await openStore({ directory, interval: 5, log });
    const participant = new FakeParticipant("out");
    participant.beforeSync = () => Promise.reject(new Error("no space"));
    store.join(participant);
    store.set("a", { off: 1 });
    while (participant.syncs < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    participant.beforeSync = () => Promise.resolve();
    await store.flush().catch(() => {});
    await store.flush();
    assert.deepEqual(log.of("error"), [
      `Cannot save checkpoints in "${directory}": no space; they are kept in memory and saved as soon as that works again`,
    ]);
    assert.deepEqual(log.of("info"), [`Checkpoints are saved again in "${directory}"`]);
  });
});

Deno.test("KvCheckpointStore rejects a value that is too large for one commit, and keeps the others to be saved", async () => {
  await withDirectory(async (directory) => {
    {
      await using store = await openStore({ directory });
      store.set("huge", { text: "x".repeat(800_000) });
      store.set("a", { off: 1 });
      await assert.rejects(
        store.flush(),
        /Cannot save the checkpoint "huge": it has \d+ bytes; at most 768000/,
      );
      store.delete("huge");
    }
    await using store = await openStore({ directory });
    assert.deepEqual([...store.entries()], [["a", { off: 1 }]]);
  });
});

Deno.test("KvCheckpointStore removes records of files that are long gone when it opens", async () => {
  await withDirectory(async (directory) => {
    const day = 86_400_000;
    {
      await using store = await openStore({ directory, now: () => 0 });
      store.set("closed", { state: "closed", lastSeen: 0 });
      store.set("missing", { state: "missing", lastSeen: 0 });
      store.set("live", { state: "live", lastSeen: 0 });
      store.set("recent", { state: "missing", lastSeen: 2 * day });
      store.set("timeless", { state: "missing" });
    }
    await using store = await openStore({ directory, retention: 7 * day, now: () => 8 * day });
    assert.deepEqual([...store.entries()].map(([key]) => key).sort(), ["live", "recent", "timeless"]);
  });
});

Deno.test("KvCheckpointStore keeps others out of its directory and files", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await withDirectory(async (directory) => {
    await using _store = await openStore({ directory });
    assert.equal((Deno.statSync(directory).mode ?? 0) & 0o777, 0o700);
  });
});

for (const what of ["the database", "the database with its side files", "the directory"]) {
  Deno.test(`KvCheckpointStore writes everything anew when ${what} is deleted under it`, async () => {
    await withDirectory(async (directory) => {
      const log = new RecordingLog();
      {
        await using store = await openStore({ directory, log });
        const participant = new FakeParticipant("out");
        store.join(participant);
        participant.length = 4;
        store.set("before", { off: 1 });
        await store.flush();
        if (what === "the directory") Deno.removeSync(directory, { recursive: true });
        else Deno.removeSync(`${directory}/checkpoints.kv`);
        if (what === "the database with its side files") {
          Deno.removeSync(`${directory}/checkpoints.kv-wal`);
          Deno.removeSync(`${directory}/checkpoints.kv-shm`);
        }
        store.set("after", { off: 2 });
        await store.flush();
        assert.equal(log.of("error").length, 1);
        assert.match(
          log.of("error")[0] ?? "",
          /was deleted or replaced while in use; writing a new one from memory/,
        );
        await assert.rejects(openStore({ directory }), { name: "CheckpointDirectoryInUseError" });
      }
      for (const { name } of Deno.readDirSync(directory)) {
        if (name.endsWith(".json")) Deno.removeSync(`${directory}/${name}`);
      }
      await using store = await openStore({ directory });
      assert.equal(store.condition, "intact");
      assert.deepEqual(Object.fromEntries(store.entries()), { before: { off: 1 }, after: { off: 2 } });
      assert.deepEqual(store.stateOf("out"), { length: 4 });
    });
  });
}

Deno.test("KvCheckpointStore takes back a database that was replaced by an older copy", async () => {
  await withDirectory(async (directory) => {
    {
      await using store = await openStore({ directory });
      store.set("old", { off: 1 });
    }
    Deno.copyFileSync(`${directory}/checkpoints.kv`, `${directory}/backup`);
    {
      await using store = await openStore({ directory });
      store.delete("old");
      store.set("new", { off: 2 });
      await store.flush();
      Deno.renameSync(`${directory}/backup`, `${directory}/checkpoints.kv`);
      store.set("newer", { off: 3 });
      await store.flush();
    }
    await using store = await openStore({ directory });
    assert.equal(store.condition, "intact");
    assert.deepEqual(Object.fromEntries(store.entries()), { new: { off: 2 }, newer: { off: 3 } });
  });
});

Deno.test("KvCheckpointStore looks after its files and old records from time to time, also when nothing changes", async () => {
  await withDirectory(async (directory) => {
    const ticks = new Map<number, () => unknown>();
    const { setInterval } = globalThis;
    globalThis.setInterval = ((tick: () => unknown, delay: number) => {
      ticks.set(delay, tick);
      return setInterval(tick, delay);
    }) as typeof globalThis.setInterval;
    let now = 0;
    const log = new RecordingLog();
    const opening = openStore({ directory, log, interval: 1_234_567, retention: 1_000, now: () => now });
    try {
      await using store = await opening;
      store.set("gone", { state: "missing", lastSeen: 0 });
      store.set("here", { state: "live", lastSeen: 0 });
      await store.flush();

      Deno.removeSync(`${directory}/checkpoints.kv`);
      await ticks.get(10_000)?.();
      assert.equal(log.of("error").length, 1);
      assert.ok(Deno.statSync(`${directory}/checkpoints.kv`).isFile);

      now = 1_001;
      await ticks.get(3_600_000)?.();
      assert.deepEqual([...store.entries()].map(([key]) => key), ["here"]);
      assert.deepEqual(log.of("info"), ["Removed 1 checkpoints of files that are long gone"]);
    } finally {
      globalThis.setInterval = setInterval;
    }
    await using store = await openStore({ directory });
    assert.deepEqual([...store.entries()].map(([key]) => key), ["here"]);
  });
});

/** Size and time of change of every file. */
function contentOf(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => {
    const { size, mtime } = Deno.statSync(`${directory}/${name}`);
    return `${name} ${size} ${mtime?.getTime()}`;
  }).sort();
}
