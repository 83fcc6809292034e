import assert from "node:assert/strict";
import { createFramer } from "../../src/framing/framing.ts";
import type { MultilineConfig } from "../../src/framing/framing_options.ts";
import { frame, multilineOf } from "./support.ts";

/** The records, each as its lines. */
function records(config: Partial<MultilineConfig>, lines: readonly string[]): string[] {
  const framer = createFramer({ multiline: multilineOf(config) });
  return frame(framer, lines.map((line) => `${line}\n`).join("")).map((record) =>
    record.trimEnd().replaceAll("\n", " ")
  );
}

// The table in the documentation of Filebeat: consecutive lines that match `^b`.
for (
  const { negate, match, lines, expected } of [
    {
      negate: false,
      match: "after",
      lines: ["a1", "b", "b", "a2", "b", "b"],
      expected: ["a1 b b", "a2 b b"],
    },
    {
      negate: false,
      match: "before",
      lines: ["b", "b", "a1", "b", "b", "a2"],
      expected: ["b b a1", "b b a2"],
    },
    {
      negate: true,
      match: "after",
      lines: ["b1", "c", "c", "b2", "c", "c"],
      expected: ["b1 c c", "b2 c c"],
    },
    {
      negate: true,
      match: "before",
      lines: ["c", "c", "b1", "c", "c", "b2"],
      expected: ["c c b1", "c c b2"],
    },
  ] as const
) {
  Deno.test(`patternJoiner with negate: ${negate} and match: ${match} joins as documented`, () => {
    assert.deepEqual(records({ pattern: "^b", negate, match }, lines), expected);
  });
}

Deno.test("patternJoiner joins what other programs' manuals show", () => {
  // Lines that end with a backslash go on.
  assert.deepEqual(
    records({ pattern: "\\\\$", match: "before" }, ["printf(\\", "x)\\", ";", "end"]),
    ["printf(\\ x)\\ ;", "end"],
  );
  // Everything that does not begin with a date belongs to the line before.
  assert.deepEqual(
    records({ pattern: "^\\[?\\d{4}-\\d{2}-\\d{2}", negate: true }, [
      "[2024-05-01] one",
      "two",
      "",
      "2024-05-02 three",
    ]),
    ["[2024-05-01] one two ", "2024-05-02 three"].map((record) => record.trimEnd()),
  );
});

Deno.test("patternJoiner keeps lines at the beginning that belong to a line which is not there", () => {
  assert.deepEqual(records({ pattern: "^ " }, [" orphan", " another", "first", " second"]), [
    " orphan  another",
    "first  second",
  ]);
});

Deno.test("patternJoiner matches the text of a line, whatever its line break and characters are", () => {
  const framer = createFramer({ multiline: multilineOf({ pattern: "^Übel.+$", match: "before" }) });
  assert.deepEqual(frame(framer, "Übel😀\n…\r\nÜbelä\r\nx\n"), ["Übel😀\n…\r\n", "Übelä\r\nx\n"]);
});
