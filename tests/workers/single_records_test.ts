import assert from "node:assert/strict";
import fc from "fast-check";
import { offsetOf, recordOf, SingleRecordResults } from "../../src/workers/single_records.ts";
import { jobOf, planOf } from "./support.ts";
import { buildTestProcessor } from "./test_processor.ts";

Deno.test("SingleRecordResults puts records together as if they had been processed at once", async () => {
  const processor = await buildTestProcessor(planOf("app"), new Map());
  const record = fc.constantFrom("a", "bb", "drop", "dead", "to:p:x", "to:q:yy", "warn:w", "");
  fc.assert(fc.property(fc.array(record), fc.nat(), fc.boolean(), (records, offset, withOffsets) => {
    const offsets = Float64Array.from(records, (_, index) => index * 1000);
    const job = jobOf(records, { origin: { id: "lineage", offset, ...(withOffsets ? { offsets } : {}) } });
    const results = new SingleRecordResults();
    for (let index = 0; index < records.length; index++) {
      results.add(index, processor.process(recordOf(job, index)));
    }
    const whole = processor.process(job);
    const byPlace = (a: { output: string; batch: { partition: string } }, b: typeof a) =>
      a.output.localeCompare(b.output) || a.batch.partition.localeCompare(b.batch.partition);
    const merged = results.merge();
    assert.deepEqual([...merged.batches].sort(byPlace), [...whole.batches].sort(byPlace));
    assert.deepEqual({ ...merged, batches: [], warnings: [] }, { ...whole, batches: [], warnings: [] });
    assert.deepEqual(merged.warnings, [...new Set(whole.warnings)]);
  }));
});

Deno.test("SingleRecordResults keeps dead letters in the order of the records", () => {
  const results = new SingleRecordResults();
  const none = { batches: [], discarded: {}, unparsed: 0, warnings: [] };
  results.giveUp(1, "first");
  results.add(2, { ...none, deadLetters: [{ index: 0, reason: "second" }] });
  results.giveUp(5, "third");
  assert.deepEqual(results.merge().deadLetters, [
    { index: 1, reason: "first" },
    { index: 2, reason: "second" },
    { index: 5, reason: "third" },
  ]);
});

Deno.test("offsetOf knows where a record begins, or that nobody knows", () => {
  assert.equal(offsetOf(jobOf(["a", "b"]), 1), undefined);
  assert.equal(offsetOf(jobOf(["aaa", "b"], { origin: { id: "x", offset: 10 } }), 1), 13);
});
