import assert from "node:assert/strict";
import fc from "fast-check";
import { retryAfter } from "../../../src/outputs/http/retry_after.ts";

const NOW = Date.UTC(2026, 10, 25, 12);
const wait = (headers: Record<string, string>) => retryAfter(new Headers(headers), NOW);

Deno.test("retryAfter understands seconds and dates, and nothing else", () => {
  assert.equal(wait({ "retry-after": "120" }), 120_000);
  assert.equal(wait({ "retry-after": "Wed, 25 Nov 2026 12:00:05 GMT" }), 5000);
  assert.equal(wait({ "retry-after": "Wednesday, 25-Nov-26 12:00:05 GMT" }), 5000);
  const past = ["0", "Wed, 25 Nov 2026 11:59:00 GMT"];
  const odd = ["", "-5", "1.5", "soon", "25 Nov 2027", "12:00", "1e3", "Thu, 99 Foo 2026 12:00:00 GMT"];
  for (const value of [...past, ...odd]) assert.equal(wait({ "retry-after": value }), undefined, value);
  assert.equal(wait({}), undefined);
});

Deno.test("retryAfter goes by the clock of the server", () => {
  const date = "Wed, 25 Nov 2026 13:00:00 GMT";
  assert.equal(wait({ date, "retry-after": "Wed, 25 Nov 2026 13:00:05 GMT" }), 5000);
  assert.equal(wait({ date: "nonsense", "retry-after": "Wed, 25 Nov 2026 12:00:05 GMT" }), 5000);
});

Deno.test("retryAfter waits a day at most, whatever the header", () => {
  assert.equal(wait({ "retry-after": "99999999999999" }), 86_400_000);
  fc.assert(fc.property(fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/), (value) => {
    const found = wait({ "retry-after": value });
    return found === undefined || (found > 0 && found <= 86_400_000);
  }));
});
