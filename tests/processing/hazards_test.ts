import assert from "node:assert/strict";
import { hazardsOf } from "../../src/processing/hazards.ts";
import { planOf } from "../support/plan.ts";

Deno.test("hazardsOf tells which patterns explode, and where", async () => {
  const plan = planOf({
    parsers: [{ type: "regex", pattern: "^(?<a>(a+)+)$" }, { type: "regex", pattern: "(" }],
    transforms: [{ type: "remove", patterns: ["fine", "(b|b)*c"] }],
  });
  const hazards = await hazardsOf(plan);
  assert.deepEqual(hazards.map(({ key }) => key), ["parsers[0].pattern", "transforms[0].patterns[1]"]);
  assert.match(hazards[0]!.hint, /doubles with every further "a"/);
});
