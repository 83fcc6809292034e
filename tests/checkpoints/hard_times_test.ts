import assert from "node:assert/strict";
import { openStore, RecordingLog, spawn, withDirectory } from "./support.ts";

/** Mounts a small file system in memory on a new directory, if this machine and Deno's permissions let us. */
function mount(
  options: string,
): { directory: string; unmount(): void; remount(options: string): void } | undefined {
  const run = (...args: [string, ...string[]]) =>
    new Deno.Command(args[0], { args: args.slice(1), stderr: "null" }).outputSync().success;
  if (Deno.build.os !== "linux") return undefined;
  const directory = Deno.makeTempDirSync();
  try {
    if (run("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory)) {
      return {
        directory,
        unmount: () => {
          run("umount", directory);
          Deno.removeSync(directory);
        },
        remount: (options) => assert.ok(run("mount", "-o", `remount,${options}`, directory)),
      };
    }
  } catch {
    // No permission to run mount: the same as one that refuses.
  }
  Deno.removeSync(directory);
  return undefined;
}

const probe = mount("size=64k");
probe?.unmount();
const ignore = probe === undefined;
const note = ignore ? " (skipped: this process may not mount a file system)" : "";

/** Writes until the disk is full; the returned file takes all of the room that was left. */
function fillUp(directory: string): string {
  const path = `${directory}/filler`;
  using file = Deno.openSync(path, { append: true, create: true });
  const block = new Uint8Array(4096);
  try {
    while (file.writeSync(block) === block.length);
  } catch (error) {
    assert.match(String(error), /No space left/);
  }
  return path;
}

Deno.test({
  name: `KvCheckpointStore keeps all in memory while the disk is full, and saves it afterwards${note}`,
  ignore,
  fn: async () => {
    const disk = mount("size=2m");
    assert.ok(disk);
    try {
      const directory = `${disk.directory}/checkpoints`;
      {
        const log = new RecordingLog();
        await using store = await openStore({ directory, log });
        store.set("a", { off: 1 });
        await store.flush();
        const filler = fillUp(disk.directory);
        for (let index = 0; index < 500; index++) {
          store.set(`k${index}`, { off: index, head: "x".repeat(200) });
        }
        for (let attempt = 0; attempt < 3; attempt++) {
          await assert.rejects(store.flush(), /is full; they are kept in/);
        }
        await assert.rejects(store.persist(["k3"]), /is full/);
        assert.equal(log.of("error").length, 1);
        assert.deepEqual(store.get("k499"), { off: 499, head: "x".repeat(200) });
        Deno.removeSync(filler);
        await store.flush();
        assert.deepEqual(log.of("info"), [`Checkpoints are saved again in "${directory}"`]);
      }
      await using store = await openStore({ directory });
      assert.equal(store.condition, "intact");
      assert.equal([...store.entries()].length, 501);
    } finally {
      disk.unmount();
    }
  },
});

Deno.test({
  name: `KvCheckpointStore starts on a full disk from its snapshot, and saves once there is room${note}`,
  ignore,
  fn: async () => {
    const disk = mount("size=1m");
    assert.ok(disk);
    try {
      const directory = `${disk.directory}/checkpoints`;
      {
        await using store = await openStore({ directory });
        for (let index = 0; index < 50; index++) store.set(`k${index}`, { off: index });
      }
      const filler = fillUp(disk.directory);
      {
        await using store = await openStore({ directory });
        assert.equal(store.condition, "restored");
        assert.equal([...store.entries()].length, 50);
        store.set("k1", { off: 100 });
        await assert.rejects(store.flush(), /Cannot save checkpoints/);
        Deno.removeSync(filler);
        await store.flush();
      }
      await using store = await openStore({ directory });
      assert.equal(store.condition, "intact");
      assert.equal([...store.entries()].length, 50);
      assert.deepEqual(store.get("k1"), { off: 100 });
    } finally {
      disk.unmount();
    }
  },
});

Deno.test({
  name: `KvCheckpointStore says that a read-only directory is of no use${note}`,
  ignore,
  fn: async () => {
    const disk = mount("size=1m");
    assert.ok(disk);
    try {
      const directory = `${disk.directory}/checkpoints`;
      await (await openStore({ directory }))[Symbol.asyncDispose]();
      disk.remount("ro");
      await assert.rejects(
        openStore({ directory }),
        /^Error: Cannot use ".*" for checkpoints: read-only file system; the agent must be able to create and write/,
      );
      await assert.rejects(
        openStore({ directory: `${directory}/new` }),
        /^Error: Cannot create the checkpoint dir/,
      );
    } finally {
      disk.unmount();
    }
  },
});

Deno.test("KvCheckpointStore lets the process end, and what was flushed is saved, also when nobody closes it", async () => {
  await withDirectory(async (directory) => {
    Deno.mkdirSync(directory);
    const process = spawn("unclosed.ts", directory);
    await process.stdin.close();
    const { code, stderr } = await process.output();
    assert.equal(new TextDecoder().decode(stderr), "");
    assert.equal(code, 0);
    await using store = await openStore({ directory });
    assert.deepEqual([...store.entries()], [["a", { off: 1 }]]);
  });
});
