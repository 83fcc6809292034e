import assert from "node:assert/strict";
import { parcelsOf } from "../../src/delivery/parcels.ts";
import type { Output } from "../../src/outputs/output.ts";
import { batchOf, recordsOf, sourceOf } from "../contracts/batches.ts";

function lineOf(name: string): { name: string; output: Output } {
  return { name, output: { partitionOf: () => `of ${name}` } as unknown as Output };
}

const RAW = { ...batchOf(["raw\n"]), source: sourceOf("/log"), receivedAt: 0 };
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
    ["raw", "of raw", ["raw\n"]],
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
