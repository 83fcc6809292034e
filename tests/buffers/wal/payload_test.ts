import assert from "node:assert/strict";
import fc from "fast-check";
import type { Batch, EncodedBatch } from "../../../src/batch.ts";
import { Arena } from "../../../src/buffers/wal/block.ts";
import { batchOf as batchOfEntry, encodeEntry } from "../../../src/buffers/wal/entry.ts";
import { batchOfPayload } from "../../../src/buffers/wal/examination.ts";
import { namesOf, payloadLength, salvage, writePayload } from "../../../src/buffers/wal/payload.ts";
import { checkPayload, FRAME_HEADER, readFrameHeader, sealFrame } from "../../../src/buffers/wal/record.ts";
import { recordsOf } from "../../contracts/batches.ts";
import { plain } from "./support.ts";

function concatenated(parts: readonly Uint8Array[]): Batch {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const ends = new Uint32Array(parts.length);
  let end = 0;
  for (const [index, part] of parts.entries()) {
    bytes.set(part, end);
    end += part.length;
    ends[index] = end;
  }
  return { bytes, ends };
}

/** Any batch: with and without ids and keys, empty ones, text that is no well-formed Unicode. */
export const anyBatch: fc.Arbitrary<EncodedBatch> = fc.record({
  records: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }),
  partition: fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant("\ud800 alone")),
  withIds: fc.boolean(),
  withKeys: fc.boolean(),
  origins: fc.array(fc.string({ maxLength: 12 }), { maxLength: 4 }),
  seed: fc.nat(),
}).map(({ records, partition, withIds, withKeys, origins, seed }) => {
  const runs = origins.map((id, index) => ({
    id,
    end: index === origins.length - 1
      ? records.length
      : Math.floor(records.length * (index + 1) / origins.length),
  }));
  return {
    ...concatenated(records),
    partition,
    ...(withIds
      ? { ids: { origins: runs, offsets: Float64Array.from(records, (_, index) => seed * 1e6 + index) } }
      : {}),
    ...(withKeys ? { keys: concatenated(records.map((record) => record.slice(0, seed % 5))) } : {}),
  };
});

const PLACE = { batch: 7, record: 2 ** 40 + 5 };

Deno.test("A frame gives back any batch exactly, with every compression", () => {
  for (const compression of ["none", "gzip", "zstd"] as const) {
    fc.assert(
      fc.property(fc.array(anyBatch, { minLength: 1, maxLength: 4 }), (batches) => {
        const arena = new Arena(0);
        for (const batch of batches) {
          const entry = encodeEntry(batch, PLACE, 1234.5, compression, arena);
          assert.deepEqual(plain(batchOfEntry(entry)), plain(batch));
          const { frame: { block, start }, frameLength } = entry;
          sealFrame(block, start, 99, 4096);
          // As it is read: from memory of its own.
          const bytes = block.u8.slice(start, start + frameLength);
          const header = readFrameHeader(bytes, 0, 99, 4096);
          assert.ok(header);
          const { batch: number, record, records, time } = header;
          assert.deepEqual({ number, record, records, time }, {
            number: PLACE.batch,
            record: PLACE.record,
            records: batch.ends.length,
            time: 1234.5,
          });
          const check = checkPayload(bytes, 0, header);
          assert.equal(check.checksum, header.checksum);
          const payload = bytes.subarray(FRAME_HEADER, FRAME_HEADER + header.length);
          const decoded = batchOfPayload(payload, header);
          assert.ok(decoded);
          assert.deepEqual(plain(decoded), plain(batch));
        }
      }),
      { numRuns: 100 },
    );
  }
});

Deno.test("A frame does not belong to another segment, or another place", () => {
  const { frame: { block, start } } = encodeEntry(
    { ...concatenated([new Uint8Array([1, 2])]), partition: "" },
    PLACE,
    0,
    "none",
    new Arena(0),
  );
  sealFrame(block, start, 1, 64);
  assert.ok(readFrameHeader(block.u8, start, 1, 64));
  assert.equal(readFrameHeader(block.u8, start, 2, 64), undefined);
  assert.equal(readFrameHeader(block.u8, start, 1, 72), undefined);
});

Deno.test("salvage keeps exactly the records that no damaged block touches", () => {
  const arena = new Arena(0);
  fc.assert(
    fc.property(anyBatch, fc.nat(), fc.integer({ min: 1, max: 64 }), (batch, at, blockBytes) => {
      const names = namesOf(batch);
      const length = payloadLength(batch, names);
      const { block, start } = arena.take(length);
      writePayload(block, start, batch, names);
      const bytes = block.u8.slice(start, start + length);
      const damaged = new Set([Math.floor(at % length / blockBytes)]);
      for (const each of damaged) {
        bytes.fill(0xaa, each * blockBytes, Math.min(length, (each + 1) * blockBytes));
      }
      const saved = salvage(bytes, damaged, blockBytes);
      if (saved === undefined) return;
      const all = recordsOf(batch);
      assert.deepEqual(recordsOf(saved.batch), saved.kept.map((index) => all[index]));
      assert.equal(saved.batch.partition, batch.partition);
      const offsets = batch.ids?.offsets;
      if (offsets !== undefined) {
        assert.deepEqual([...saved.batch.ids?.offsets ?? []], saved.kept.map((index) => offsets[index]));
      }
    }),
    { numRuns: 500 },
  );
});
