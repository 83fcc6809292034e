import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { GzipFile } from "../../../src/inputs/file/gzip_file.ts";
import { OpenFile } from "../../../src/inputs/file/open_file.ts";
import { Reader, START } from "../../../src/inputs/file/reader.ts";
import { Bench, bytesOf, readerOptions } from "./support.ts";

/** Bytes that do not compress away, so that there are many chunks. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

function open(bench: Bench, bytes: Uint8Array): GzipFile {
  return new GzipFile(OpenFile.open(bench.write("a.gz", bytes)).file);
}

async function readAt(file: GzipFile, position: number, length: number): Promise<Buffer> {
  const buffer = new Uint8Array(length);
  return Buffer.from(buffer.subarray(0, await file.read(buffer, length, position)));
}

Deno.test("GzipFile read at any positions equals the plain bytes, over concatenated members", async () => {
  using bench = new Bench();
  const members = fc.array(fc.nat(60_000), { minLength: 1, maxLength: 3 });
  const reads = fc.array(fc.tuple(fc.nat(130_000), fc.nat(40_000)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(members, reads, async (sizes, positions) => {
      const parts = sizes.map(noise);
      const plain = Buffer.concat(parts);
      const file = open(bench, Buffer.concat(parts.map((part) => gzipSync(part))));
      try {
        for (const [position, length] of positions) {
          assert.deepEqual(
            await readAt(file, position, length),
            plain.subarray(position, position + length),
            `${length} bytes at ${position} of ${plain.length}`,
          );
        }
      } finally {
        file.close();
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("GzipFile fails while the file is not whole, and succeeds once it is", async () => {
  using bench = new Bench();
  const plain = noise(100_000, 7);
  const packed = gzipSync(plain);
  for (const cut of [5, 100, packed.length >> 1, packed.length - 9, packed.length - 1]) {
    const file = open(bench, packed.subarray(0, cut));
    await assert.rejects(readAt(file, 0, plain.length + 1), `cut at ${cut}`);
    await assert.rejects(readAt(file, 99_000, 2000), `cut at ${cut}`);
    fs.appendFileSync(bench.path("a.gz"), packed.subarray(cut));
    assert.deepEqual(await readAt(file, 0, plain.length + 1), plain);
    assert.deepEqual(await readAt(file, 99_000, 2000), plain.subarray(99_000));
    file.close();
  }
});

Deno.test("GzipFile fails for damaged contents", async () => {
  using bench = new Bench();
  const packed = gzipSync(bytesOf("some text that is long enough ".repeat(20)));
  packed[packed.length - 6]! ^= 0xff;
  const file = open(bench, packed);
  await assert.rejects(readAt(file, 0, 10_000));
  file.close();
});

Deno.test("GzipFile can be closed in the middle, and twice the same bytes can be read from two", async () => {
  using bench = new Bench();
  const plain = noise(300_000, 3);
  const [first, second] = [open(bench, gzipSync(plain)), open(bench, gzipSync(plain))];
  assert.deepEqual(await readAt(first, 0, 100), plain.subarray(0, 100));
  first.close();
  assert.deepEqual(await readAt(second, 200_000, 100), plain.subarray(200_000, 200_100));
  second.close();
});

Deno.test("GzipFile is read by a Reader line by line to its end", async () => {
  using bench = new Bench();
  const lines = Array.from(
    { length: 5000 },
    (_, index) => `line ${index} ${noise(8, index).toString("hex")}\n`,
  );
  const file = open(bench, gzipSync(bytesOf(lines.join(""))));
  const reader = new Reader(file, START, readerOptions({ bufferBytes: 1000 }));
  const records: string[] = [];
  for (let look = await reader.look(); look.kind !== "end"; look = await reader.look()) {
    assert.notEqual(look.kind, "changed");
    if (look.kind === "lines") records.push(...Buffer.from(look.chunk.bytes).toString().match(/.*\n/g)!);
  }
  assert.deepEqual(records, lines);
  file.close();
});
