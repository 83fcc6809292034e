import assert from "node:assert/strict";
import { KeyError } from "../../src/lib/key_error.ts";
import { compilePatterns, NameMatcher, patternMatcher } from "../../src/transforms/name_matcher.ts";

Deno.test("NameMatcher decides once for each name", () => {
  const asked: string[] = [];
  const matcher = new NameMatcher((name) => asked.push(name) > 0 && name === "a");
  assert.deepEqual(["a", "b", "a", "b", "__proto__"].map((name) => matcher.matches(name)), [
    true,
    false,
    true,
    false,
    false,
  ]);
  assert.deepEqual(asked, ["a", "b", "__proto__"]);
});

Deno.test("NameMatcher stays right however many names come", () => {
  const matcher = new NameMatcher((name) => name.endsWith("7"));
  for (let i = 0; i < 10_000; i++) assert.equal(matcher.matches(`n${i}`), i % 10 === 7);
});

Deno.test("patternMatcher matches one of several expressions", () => {
  const matcher = patternMatcher(["^a", "(?i)B$"]);
  assert.deepEqual(["abc", "xb", "xB", "x"].map((name) => matcher.matches(name)), [true, true, true, false]);
});

Deno.test("compilePatterns says which expression is wrong", () => {
  assert.throws(
    () => compilePatterns(["a", "("], "patterns"),
    (error) => error instanceof KeyError && error.key === "patterns[1]",
  );
});
