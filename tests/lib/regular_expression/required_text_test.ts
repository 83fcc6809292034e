import assert from "node:assert/strict";
import * as fc from "fast-check";
import { compileNamedRegExp } from "../../../src/lib/regular_expression.ts";
import { parsePattern } from "../../../src/lib/regular_expression/parse.ts";
import { beginsAnchored, requiredText } from "../../../src/lib/regular_expression/required_text.ts";

Deno.test("requiredText is the longest text that stands in every match", () => {
  const table = {
    "(\\d+) status=(\\w+) in": " status=",
    "(?:ab)cd": "ab",
    "a(?:bcd)?e": "a",
    "(?:abc|abd)": "",
    "abc|abd": "",
    "x(?:abc)+y": "x",
    "(?!abc)x": "x",
    "(?=abc)x": "abc",
    "(?i)abc": "",
    "a\\.b\\/\\\\c": "a.b/\\c",
    "\\bab\\b": "ab",
    "(?>ab)c": "ab",
  };
  const found = Object.keys(table).map((pattern) => requiredText(parsePattern(pattern)));
  assert.deepEqual(found, Object.values(table));
});

Deno.test("requiredText stands in whatever a pattern matches", () => {
  const piece = fc.constantFrom(
    "a",
    "bc",
    "\\.",
    "[ab]",
    "(?:bc)",
    "(a|b)",
    "c?",
    "b*",
    "(?:ab)+",
    "(?i)",
    ".",
    "|",
  );
  fc.assert(
    fc.property(fc.array(piece), fc.stringMatching(/^[abcABC.]{0,12}$/), (pieces, text) => {
      const pattern = pieces.join("");
      let compiled;
      try {
        compiled = compileNamedRegExp(pattern);
      } catch {
        return;
      }
      const [match] = compiled.regexp.exec(text) ?? [];
      if (match !== undefined) {
        assert(match.includes(requiredText(parsePattern(pattern))), `${pattern} on ${text}`);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("beginsAnchored tells whether a match can only begin at the start of a text or line", () => {
  for (const pattern of ["^a", "\\Aa", "(^a)b", "(?:^a|^b)", "(?m)^a", "^a|^b"]) {
    assert.equal(beginsAnchored(parsePattern(pattern)), true, pattern);
  }
  for (const pattern of ["a", "a^", "^a|b", "(?=^)a", "(?:^a)?b", ""]) {
    assert.equal(beginsAnchored(parsePattern(pattern)), false, pattern);
  }
});
