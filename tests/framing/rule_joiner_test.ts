import assert from "node:assert/strict";
import { BREAK, SURE, TENTATIVE, WHOLE } from "../../src/framing/line_joiner.ts";
import { presets } from "../../src/framing/presets/presets.ts";
import { RuleJoiner } from "../../src/framing/rule_joiner.ts";

Deno.test("RuleJoiner follows the first rule that applies, and breaks where none does", () => {
  const joiner = new RuleJoiner({
    textGoesOn: false,
    rules: [
      ["start", /^head/, "head"],
      ["head body?", /^body/, "body?"],
      ["body?", /^tail/, "head"],
      ["head", /^stop/, "end"],
      ["head", /^/, "body?"],
    ],
  });
  const head = joiner.first("head");
  const body = joiner.next(head, "body");
  assert.equal(joiner.certainty[head], SURE);
  assert.equal(joiner.certainty[body], TENTATIVE);
  assert.equal(joiner.next(body, "tail"), head);
  assert.equal(joiner.next(body, "other"), BREAK);
  assert.equal(joiner.next(head, "stop"), BREAK);
  assert.equal(joiner.next(head, "other"), body);
  assert.equal(joiner.certainty[joiner.first("other")], WHOLE);
});

Deno.test("RuleJoiner refuses rules for a state that is never reached", () => {
  const rules = [["start", /^/, "here"], ["there", /^/, "here"]] as const;
  assert.throws(() => new RuleJoiner({ textGoesOn: true, rules }), /"there"/);
});

Deno.test("presets have only rules that can be reached, and none whose answer depends on an earlier call", () => {
  for (const [name, rules] of Object.entries(presets)) {
    assert.ok(new RuleJoiner(rules).certainty.length > 2, name);
    for (const [, line] of rules.rules) assert.match(line.flags, /^[isu]*$/, `${name}: ${line}`);
  }
});

Deno.test("RuleJoiner answers soon for lines that are made to take long", () => {
  for (const rules of Object.values(presets)) {
    const joiner = new RuleJoiner(rules);
    for (
      const piece of [
        "Error",
        "Error {",
        "a:1:in `",
        ".rb:1: (",
        "Exception: ",
        "(",
        " ",
        "\t{",
        "at (",
        "panic serving ",
      ]
    ) {
      const line = piece.repeat((1 << 20) / piece.length);
      for (let state = 0; state < joiner.certainty.length; state++) joiner.next(state, line);
    }
  }
});
