import assert from "node:assert/strict";
import { suggest } from "../../src/lib/suggest.ts";

Deno.test("suggest finds what a slip was meant to be", () => {
  const known = ["paths", "exclude_paths", "checkpoint_path", "elasticsearch", "parser", "stdout"];
  const table = {
    path: "paths",
    pahts: "paths",
    checkpointPath: "checkpoint_path",
    "checkpoint-path": "checkpoint_path",
    elastic: "elasticsearch",
    elasticserach: "elasticsearch",
    stdot: "stdout",
    Parsers: "parser",
  };
  assert.deepEqual(Object.keys(table).map((word) => suggest(word, known)), Object.values(table));
});

Deno.test("suggest stays silent when nothing is close", () => {
  assert.equal(suggest("kubernetes", ["paths", "name"]), undefined);
  assert.equal(suggest("x", ["a_long_name"]), undefined);
  assert.equal(suggest("x", []), undefined);
});
