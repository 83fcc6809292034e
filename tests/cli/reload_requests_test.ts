import assert from "node:assert/strict";
import { ReloadRequests } from "../../src/cli/reload_requests.ts";

Deno.test("ReloadRequests lets early requests wait, and makes one of many", async () => {
  const requests = new ReloadRequests();
  requests.request();
  requests.request();
  let reloads = 0;
  let release = Promise.withResolvers<void>();
  requests.serve(() => {
    reloads++;
    return release.promise;
  });
  assert.equal(reloads, 1);
  for (let count = 0; count < 5; count++) requests.request();
  assert.equal(reloads, 1);
  const first = release;
  release = Promise.withResolvers<void>();
  first.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(reloads, 2);
  release.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(reloads, 2);
  requests.request();
  assert.equal(reloads, 3);
});
