import assert from "node:assert/strict";
import { createCriParser } from "../../src/parsers/cri.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

const parser = await createCriParser({}, parserContext);

Deno.test("CriParser reads time, stream and message, and keeps all digits of the time", () => {
  assert.deepEqual(parseLine(parser, "2026-11-25T10:00:00.123456789Z stdout F hello  world "), {
    fields: { stream: "stdout" },
    message: "hello  world ",
    level: undefined,
    time: "2026-11-25T10:00:00.123Z",
    timestamp: Date.UTC(2026, 10, 25, 10, 0, 0, 123) + 0.456789,
    timestampText: "2026-11-25T10:00:00.123456789Z",
  });
});

Deno.test("CriParser turns other offsets into UTC with all digits", () => {
  const parsed = parseLine(parser, "2026-11-25T01:00:00.000000001+02:00 stderr F x");
  assert.equal(parsed?.timestampText, "2026-11-24T23:00:00.000000001Z");
  assert.equal(parsed.fields.stream, "stderr");
});

Deno.test("CriParser keeps tags that say more than that the line is whole", () => {
  assert.deepEqual(parseLine(parser, "2026-11-25T10:00:00Z stdout P part")?.fields, {
    stream: "stdout",
    logtag: "P",
  });
  assert.deepEqual(parseLine(parser, "2026-11-25T10:00:00Z stdout F:x y")?.fields, {
    stream: "stdout",
    logtag: "F:x",
  });
});

Deno.test("CriParser takes empty messages", () => {
  assert.equal(parseLine(parser, "2026-11-25T10:00:00Z stdout F ")?.message, "");
  assert.equal(parseLine(parser, "2026-11-25T10:00:00Z stdout F")?.message, "");
});

Deno.test("CriParser refuses everything else", () => {
  for (
    const line of [
      "",
      "hello",
      "2026-11-25T10:00:00Z stdout hello",
      "2026-11-25T10:00:00Z stdlog F x",
      "2026-11-25T10:00:00 stdout F no zone",
      "2026-13-25T10:00:00Z stdout F x",
      "2026-11-25T10:00:00Z",
    ]
  ) {
    assert.equal(parseLine(parser, line), undefined, line);
  }
});

Deno.test("CriParser never throws", () => {
  neverThrows(
    parser,
    "2026-11-25T10:00:00.123456789Z stdout F hello",
    "2026-11-25T10:00:00.1+01:00 stderr P:x y",
  );
});
