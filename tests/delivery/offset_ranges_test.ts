import assert from "node:assert/strict";
import fc from "fast-check";
import { OffsetRanges } from "../../src/delivery/offset_ranges.ts";

Deno.test("OffsetRanges joins what touches", () => {
  const ranges = new OffsetRanges();
  assert.ok(ranges.isEmpty);
  ranges.add("a", 10, 20);
  ranges.add("a", 30, 40);
  ranges.add("b", 0, 5);
  assert.deepEqual(ranges.of("a"), [{ from: 10, until: 20 }, { from: 30, until: 40 }]);
  ranges.add("a", 20, 30);
  assert.deepEqual(ranges.of("a"), [{ from: 10, until: 40 }]);
  ranges.add("a", 40, 40);
  assert.deepEqual(ranges.of("a"), [{ from: 10, until: 40 }]);
  assert.deepEqual(ranges.toState(), { a: [10, 40], b: [0, 5] });
});

Deno.test("OffsetRanges forgets what lies before an offset", () => {
  const ranges = new OffsetRanges();
  ranges.add("a", 0, 10);
  ranges.add("a", 20, 30);
  ranges.drop("a", 5);
  assert.deepEqual(ranges.toState(), { a: [5, 10, 20, 30] });
  ranges.drop("a", 15);
  assert.deepEqual(ranges.toState(), { a: [20, 30] });
  ranges.drop("other", 30);
  ranges.drop("a", 30);
  assert.deepEqual(ranges.toState(), {});
  assert.ok(ranges.isEmpty);
});

Deno.test("OffsetRanges knows the offsets that were added and not dropped, whatever the order", () => {
  const step = fc.record({ add: fc.boolean(), from: fc.nat(30), length: fc.nat(6) });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const ranges = new OffsetRanges();
    const expected = new Set<number>();
    for (const { add, from, length } of steps) {
      if (add) ranges.add("a", from, from + length);
      else ranges.drop("a", from);
      for (let offset = 0; offset < 40; offset++) {
        if (add && offset >= from && offset < from + length) expected.add(offset);
        else if (!add && offset < from) expected.delete(offset);
      }
    }
    const found = ranges.of("a") ?? [];
    const offsets = found.flatMap(({ from, until }) =>
      Array.from({ length: until - from }, (_, i) => from + i)
    );
    assert.deepEqual(offsets, [...expected].sort((a, b) => a - b));
    assert.ok(found.every(({ from }, index) => index === 0 || from > found[index - 1]!.until));
    assert.equal(ranges.isEmpty, expected.size === 0);
    const again = new OffsetRanges();
    again.restore(JSON.parse(JSON.stringify(ranges.toState())));
    assert.deepEqual(again.of("a"), ranges.of("a"));
  }));
});

Deno.test("OffsetRanges lets the stream make room that was added to longest ago", () => {
  const ranges = new OffsetRanges(3);
  for (const stream of ["a", "b", "c"]) ranges.add(stream, 0, 2);
  ranges.add("a", 2, 4);
  ranges.drop("b", 1);
  ranges.add("d", 0, 1);
  assert.deepEqual(ranges.toState(), { c: [0, 2], a: [0, 4], d: [0, 1] });
});

Deno.test("OffsetRanges leaves out of a saved state what makes no sense", () => {
  const ranges = new OffsetRanges();
  ranges.add("before", 0, 1);
  ranges.restore({ a: [0, 5, 7], b: "none", c: [5, 1], d: [null, 3], e: [1, 2] });
  assert.deepEqual(ranges.toState(), { a: [0, 5], e: [1, 2] });
  for (const state of [undefined, null, 7, ["a"]]) {
    ranges.restore(state);
    assert.ok(ranges.isEmpty);
  }
});
