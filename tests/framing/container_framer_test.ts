import assert from "node:assert/strict";
import fc from "fast-check";
import { createFramer } from "../../src/framing/framing.ts";
import { frame, frameInPieces, linesOf, multilineOf } from "./support.ts";

interface Line {
  readonly stream: string;
  readonly tag: string;
  readonly content: string;
  /** Seconds since the line before. */
  readonly pause: number;
}

const line: fc.Arbitrary<Line> = fc.record({
  stream: fc.constantFrom("stdout", "stdout", "stderr"),
  tag: fc.constantFrom("F", "F", "P"),
  content: fc.constantFrom("text", "\tat a.b.C(D.java:1)", "java.lang.Error: x", "", "x".repeat(50)),
  pause: fc.constantFrom(0, 0, 0, 0, 1, 7),
});
const lines = fc.array(line, { maxLength: 40 });
const OTHER = "no line of a container";

/** Lines of a file, each content with its number, so that it can be found again. */
function textOf(given: readonly Line[]): string {
  let time = Date.UTC(2024, 4, 1);
  return given.map(({ stream, tag, content, pause }, index) => {
    time += pause * 1000;
    if (index % 11 === 10) return `${OTHER} ${index}\n`;
    return `${new Date(time).toISOString()} ${stream} ${tag} ${content}#${index};\n`;
  }).join("");
}

const framers = [
  createFramer({ container: "cri" }),
  createFramer({ container: "cri", multiline: multilineOf({ preset: "java" }) }),
  createFramer({
    container: "cri",
    multiline: multilineOf({ pattern: "^\\s", max_lines: 5, max_bytes: 1000 }),
  }),
];

Deno.test("ContainerFramer puts every line into exactly one record of its stream, in the order of their beginnings", () => {
  fc.assert(
    fc.property(lines, fc.constantFrom(...framers), (given, framer) => {
      const records = frame(framer, textOf(given));
      const numbers = records.map((record) =>
        [...record.matchAll(/#(\d+);/g)].map(([, number]) => Number(number))
      );
      const all = [...given.keys()];
      assert.deepEqual(numbers.flat().sort((a, b) => a - b), all.filter((index) => index % 11 !== 10));
      const firsts = numbers.flatMap(([first]) => first ?? []);
      assert.deepEqual(firsts, [...firsts].sort((a, b) => a - b));
      for (const own of numbers) {
        assert.deepEqual(own, [...own].sort((a, b) => a - b));
        assert.ok(new Set(own.map((index) => given[index]!.stream)).size <= 1);
      }
      assert.equal(
        records.filter((record) => record.startsWith(OTHER)).length,
        all.filter((i) => i % 11 === 10).length,
      );
    }),
    { numRuns: 500 },
  );
});

Deno.test("ContainerFramer gives the same records however the lines come in pieces", () => {
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom(...framers),
      fc.integer({ min: 1, max: 9 }),
      (given, framer, pieces) => {
        const text = textOf(given);
        const records = frameInPieces(framer, text, pieces);
        assert.deepEqual(records.map((record) => record.text), frame(framer, text));
        for (const { off, text: record } of records) {
          const [, number] = /#(\d+);/.exec(record) ?? [];
          if (number === undefined) continue;
          const start = text.lastIndexOf("\n", text.indexOf(`#${number};`)) + 1;
          assert.equal(off, new TextEncoder().encode(text.slice(0, start)).length);
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("ContainerFramer ends a record once another stream is later by the timeout", () => {
  const framer = createFramer({ container: "cri", multiline: multilineOf({ preset: "java" }) });
  const at = (second: number, rest: string) =>
    `2024-05-01T12:00:${String(second).padStart(2, "0")}Z ${rest}\n`;
  const whole = (text: string) => {
    const grouping = framer.begin();
    const { bytes, ends } = linesOf(text);
    grouping.add(bytes, ends);
    return grouping.whole;
  };
  const text = at(0, "stdout F a") + at(1, "stderr F b");
  assert.equal(whole(text), 0);
  assert.equal(whole(text + at(4, "stderr F c")), 0);
  assert.equal(whole(text + at(5, "stderr F c")), 2);
});

Deno.test("ContainerFramer lets no record wait for more than twice max_bytes, however streams overlap", () => {
  const limit = 2000;
  const framer = createFramer({
    container: "cri",
    multiline: multilineOf({ pattern: "^x", max_bytes: limit }),
  });
  const one = (index: number, content: string) => `t ${index % 2 === 0 ? "stdout" : "stderr"} F ${content}\n`;
  const grouping = framer.begin();
  let bytes = 0;
  for (let index = 0; index < 1000 && grouping.whole === 0; index++) {
    const text = one(index, index % 6 < 2 ? "first" : "x");
    const { bytes: line, ends } = linesOf(text);
    grouping.add(line, ends);
    bytes += text.length;
  }
  assert.ok(grouping.whole > 0);
  assert.ok(bytes <= 2 * limit + 20, `${bytes} bytes`);
});
