import assert from "node:assert/strict";
import { patternsOf, reasonForIsolation } from "../../src/processing/isolation.ts";
import { planOf, type PlanParts } from "../support/plan.ts";

function reason(parts: PlanParts) {
  return reasonForIsolation(planOf(parts));
}

Deno.test("reasonForIsolation finds the user's code wherever it may stand", () => {
  assert.equal(reason({ transforms: [{ type: "script", code: "return event" }] }), "user code");
  assert.equal(reason({ transforms: [{ type: "remove", fields: ["a"], if: "true" }] }), "user code");
  assert.equal(reason({ transforms: [{ type: "route", routes: { a: "true" } }] }), "user code");
  assert.equal(reason({ outputs: [{}, { if: "true" }] }), "user code");
  assert.equal(reason({ parsers: [{ type: "json" }], transforms: [{ type: "dedupe" }] }), undefined);
});

Deno.test("reasonForIsolation finds patterns that only a time limit stops", () => {
  const grok = (keys: object) => reason({ parsers: [{ type: "grok", ...keys }] });
  assert.equal(reason({ parsers: [{ type: "regex", pattern: "^(?<a>\\w+) (?<b>.*)$" }] }), undefined);
  assert.equal(reason({ parsers: [{ type: "regex", pattern: "(?<a>a(?=b))" }] }), "patterns");
  assert.equal(reason({ transforms: [{ type: "remove", patterns: ["(a)\\1"] }] }), "patterns");
  assert.equal(grok({ grok_pattern: "%{WORD:a} %{GREEDYDATA:b}" }), undefined);
  assert.equal(grok({ grok_pattern: "(?<a>(?!b).)" }), "patterns");
  assert.equal(grok({ pattern: "%{A:a}", pattern_definitions: { A: "(?=a)." } }), "patterns");
  assert.equal(grok({ grok_pattern: "%{A:a}", patterns_dir: "/etc/patterns" }), "patterns");
});

Deno.test("patternsOf finds every pattern that records meet, with its key", () => {
  const plan = planOf({
    parsers: [
      { type: "regex", pattern: "(?<a>1)", multiline: { pattern: "2" } },
      { type: "grok", grok_pattern: "%{A}", pattern_definitions: { A: "3" } },
      { type: "json" },
    ],
    transforms: [{ type: "add", add: { a: 1 } }, { type: "remove", patterns: ["4", "5"] }],
  });
  assert.deepEqual(patternsOf(plan).map(({ key, pattern }) => `${key} ${pattern}`), [
    "parsers[0].multiline.pattern 2",
    "parsers[0].pattern (?<a>1)",
    "parsers[1].pattern_definitions.A 3",
    "transforms[1].patterns[0] 4",
    "transforms[1].patterns[1] 5",
  ]);
});
