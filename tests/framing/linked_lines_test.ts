import assert from "node:assert/strict";
import fc from "fast-check";
import { concatenated, type ContainerFormat } from "../../src/framing/container_format.ts";
import { LinkedLines } from "../../src/framing/linked_lines.ts";
import { linesOf } from "./support.ts";

const format: ContainerFormat = { read: () => false, join: concatenated };

Deno.test("LinkedLines leaves lines that are not linked as they came, without a copy", () => {
  const { bytes, ends } = linesOf("one\ntwo\nthree\n");
  const records = new LinkedLines(2).records(bytes, ends, format);
  assert.equal(records.asTheyCame, true);
  assert.equal(records.bytes.buffer, bytes.buffer);
  assert.deepEqual([...records.ends], [4, 8]);
  assert.deepEqual([...records.firstLines], [0, 1]);
});

Deno.test("LinkedLines gives every line to its record, the records in the order of their first lines", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 30 }), (owners) => {
      const { bytes, ends } = linesOf(owners.map((_, line) => `${line};\n`).join(""));
      const lines = new LinkedLines(owners.length);
      const expected = new Map<number, string>();
      const last = new Map<number, number>();
      owners.forEach((owner, line) => {
        // The lines of the first owner are records by themselves.
        const key = owner === 0 ? -line - 1 : owner;
        const before = last.get(key);
        if (before !== undefined) lines.link(before, line);
        last.set(key, line);
        expected.set(key, `${expected.get(key) ?? ""}${line};\n`);
      });
      const records = lines.records(bytes, ends, format);
      const texts = Array.from(
        records.ends,
        (end, index) => new TextDecoder().decode(records.bytes.subarray(records.ends[index - 1] ?? 0, end)),
      );
      assert.deepEqual(texts, [...expected.values()]);
      assert.deepEqual([...records.firstLines], texts.map((text) => parseInt(text)));
    }),
    { numRuns: 300 },
  );
});
