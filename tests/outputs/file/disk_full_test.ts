import assert from "node:assert/strict";
import * as fs from "node:fs";
import { StdoutOutput } from "../../../src/outputs/stdout.ts";
import { batchOf } from "../../contracts/batches.ts";
import { FileBench } from "./support.ts";

const SIZE = 1 << 20;

async function run(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Whether this process may mount a small file system. */
async function mayMount(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const directory = await Deno.makeTempDir();
  const mounted = await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory);
  if (mounted) await run("umount", directory);
  await Deno.remove(directory);
  return mounted;
}

const ignore = !(await mayMount());

async function onSmallDisk(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  assert.ok(await run("mount", "-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", directory));
  try {
    await body(directory);
  } finally {
    await run("umount", "-l", directory);
    await Deno.remove(directory);
  }
}

Deno.test({
  name: "FileOutput leaves nothing of a batch on a full disk, and writes it once there is room (needs mount)",
  ignore,
  fn: () =>
    onSmallDisk(async (directory) => {
      const bench = FileBench.create("a.log", {}, directory);
      await bench.output.open();
      fs.writeFileSync(bench.path("ballast"), new Uint8Array(SIZE / 2));
      const record = `${"x".repeat(65_535)}\n`;
      let sent = 0;
      const send = async () => {
        await bench.send("a.log", record, record, record);
        sent += 3;
      };
      await assert.rejects(
        async () => {
          for (;;) await send();
        },
        /^Error: Cannot write to ".*a.log": no space left on device; the batch is kept and written again later/,
      );
      for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(send());
      assert.equal(fs.statSync(bench.path("a.log")).size, sent * record.length);
      fs.unlinkSync(bench.path("ballast"));
      await send();
      assert.equal(bench.read("a.log"), record.repeat(sent));
      await bench.output[Symbol.asyncDispose]();
    }),
});

Deno.test({
  name:
    "StdoutOutput doubles nothing when the disk under a redirected output is full for a while (needs mount)",
  ignore,
  fn: () =>
    onSmallDisk(async (directory) => {
      const file = Deno.openSync(`${directory}/out`, { write: true, create: true });
      const ballast = `${directory}/ballast`;
      fs.writeFileSync(ballast, new Uint8Array(SIZE / 2));
      const output = new StdoutOutput({ stdout: file, neverWaits: () => true });
      await output.open();
      const batch = batchOf(Array.from({ length: 20_000 }, (_, number) => `${number} ${"y".repeat(30)}\n`));
      const signal = new AbortController().signal;
      await assert.rejects(output.send(batch, signal), /no space left on device/);
      await assert.rejects(output.send(batch, signal), /no space left on device/);
      fs.unlinkSync(ballast);
      await output.send(batch, signal);
      assert.deepEqual(fs.readFileSync(`${directory}/out`).equals(batch.bytes), true);
      file.close();
    }),
});
