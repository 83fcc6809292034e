import assert from "node:assert/strict";
import { KeyError, KeyErrors, KeyMistakes } from "../../src/lib/key_error.ts";

function fail(error: Error): () => never {
  return () => {
    throw error;
  };
}

Deno.test("KeyMistakes gathers mistakes under the keys of their components", async () => {
  const mistakes = new KeyMistakes();
  assert.equal(await mistakes.try("a", () => 1), 1);
  assert.equal(await mistakes.try("a[0]", fail(new KeyError("b", "is wrong"))), undefined);
  assert.equal(await mistakes.try("a[1]", fail(new KeyError("", "is no block"))), undefined);
  const several = new KeyErrors([new KeyError("x", "1"), new KeyError("", "2")]);
  await mistakes.try("a[2]", () => Promise.reject(several));
  await mistakes.try("", fail(new KeyError("own", "3")));
  assert.throws(() => mistakes.throwIfAny(), (error) => {
    assert.ok(error instanceof KeyErrors);
    assert.deepEqual(error.errors.map(({ key, message }) => [key, message]), [
      ["a[0].b", "is wrong"],
      ["a[1]", "is no block"],
      ["a[2].x", "1"],
      ["a[2]", "2"],
      ["own", "3"],
    ]);
    assert.match(error.message, /^a\[0\]\.b: is wrong\na\[1\]: is no block\n/);
    return true;
  });
});

Deno.test("KeyMistakes lets through what is no mistake in the configuration", async () => {
  const mistakes = new KeyMistakes();
  await assert.rejects(mistakes.try("a", fail(new TypeError("a defect"))), /a defect/);
  assert.doesNotThrow(() => mistakes.throwIfAny());
});
