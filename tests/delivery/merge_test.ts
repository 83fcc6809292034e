import assert from "node:assert/strict";
import fc from "fast-check";
import type { EncodedBatch } from "../../src/batch.ts";
import { merge, mergeable, pick, pieces } from "../../src/delivery/merge.ts";
import { batchOf, recordsOf } from "../contracts/batches.ts";

const release = () => {};

function count(batches: readonly EncodedBatch[], maxBytes = 1000): number {
  return mergeable(batches.map((batch) => ({ batch, release })), maxBytes);
}

Deno.test("mergeable stops at another partition, at the size, and behind an unfinished line", () => {
  assert.equal(count([]), 0);
  assert.equal(count([batchOf(["a\n"], "p"), batchOf(["b\n"], "p"), batchOf(["c\n"], "q")]), 2);
  assert.equal(count([batchOf(["a\n"]), batchOf(["b\n"]), batchOf(["c\n"])], 5), 2);
  assert.equal(count([batchOf(["a\n"]), batchOf(["b"]), batchOf(["c\n"])]), 2);
  assert.equal(count([batchOf(["longer than all\n"])], 5), 1);
});

Deno.test("merge and pick keep every record as it is", () => {
  const records = fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(fc.array(records, { minLength: 1, maxLength: 5 }), (groups) => {
    const whole = merge(groups.map((group) => batchOf(group, "p")));
    assert.deepEqual(recordsOf(whole), groups.flat());
    assert.equal(whole.partition, "p");
    const odd = groups.flat().map((_, index) => index).filter((index) => index % 2 === 1);
    assert.deepEqual(recordsOf(pick(whole, odd)), groups.flat().filter((_, index) => index % 2 === 1));
  }));
});

Deno.test("pieces keep every record, and hold no more than they may", () => {
  const records = fc.array(fc.string({ maxLength: 6 }), { maxLength: 12 });
  fc.assert(
    fc.property(
      records,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 15 }),
      (all, events, bytes) => {
        const parts = pieces(batchOf(all, "p"), events, bytes);
        assert.deepEqual(parts.flatMap((part) => recordsOf(part)), all);
        for (const part of parts) {
          assert.ok(part.ends.length <= events);
          assert.ok(part.bytes.length <= bytes || part.ends.length === 1);
          assert.equal(part.partition, "p");
        }
      },
    ),
  );
});

Deno.test("merge returns a single batch without copying it", () => {
  const batch = batchOf(["a\n"]);
  assert.equal(merge([batch]), batch);
});
