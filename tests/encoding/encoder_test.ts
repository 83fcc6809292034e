import assert from "node:assert/strict";
import { lineEncoder, type LineEncoding } from "../../src/encoding/encoder.ts";
import { newEvent } from "../../src/event.ts";

/** What is written of an event with this message that came as `raw line`. */
function encoded(encoding: LineEncoding, plain: boolean, message: string, includeRaw = false) {
  const event = newEvent({ input: "in", stream: "/log", labels: {} });
  event.message = message;
  event.raw = "raw line";
  const { kind, encode } = lineEncoder(encoding, { plain, includeRaw });
  return [kind, encode(event)];
}

Deno.test("lineEncoder copies records that nothing has changed", () => {
  assert.deepEqual(encoded("auto", true, "raw line"), ["copy", "raw line\n"]);
  assert.deepEqual(encoded("text", true, "raw line"), ["copy", "raw line\n"]);
});

Deno.test("lineEncoder writes event JSON where something is parsed, or where it is wanted", () => {
  for (const [encoding, plain] of [["auto", false], ["json", false], ["json", true]] as const) {
    const [kind, text] = encoded(encoding, plain, "m", true);
    assert.equal(kind, "lines");
    assert.deepEqual([JSON.parse(text!).message, JSON.parse(text!).raw], ["m", "raw line"]);
  }
});

Deno.test("lineEncoder writes the message as text, or the record where it has none", () => {
  assert.deepEqual(encoded("text", false, "two\nlines"), ["text", "two\nlines\n"]);
  assert.deepEqual(encoded("text", false, ""), ["text", "raw line\n"]);
});
