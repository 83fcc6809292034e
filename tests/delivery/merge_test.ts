import assert from "node:assert/strict";
import fc from "fast-check";
import { type EncodedBatch, recordId } from "../../src/batch.ts";
import { merge, mergeable, pick, pieces } from "../../src/delivery/merge.ts";
import { batchOf, recordsOf } from "../contracts/batches.ts";

const release = () => {};

function count(batches: readonly EncodedBatch[], bytes = 1000, splitsByEnds = false): number {
  return mergeable(batches.map((batch) => ({ batch, release })), { bytes, splitsByEnds });
}

Deno.test("mergeable stops at another partition, at the size, and behind an unfinished line", () => {
  assert.equal(count([]), 0);
  assert.equal(count([batchOf(["a\n"], "p"), batchOf(["b\n"], "p"), batchOf(["c\n"], "q")]), 2);
  assert.equal(count([batchOf(["a\n"]), batchOf(["b\n"]), batchOf(["c\n"])], 5), 2);
  assert.equal(count([batchOf(["a\n"]), batchOf(["b"]), batchOf(["c\n"])]), 2);
  assert.equal(count([batchOf(["a\n"]), batchOf(["b"]), batchOf(["c\n"])], 1000, true), 3);
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

/** A record with all that must stay with it. */
interface Marked {
  readonly text: string;
  readonly key: string;
  readonly origin: string;
  readonly offset: number;
}

const MARKED: fc.Arbitrary<Marked[]> = fc.array(
  fc.record({
    text: fc.string({ maxLength: 6 }).map((text) => `${text}\n`),
    key: fc.string({ maxLength: 3 }),
    origin: fc.constantFrom("a", "b", "c.1"),
    offset: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  }),
  { minLength: 1, maxLength: 8 },
);

function markedBatch(records: readonly Marked[], parts = { ids: true, keys: true }): EncodedBatch {
  const origins = records.map(({ origin }, index) => ({ id: origin, end: index + 1 }));
  const { bytes, ends } = batchOf(records.map(({ key }) => key));
  return {
    ...batchOf(records.map(({ text }) => text), "p"),
    ...(parts.ids ? { ids: { origins, offsets: Float64Array.from(records, ({ offset }) => offset) } } : {}),
    ...(parts.keys ? { keys: { bytes, ends } } : {}),
  };
}

/** Text, id and key of every record. */
function told(batch: EncodedBatch): unknown[] {
  const keys = batch.keys && recordsOf({ ...batch.keys, partition: "" });
  return recordsOf(batch).map((text, index) => [text, recordId(batch, index), keys?.[index]]);
}

function expected(records: readonly Marked[], parts = { ids: true, keys: true }): unknown[] {
  return records.map(({ text, key, origin, offset }) => [
    text,
    parts.ids ? `${origin}.${offset.toString(36)}` : undefined,
    parts.keys ? key : undefined,
  ]);
}

const PARTS = fc.record({ ids: fc.boolean(), keys: fc.boolean() });

Deno.test("merge, pick and pieces leave every record its id and its key", () => {
  fc.assert(fc.property(
    fc.array(MARKED, { minLength: 1, maxLength: 5 }),
    PARTS,
    fc.integer({ min: 1, max: 5 }),
    fc.infiniteStream(fc.nat()),
    (groups, parts, events, numbers) => {
      const all = groups.flat();
      const whole = merge(groups.map((group) => markedBatch(group, parts)));
      assert.deepEqual(told(whole), expected(all, parts));
      const indices = all.map(() => (numbers.next().value ?? 0) % all.length);
      assert.deepEqual(told(pick(whole, indices)), expected(indices.map((index) => all[index]!), parts));
      const cut = pieces(whole, events, 20);
      assert.deepEqual(cut.flatMap(told), expected(all, parts));
      assert.deepEqual(told(merge(cut)), expected(all, parts));
    },
  ));
});

Deno.test("mergeable keeps batches with and without ids, and with and without keys, apart", () => {
  fc.assert(fc.property(fc.array(fc.tuple(MARKED, PARTS), { minLength: 1, maxLength: 6 }), (groups) => {
    let rest = groups.map(([records, parts]) => ({ batch: markedBatch(records, parts), release }));
    const seen: unknown[] = [];
    while (rest.length > 0) {
      const count = mergeable(rest, { bytes: 1000 });
      seen.push(...told(merge(rest.slice(0, count).map(({ batch }) => batch))));
      rest = rest.slice(count);
    }
    assert.deepEqual(seen, groups.flatMap(([records, parts]) => expected(records, parts)));
  }));
});

Deno.test("merge joins runs of one origin, so that merging again and again does not pile them up", () => {
  const one = markedBatch([{ text: "a\n", key: "", origin: "o", offset: 1 }]);
  assert.deepEqual(merge([one, one, one]).ids?.origins, [{ id: "o", end: 3 }]);
  assert.ok(!("ids" in merge([batchOf(["a\n"]), batchOf(["b\n"])])));
});

Deno.test("merge returns a single batch without copying it", () => {
  const batch = batchOf(["a\n"]);
  assert.equal(merge([batch]), batch);
});
