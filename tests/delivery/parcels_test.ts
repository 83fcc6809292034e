import assert from "node:assert/strict";
import { type RawBatch, recordId } from "../../src/batch.ts";
import { parcelsOf, rawParcelsOf } from "../../src/delivery/parcels.ts";
import type { OffsetRange } from "../../src/delivery/offset_ranges.ts";
import type { Output } from "../../src/outputs/output.ts";
import { batchOf, recordsOf, sourceOf } from "../contracts/batches.ts";

const MEMORY = { durable: false };

function lineOf(name: string) {
  return { name, output: { partitionOf: () => `of ${name}` } as unknown as Output, buffer: MEMORY };
}

const OUTPUT = lineOf("any").output;
const RAW = { ...batchOf(["a\n", "b\n"]), source: sourceOf("/log"), receivedAt: 0 };
const NOTHING = { discarded: {}, deadLetters: [], unparsed: 0, warnings: [] };

Deno.test("parcelsOf gives each output what was made for it, or the batch as it came", () => {
  const batches = [
    { output: "made", batch: batchOf(["1\n"]) },
    { output: "parts", batch: batchOf(["2\n"], "p") },
    { output: "parts", batch: batchOf(["3\n"], "q") },
  ];
  const way = { raw: ["raw"], processed: ["made", "parts", "none"] };
  const lines = ["raw", "made", "parts", "none"].map(lineOf);
  const { parcels } = parcelsOf(lines, way, RAW, { ...NOTHING, batches });
  assert.deepEqual(parcels.map(({ line, batch }) => [line.name, batch.partition, recordsOf(batch)]), [
    ["raw", "of raw", ["a\n", "b\n"]],
    ["made", "of made", ["1\n"]],
    ["parts", "p", ["2\n"]],
    ["parts", "q", ["3\n"]],
  ]);
});

Deno.test("parcelsOf throws before anything is sent when an output has no partition for a batch", () => {
  const broken = lineOf("raw");
  broken.output.partitionOf = () => {
    throw new Error("no such field");
  };
  const way = { raw: ["raw"], processed: [] };
  assert.throws(() => parcelsOf([broken], way, RAW, { ...NOTHING, batches: [] }), /no such field/);
});

Deno.test("parcelsOf gives the ids of the records to outputs that take them", () => {
  const raw = { ...RAW, origin: { id: "lid.0", offset: 100 } };
  const taking = { name: "taking", output: { ...OUTPUT, takesIds: true }, buffer: MEMORY };
  const lines = [taking, { name: "plain", output: OUTPUT, buffer: MEMORY }, {
    name: "log",
    output: OUTPUT,
    buffer: { durable: true },
  }];
  const some = { output: "taking", batch: batchOf(["B\n"]), records: Uint32Array.of(1) };
  const way = { raw: ["plain", "log"], processed: ["taking"] };
  const { parcels } = parcelsOf(lines, way, raw, { ...NOTHING, batches: [some] });
  const ids = parcels.map((
    { line, batch },
  ) => [line.name, batch.ids && recordId(batch, 0), recordId(batch, 1)]);
  assert.deepEqual(ids, [
    ["taking", "lid.0.2u", undefined],
    ["plain", undefined, undefined],
    ["log", "lid.0.2s", "lid.0.2u"],
  ]);
  const cut = { ...raw, origin: { ...raw.origin, offsets: Float64Array.of(7, 35) } };
  const [first] = rawParcelsOf([taking], cut).parcels;
  assert.deepEqual([recordId(first!.batch, 0), recordId(first!.batch, 1)], ["lid.0.7", "lid.0.z"]);
});

Deno.test("rawParcelsOf copies what an optional output gets, since the input does not wait for it", () => {
  const [required, optional] = rawParcelsOf(
    [{ name: "a", output: OUTPUT, buffer: MEMORY }, {
      name: "b",
      output: OUTPUT,
      buffer: MEMORY,
      optional: true,
    }],
    RAW,
  ).parcels;
  assert.equal(required!.batch.bytes, RAW.bytes);
  assert.notEqual(optional!.batch.bytes.buffer, RAW.bytes.buffer);
  assert.deepEqual(recordsOf(optional!.batch), recordsOf(required!.batch));
});

/** A line that knows a stream up to this offset, or these ranges of it. */
function knowing(name: string, known: number | undefined, ...ranges: OffsetRange[]) {
  const all = known === undefined ? ranges : [{ from: 0, until: known }, ...ranges];
  return {
    ...lineOf(name),
    buffer: { durable: true },
    knownOf: (id: string) => id === "lid" && all.length > 0 ? all : undefined,
  };
}

Deno.test("parcelsOf leaves out what an output or its log has already", () => {
  const raw = {
    ...batchOf(["a\n", "bb\n", "c\n"]),
    source: RAW.source,
    receivedAt: 0,
    origin: { id: "lid", offset: 10 },
  };
  const sent = (known: number | undefined, records?: number[]) => {
    const batches = records === undefined ? [] : [{
      output: "log",
      batch: batchOf(records.map((index) => `made ${index}\n`)),
      records: Uint32Array.from(records),
    }];
    const way = records === undefined ? { raw: ["log"], processed: [] } : { raw: [], processed: ["log"] };
    const { parcels, hasKnown } = parcelsOf([knowing("log", known)], way, raw, { ...NOTHING, batches });
    return [parcels.flatMap(({ batch }) => recordsOf(batch)), hasKnown, parcels[0]?.batch.ids?.origins];
  };
  const origins = [{ id: "lid", end: 3, until: 17 }];
  assert.deepEqual(sent(undefined), [["a\n", "bb\n", "c\n"], false, origins]);
  assert.deepEqual(sent(10), [["a\n", "bb\n", "c\n"], false, origins]);
  assert.deepEqual(sent(12), [["bb\n", "c\n"], true, [{ id: "lid", end: 2, until: 17 }]]);
  // Other records than before: what is new in part is taken whole.
  assert.deepEqual(sent(13), [["bb\n", "c\n"], true, [{ id: "lid", end: 2, until: 17 }]]);
  assert.deepEqual(sent(17), [[], true, undefined]);
  assert.deepEqual(sent(12, [0, 2]), [["made 2\n"], true, [{ id: "lid", end: 1, until: 17 }]]);
  assert.deepEqual(sent(17, [0, 2]), [[], true, undefined]);
});

Deno.test("parcelsOf says that a stream is covered only with the last part of a batch", () => {
  const raw = { ...RAW, origin: { id: "lid", offset: 0 } };
  const batches = ["p", "q"].map((partition, index) => ({
    output: "log",
    batch: batchOf([`${partition}\n`], partition),
    records: Uint32Array.of(index),
  }));
  const way = { raw: [], processed: ["log"] };
  const { parcels } = parcelsOf([knowing("log", undefined)], way, raw, { ...NOTHING, batches });
  assert.deepEqual(parcels.map(({ batch }) => batch.ids?.origins), [
    [{ id: "lid", end: 1 }],
    [{ id: "lid", end: 1, until: 4 }],
  ]);
});

Deno.test("rawParcelsOf does not say that the last record is covered where it may become longer", () => {
  const origin = { id: "lid", offset: 0, offsets: Float64Array.of(0, 30) };
  const [parcel] = rawParcelsOf([knowing("log", undefined)], { ...RAW, origin }).parcels;
  assert.deepEqual(parcel?.batch.ids?.origins, [{ id: "lid", end: 2, until: 30 }]);
  const again = rawParcelsOf([knowing("log", 30)], { ...RAW, origin });
  assert.deepEqual(again.parcels.flatMap(({ batch }) => recordsOf(batch)), ["b\n"]);
});

Deno.test("rawParcelsOf leaves out records that an output has as a whole, wherever they lie", () => {
  const sent = (raw: Partial<RawBatch>, ...ranges: OffsetRange[]) => {
    const batch = { ...batchOf(["a\n", "bb\n", "c\n"]), source: RAW.source, receivedAt: 0, ...raw };
    const { parcels, hasKnown } = rawParcelsOf([knowing("log", undefined, ...ranges)], batch);
    return [parcels.flatMap(({ batch }) => recordsOf(batch)), hasKnown];
  };
  const origin = { id: "lid", offset: 10 };
  const all = ["a\n", "bb\n", "c\n"];
  assert.deepEqual(sent({ origin }, { from: 12, until: 15 }), [["a\n", "c\n"], true]);
  assert.deepEqual(sent({ origin }, { from: 8, until: 12 }, { from: 15, until: 20 }), [["bb\n"], true]);
  assert.deepEqual(sent({ origin }, { from: 13, until: 16 }), [all, false]);
  assert.deepEqual(sent({ origin }, { from: 0, until: 10 }, { from: 17, until: 90 }), [all, false]);
  // Converted: a record takes twice its length.
  const offsets = Float64Array.of(10, 14, 20);
  assert.deepEqual(sent({ origin: { ...origin, offsets } }, { from: 10, until: 24 }), [["c\n"], true]);
  assert.deepEqual(sent({ origin: { ...origin, offsets, end: 24 } }, { from: 10, until: 24 }), [[], true]);
  assert.deepEqual(sent({ origin: { ...origin, offsets, end: 26 } }, { from: 10, until: 24 }), [
    ["c\n"],
    true,
  ]);
});

Deno.test("rawParcelsOf says that the last record is covered where its end is known", () => {
  const origin = { id: "lid", offset: 0, offsets: Float64Array.of(0, 30), end: 33 };
  const [parcel] = rawParcelsOf([knowing("log", undefined)], { ...RAW, origin }).parcels;
  assert.deepEqual(parcel?.batch.ids?.origins, [{ id: "lid", end: 2, until: 33 }]);
});
