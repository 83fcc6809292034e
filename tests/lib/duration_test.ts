import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../src/lib/duration.ts";

Deno.test("parseDuration reads Go's notation", () => {
  const table: readonly (readonly [string, number])[] = [
    ["0", 0],
    ["0s", 0],
    ["5s", 5000],
    ["100ms", 100],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["1.005s", 1005],
    [".5s", 500],
    ["2.s", 2000],
    ["24h", 86_400_000],
    ["250us", 0.25],
    ["3µs", 0.003],
    ["3μs", 0.003],
    ["7ns", 0.000007],
    ["1h1ms", 3_600_001],
  ];
  assert.deepEqual(table.map(([text]) => [text, parseDuration(text)]), table.map((row) => [...row]));
});

Deno.test("parseDuration refuses everything else", () => {
  for (const text of ["", "5", "-5s", "+5s", "5 s", "s", "1d", "1h 5m", "5S", "1e3s", "..5s", "5sx"]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

Deno.test("formatDuration is short and readable", () => {
  const table = {
    "0s": 0,
    "5s": 5000,
    "1m30s": 90_000,
    "250ms": 250,
    "24h": 86_400_000,
    "1.5s": 1500,
    "1h0.001s": 3_600_001,
  };
  assert.deepEqual(Object.values(table).map(formatDuration), Object.keys(table));
});

Deno.test("parseDuration undoes formatDuration", () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), (milliseconds) => {
    assert.equal(parseDuration(formatDuration(milliseconds)), milliseconds);
  }));
});
