import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { lz4Frame } from "../../../src/outputs/kafka/lz4.ts";
import { murmur2, partitionOfKey } from "../../../src/outputs/kafka/partitioner.ts";
import { snappyFrame } from "../../../src/lib/snappy.ts";
import { lz4Contents, snappyContents } from "../../support/kafka/record_reader.ts";

/** Bytes with repetitions near and far, of any length around the sizes of blocks. */
const compressible = fc.array(
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.constantFrom(1, 2, 9, 300, 5000)),
  { maxLength: 12 },
).map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array(times).fill(bytes))));

Deno.test("lz4Frame and snappyFrame keep all bytes", () => {
  fc.assert(
    fc.property(fc.oneof(compressible, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      assert.deepEqual(lz4Contents(Buffer.from(lz4Frame(bytes))), Buffer.from(bytes));
      assert.deepEqual(snappyContents(Buffer.from(snappyFrame(bytes))), Buffer.from(bytes));
    }),
    { numRuns: 60 },
  );
});

Deno.test("lz4Frame and snappyFrame keep blocks of every size, and what cannot be compressed", () => {
  const random = crypto.getRandomValues(new Uint8Array(65_536));
  const text = Buffer.from(Array.from({ length: 4000 }, (_, n) => `line ${n} of many\n`).join(""));
  for (const length of [0, 1, 4, 11, 12, 13, 16, 17, 255, 65_535, 65_536]) {
    for (const bytes of [random.subarray(0, length), text.subarray(0, length), new Uint8Array(length)]) {
      assert.deepEqual(lz4Contents(Buffer.from(lz4Frame(bytes))), Buffer.from(bytes));
      assert.deepEqual(snappyContents(Buffer.from(snappyFrame(bytes))), Buffer.from(bytes));
    }
  }
  const long = Buffer.concat([text, random, text]);
  assert.deepEqual(lz4Contents(Buffer.from(lz4Frame(long))), long);
  assert.deepEqual(snappyContents(Buffer.from(snappyFrame(long))), long);
  assert.ok(lz4Frame(text).length < text.length / 2 && snappyFrame(text).length < text.length / 2);
  assert.ok(lz4Frame(random).length < random.length + 20);
});

Deno.test("murmur2 spreads keys as the Java client does", () => {
  // From the tests of Kafka's own client.
  const known: Record<string, number> = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
  };
  for (const [key, expected] of Object.entries(known)) {
    const bytes = Buffer.from(`--${key}--`);
    const end = bytes.length - 2;
    assert.equal(murmur2(bytes, 2, end), expected);
    assert.equal(partitionOfKey({ bytes, start: 2, end }, 7), (expected & 0x7fffffff) % 7);
  }
});
