import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outcome } from "../../src/acknowledgement.ts";
import type { BatchBuffer, BufferedBatch } from "../../src/buffers/batch_buffer.ts";
import { batchOf, recordsOf, turn } from "./batches.ts";

/** What every buffer promises. `create`: bounds in events and bytes; what it answers is open. */
export function bufferContract(
  name: string,
  create: (bounds: { events: number; bytes: number }) => BatchBuffer | Promise<BatchBuffer>,
): void {
  const wide = { events: 1000, bytes: 1 << 20 };
  const never = new AbortController().signal;

  async function take(buffer: BatchBuffer, count: number): Promise<BufferedBatch[]> {
    const taken: BufferedBatch[] = [];
    const iterator = buffer.read(never)[Symbol.asyncIterator]();
    while (taken.length < count) {
      const { done, value } = await iterator.next();
      if (done) break;
      taken.push(value);
    }
    return taken;
  }

  Deno.test(`${name} gives batches in the order they were written`, async () => {
    await using buffer = await create(wide);
    await buffer.open();
    for (const text of ["a", "b", "c"]) void buffer.write(batchOf([text]));
    const texts = (await take(buffer, 3)).map(({ batch }) => recordsOf(batch).join());
    assert.deepEqual(texts, ["a", "b", "c"]);
  });

  Deno.test(`${name} gives a batch to a reader that waits already`, async () => {
    await using buffer = await create(wide);
    const waiting = take(buffer, 1);
    await turn();
    void buffer.write(batchOf(["a"]));
    assert.equal((await waiting).length, 1);
  });

  Deno.test(`${name} has room for any one batch while it is empty`, async () => {
    await using buffer = await create({ events: 1, bytes: 1 });
    assert.equal(await buffer.waitForRoom(100, 100_000), true);
  });

  Deno.test(`${name} tells when somebody waits for room, and when it is closed`, async () => {
    await using buffer = await create({ events: 1, bytes: 100 });
    let told = 0;
    void buffer.whenFull(never).then(() => told++);
    void buffer.write(batchOf(["a"]));
    await turn();
    assert.equal(told, 0);
    const room = buffer.waitForRoom(1, 1);
    await turn();
    assert.equal(told, 1);
    await buffer.whenFull(never);
    const [first] = await take(buffer, 1);
    first?.release("delivered");
    assert.equal(await room, true);
    void buffer.whenFull(never).then(() => told++);
    await turn();
    assert.equal(told, 1);
    buffer.close();
    await turn();
    assert.equal(told, 2);
  });

  Deno.test(`${name} makes those who want room wait until a batch is released, first come, first served`, async () => {
    await using buffer = await create({ events: 10, bytes: 100 });
    void buffer.write(batchOf(["x".repeat(90)]));
    const order: string[] = [];
    const large = buffer.waitForRoom(1, 90).then((room) => order.push(`large ${room}`));
    const small = buffer.waitForRoom(1, 5).then((room) => order.push(`small ${room}`));
    await turn();
    assert.deepEqual(order, []);
    const [first] = await take(buffer, 1);
    first?.release("delivered");
    await Promise.all([large, small]);
    assert.deepEqual(order, ["large true", "small true"]);
  });

  Deno.test(`${name} ends its reader once it is closed and empty`, async () => {
    await using buffer = await create(wide);
    void buffer.write(batchOf(["a"]));
    buffer.close();
    assert.equal((await take(buffer, 5)).length, 1);
  });

  Deno.test(`${name} refuses room and writes once it is closed`, async () => {
    await using buffer = await create({ events: 1, bytes: 1 });
    void buffer.write(batchOf(["a"]));
    const waiting = buffer.waitForRoom(1, 1);
    buffer.close();
    assert.equal(await waiting, false);
    assert.equal(await buffer.waitForRoom(1, 1), false);
    assert.equal(await buffer.write(batchOf(["b"])), "failed");
  });

  Deno.test(`${name} ends its reader when it is stopped`, async () => {
    await using buffer = await create(wide);
    const stop = new AbortController();
    const next = buffer.read(stop.signal)[Symbol.asyncIterator]().next();
    stop.abort();
    assert.equal((await next).done, true);
  });

  Deno.test(`${name} gives a second reader what the first left unreleased`, async () => {
    await using buffer = await create(wide);
    for (const text of ["a", "b", "c"]) void buffer.write(batchOf([text]));
    const first = await take(buffer, 2);
    first[1]?.release("delivered");
    const texts = (await take(buffer, 2)).map(({ batch }) => recordsOf(batch).join());
    assert.deepEqual(texts, ["a", "c"]);
  });

  Deno.test(`${name} neither loses nor doubles a batch, whatever the order of release`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.string({ maxLength: 8 }), { maxLength: 4 }), { maxLength: 20 }),
        fc.infiniteStream(fc.nat()),
        async (batches, choices) => {
          await using buffer = await create({ events: 5, bytes: 40 });
          const outcomes: Promise<Outcome>[] = [];
          const writing = (async () => {
            for (const records of batches) {
              const batch = batchOf(records);
              assert.equal(await buffer.waitForRoom(batch.ends.length, batch.bytes.length), true);
              outcomes.push(buffer.write(batch));
            }
            buffer.close();
          })();
          const seen: string[][] = [];
          const held: BufferedBatch[] = [];
          const stop = new AbortController();
          for await (const buffered of buffer.read(stop.signal)) {
            seen.push(recordsOf(buffered.batch));
            held.push(buffered);
            const [chosen] = held.splice(choices.next().value % held.length, 1);
            chosen?.release("delivered");
          }
          await writing;
          assert.deepEqual(seen, batches);
          assert.deepEqual(await Promise.all(outcomes), batches.map(() => "delivered"));
        },
      ),
      { numRuns: 50 },
    );
  });
}
