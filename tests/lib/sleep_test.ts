import assert from "node:assert/strict";
import { sleep } from "../../src/lib/sleep.ts";

Deno.test("sleep tells whether it was stopped", async () => {
  assert.equal(await sleep(1), true);
  const stop = new AbortController();
  const stopped = sleep(60_000, stop.signal);
  stop.abort();
  assert.equal(await stopped, false);
  assert.equal(await sleep(60_000, stop.signal), false);
});
