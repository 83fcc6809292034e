import assert from "node:assert/strict";
import { codeOf, reasonOf } from "../../src/lib/reason.ts";

Deno.test("reasonOf puts system errors in plain words", () => {
  const error = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  assert.equal(codeOf(error), "ENOSPC");
  assert.equal(reasonOf(error), "no space left on device");
});

Deno.test("reasonOf says the same of an error whoever reports it, without codes and numbers", () => {
  for (const message of ["EIO: i/o error, read", "Input/output error (os error 5)"]) {
    assert.equal(reasonOf(Object.assign(new Error(message), { code: "EIO" })), "input/output error");
  }
  const unknown = Object.assign(new Error("ENXIO: no such device or address, open"), { code: "ENXIO" });
  assert.equal(reasonOf(unknown), "no such device or address, open");
  assert.equal(reasonOf(new Error("Disk quota exceeded (os error 122)")), "Disk quota exceeded");
});

Deno.test("reasonOf gives one line of whatever was thrown", () => {
  assert.equal(reasonOf(new Error("first\nsecond")), "first");
  assert.equal(reasonOf(new Error("")), "unknown error");
  assert.equal(reasonOf("text"), "text");
  assert.equal(reasonOf(undefined), "undefined");
});
