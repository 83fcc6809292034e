import assert from "node:assert/strict";
import { within } from "../../src/lib/within.ts";

Deno.test("within tells whether a promise resolves in time, and no later than it is stopped", async () => {
  assert.equal(await within(Promise.resolve(), 60_000), true);
  const never = new Promise(() => {});
  assert.equal(await within(never, 1), false);
  const stop = new AbortController();
  const waiting = within(never, 60_000, stop.signal);
  stop.abort();
  assert.equal(await waiting, false);
});
