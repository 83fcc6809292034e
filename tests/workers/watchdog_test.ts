import assert from "node:assert/strict";
import { TaskHungError, Watchdog } from "../../src/workers/watchdog.ts";

Deno.test("Watchdog answers what the task does, and throws what it throws", () => {
  for (const watchdog of [new Watchdog(10_000), new Watchdog(0)]) {
    assert.equal(watchdog.run(() => 7), 7);
    const error = new RangeError("mine");
    assert.throws(() =>
      watchdog.run(() => {
        throw error;
      }), (thrown) => thrown === error);
    assert.equal(watchdog.run(() => undefined), undefined);
  }
});

Deno.test("Watchdog stops what never ends, even what catches everything, and can be used again", () => {
  const watchdog = new Watchdog(50);
  const endless = () => {
    for (;;) {
      try {
        for (;;);
      } catch {
        // Goes on.
      } finally {
        for (;;);
      }
    }
  };
  const backtracking = () => /^(?=(a+)+$)/.test("a".repeat(50) + "b");
  for (const task of [endless, backtracking]) {
    assert.throws(() => watchdog.run(task), TaskHungError);
    assert.equal(watchdog.run(() => "again"), "again");
  }
});

Deno.test("Watchdog takes an error that looks like its own for what it is", () => {
  const spoof = Object.assign(new Error("Script execution timed out after 50ms"), {
    code: "ERR_SCRIPT_EXECUTION_TIMEOUT",
  });
  assert.throws(() =>
    new Watchdog(10_000).run(() => {
      throw spoof;
    }), (thrown) => thrown === spoof);
});
