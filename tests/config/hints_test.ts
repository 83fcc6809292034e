import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/load.ts";

/** What is told of a configuration that is valid. */
async function hints(text: string): Promise<string[]> {
  const { warnings } = await parseConfig(
    `inputs: {files: [{paths: [/a]}]}\n${text}\n`,
    "config.yaml",
    () => undefined,
  );
  return warnings.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}

Deno.test("hintsOf tells of a log and of dead letters that nothing switches on", async () => {
  assert.deepEqual(await hints("wal: {dir: /w}\ndead_letter: {dir: /d}"), [
    "2:1 wal: has no effect, since no buffer is on disk; write enabled: true, or type: disk in a buffer",
    "3:1 dead_letter: has no effect without enabled: true",
  ]);
  assert.deepEqual(await hints("wal: {dir: /w, enabled: false}\ndead_letter: {dir: /d, enabled: false}"), []);
  assert.deepEqual(await hints("wal: {dir: /w}\nbuffer: {type: disk}"), []);
  assert.deepEqual(await hints("wal: {dir: /w}\noutput: {type: stdout, buffer: {type: disk}}"), []);
});

Deno.test("hintsOf tells of a buffer that keeps its output out of the log", async () => {
  const wal = "wal: {dir: /w, enabled: true}\n";
  const [told = "", ...more] = await hints(
    `${wal}outputs: [{type: stdout}, {type: file, path: /x, buffer: {size: 5}}]`,
  );
  assert.match(
    told,
    /^3:\d+ outputs\[1\]\.buffer: is in memory, beside the log .*; write type: disk, or type: memory/,
  );
  assert.deepEqual(more, []);
  assert.deepEqual(await hints(`${wal}output: {type: stdout, buffer: {type: memory, size: 5}}`), []);
});

Deno.test("hintsOf tells of batches that are larger than what may wait", async () => {
  const s3 = (keys: string, rest = "") => hints(`output:\n  type: s3\n  s3: {bucket: logs, ${keys}}${rest}`);
  assert.deepEqual(await s3("batch_size: 2000, batch_bytes: 32MiB"), [
    "4:34 output.s3.batch_size: is more than buffer.size, so batches have 1024 records at most",
    "4:53 output.s3.batch_bytes: is more than buffer.max_bytes, so batches have 16MiB at most",
  ]);
  assert.deepEqual(await s3("batch_size: 2000", "\n  buffer: {size: 1500}"), [
    "4:34 output.s3.batch_size: is more than output.buffer.size, so batches have 1500 records at most",
  ]);
  assert.deepEqual(await s3("batch_size: 2000", "\nbuffer: {size: 2000}"), []);
  assert.deepEqual(await s3("batch_size: 2000", "\nwal: {enabled: true, dir: /w}"), []);
  assert.deepEqual(await s3("batch_size: 1024", "\nbuffer: {size: 1024}"), []);
  assert.deepEqual(await hints("output: {type: http, endpoint: 'http://a'}\nbuffer: {size: 10}"), []);
});

Deno.test("sections refuse waits and segments that cannot be meant", async () => {
  const refusal = async (text: string) => {
    try {
      await hints(text);
    } catch (error) {
      return String(error);
    }
    return "";
  };
  assert.match(
    await refusal("reliability: {retry: {max_backoff: 50ms}}"),
    /2:15 reliability\.retry: has an initial_backoff of 100ms, which is longer than max_backoff$/,
  );
  assert.match(
    await refusal("wal: {dir: /w, segment_size: 1}"),
    /2:30 wal\.segment_size: must be at least 64KiB$/,
  );
});
