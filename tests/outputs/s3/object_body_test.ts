import assert from "node:assert/strict";
import { objectBody, snappyStream } from "../../../src/outputs/s3/object_body.ts";
import { batchOf } from "../../contracts/batches.ts";

Deno.test("objectBody has all records, or those that are named", async () => {
  const batch = batchOf(["a\n", "bb\n", "c"]);
  const text = async (records?: number[]) =>
    new TextDecoder().decode(await objectBody(batch, records, "none"));
  assert.equal(await text(), "a\nbb\nc\n");
  assert.equal(await text([1]), "bb\n");
  assert.equal(await text([0, 2]), "a\nc\n");
});

Deno.test("snappyStream follows the framing format", () => {
  const stream = snappyStream(new TextEncoder().encode("a"));
  assert.equal(
    [...stream].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    "ff 06 00 00 73 4e 61 50 70 59 00 07 00 00 78 6e e4 28 01 00 61",
  );
});
