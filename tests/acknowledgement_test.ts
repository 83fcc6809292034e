import assert from "node:assert/strict";
import fc from "fast-check";
import { gravest, type Outcome, settledAs } from "../src/acknowledgement.ts";

const outcomes = fc.array(fc.constantFrom<Outcome[]>("delivered", "discarded", "failed"));

Deno.test("gravest answers failed before delivered before discarded, in whatever order", () => {
  fc.assert(fc.property(outcomes, (given) => {
    const expected = given.includes("failed")
      ? "failed"
      : given.includes("delivered")
      ? "delivered"
      : "discarded";
    assert.equal(gravest(given), expected);
    assert.equal(gravest([...given].reverse()), expected);
  }));
});

Deno.test("settledAs has settled already", async () => {
  for (const outcome of ["delivered", "discarded", "failed"] as const) {
    assert.equal(await settledAs(outcome).settled, outcome);
  }
});
