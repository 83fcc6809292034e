import assert from "node:assert/strict";
import { CanonicalTime } from "../../../src/processing/json_splice/canonical_time.ts";

const encoder = new TextEncoder();

function isTime(text: string, times = new CanonicalTime()): boolean {
  const bytes = encoder.encode(`"${text}"`);
  return times.test(bytes, new DataView(bytes.buffer), 1, bytes.length - 1);
}

Deno.test("CanonicalTime takes RFC 3339 in UTC with up to nine digits of a second", () => {
  const times = new CanonicalTime();
  for (
    const text of [
      "2026-11-25T10:00:00Z",
      "2026-11-25T10:00:59.1Z",
      "2026-11-25T10:00:00.123456789Z",
      "2024-02-29T23:59:59.999Z",
      "2000-02-29T00:00:00Z",
      "0000-01-01T00:00:00Z",
      "9999-12-31T23:59:59Z",
    ]
  ) {
    assert.ok(isTime(text), text);
    assert.ok(isTime(text, times), text);
    assert.ok(isTime(text, times), text);
  }
});

Deno.test("CanonicalTime refuses all other text, also in a minute that it has seen", () => {
  const times = new CanonicalTime();
  assert.ok(isTime("2026-11-25T10:00:00Z", times));
  for (
    const text of [
      "",
      "2026-11-25T10:00Z",
      "2026-11-25T10:00:00",
      "2026-11-25T10:00:00.Z",
      "2026-11-25T10:00:00.1234567890Z",
      "2026-11-25T10:00:00,123Z",
      "2026-11-25T10:00:00.12a3Z",
      "2026-11-25T10:00:00.123z",
      "2026-11-25t10:00:00Z",
      "2026-11-25 10:00:00Z",
      "2026-11-25T10:00:60Z",
      "2026-11-25T10:00:6aZ",
      "2026-11-25T10:00.00Z",
      "2026-11-25T10:60:00Z",
      "2026-11-25T24:00:00Z",
      "2026-11-31T10:00:00Z",
      "2026-11-00T10:00:00Z",
      "2026-02-29T10:00:00Z",
      "1900-02-29T10:00:00Z",
      "2026-13-01T10:00:00Z",
      "2026-00-01T10:00:00Z",
      "2o26-01-01T10:00:00Z",
      "2026/01/01T10:00:00Z",
      "2026-11-25T10:00:00+01:00",
    ]
  ) {
    assert.ok(!isTime(text), text);
    assert.ok(!isTime(text, times), text);
  }
});
