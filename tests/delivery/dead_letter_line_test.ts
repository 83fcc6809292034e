import assert from "node:assert/strict";
import fc from "fast-check";
import { type EncodedBatch, type RawBatch, recordId } from "../../src/batch.ts";
import {
  batchOfLetter,
  deadLetterLine,
  letterId,
  parseLetter,
  rawBatchOfLetter,
  refusedLine,
} from "../../src/delivery/dead_letter_line.ts";
import { batchOf, sourceOf } from "../contracts/batches.ts";
import { anyText } from "../support/any_text.ts";

function joined(records: readonly Uint8Array[]): Pick<EncodedBatch, "bytes" | "ends"> {
  const { ends } = batchOf(records.map(({ length }) => "x".repeat(length)));
  return { bytes: Uint8Array.from(records.flatMap((record) => [...record])), ends };
}

function rawBatch(records: readonly Uint8Array[], more: Partial<RawBatch> = {}): RawBatch {
  return { ...joined(records), source: sourceOf("/log"), receivedAt: 0, ...more };
}

/** The letter of a line, which must be one. */
function parsed(line: string) {
  assert.equal(line.indexOf("\n"), line.length - 1);
  const letter = parseLetter(new TextEncoder().encode(line.slice(0, -1)));
  assert.ok(letter, line);
  return letter;
}

const BYTES = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  anyText(10).map((text) => new TextEncoder().encode(text)),
  fc.constant(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)),
  anyText(10).map((text) => new TextEncoder().encode(`${text}\n`)),
);
const PLACE = fc.record({
  id: fc.constantFrom("lid.0", "tcp-7", "a.b.12"),
  offset: fc.oneof(fc.nat(), fc.integer({ min: -5, max: Number.MAX_SAFE_INTEGER })),
});

Deno.test("deadLetterLine and parseLetter give back a record of any bytes as it came, with all it came with", () => {
  fc.assert(
    fc.property(
      fc.array(BYTES, { minLength: 1, maxLength: 4 }),
      anyText(8),
      fc.option(PLACE, { nil: undefined }),
      fc.dictionary(anyText(4).filter((key) => key !== "__proto__"), anyText(4), { noNullPrototype: true }),
      (records, reason, origin, labels) => {
        const source = sourceOf("/log/ü", labels, "in");
        const batch = rawBatch(records, { source, receivedAt: 1234, ...(origin && { origin }) });
        let start = 0;
        for (const [index, record] of records.entries()) {
          const letter = parsed(deadLetterLine(batch, { index, reason }, 99));
          assert.deepEqual([letter.time, letter.reason, letter.attempts, letter.to], [
            99,
            reason,
            1,
            undefined,
          ]);
          const again = rawBatchOfLetter(letter, letter.from!);
          assert.deepEqual([...again.bytes], [...record]);
          assert.deepEqual([...again.ends], [record.length]);
          assert.deepEqual([again.source, again.receivedAt], [source, 1234]);
          assert.deepEqual(again.origin, origin && { id: origin.id, offset: origin.offset + start });
          start += record.length;
        }
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("refusedLine and parseLetter give back a record of any bytes as it would have been sent", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(BYTES, BYTES, PLACE), { minLength: 1, maxLength: 4 }),
      fc.record({ ids: fc.boolean(), keys: fc.boolean() }),
      fc.constantFrom("", "p", "ü/\n"),
      (records, parts, partition) => {
        const batch: EncodedBatch = {
          ...joined(records.map(([record]) => record)),
          partition,
          ...(parts.keys ? { keys: joined(records.map(([, key]) => key)) } : {}),
          ...(parts.ids
            ? {
              ids: {
                origins: records.map(([, , { id }], index) => ({ id, end: index + 1 })),
                offsets: Float64Array.from(records, ([, , { offset }]) => offset),
              },
            }
            : {}),
        };
        for (const [index, [record, key]] of records.entries()) {
          const refusal = { output: "out", batch, refused: [], attempts: 3 };
          const letter = parsed(refusedLine(refusal, { index, reason: "no" }, 7));
          assert.deepEqual([letter.time, letter.reason, letter.attempts, letter.from], [
            7,
            "no",
            3,
            undefined,
          ]);
          const again = batchOfLetter(letter, letter.to!);
          assert.equal(letter.to?.output, "out");
          assert.deepEqual([...again.bytes], [...record]);
          assert.equal(again.partition, partition);
          assert.equal(recordId(again, 0), recordId(batch, index));
          assert.equal(letterId(letter), recordId(batch, index));
          assert.deepEqual(again.keys && [...again.keys.bytes], parts.keys ? [...key] : undefined);
        }
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("deadLetterLine says when, why and from where, in words", () => {
  const records = ["ab\n", "cd\r\n", "ef"].map((text) => new TextEncoder().encode(text));
  const time = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  const told = (more: Partial<RawBatch>, index: number) =>
    JSON.parse(deadLetterLine(rawBatch(records, more), { index, reason: "bad" }, time));
  assert.deepEqual(told({}, 1), {
    time: "2026-01-02T03:04:05.006Z",
    reason: "bad",
    input: "files-0",
    source: "/log",
    received: "1970-01-01T00:00:00.000Z",
    record: "cd\r",
  });
  const origin = { id: "lid.0", offset: 100 };
  assert.deepEqual([told({ origin }, 0).offset, told({ origin }, 2).offset], [100, 107]);
  assert.equal(told({ origin }, 2).id, `lid.0.${(107).toString(36)}`);
  assert.equal(told({ origin }, 2).newline, false);
  const offsets = Float64Array.of(5, 2 ** 40, 7);
  assert.equal(told({ origin: { ...origin, offsets } }, 1).offset, 2 ** 40);
});

Deno.test("parseLetter takes nothing for a letter that is none", () => {
  const lines = [
    "",
    "{",
    "null",
    "1",
    '{"time":"2026-01-01T00:00:00Z","reason":"x","record":"a"}',
    '{"time":"never","reason":"x","output":"o","record":"a"}',
    '{"time":"2026-01-01T00:00:00Z","reason":"x","output":"o"}',
    '{"time":"2026-01-01T00:00:00Z","reason":"x","output":"o","record_base64":"*"}',
    '{"time":"2026-01-01T00:00:00Z","reason":"x","output":"o","input":"i","source":"s","record":"a"}',
    '{"time":"2026-01-01T00:00:00Z","reason":"x","output":"o","record":"a","id":"without end"}',
    '{"time":"2026-01-01T00:00:00Z","reason":"x","output":"o","record":"a","id":"lid.0.ZZ"}',
  ];
  for (const line of lines) assert.equal(parseLetter(new TextEncoder().encode(line)), undefined, line);
});
