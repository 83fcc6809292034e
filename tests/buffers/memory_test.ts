import assert from "node:assert/strict";
import { MemoryBuffer } from "../../src/buffers/memory.ts";
import { batchOf, turn } from "../contracts/batches.ts";
import { bufferContract } from "../contracts/buffer_contract.ts";

bufferContract("MemoryBuffer", (bounds) => new MemoryBuffer(bounds));

Deno.test("MemoryBuffer settles a write with the outcome of its release, not earlier", async () => {
  await using buffer = new MemoryBuffer({ events: 10, bytes: 100 });
  let outcome = "";
  void buffer.write(batchOf(["a"])).then((settled) => outcome = settled);
  for await (const buffered of buffer.read(new AbortController().signal)) {
    await turn();
    assert.equal(outcome, "");
    buffered.release("discarded");
    break;
  }
  await turn();
  assert.equal(outcome, "discarded");
});

Deno.test("MemoryBuffer fails what is not released when it is disposed", async () => {
  const buffer = new MemoryBuffer({ events: 10, bytes: 100 });
  const outcome = buffer.write(batchOf(["a"]));
  await buffer[Symbol.asyncDispose]();
  assert.equal(await outcome, "failed");
  assert.equal(buffer.events, 0);
  assert.equal(buffer.bytes, 0);
});

Deno.test("MemoryBuffer counts batches until they are released, and a second release as none", async () => {
  await using buffer = new MemoryBuffer({ events: 10, bytes: 100 });
  void buffer.write(batchOf(["aa", "b"]));
  assert.deepEqual([buffer.events, buffer.bytes], [2, 3]);
  for await (const buffered of buffer.read(new AbortController().signal)) {
    assert.deepEqual([buffer.events, buffer.bytes], [2, 3]);
    buffered.release("delivered");
    buffered.release("delivered");
    break;
  }
  assert.deepEqual([buffer.events, buffer.bytes], [0, 0]);
});

Deno.test("MemoryBuffer refuses bounds below one", () => {
  assert.throws(() => new MemoryBuffer({ events: 0, bytes: 1 }), /must be at least 1/);
});
