import assert from "node:assert/strict";
import { recordsOfText } from "../../src/cli/records_of_text.ts";
import { parserOf } from "../support/plan.ts";

Deno.test("recordsOfText takes lines, whatever ends them", () => {
  assert.deepEqual(recordsOfText("a\nü\r\n\nlast", []), ["a", "ü", "", "last"]);
  assert.deepEqual(recordsOfText("a\n", []), ["a"]);
  assert.deepEqual(recordsOfText("", []), []);
});

Deno.test("recordsOfText joins lines as the parsers have it", () => {
  const multiline = parserOf({
    type: "multiline",
    multiline: { pattern: "^\\S", negate: true, match: "after" },
  });
  assert.deepEqual(recordsOfText("one\n  more\n  and more\ntwo\n", [multiline]), [
    "one\n  more\n  and more",
    "two",
  ]);
});
