import assert from "node:assert/strict";
import fc from "fast-check";
import { type EncodedBatch, recordId } from "../../../src/batch.ts";
import { bulkBody } from "../../../src/outputs/elasticsearch/bulk_body.ts";
import { batchOf } from "../../contracts/batches.ts";

function withIds(records: readonly string[], runs: readonly string[]): EncodedBatch {
  const origins = runs.map((id, index) => ({
    id,
    end: index === runs.length - 1
      ? records.length
      : Math.floor((records.length * (index + 1)) / runs.length),
  }));
  return {
    ...batchOf(records, "i"),
    ids: { origins, offsets: Float64Array.from(records, (_, n) => n * 100) },
  };
}

const linesOf = (body: Uint8Array): string[] => new TextDecoder().decode(body).split("\n").slice(0, -1);

Deno.test("bulkBody gives each record of a range the action to create it with its id", () => {
  fc.assert(
    fc.property(
      fc.array(fc.json(), { minLength: 1, maxLength: 20 }),
      fc.array(fc.stringMatching(/^[A-Za-z0-9._-]{1,30}$/), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.nat(),
      (records, runs, from, to) => {
        const batch = withIds(records.map((record) => `${record}\n`), runs);
        const first = from % records.length;
        const end = first + 1 + to % (records.length - first);
        const lines = linesOf(bulkBody(batch, { first, end }, true));
        assert.deepEqual(
          lines,
          records.slice(first, end).flatMap((record, index) => [
            `{"create":{"_id":"${recordId(batch, first + index)}"}}`,
            record,
          ]),
        );
      },
    ),
  );
});

Deno.test("bulkBody leaves ids to the server where there are none, or none are wanted", () => {
  const records = ["{}\n", '{"a":1}\n'];
  const expected = ['{"create":{}}', "{}", '{"create":{}}', '{"a":1}'];
  assert.deepEqual(linesOf(bulkBody(batchOf(records, "i"), { first: 0, end: 2 }, true)), expected);
  assert.deepEqual(linesOf(bulkBody(withIds(records, ["a"]), { first: 0, end: 2 }, false)), expected);
});

Deno.test("bulkBody ends a last record without line feed", () => {
  const body = bulkBody(batchOf(["{}\n", "{}"], "i"), { first: 0, end: 2 }, true);
  assert.equal(new TextDecoder().decode(body), '{"create":{}}\n{}\n{"create":{}}\n{}\n');
});

Deno.test("bulkBody puts a digest in the place of an id that servers refuse, different for each", () => {
  const batch = withIds(["{}\n", "{}\n"], ["x".repeat(600)]);
  const ids = linesOf(bulkBody(batch, { first: 0, end: 2 }, true)).filter((line) => line !== "{}")
    .map((line) => JSON.parse(line).create._id as string);
  assert.equal(new Set(ids).size, 2);
  for (const id of ids) assert.match(id, /^[\w-]{43}$/);
});
