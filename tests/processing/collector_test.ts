import assert from "node:assert/strict";
import fc from "fast-check";
import type { EncodedBatch } from "../../src/batch.ts";
import type { Encoder } from "../../src/encoding/encoder.ts";
import { newEvent } from "../../src/event.ts";
import { collectorFor } from "../../src/processing/collector.ts";
import { batchOf, recordsOf } from "../contracts/batches.ts";
import { anyText } from "../support/any_text.ts";
import { planJob } from "../support/plan.ts";

const SOURCE = { input: "in", stream: "/log", labels: {} };
const TEXT: Encoder = { kind: "text", encode: ({ message }) => message };
const BY_LEVEL: Encoder = { ...TEXT, partitionOf: ({ raw }) => raw };

/** Has texts collected; `partition`: what a text belongs to. */
function collected(
  collector: ReturnType<typeof collectorFor>,
  texts: readonly string[],
  partition: (text: string) => string = () => "",
): EncodedBatch[] {
  texts.forEach((text, index) => {
    const event = newEvent(SOURCE);
    event.message = text;
    event.raw = partition(text);
    collector.take(event, index);
  });
  return collector.finish(planJob(texts)).map(({ batch, records }) => {
    const indices = records ?? texts.map((_, index) => index);
    assert.deepEqual(
      Array.from(indices, (index) => texts[index]!.toWellFormed()),
      recordsOf(batch),
      "which records of the job they are",
    );
    assert.equal(records === undefined, batch.ends.length === texts.length, "left out where all are there");
    return batch;
  });
}

/** Any text: with line feeds, without ASCII, halves of pairs at its ends, nothing at all, more than a piece. */
const ANY = fc.oneof(
  { weight: 8, arbitrary: anyText(12) },
  { weight: 4, arbitrary: fc.constantFrom("", "\n", "a\nb\n", "ü", "\ud83d", "\ude00", "😀", "plain\n") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("x".repeat(17_000), "é".repeat(17_000), `${"y".repeat(40_000)}\n`),
  },
);

Deno.test("Collector gives the records of every job, and no others, whatever their texts", () => {
  const collector = collectorFor(TEXT);
  fc.assert(
    fc.property(fc.array(ANY, { maxLength: 12 }), (texts) => {
      const batches = collected(collector, texts);
      const expected = texts.map((text) => text.toWellFormed());
      assert.deepEqual(batches.flatMap(recordsOf), expected);
      assert.equal(batches.length, texts.length === 0 ? 0 : 1);
      for (const { bytes, ends } of batches) assert.equal(bytes.length, ends.at(-1));
    }),
    { numRuns: 200 },
  );
});

Deno.test("Collector gives each partition its records, in order", () => {
  const collector = collectorFor(BY_LEVEL);
  const partitionOf = (text: string) => String(text.length % 3);
  fc.assert(
    fc.property(fc.array(ANY, { maxLength: 12 }), (texts) => {
      const batches = collected(collector, texts, partitionOf);
      const expected = Map.groupBy(texts, partitionOf);
      assert.deepEqual(
        new Map(batches.map((batch) => [batch.partition, recordsOf(batch)])),
        new Map([...expected].map(([name, own]) => [name, own.map((text) => text.toWellFormed())])),
      );
      assert.equal(batches.length, expected.size);
    }),
    { numRuns: 100 },
  );
});

Deno.test("Collector gives buffers that nothing else writes to", () => {
  const collector = collectorFor(TEXT);
  const [first] = collected(collector, ["first\n"]);
  collected(collector, ["other\n"]);
  assert.deepEqual(recordsOf(first!), ["first\n"]);
});

Deno.test("Collector takes more records, and larger ones, than it has room for at first", () => {
  const collector = collectorFor(TEXT);
  const many = Array.from({ length: 20_000 }, (_, i) => `${i}ü\n`);
  assert.deepEqual(recordsOf(collected(collector, many)[0]!), many);
  const large = ["ü".repeat(5_000_000), "b"];
  assert.deepEqual(recordsOf(collected(collector, large)[0]!), large);
  assert.deepEqual(recordsOf(collected(collector, ["after\n"])[0]!), ["after\n"]);
});

Deno.test("Collector copies records as they came, byte for byte", () => {
  const copy: Encoder = { kind: "copy", encode: () => assert.fail("a copy is not encoded") };
  const collector = collectorFor(copy);
  const record = fc.uint8Array({ maxLength: 5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(record, fc.boolean()), { maxLength: 8 }), (records) => {
      const all = records.map(([bytes]) => bytes);
      const { ends } = batchOf(all.map((bytes) => "x".repeat(bytes.length)));
      const job = planJob([], { bytes: Uint8Array.from(all.flatMap((bytes) => [...bytes])), ends });
      const event = newEvent(SOURCE);
      records.forEach(([, taken], index) => taken && collector.take(event, index));
      const [{ batch, records: taken } = {}] = collector.finish(job);
      const expected = records.filter(([, taken]) => taken).map(([bytes]) => [...bytes]);
      const found = [...batch?.ends ?? []].map((end, i) => [
        ...batch!.bytes.subarray(i === 0 ? 0 : batch!.ends[i - 1], end),
      ]);
      assert.deepEqual(found, expected);
      assert.equal(batch === undefined, expected.length === 0);
      const indices = records.flatMap(([, isTaken], index) => isTaken ? [index] : []);
      if (batch !== undefined) assert.deepEqual([...taken ?? records.keys()], indices);
    }),
  );
});

Deno.test("Collector gives every record the key that its encoder makes of it", () => {
  const keyed: Encoder = {
    ...BY_LEVEL,
    keyOf: ({ message }) => message === "none" ? undefined : `k${message}`,
  };
  const collector = collectorFor(keyed);
  const texts = ["a", "none", "ü", "bb"];
  texts.forEach((text, index) => {
    const event = newEvent(SOURCE);
    event.message = text;
    event.raw = String(text.length);
    collector.take(event, index);
  });
  const keys = collector.finish(planJob(texts)).map(({ batch: { partition, keys } }) => [
    partition,
    recordsOf({ ...keys!, partition: "" }),
  ]);
  assert.deepEqual(keys, [["1", ["ka", "kü"]], ["4", [""]], ["2", ["kbb"]]]);
});
