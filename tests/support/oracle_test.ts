import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { LineWriter } from "./line_writer.ts";
import { assertDelivered, judge } from "./oracle.ts";

function linesOf(writer: LineWriter, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => writer.lines(1));
}

Deno.test("judge finds nothing wrong with what was delivered as it was written", () => {
  const a = new LineWriter("a"), b = new LineWriter("b", { ending: "\r\n" });
  const verdict = judge(Buffer.concat([a.lines(10), b.lines(20), a.lines(30)]), [a, b]);
  assert.equal(verdict.arrived, 60);
  assertDelivered(Buffer.concat([new LineWriter("c").lines(5)]), [{ name: "c", written: 5 }]);
});

Deno.test("judge counts every lost, doubled and moved line", () => {
  const counts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(counts, (copies) => {
    const writer = new LineWriter("w");
    const lines = linesOf(writer, copies.length);
    const verdict = judge(Buffer.concat(copies.flatMap((count, index) => Array(count).fill(lines[index]))), [
      writer,
    ]);
    assert.equal(verdict.lost.get("w")?.length ?? 0, copies.filter((count) => count === 0).length);
    assert.equal(verdict.duplicates, copies.reduce((sum, count) => sum + Math.max(count - 1, 0), 0));
    assert.deepEqual([verdict.invented, verdict.corrupted, verdict.disordered], [[], [], []]);
  }));
  const writer = new LineWriter("w");
  const verdict = judge(Buffer.concat(linesOf(writer, 5).reverse()), [writer]);
  assert.equal(verdict.disordered.length, 4);
});

Deno.test("judge notices every changed byte, and what nobody wrote", () => {
  const bytes = new LineWriter("w", { minimum: 20, maximum: 40 }).lines(3);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    const { corrupted, invented } = judge(changed, [{ name: "w", written: 3 }]);
    assert.ok(corrupted.length + invented.length > 0, `byte ${at}`);
  }
  assert.equal(judge(bytes, [{ name: "w", written: 2 }]).invented.length, 1);
  assert.equal(judge(bytes, []).invented.length, 3);
  assert.equal(judge(bytes.subarray(0, -1), [{ name: "w", written: 3 }]).corrupted.length, 1);
});

Deno.test("assertDelivered tells what is missing", () => {
  const writer = new LineWriter("w");
  const lines = linesOf(writer, 9);
  assert.throws(
    () => assertDelivered(Buffer.concat([...lines.slice(0, 2), ...lines.slice(5)]), [writer]),
    /9 lines were written, 6 arrived:\n {2}lost: 1: w 3 \(#3\.\.#5\)/,
  );
});
