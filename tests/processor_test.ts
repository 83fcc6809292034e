import assert from "node:assert/strict";
import fc from "fast-check";
import * as schema from "../src/lib/schema.ts";
import { KeyErrors } from "../src/lib/key_error.ts";
import { type ParserConfig, parserConfig } from "../src/parsers/parser_config.ts";
import { buildProcessor, isPinned, type Job, type Processed, type ProcessorPlan } from "../src/processor.ts";
import { type TransformConfig, transformConfig } from "../src/transforms/transform_config.ts";

interface PlanParts {
  readonly parsers?: readonly object[];
  readonly transforms?: readonly object[];
  readonly outputs?: readonly Partial<ProcessorPlan["outputs"][number]>[];
}

/** A plan as configuration makes it; one output that writes event JSON unless told. */
function planOf({ parsers = [], transforms = [], outputs = [{}] }: PlanParts): ProcessorPlan {
  return {
    input: "in",
    parsers: parsers.map((each) =>
      schema.parse(parserConfig as schema.Schema<unknown>, each) as ParserConfig
    ),
    transforms: transforms.map((each) =>
      schema.parse(transformConfig as schema.Schema<unknown>, each) as TransformConfig
    ),
    outputs: outputs.map((output, index) => ({
      name: `out-${index}`,
      type: "stdout",
      config: { encoding: "json" },
      routes: [],
      includeRaw: false,
      ...output,
    })),
  };
}

const RECEIVED = Date.UTC(2026, 10, 25, 10);

function jobOf(records: readonly (string | Uint8Array)[], more: Partial<Job> = {}): Job {
  const parts = records.map((record) =>
    typeof record === "string" ? new TextEncoder().encode(record) : record
  );
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const ends = new Uint32Array(parts.length);
  let at = 0;
  parts.forEach((part, index) => {
    bytes.set(part, at);
    at += part.length;
    ends[index] = at;
  });
  return { bytes, ends, source: { input: "in", stream: "/log", labels: {} }, receivedAt: RECEIVED, ...more };
}

/** The records that an output gets, as text. */
function recordsOf({ batches }: Processed, output = "out-0"): string[] {
  return batches.filter((each) => each.output === output).flatMap(({ batch: { bytes, ends } }) =>
    [...ends].map((end, index) =>
      new TextDecoder().decode(bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
    )
  );
}

async function eventsFrom(parts: PlanParts, records: readonly (string | Uint8Array)[]) {
  const processor = await buildProcessor(planOf(parts), new Map());
  return recordsOf(processor.process(jobOf(records))).map((text) => JSON.parse(text));
}

Deno.test("Processor makes event JSON with time, level and message taken out of the fields", async () => {
  const line =
    '{"time":"2026-11-25T09:00:00.123456789Z","severity":"WARNING","msg":"hello","n":12345678901234567890,"deep":{"a":[1,null]}}\n';
  for (const transforms of [[], [{ type: "keep", if: "fields !== 1" }]]) {
    const processor = await buildProcessor(planOf({ parsers: [{ type: "json" }], transforms }), new Map());
    assert.deepEqual(recordsOf(processor.process(jobOf([line]))), [
      '{"timestamp":"2026-11-25T09:00:00.123456789Z","message":"hello","level":"warn","source":"/log","fields":{"n":12345678901234567890,"deep":{"a":[1,null]}}}\n',
    ]);
  }
});

Deno.test("Processor gives a record without a time that of its arrival, and without a message an empty one", async () => {
  assert.deepEqual(await eventsFrom({ parsers: [{ type: "json" }] }, ['{"a":1}\r\n']), [
    { timestamp: "2026-11-25T10:00:00.000Z", message: "", source: "/log", fields: { a: 1 } },
  ]);
});

Deno.test("Processor takes fields by the names that the configuration gives, also by paths", async () => {
  const parser = {
    type: "json",
    time_field: "meta.at",
    time_format: "unix_ms",
    level_field: "meta.sev",
    message_field: "[meta][text]",
    custom_fields: { site: "eu", tags: ["x"] },
  };
  const [event] = await eventsFrom({ parsers: [parser] }, [
    '{"time":"x","msg":"stays","meta":{"at":1795600000000,"sev":"E","text":"taken","other":1}}\n',
  ]);
  assert.deepEqual(event, {
    timestamp: new Date(1795600000000).toISOString(),
    message: "taken",
    level: "error",
    source: "/log",
    fields: { time: "x", msg: "stays", meta: { other: 1 }, site: "eu", tags: ["x"] },
  });
});

Deno.test("Processor tries parsers in turn and passes on what none takes, with the reason", async () => {
  const parts = { parsers: [{ type: "json" }, { type: "regex", pattern: "^(?<a>\\d+)$" }] };
  const processor = await buildProcessor(planOf(parts), new Map());
  const processed = processor.process(jobOf(['{"a":"j"}\n', "17\n", "neither\n"]));
  assert.deepEqual(recordsOf(processed).map((text) => JSON.parse(text).fields), [
    { a: "j" },
    { a: "17" },
    { parse_error: 'not in the formats "json", "regex"' },
  ]);
  assert.equal(processed.unparsed, 1);
});

Deno.test("Processor counts what transforms, conditions and failures leave out, by reason", async () => {
  const parts = {
    parsers: [{ type: "json", on_error: "drop" }],
    transforms: [{ type: "drop", if: "fields.a === 1" }, { type: "keep", if: "fields.a !== 2" }],
    outputs: [{ if: "fields.a > 3" }, { config: { encoding: "text" }, if: "fields.a > 4", routes: [] }],
  };
  const processor = await buildProcessor(planOf(parts), new Map());
  const processed = processor.process(
    jobOf([1, 2, 3, 4, 5].map((a) => `{"a":${a},"msg":"m${a}"}\n`).concat("bad\n")),
  );
  assert.deepEqual(processed.discarded, { drop: 1, keep: 1, no_output: 1, parse_error: 1 });
  assert.deepEqual(recordsOf(processed, "out-0").map((text) => JSON.parse(text).message), ["m4", "m5"]);
  assert.deepEqual(recordsOf(processed, "out-1"), ["m5\n"]);
  assert.deepEqual(processor.process(jobOf([])).discarded, {}, "every job is counted by itself");
});

Deno.test("Processor answers dead letters by their place in the job", async () => {
  const parts = { parsers: [{ type: "json", on_error: "dead_letter" }] };
  const processor = await buildProcessor(planOf(parts), new Map());
  const processed = processor.process(jobOf(['{"a":1}\n', "bad\n", '{"a":2}\n', "[]\n"]));
  assert.deepEqual(processed.deadLetters.map(({ index }) => index), [1, 3]);
  assert.equal(recordsOf(processed).length, 2);
});

Deno.test("Processor copies records byte for byte where nothing is parsed and an output is choosy", async () => {
  const records = [
    Uint8Array.of(0xff, 0x00, 0x0d, 0x0a),
    new TextEncoder().encode("no\n"),
    Uint8Array.of(0xfe),
  ];
  const output = { config: { encoding: "auto" }, if: 'message !== "no"' };
  const processor = await buildProcessor(planOf({ outputs: [output] }), new Map());
  const [made] = processor.process(jobOf(records)).batches;
  assert.deepEqual([...made!.batch.bytes], [0xff, 0x00, 0x0d, 0x0a, 0xfe]);
  assert.deepEqual([...made!.batch.ends], [4, 5]);
});

Deno.test("Processor replaces what is no UTF-8, in spliced batches as in others", async () => {
  const line = Uint8Array.from([
    ...new TextEncoder().encode('{"msg":"a'),
    0xff,
    ...new TextEncoder().encode('b"}\n'),
  ]);
  for (const transforms of [[], [{ type: "keep", if: "fields !== 1" }]]) {
    const events = await eventsFrom({ parsers: [{ type: "json" }], transforms }, ['{"msg":"ü"}\n', line]);
    assert.deepEqual(events.map(({ message }) => message), ["ü", "a\ufffdb"]);
  }
});

Deno.test("Processor writes texts that hold line feeds as one record each", async () => {
  const output = { config: { encoding: "text" } };
  const processor = await buildProcessor(
    planOf({ parsers: [{ type: "json" }], outputs: [output] }),
    new Map(),
  );
  const processed = processor.process(jobOf(['{"msg":"a\\nü"}\n', '{"msg":"b"}\n', '{"n":1}\n']));
  assert.deepEqual(recordsOf(processed), ["a\nü\n", "b\n", '{"n":1}\n']);
});

Deno.test("buildProcessor tells all mistakes of a plan at once, each with its key", async () => {
  const parts = {
    parsers: [{ type: "regex", pattern: "(" }, { type: "json", timezone: "Mars/Olympus" }],
    transforms: [{ type: "add", add: { a: 1 } }, { type: "script", code: "return fetch" }, {
      type: "drop",
      if: "levle",
    }],
    outputs: [{ if: "1 +" }],
  };
  await assert.rejects(buildProcessor(planOf(parts), new Map()), (error) => {
    assert.ok(error instanceof KeyErrors, String(error));
    assert.deepEqual(error.errors.map(({ key }) => key), [
      "parsers[0].pattern",
      "parsers[1].timezone",
      "transforms[1].code",
      "transforms[2].if",
      "outputs[0].if",
    ]);
    return true;
  });
});

Deno.test("isPinned holds for plans with a transform that remembers records", () => {
  assert.equal(isPinned(planOf({ transforms: [{ type: "rename" }] })), false);
  assert.equal(isPinned(planOf({ transforms: [{ type: "rename" }, { type: "dedupe" }] })), true);
});

/** Names that steps and lines have in common, so that they meet. */
const NAME = fc.constantFrom("a", "b", "c", "msg", "level", "time", "ü", 'q"', "constructor", "toString");
const STEP = fc.oneof(
  fc.record({ type: fc.constant("remove"), fields: fc.array(NAME, { minLength: 1, maxLength: 3 }) }),
  fc.record({ type: fc.constant("rename"), rename: fc.dictionary(NAME, NAME, { minKeys: 1, maxKeys: 2 }) }),
  fc.record({
    type: fc.constant("add"),
    // Braces in pairs are templates, and may be wrong ones.
    add: fc.dictionary(
      NAME,
      fc.jsonValue({ maxDepth: 1 }).filter((value) => !/\{\{|\}\}/.test(JSON.stringify(value))),
      { minKeys: 1, maxKeys: 2 },
    ),
    overwrite: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("filter"),
    include_fields: fc.array(NAME, { minLength: 1, maxLength: 3 }),
    exclude_fields: fc.array(NAME, { maxLength: 2 }),
  }),
);
const LINE = fc.oneof(
  fc.dictionary(NAME, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 6 }).map((value) => JSON.stringify(value)),
  fc.record({
    time: fc.constantFrom("2026-11-25T09:00:00Z", "2026-11-25 09:00:00+02:00", "soon", 1795600000, -1, null),
    level: fc.constantFrom("INFO", "Warning", "loud", 3, 30, ""),
    msg: fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean(), fc.constant({})),
  }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
  fc.constantFrom("", "[]", "{", '{"a":1', "{} x", '{"a":1,"a":2}', ' { "msg" : "x" } '),
);

Deno.test("Processor makes the same events by splicing as by parsing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { maxLength: 4 }),
      fc.array(LINE, { minLength: 1, maxLength: 8 }),
      async (steps, lines) => {
        const parsers = [{ type: "json" }];
        const records = lines.map((line) => `${line}\n`);
        const spliced = await eventsFrom({ parsers, transforms: steps }, records);
        // A condition on all fields keeps the plan from being spliced.
        const parsed = await eventsFrom(
          { parsers, transforms: [{ type: "keep", if: "fields !== 1" }, ...steps] },
          records,
        );
        assert.deepEqual(spliced, parsed);
      },
    ),
    { numRuns: 300 },
  );
});
