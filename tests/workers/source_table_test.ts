import assert from "node:assert/strict";
import { SourceTable } from "../../src/workers/source_table.ts";
import { sourceOf } from "./support.ts";

Deno.test("SourceTable sends a source once, and again when it was displaced", () => {
  const table = new SourceTable();
  const known: unknown[] = [];
  const refer = (stream: (typeof sources)[number]) => {
    const { number, newSource } = table.refer(stream);
    if (newSource !== undefined) known[number] = newSource;
    assert.equal(known[number], stream);
    return newSource !== undefined;
  };
  const sources = Array.from({ length: 3000 }, (_, index) => sourceOf(`/log/${index}`));
  assert.deepEqual(sources.slice(0, 3).map(refer), [true, true, true]);
  assert.deepEqual(sources.slice(0, 3).map(refer), [false, false, false]);
  for (const source of sources) refer(source);
  assert.equal(refer(sources[0]!), true);
  assert.equal(refer(sources[2999]!), false);
  assert.ok(known.length <= 1024);
});
