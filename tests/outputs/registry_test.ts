import assert from "node:assert/strict";
import { loadAllOutputTypes, loadOutputTypes, outputType } from "../../src/outputs/registry.ts";

Deno.test("loadOutputTypes loads the types among the words, in the order of the registry", async () => {
  const types = await loadOutputTypes(new Set(["null", "loki", "file", "toString", "kafkaa"]));
  assert.deepEqual(Object.keys(types), ["file", "loki", "null"]);
  assert.equal(outputType("loki"), types.loki);
  assert.throws(() => outputType("kafka"), {
    message: 'Cannot use the output type "kafka": it was not loaded',
  });
  assert.throws(() => outputType("toString"), /was not loaded$/);
});

Deno.test("loadAllOutputTypes gives every type its own schema", async () => {
  const types = Object.values(await loadAllOutputTypes());
  assert.equal(types.length, 14);
  assert.equal(new Set(types.map(({ schema }) => schema)).size, types.length);
});
