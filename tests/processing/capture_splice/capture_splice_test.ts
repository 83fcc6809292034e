import fc from "fast-check";
import assert from "node:assert/strict";
import { buildProcessor, type Processor } from "../../../src/processor.ts";
import { Splicer } from "../../../src/processing/splicer.ts";
import { lineEncoder } from "../../../src/encoding/encoder.ts";
import { outputOf, planJob, planOf, warningContext } from "../../support/plan.ts";

const ENCODER = lineEncoder("json", { plain: false, includeRaw: false });

const REGEX = {
  type: "regex",
  pattern: String
    .raw`^(?<time>\S+) (?:\[(?<level>\w*)\] )?(?<user>[^ ]*) "(?<request>.*)"(?: (?<message>.*))?$`,
  custom_fields: { datacenter: "eu", rack: { row: 4 } },
};
const GROK = {
  type: "grok",
  grok_pattern:
    `%{IPORHOST:client} %{NUMBER:took:int} %{NUMBER:ratio:float} %{DATA:word}(?: \\[%{HTTPDATE:timestamp}\\])? %{QS:agent}%{GREEDYDATA:rest}`,
};

/** Splices where that is possible; and a processor that makes the same plan's events. */
async function both(parser: object): Promise<{ spliced: Processor; general: Processor }> {
  const plan = planOf({ parsers: [parser] });
  assert.ok(await Splicer.for(plan, [ENCODER], warningContext().context) !== undefined);
  const general = planOf({ parsers: [parser], transforms: [{ type: "keep", if: "true" }] });
  return {
    spliced: await buildProcessor(plan, new Map()),
    general: await buildProcessor(general, new Map()),
  };
}

function assertSame({ spliced, general }: { spliced: Processor; general: Processor }, lines: string[]): void {
  const one = spliced.process(planJob(lines));
  const other = general.process(planJob(lines));
  assert.deepEqual(outputOf(one), outputOf(other));
  assert.equal(one.unparsed, other.unparsed);
}

const text = fc.oneof(
  fc.constantFrom(
    "",
    "-",
    "a",
    "warn",
    "x\\y",
    'say "hi"',
    "tab\t",
    "\u0001",
    "ünicode",
    "😀",
    "2026-11-25T10:00:00Z",
  ),
  fc.string({ unit: "binary-ascii", maxLength: 12 }),
).map((part) => part.replaceAll(/[\r\n]/g, ""));

Deno.test("CaptureSplice makes of lines what the general path makes of them, with a regex", async () => {
  const processors = await both(REGEX);
  const time = fc.constantFrom(
    "2026-11-25T10:00:00.123Z",
    "2026-11-25T11:00:00+01:00",
    "1764064800",
    "never",
    "",
  );
  const level = fc.constantFrom("", "[error] ", "[WARN] ", "[strange] ", "[] ");
  const line = fc.tuple(time, level, text, text, fc.option(text)).map((
    [time, level, user, request, message],
  ) => `${time} ${level}${user} "${request}"${message === null ? "" : ` ${message}`}`);
  fc.assert(fc.property(fc.array(fc.oneof(line, text), { minLength: 1, maxLength: 20 }), (lines) => {
    assertSame(processors, lines.map((line) => `${line}\n`));
  }));
});

Deno.test("CaptureSplice makes of lines what the general path makes of them, with grok", async () => {
  const processors = await both(GROK);
  const number = fc.constantFrom(
    "0",
    "7",
    "007",
    "-3",
    "+4",
    "1.50",
    ".5",
    "123456789012345",
    "98765432109876543210",
  );
  const time = fc.constantFrom("", " [25/Nov/2026:10:00:00 +0100]", " [99/Nov/2026:10:00:00 +0000]");
  const agent = fc.constantFrom('"a b"', '""', `'it'`, '"with \\" quote"', '"ü"');
  const line = fc.tuple(number, number, text, time, agent, text).map((
    [took, ratio, word, time, agent, rest],
  ) => `10.0.0.1 ${took} ${ratio} ${word}${time} ${agent}${rest}`);
  fc.assert(fc.property(fc.array(fc.oneof(line, text), { minLength: 1, maxLength: 20 }), (lines) => {
    assertSame(processors, lines.map((line) => `${line}\n`));
  }));
});

Deno.test("CaptureSplice takes lines that are longer than what it decodes at once, and much to escape", async () => {
  const processors = await both(REGEX);
  assertSame(processors, [
    `never u "${"x".repeat(100_000)}"\n`,
    `never u "${"\\".repeat(100_000)}"\n`,
    `never u "${"\u0001".repeat(200_000)}"\n`,
    `never u "é" b\n`,
    `never u "b" b\n`,
  ]);
});

Deno.test("Splicer leaves patterns to the general path whose fields are not simply the texts of groups", async () => {
  const plans = [
    { parsers: [{ type: "grok", grok_pattern: "%{WORD:[a][b]}" }] },
    { parsers: [{ type: "grok", grok_pattern: "%{WORD:a:bool}" }] },
    { parsers: [{ type: "grok", grok_pattern: "%{WORD:a} %{WORD:a}" }] },
    { parsers: [{ type: "grok", grok_pattern: "%{INT:timestamp:int}" }] },
    { parsers: [{ type: "regex", pattern: "(?<a>.)", custom_fields: { a: 1 } }] },
    { parsers: [{ type: "regex", pattern: "(?<a>.)", custom_fields: { "b.c": 1 } }] },
    { parsers: [{ type: "regex", pattern: "(?<a>.)" }], transforms: [{ type: "remove", fields: ["a"] }] },
    { parsers: [{ type: "regex", pattern: "(?<a>.)" }], outputs: [{ includeRaw: true }] },
    { parsers: [{ type: "regex", pattern: "(?<a>.)" }], outputs: [{}, {}] },
    { parsers: [{ type: "regex", pattern: "(?<a>.)", time_field: "b.c" }] },
  ];
  for (const parts of plans) {
    const made = await Splicer.for(planOf(parts), [ENCODER], warningContext().context);
    assert.equal(made, undefined, JSON.stringify(parts));
  }
});
