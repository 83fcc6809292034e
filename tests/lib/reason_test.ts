import assert from "node:assert/strict";
import { codeOf, reasonOf } from "../../src/lib/reason.ts";

Deno.test("reasonOf puts system errors in plain words", () => {
  const error = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  assert.equal(codeOf(error), "ENOSPC");
  assert.equal(reasonOf(error), "no space left on device");
});

Deno.test("reasonOf gives one line of whatever was thrown", () => {
  assert.equal(reasonOf(new Error("first\nsecond")), "first");
  assert.equal(reasonOf(new Error("")), "unknown error");
  assert.equal(reasonOf("text"), "text");
  assert.equal(reasonOf(undefined), "undefined");
});
