import fc from "fast-check";
import assert from "node:assert/strict";
import { buildProcessor, type Processor } from "../../../src/processor.ts";
import { MADE, Splicer } from "../../../src/processing/splicer.ts";
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

Deno.test("CaptureSplice makes of access logs what the parser of the server makes of them", async () => {
  const dash = fc.constantFrom("-", "-", "--", "bob", "a b", "", "é");
  const time = fc.constantFrom(
    "22/Nov/2026:10:00:00 +0000",
    "22/Nov/2026:23:59:59 -0130",
    "22/Nov/2026:23:59:60 +0000",
    "22/Nov/2026:24:00:00 +0000",
    "31/Feb/2026:10:00:00 +0000",
    "22/nov/2026:10:00:00 +0000",
    "22/Nov/2026",
  );
  const request = fc.constantFrom(
    "GET / HTTP/1.1",
    "GET /a?b=c HTTP/2.0",
    "GET /a b HTTP/1.1",
    String.raw`GET /\"x\" HTTP/1.1`,
    "GET /",
    "-",
    "",
    String.raw`\x16\x03\x01`,
    "M-SEARCH * HTTP/1.1",
  );
  const number = fc.constantFrom("200", "0", "-", "007", "1234567890", "123456789012345", "x");
  const quoted = fc.oneof(
    fc.constantFrom("-", "", "Mozilla/5.0 (X11)", String.raw`say \"hi\"`, "--", "a\tb", "ü"),
    text.map((part) => part.replaceAll(/["\\]/g, "")),
  );
  const tail = fc.constantFrom(
    "",
    ' "10.0.0.1"',
    ' "10.0.0.1, 10.0.0.2"',
    ' "-"',
    ' ""',
    " 0.003",
    ' "a" 5',
    " ",
  );
  const host = fc.constantFrom("10.0.0.1", "::1", "shop.example.com:443 10.0.0.1", "-", "é");
  const line = fc.tuple(
    host,
    dash,
    dash,
    time,
    request,
    number,
    number,
    fc.option(fc.tuple(quoted, quoted)),
    tail,
  )
    .map(([host, ident, user, time, request, status, bytes, more, tail]) =>
      `${host} ${ident} ${user} [${time}] "${request}" ${status} ${bytes}` +
      `${more === null ? "" : ` "${more[0]}" "${more[1]}"`}${tail}`
    );
  for (const type of ["apache", "nginx"]) {
    for (const format of ["auto", "access", "combined"]) {
      const processors = await both({ type, format, custom_fields: { datacenter: "eu" } });
      fc.assert(
        fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: line }, text), { maxLength: 20 }), (lines) => {
          assertSame(processors, lines.map((line) => `${line}\n`));
        }),
        { numRuns: 200 },
      );
    }
  }
});

Deno.test("CaptureSplice takes usual lines of access logs itself", async () => {
  const lines = [
    '10.0.0.1 - bob [22/Nov/2026:10:00:00 +0100] "GET /a HTTP/1.1" 200 5 "-" "curl/8"\n',
    '10.0.0.1 - - [22/Nov/2026:10:00:00 +0100] "GET /a HTTP/1.1" 404 -\n',
  ];
  for (const type of ["apache", "nginx"]) {
    const plan = planOf({ parsers: [{ type }] });
    const splicer = (await Splicer.for(plan, [ENCODER], warningContext().context))!;
    const job = planJob(lines);
    splicer.begin(job);
    let start = 0;
    for (const [index, end] of job.ends.entries()) {
      assert.equal(splicer.splice(job.bytes, start, end - 1, index), MADE, lines[index]);
      start = end;
    }
  }
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
    { parsers: [{ type: "apache", format: "error" }] },
    { parsers: [{ type: "nginx", level_field: "status" }] },
  ];
  for (const parts of plans) {
    const made = await Splicer.for(planOf(parts), [ENCODER], warningContext().context);
    assert.equal(made, undefined, JSON.stringify(parts));
  }
});
