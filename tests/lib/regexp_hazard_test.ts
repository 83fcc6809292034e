import assert from "node:assert/strict";
import { explosionHint, usesBacktrackingOnly } from "../../src/lib/regexp_hazard.ts";
import { parsePattern } from "../../src/lib/regular_expression/parse.ts";
import { writePattern } from "../../src/lib/regular_expression/write.ts";
import { compileRegExp } from "../../src/lib/regular_expression.ts";

Deno.test("explosionHint warns of patterns whose time doubles with every character", async () => {
  for (
    const pattern of [
      "^(a+)+$",
      "(?:a|a)*b",
      "x(.|\\s)*y",
      "^(\\w+\\s?)*$",
      "(.*,)*x",
      "(?i)^(a+)+$",
      "\\[(?:[^\\]]*,?)*\\]",
    ]
  ) {
    assert.match(
      await explosionHint(compileRegExp(pattern)) ?? "none",
      /^takes a time that doubles with every further ".+" in a line that does not match/,
      pattern,
    );
  }
  assert.equal(
    await explosionHint(/^(a+)+$/),
    'takes a time that doubles with every further "a" in a line that does not match: (a+)+',
  );
});

Deno.test("explosionHint stays silent about patterns that only read well", async () => {
  const patterns = [
    '^(\\S+) (\\S+) (\\S+) \\[([^\\]]+)\\] "([^"]*)" (\\d+) (\\d+|-) "([^"]*)" "([^"]*)"$',
    "(?P<a>.*?) - (?P<b>.*?) - (?P<c>.*)",
    "^(?:\\w+\\.)*\\w+$",
    "a{1,100}b",
    "x",
  ];
  for (const pattern of patterns) {
    assert.equal(await explosionHint(compileRegExp(pattern)), undefined, pattern);
  }
});

Deno.test("explosionHint looks into what is trusted only where that is repeated", async () => {
  const inner = parsePattern("(?:\\w+\\s?)*");
  const of = async (source: string) => {
    const definition = { name: undefined, source: "", body: inner };
    const pattern = parsePattern(source, { placeholder: () => definition });
    const regexp = new RegExp(writePattern(pattern).source);
    return await explosionHint(regexp, { pattern, trusted: ({ body }) => body === inner });
  };
  assert.equal(await of("^%{IT}$"), undefined);
  assert.match(await of("^(?:%{IT},)*$") ?? "none", /^takes a time/);
});

Deno.test("usesBacktrackingOnly tells what V8's linear engine cannot take over", () => {
  assert.equal(usesBacktrackingOnly("(?i)^(a+)+$"), false);
  assert.equal(usesBacktrackingOnly("^(a+)+(?=b)"), true);
  assert.equal(usesBacktrackingOnly("^(a+)+\\1$"), true);
  assert.equal(usesBacktrackingOnly("^(a+"), true);
});
