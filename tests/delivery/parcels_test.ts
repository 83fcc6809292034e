import assert from "node:assert/strict";
import { recordId } from "../../src/batch.ts";
import { parcelsOf, rawParcelsOf } from "../../src/delivery/parcels.ts";
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
  const parcels = parcelsOf(lines, way, RAW, { ...NOTHING, batches });
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
  const parcels = parcelsOf(lines, way, raw, { ...NOTHING, batches: [some] });
  const ids = parcels.map((
    { line, batch },
  ) => [line.name, batch.ids && recordId(batch, 0), recordId(batch, 1)]);
  assert.deepEqual(ids, [
    ["taking", "lid.0.2u", undefined],
    ["plain", undefined, undefined],
    ["log", "lid.0.2s", "lid.0.2u"],
  ]);
  const cut = { ...raw, origin: { ...raw.origin, offsets: Float64Array.of(7, 35) } };
  const [first] = rawParcelsOf([taking], cut);
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
  );
  assert.equal(required!.batch.bytes, RAW.bytes);
  assert.notEqual(optional!.batch.bytes.buffer, RAW.bytes.buffer);
  assert.deepEqual(recordsOf(optional!.batch), recordsOf(required!.batch));
});
