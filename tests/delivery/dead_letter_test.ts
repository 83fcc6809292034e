import assert from "node:assert/strict";
import fc from "fast-check";
import type { RawBatch } from "../../src/batch.ts";
import { deadLetterLine, NoDeadLetters, refusedLine } from "../../src/delivery/dead_letter.ts";
import { batchOf, RecordingLog, sourceOf } from "../contracts/batches.ts";
import { anyText } from "../support/any_text.ts";

function rawBatch(records: readonly Uint8Array[], more: Partial<RawBatch> = {}): RawBatch {
  const { ends } = batchOf(records.map(({ length }) => "x".repeat(length)));
  const bytes = Uint8Array.from(records.flatMap((record) => [...record]));
  return { bytes, ends, source: sourceOf("/log"), receivedAt: 0, ...more };
}

/** The bytes of a record as a line tells them. */
function recordOf(line: string): number[] {
  const { record, record_base64 } = JSON.parse(line);
  return [
    ...(record === undefined ? Uint8Array.fromBase64(record_base64) : new TextEncoder().encode(record)),
  ];
}

const BYTES = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  anyText(10).map((text) => new TextEncoder().encode(text)),
  fc.constant(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)),
);

Deno.test("deadLetterLine tells a record of any bytes in one line, without its line feed", () => {
  fc.assert(
    fc.property(fc.array(BYTES, { minLength: 1, maxLength: 4 }), anyText(8), (records, reason) => {
      const batch = rawBatch(records.map((record) => Uint8Array.of(...record, 0x0a)));
      records.forEach((record, index) => {
        const line = deadLetterLine(batch, { index, reason }, 0);
        assert.equal(line.indexOf("\n"), line.length - 1);
        assert.deepEqual(recordOf(line), [...record]);
        assert.equal(JSON.parse(line).reason, reason);
      });
    }),
    { numRuns: 200 },
  );
});

Deno.test("deadLetterLine says when, why and from where", () => {
  const records = ["ab\n", "cd\r\n", "ef"].map((text) => new TextEncoder().encode(text));
  const time = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  const told = (more: Partial<RawBatch>, index: number) =>
    JSON.parse(deadLetterLine(rawBatch(records, more), { index, reason: "bad" }, time));
  assert.deepEqual(told({}, 1), {
    time: "2026-01-02T03:04:05.006Z",
    reason: "bad",
    input: "files-0",
    source: "/log",
    record: "cd\r",
  });
  const origin = { id: "lid.0", offset: 100 };
  assert.deepEqual([told({ origin }, 0).offset, told({ origin }, 2).offset], [100, 107]);
  assert.equal(told({ origin }, 2).id, `lid.0.${(107).toString(36)}`);
  const offsets = Float64Array.of(5, 2 ** 40, 7);
  assert.equal(told({ origin: { ...origin, offsets } }, 1).offset, 2 ** 40);
});

Deno.test("refusedLine tells a record of any bytes as it would have been sent", () => {
  fc.assert(
    fc.property(fc.array(BYTES, { minLength: 1, maxLength: 4 }), (records) => {
      const batch = { ...rawBatch(records.map((record) => Uint8Array.of(...record, 0x0a))), partition: "p" };
      const refusal = { output: "out", batch, refused: [], attempts: 3 };
      records.forEach((record, index) => {
        const line = refusedLine(refusal, { index, reason: "no" }, 0);
        assert.deepEqual(recordOf(line), [...record]);
        const { time: _, record: _text, record_base64: _bytes, ...rest } = JSON.parse(line);
        assert.deepEqual(rest, { reason: "no", output: "out", attempts: 3, partition: "p" });
      });
    }),
    { numRuns: 50 },
  );
});

Deno.test("NoDeadLetters keeps nothing and says what is lost, once for each reason", async () => {
  const log = new RecordingLog();
  const none = new NoDeadLetters(log);
  const letters = ["a", "b", "a"].map((reason, index) => ({ index, reason }));
  assert.equal(await none.keep(rawBatch([]), letters), 0);
  assert.deepEqual(log.of("error"), [
    'Cannot process 2 record(s) of "/log": a; discarded, since dead_letter is not enabled',
    'Cannot process 1 record(s) of "/log": b; discarded, since dead_letter is not enabled',
  ]);
  await none[Symbol.asyncDispose]();
});
