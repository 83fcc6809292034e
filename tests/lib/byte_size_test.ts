import assert from "node:assert/strict";
import fc from "fast-check";
import { formatByteSize, parseByteSize } from "../../src/lib/byte_size.ts";

Deno.test("parseByteSize reads bytes and units", () => {
  const table: readonly (readonly [string, number])[] = [
    ["0", 0],
    ["65536", 65536],
    ["1B", 1],
    ["64KiB", 65536],
    ["64MiB", 67108864],
    ["10MB", 10_000_000],
    ["1.5GiB", 1610612736],
    ["2 GB", 2_000_000_000],
    ["1TiB", 2 ** 40],
    ["1mib", 1048576],
  ];
  assert.deepEqual(table.map(([text]) => [text, parseByteSize(text)]), table.map((row) => [...row]));
});

Deno.test("parseByteSize refuses everything else", () => {
  for (
    const text of ["", "-1", "1.5", "1.0001KiB", "64M", "MiB", "1e3", "1 MegaByte", "99999999TB", "0x10"]
  ) {
    assert.equal(parseByteSize(text), undefined, text);
  }
});

Deno.test("formatByteSize takes the largest unit that fits exactly", () => {
  assert.deepEqual([0, 1, 1500, 1024, 10_000_000, 10485760, 3 * 2 ** 40].map(formatByteSize), [
    "0B",
    "1B",
    "1500B",
    "1KiB",
    "10MB",
    "10MiB",
    "3TiB",
  ]);
});

Deno.test("parseByteSize undoes formatByteSize", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => assert.equal(parseByteSize(formatByteSize(bytes)), bytes)),
  );
});
