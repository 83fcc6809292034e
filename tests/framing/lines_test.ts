import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { LineScanner } from "../../src/framing/lines.ts";

const bytes = fc.uint8Array({ maxLength: 300 });
/** Few values, so that line feeds and zero bytes meet in all ways. */
const nasty = fc.array(fc.constantFrom(0x0a, 0x00, 0x41, 0x0d, 0x0b), { maxLength: 120 }).map((list) =>
  Uint8Array.from(list)
);

/** The ends of the lines, found in the plainest way. */
function expectedEnds(of: Uint8Array, unit: 1 | 2, lineFeed: readonly number[]): number[] {
  const ends: number[] = [];
  for (let at = 0; at + unit <= of.length; at += unit) {
    if (lineFeed.every((byte, index) => of[at + index] === byte)) ends.push(at + unit);
  }
  return ends;
}

const KINDS = [
  { kind: "single", unit: 1, lineFeed: [0x0a] },
  { kind: "utf-16le", unit: 2, lineFeed: [0x0a, 0x00] },
  { kind: "utf-16be", unit: 2, lineFeed: [0x00, 0x0a] },
] as const;

for (const { kind, unit, lineFeed } of KINDS) {
  Deno.test(`LineScanner finds the ends of ${kind} lines on code unit boundaries only`, () => {
    const scanner = new LineScanner(kind);
    fc.assert(fc.property(fc.oneof(bytes, nasty), fc.nat(20), (given, before) => {
      const buffer = Buffer.concat([new Uint8Array(before).fill(0x0a), given, Uint8Array.of(0x0a, 0, 0x0a)]);
      const to = before + given.length;
      const { count, end } = scanner.scan(buffer, before, to);
      const expected = expectedEnds(given, unit, lineFeed);
      assert.deepEqual([...scanner.ends(count)], expected);
      assert.equal(end, before + (expected.at(-1) ?? 0));
      if (count > 0) assert.equal(scanner.firstEnd, expected[0]);
    }));
  });

  Deno.test(`LineScanner finds the same ${kind} lines in any chunks as in the whole`, () => {
    const scanner = new LineScanner(kind);
    fc.assert(fc.property(fc.oneof(bytes, nasty), fc.array(fc.nat(40)), (given, sizes) => {
      const found: number[] = [];
      let from = 0;
      let seen = 0;
      for (const size of [...sizes, given.length]) {
        seen = Math.min(given.length, seen + size);
        const { count, end } = scanner.scan(given, from, seen);
        found.push(...Array.from(scanner.ends(count), (lineEnd) => from + lineEnd));
        from = end;
      }
      assert.deepEqual(found, expectedEnds(given, unit, lineFeed));
    }));
  });
}

Deno.test("LineScanner.ends hands out arrays of its own, for more lines than its scratch array holds", () => {
  const scanner = new LineScanner();
  const many = new Uint8Array(100_000).fill(0x0a);
  const { count, end } = scanner.scan(many, 0, many.length);
  assert.equal(count, many.length);
  assert.equal(end, many.length);
  const ends = scanner.ends(count);
  scanner.scan(Uint8Array.of(0x41, 0x0a), 0, 2);
  assert.equal(ends[0], 1);
  assert.equal(ends.at(-1), many.length);
});
