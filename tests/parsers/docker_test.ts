import assert from "node:assert/strict";
import { createDockerParser } from "../../src/parsers/docker.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

const parser = await createDockerParser({}, parserContext);

Deno.test("DockerParser reads time, stream, attributes, and the message without its line feed", () => {
  const line =
    '{"log":"say \\"hi\\"\\n","stream":"stderr","attrs":{"tag":"web"},"time":"2026-11-25T10:00:00.123456789Z"}';
  assert.deepEqual(parseLine(parser, line), {
    fields: { stream: "stderr", attrs: { tag: "web" } },
    message: 'say "hi"',
    level: undefined,
    time: "2026-11-25T10:00:00.123Z",
    timestamp: Date.UTC(2026, 10, 25, 10, 0, 0, 123) + 0.456789,
    timestampText: "2026-11-25T10:00:00.123456789Z",
  });
});

Deno.test("DockerParser takes one line break away, and only at the end", () => {
  const message = (log: string) =>
    parseLine(parser, JSON.stringify({ log, stream: "stdout", time: "2026-11-25T10:00:00Z" }))?.message;
  assert.equal(message("a\r\n"), "a");
  assert.equal(message("a\n\n"), "a\n");
  assert.equal(message("part of a line"), "part of a line");
  assert.equal(message("\n"), "");
  assert.equal(message(""), "");
});

Deno.test("DockerParser refuses everything else", () => {
  for (
    const line of [
      "",
      "text",
      "{}",
      '{"log":1,"time":"2026-11-25T10:00:00Z"}',
      '{"log":"x","stream":"stdout"}',
      '{"log":"x","time":"yesterday"}',
      '{"log":"x\\n","stream":"std',
    ]
  ) {
    assert.equal(parseLine(parser, line), undefined, line);
  }
});

Deno.test("DockerParser never throws", () => {
  neverThrows(parser, '{"log":"a\\n","stream":"stdout","time":"2026-11-25T10:00:00.123456789Z"}');
});
