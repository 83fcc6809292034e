import assert from "node:assert/strict";
import fc from "fast-check";
import { createFramer } from "../../src/framing/framing.ts";
import type { MultilineConfig } from "../../src/framing/framing_options.ts";
import { frame, frameInPieces, multilineOf } from "./support.ts";

const line = fc.constantFrom(
  "text",
  " indented",
  "",
  "2024-05-01 INFO text",
  "java.lang.RuntimeException: message",
  "\tat a.B.c(B.java:1)",
  "Caused by: a.B: message",
  "\t... 3 more",
  "Traceback (most recent call last):",
  '  File "a.py", line 1',
  "ValueError: x",
  "During handling of the above exception, another exception occurred:",
  "panic: x",
  "goroutine 1 [running]:",
  "main.main()",
  "\t/a.go:1 +0x1",
  "/app/x.js:3",
  "    ^",
  "Error: x {",
  "}",
  "a.rb:1:in `f': x (E)",
  " ---> System.Exception: x",
  "ä\r",
);
const text = fc.array(line, { maxLength: 60 }).map((lines) => lines.map((one) => `${one}\n`).join(""));
const config: fc.Arbitrary<Partial<MultilineConfig>> = fc.record({
  how: fc.oneof(
    fc.constantFrom("java", "python", "go", "ruby", "dotnet", "node").map((preset) => ({ preset })),
    fc.record({
      pattern: fc.constantFrom("^\\s", "^2024", "^[a-m]"),
      negate: fc.boolean(),
      match: fc.constantFrom("after", "before"),
    }),
  ),
  max_lines: fc.integer({ min: 1, max: 40 }),
  max_bytes: fc.integer({ min: 1, max: 400 }),
}).map(({ how, ...rest }) => ({ ...how, ...rest }) as Partial<MultilineConfig>);

Deno.test("LineGroups puts every byte into exactly one record, in order", () => {
  fc.assert(
    fc.property(text, config, (given, values) => {
      assert.equal(frame(createFramer({ multiline: multilineOf(values) }), given).join(""), given);
    }),
    { numRuns: 500 },
  );
});

Deno.test("LineGroups gives the same records however the lines come in pieces", () => {
  fc.assert(
    fc.property(text, config, fc.integer({ min: 1, max: 9 }), (given, values, pieces) => {
      const framer = createFramer({ multiline: multilineOf(values) });
      const records = frameInPieces(framer, given, pieces);
      assert.deepEqual(records.map((record) => record.text), frame(framer, given));
      let off = 0;
      for (const record of records) {
        assert.equal(record.off, off);
        off += new TextEncoder().encode(record.text).length;
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("LineGroups gives the same records from the beginning of any of them on", () => {
  fc.assert(
    fc.property(text, config, fc.nat(), (given, values, pick) => {
      const framer = createFramer({ multiline: multilineOf(values) });
      const records = frame(framer, given);
      const from = pick % (records.length + 1);
      assert.deepEqual(frame(framer, records.slice(from).join("")), records.slice(from));
    }),
    { numRuns: 500 },
  );
});

Deno.test("LineGroups joins no more lines and bytes than allowed, and always a whole line", () => {
  fc.assert(
    fc.property(text, config, (given, values) => {
      for (const record of frame(createFramer({ multiline: multilineOf(values) }), given)) {
        const lines = record.split("\n").length - 1;
        assert.ok(lines <= values.max_lines!, `${lines} lines`);
        assert.ok(lines === 1 || new TextEncoder().encode(record).length <= values.max_bytes!);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("LineGroups begins a new record with the line that is too much", () => {
  const framer = createFramer({ multiline: multilineOf({ pattern: "^ ", max_lines: 3 }) });
  assert.deepEqual(frame(framer, "a\n b\n c\n d\n e\nf\n"), ["a\n b\n c\n", " d\n e\n", "f\n"]);
});

Deno.test("LineGroups looks at lines that wait to be confirmed a bounded number of times", () => {
  const framer = createFramer({ multiline: multilineOf({ preset: "node", max_lines: 100_000 }) });
  const given = "/app/x.js:1 x\n/app/x.js:1\nsource\n".repeat(20_000);
  assert.equal(frame(framer, given).join(""), given);
});
