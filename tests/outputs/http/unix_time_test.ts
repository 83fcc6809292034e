import assert from "node:assert/strict";
import fc from "fast-check";
import { newEvent } from "../../../src/event.ts";
import { UnixTime } from "../../../src/outputs/http/unix_time.ts";

const SOURCE = { input: "i", stream: "s", labels: {} };

function timeOf(timestamp: number, timestampText?: string): UnixTime {
  const time = new UnixTime();
  time.read(Object.assign(newEvent(SOURCE), { timestamp, timestampText }));
  return time;
}

Deno.test("UnixTime has all digits of a text, whatever the number beside it lost", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 4_000_000_000 }),
    fc.integer({ min: 0, max: 999_999_999 }),
    fc.integer({ min: 1, max: 9 }),
    (second, nanos, digits) => {
      const fraction = String(nanos).padStart(9, "0").slice(0, digits);
      const text = `${new Date(second * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
      const time = timeOf(second * 1000 + Number(`0.${fraction}`) * 1000, text);
      const expected = BigInt(second) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
      assert.equal(time.nanoseconds, String(expected));
      assert.equal(time.seconds, `${second}.${fraction}`);
    },
  ));
  assert.equal(timeOf(1_764_064_799_999.9998, "2025-11-25T09:59:59.9999998Z").second, 1_764_064_799);
  assert.equal(
    timeOf(1_764_064_800_000, "2025-11-25T09:59:59.999999999Z").nanoseconds,
    "1764064799999999999",
  );
  assert.equal(timeOf(1_764_064_800_000, "2025-11-25T10:00:00Z").seconds, "1764064800");
});

Deno.test("UnixTime has milliseconds or microseconds of a number", () => {
  assert.equal(timeOf(1500).nanoseconds, "1500000000");
  assert.equal(timeOf(1500).seconds, "1.500");
  assert.equal(timeOf(1500.25).nanoseconds, "1500250000");
  assert.equal(timeOf(1500.25).seconds, "1.500250");
  assert.equal(timeOf(1999.9999).nanoseconds, "2000000000");
  assert.equal(timeOf(0).nanoseconds, "0");
  assert.equal(timeOf(-1.5).nanoseconds, "-1500000");
  assert.equal(Number(timeOf(-1500).seconds), -1.5);
});

Deno.test("UnixTime never leaves what 64 bits hold", () => {
  for (const timestamp of [Date.UTC(9999, 11, 31), -62_167_219_200_000, Infinity, NaN]) {
    const time = timeOf(timestamp);
    for (const text of [time.nanoseconds, time.nanosecondsWith(Number.MAX_SAFE_INTEGER)]) {
      assert.equal(BigInt.asIntN(64, BigInt(text)), BigInt(text), `${timestamp}: ${text}`);
    }
  }
});

Deno.test("UnixTime fills unknown digits only", () => {
  assert.equal(timeOf(1500).nanosecondsWith(7), "1500000007");
  assert.equal(timeOf(1500).nanosecondsWith(1_234_567), "1500234567");
  assert.equal(timeOf(1500.25).nanosecondsWith(1_234_567), "1500250567");
  const exact = timeOf(1_764_064_800_000, "2025-11-25T10:00:00.000000001Z");
  assert.equal(exact.nanosecondsWith(7), "1764064800000000001");
});
