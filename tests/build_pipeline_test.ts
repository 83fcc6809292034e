import assert from "node:assert/strict";
import { buildOutput, logDirectory, pipelineSettings } from "../src/build_pipeline.ts";
import { parseConfig } from "../src/config/load.ts";
import type { OutputLine } from "../src/delivery/output_line.ts";
import { batchOf, RecordingLog } from "./contracts/batches.ts";
import { segmentFiles, take, withDirectory } from "./buffers/wal/support.ts";
import { stateOf } from "./support/pipeline.ts";

const INPUT = "inputs: {files: [{paths: [/a], checkpoint_path: /checkpoints}]}\n";

async function configOf(text: string) {
  return (await parseConfig(`${INPUT}${text}`, "c.yaml", () => undefined)).config;
}

/** What stands before each output of a configuration. */
async function linesOf(text: string): Promise<OutputLine[]> {
  const config = await configOf(text);
  return Promise.all(config.outputs.map((entry) => buildOutput(entry, config, new RecordingLog())));
}

/** Runs with the log of the only output, open, in a directory of its own. */
function withLog(
  keys: string,
  body: (buffer: OutputLine["buffer"], directory: string) => Promise<void>,
): Promise<void> {
  return withDirectory(async (directory) => {
    const [line] = await linesOf(
      `output: {type: "null"}\nwal: {enabled: true, dir: "${directory}", ${keys}}\n`,
    );
    await line!.buffer.open();
    try {
      await body(line!.buffer, `${directory}/null`);
    } finally {
      await line!.buffer[Symbol.asyncDispose]();
    }
  });
}

const record = (bytes: number) => batchOf([`${"x".repeat(bytes - 1)}\n`]);

Deno.test("buildOutput gives an output the settings of the top level, or its own", async () => {
  const [all, own] = await linesOf(`outputs:
  - {name: all, type: "null"}
  - name: own
    type: "null"
    optional: true
    buffer: {size: 2, backpressure_strategy: sample, sample_rate: 7}
    reliability: {retry: {max_retries: 1, initial_backoff: 3ms, max_backoff: 4ms, multiplier: 5, jitter: false}, circuit_breaker: {enabled: false}}
buffer: {size: 5, max_bytes: 2KiB, backpressure_strategy: drop}
reliability: {retry: {max_retries: 9}, circuit_breaker: {failure_threshold: 2, interval: 3s, timeout: 4s, max_requests: 6}}
`);
  assert.deepEqual([all!.full, all!.optional], [{ strategy: "drop_newest", sampleRate: 10 }, false]);
  assert.deepEqual([own!.full, own!.optional], [{ strategy: "sample", sampleRate: 7 }, true]);
  assert.equal(all!.retry?.limit, 9);
  assert.deepEqual(own!.retry, { initial: 3, max: 4, multiplier: 5, jitter: false, limit: 1 });
  assert.deepEqual(all!.breaker, { failureThreshold: 2, interval: 3000, timeout: 4000, maxRequests: 6 });
  assert.equal(own!.breaker, undefined);
  for (const [line, events] of [[all!, 5], [own!, 2]] as const) {
    void line.buffer.write(batchOf(["a"]));
    assert.ok(line.buffer.hasRoom(events - 1, 1));
    assert.ok(!line.buffer.hasRoom(events, 1));
  }
  assert.ok(!all!.buffer.hasRoom(1, 2048));
});

Deno.test("logDirectory is where an output has its log, and nowhere for those that have none", async () => {
  const directories = async (text: string) => {
    const config = await configOf(text);
    return config.outputs.map((entry) => logDirectory(entry, config));
  };
  const two = (keys: string) =>
    `outputs: [{name: "../a b", type: "null", ${keys}}, {name: c, type: "null"}]\n`;
  assert.deepEqual(await directories(`${two("")}wal: {dir: /w}\n`), [undefined, undefined]);
  assert.deepEqual(await directories(`${two("")}wal: {enabled: true, dir: /w}\n`), [
    "/w/%2e.%2fa%20b",
    "/w/c",
  ]);
  assert.deepEqual(await directories(`${two("")}wal: {dir: /w}\nbuffer: {type: disk}\n`), [
    "/w/%2e.%2fa%20b",
    "/w/c",
  ]);
  const own = await directories(`${two("buffer: {type: memory}")}wal: {enabled: true, dir: /w}\n`);
  assert.deepEqual(own, [undefined, "/w/c"]);
  assert.deepEqual(await directories(`${two("buffer: {type: disk}")}wal: {dir: /w}\n`), [
    "/w/%2e.%2fa%20b",
    undefined,
  ]);
});

Deno.test("buildOutput bounds a log by its segments, and by its bytes", async () => {
  await withLog("sync_on_write: true, segment_size: 64KiB, max_segments: 2", async (buffer, directory) => {
    let batches = 0;
    for (; buffer.hasRoom(1, 40_000); batches++) await buffer.write(record(40_000));
    assert.equal(batches, 2);
    assert.equal(segmentFiles(directory).length, 2);
  });
  await withLog("sync_on_write: true, max_bytes: 1MiB", async (buffer) => {
    await buffer.write(record(1_000_000));
    assert.ok(buffer.hasRoom(1, 40_000));
    assert.ok(!buffer.hasRoom(1, 60_000));
  });
});

Deno.test("buildOutput has a log forced to the disk at once, or at an interval", async () => {
  await withLog("sync_on_write: true, sync_interval: 1h", async (buffer) => {
    assert.equal(await buffer.write(record(100)), "delivered");
  });
  await withLog("sync_interval: 1h", async (buffer) => {
    assert.equal(await stateOf(buffer.write(record(100))), "waiting");
  });
  await withLog("sync_interval: 5ms", async (buffer) => {
    assert.equal(await buffer.write(record(100)), "delivered");
  });
});

Deno.test("buildOutput compresses a log, and keeps delivered segments, as configured", async () => {
  const bytesOf = (directory: string) =>
    segmentFiles(directory).reduce((sum, name) => sum + Deno.statSync(`${directory}/${name}`).size, 0);
  const sizes: Record<string, number> = {};
  for (const compression of ["none", "gzip", "zstd"]) {
    await withLog(`sync_on_write: true, compression: ${compression}`, async (buffer, directory) => {
      await buffer.write(record(50_000));
      sizes[compression] = bytesOf(directory);
    });
  }
  assert.ok(sizes["none"]! > 50_000 && sizes["gzip"]! < 5000 && sizes["zstd"]! < 5000, JSON.stringify(sizes));
  assert.notEqual(sizes["gzip"], sizes["zstd"]);
  for (
    const [policy, left] of [["size", 0], ["time, retention: 1h", 3], ["time, retention: 0s", 0], [
      "manual",
      3,
    ]]
  ) {
    await withDirectory(async (directory) => {
      const keys = `sync_on_write: true, segment_size: 64KiB, compaction_policy: ${policy}`;
      const [line] = await linesOf(
        `output: {type: "null"}\nwal: {enabled: true, dir: "${directory}", ${keys}}\n`,
      );
      await line!.buffer.open();
      for (let i = 0; i < 3; i++) await line!.buffer.write(record(60_000));
      for (const { release } of await take(line!.buffer, 3)) release("delivered");
      await line!.buffer[Symbol.asyncDispose]();
      assert.equal(segmentFiles(`${directory}/null`).length, left, String(policy));
    });
  }
});

Deno.test("pipelineSettings are those of the configuration", async () => {
  const settings = async (text: string) => {
    const log = new RecordingLog();
    const { deadLetters: _, ...rest } = await pipelineSettings(await configOf(text), { named: () => log });
    return rest;
  };
  assert.deepEqual(await settings(`output: {type: "null"}\n`), {
    budget: 16 * 1024 * 1024,
    blockTimeout: 5000,
    parallel: true,
    stopOnFailure: false,
  });
  const multi =
    `output: {type: multi, multi: {outputs: [{type: "null"}], parallel: false, failure_strategy: stop}}\n`;
  assert.deepEqual(await settings(`${multi}buffer: {max_bytes: 2MiB, block_timeout: 7s}\n`), {
    budget: 2 * 1024 * 1024,
    blockTimeout: 7000,
    parallel: false,
    stopOnFailure: true,
  });
});
