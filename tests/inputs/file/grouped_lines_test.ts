import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createFramer } from "../../../src/framing/framing.ts";
import { groupLines, recordsOf } from "../../../src/inputs/file/grouped_lines.ts";
import { showLines } from "../../../src/inputs/file/shown_lines.ts";
import { linesOf, multilineOf } from "../../framing/support.ts";

const framer = createFramer({ multiline: multilineOf({ pattern: "^ " }) });

Deno.test("recordsOf gives the bytes of the file without offsets where nothing was changed", () => {
  const { bytes, ends } = linesOf("one\n two\nthree\n");
  const settings = { maxLineBytes: 100 };
  const shown = showLines(bytes, ends, settings, true);
  const grouping = framer.begin();
  groupLines(grouping, shown, ends, settings);
  const records = recordsOf(grouping, shown, ends, 1000, settings);
  assert.equal(records.bytes.buffer, bytes.buffer);
  assert.deepEqual({ ...records, bytes: undefined }, {
    bytes: undefined,
    ends: Uint32Array.of(9),
    cut: 0,
    length: 9,
  });
});

Deno.test("groupLines ends a record with a line that was cut, and recordsOf counts it where it is whole", () => {
  const { bytes, ends } = linesOf("one\n longer than allowed\n two\nthree\n four too long\nfive\n");
  const settings = { maxLineBytes: 8 };
  const shown = showLines(bytes, ends, settings, true);
  const grouping = framer.begin();
  groupLines(grouping, shown, ends, settings);
  const records = recordsOf(grouping, shown, ends, 1000, settings);
  assert.equal(
    Buffer.from(records.bytes).toString(),
    "one\n longer  [truncated]\n two\nthree\n four to [truncated]\n",
  );
  assert.deepEqual([...records.offsets ?? []], [1000, 1025, 1030]);
  assert.equal(records.cut, 2);
  assert.equal(records.length, bytes.length - "five\n".length);
});
