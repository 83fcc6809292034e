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

Deno.test("MemoryBuffer drops the oldest batches that no reader has, and only as many as needed", async () => {
  await using buffer = new MemoryBuffer({ events: 5, bytes: 100 });
  const outcomes = ["a", "bb", "c", "d"].map((record) => buffer.write(batchOf([record])));
  const reader = buffer.read(new AbortController().signal)[Symbol.asyncIterator]();
  const { value: first } = await reader.next();
  assert.ok(first.claim());
  assert.equal(buffer.hasRoom(3, 3), false);
  assert.equal(buffer.dropOldest(3, 3), 1);
  assert.equal(buffer.hasRoom(3, 3), true);
  assert.equal(await outcomes[1], "discarded");
  assert.equal(buffer.dropOldest(3, 3), 0);
  assert.equal(buffer.dropOldest(6, 6), 2);
  assert.deepEqual(await Promise.all(outcomes.slice(2)), ["discarded", "discarded"]);
  assert.equal(buffer.hasRoom(5, 5), true);
  first.release("delivered");
  assert.equal(await outcomes[0], "delivered");
  assert.deepEqual([buffer.events, buffer.bytes], [0, 0]);
});

Deno.test("MemoryBuffer lets a new reader's predecessor keep nothing from being dropped", async () => {
  await using buffer = new MemoryBuffer({ events: 2, bytes: 100 });
  const outcome = buffer.write(batchOf(["a", "b"]));
  const { value } = await buffer.read(new AbortController().signal)[Symbol.asyncIterator]().next();
  assert.ok(value.claim());
  assert.equal(buffer.dropOldest(1, 1), 0);
  buffer.read(new AbortController().signal)[Symbol.asyncIterator]();
  assert.equal(buffer.dropOldest(1, 1), 2);
  assert.equal(await outcome, "discarded");
});

Deno.test("MemoryBuffer lets go of what was released, also while somebody keeps an old batch", async () => {
  const rounds = 600;
  const size = 1024 * 1024;
  await using buffer = new MemoryBuffer({ events: 10, bytes: 10 * size });
  const reader = buffer.read(new AbortController().signal)[Symbol.asyncIterator]();
  const before = Deno.memoryUsage().external;
  let kept: unknown;
  for (let round = 0; round < rounds; round++) {
    void buffer.write({ bytes: new Uint8Array(size), ends: Uint32Array.of(size), partition: "" });
    const { value } = await reader.next();
    kept ??= value;
    value.release("delivered");
  }
  // The garbage collector comes by itself long before so much is there.
  const grown = (Deno.memoryUsage().external - before) / size;
  assert.ok(grown < rounds / 2, `${grown.toFixed(0)} of ${rounds} MiB are still there`);
  assert.ok(kept !== undefined);
});
