import assert from "node:assert/strict";
import fc from "fast-check";
import { levelOfSeverity, parseLevel } from "../../src/lib/level.ts";

const LEVELS: Record<string, string[]> = {
  debug: ["debug", "trace", "D"],
  info: ["info", "information", "notice", "I"],
  warn: ["warn", "warning", "W"],
  error: ["error", "err", "E"],
  fatal: ["fatal", "critical", "crit", "panic", "emerg", "emergency", "alert", "F"],
};

Deno.test("parseLevel knows the words of all levels in any case, also within brackets", () => {
  for (const [level, words] of Object.entries(LEVELS)) {
    for (const word of words) {
      for (
        const text of [word, word.toUpperCase(), word.toLowerCase(), ` ${word} `, `[${word}]`, `<${word}>:`]
      ) {
        assert.equal(parseLevel(text), level, text);
        assert.equal(parseLevel(text), level, `${text}, the second time`);
      }
    }
  }
});

Deno.test("parseLevel knows the numbers of pino", () => {
  const numbers = { 10: "debug", 20: "debug", 30: "info", 35: "info", 40: "warn", 50: "error", 60: "fatal" };
  for (const [number, level] of Object.entries(numbers)) {
    assert.equal(parseLevel(Number(number)), level);
    assert.equal(parseLevel(number), level);
  }
});

Deno.test("parseLevel answers undefined for anything else", () => {
  const values = ["", " ", "[]", "infos", "warnings", "no level", "7", "99", "x".repeat(1000), "__proto__"];
  for (const value of [...values, 0, 9, 70, -10, NaN, Infinity, null, undefined, true, {}, [], 10n]) {
    assert.equal(parseLevel(value), undefined, String(value));
  }
});

Deno.test("parseLevel gives the same answer however many texts came before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.mixedCase(fc.constantFrom("warning", "critical", "xyz", "informational"))),
      (texts) => {
        for (const text of texts) {
          const lower = text.toLowerCase();
          const expected = { warning: "warn", critical: "fatal", informational: "info" }[lower];
          assert.equal(parseLevel(text), expected);
        }
      },
    ),
  );
});

Deno.test("levelOfSeverity covers syslog's eight", () => {
  const levels = [0, 1, 2, 3, 4, 5, 6, 7].map(levelOfSeverity);
  assert.deepEqual(levels, ["fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"]);
  for (const other of [-1, 8, 1.5, NaN]) assert.equal(levelOfSeverity(other), undefined);
});
