import assert from "node:assert/strict";
import fc from "fast-check";
import type { Processed } from "../../src/processing/plan.ts";
import { detachable, packedLength, packJob, unpackJob } from "../../src/workers/protocol.ts";
import { jobOf, sourceOf } from "./support.ts";

Deno.test("unpackJob gives back what packJob laid out", () => {
  const origin = fc.option(
    fc.record({ id: fc.string(), offset: fc.maxSafeNat(), withOffsets: fc.boolean() }),
    { nil: undefined },
  );
  fc.assert(
    fc.property(
      fc.array(fc.string()),
      fc.double(),
      origin,
      fc.nat(100),
      (records, receivedAt, from, spare) => {
        const source = sourceOf("/a");
        const bare = jobOf(records, { source, receivedAt });
        const offsets = Float64Array.from(records, (_, index) => index * 2 ** 33);
        const job = from === undefined ? bare : {
          ...bare,
          origin: { id: from.id, offset: from.offset, ...(from.withOffsets ? { offsets } : {}) },
        };
        const buffer = new ArrayBuffer(packedLength(job) + spare);
        const request = packJob(job, 3, buffer, 7, undefined);
        assert.equal(request.plan, 3);
        assert.equal(request.source, 7);
        assert.deepEqual(unpackJob(request, source), job);
      },
    ),
  );
});

Deno.test("detachable names each buffer once and copies what lies in the job's own", () => {
  const jobBuffer = new ArrayBuffer(8);
  const bytes = new Uint8Array([1, 2, 3]);
  const ends = Uint32Array.of(3);
  const inJob = new Uint8Array(jobBuffer, 2, 4);
  const processed: Processed = {
    batches: [
      { output: "a", batch: { bytes, ends, partition: "" } },
      { output: "b", batch: { bytes, ends, partition: "p" } },
      { output: "c", batch: { bytes: inJob, ends: new Uint32Array(jobBuffer, 4, 1), partition: "" } },
    ],
    discarded: { x: 1 },
    deadLetters: [],
    unparsed: 2,
    warnings: [],
  };
  const result = detachable(processed, jobBuffer);
  assert.deepEqual(result.processed, processed);
  const [, , c] = result.processed.batches;
  assert.deepEqual(result.transfer, [bytes.buffer, ends.buffer, c!.batch.bytes.buffer, c!.batch.ends.buffer]);
  assert.ok(!result.transfer.includes(jobBuffer));
});
