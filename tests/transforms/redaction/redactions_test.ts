import assert from "node:assert/strict";
import { KeyError } from "../../../src/lib/key_error.ts";
import { redactions } from "../../../src/transforms/redaction/redactions.ts";

Deno.test("redactions takes names and expressions", () => {
  const list = redactions(["b+", "email"]);
  const text = list.reduce((text, redaction) => redaction.redact(text, () => "-"), "abba x@y.de");
  assert.equal(text, "a-a -");
});

Deno.test("redactions says which expression is wrong", () => {
  assert.throws(
    () => redactions(["email", "("]),
    (error) => error instanceof KeyError && error.key === "patterns[1]",
  );
});
