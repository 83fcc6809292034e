import assert from "node:assert/strict";
import fc from "fast-check";
import { compileJsonSplice, type JsonSplice } from "../../../src/processing/json_splice/json_splice.ts";
import { choices, edits, members, mutate, plans, spell } from "./generators.ts";
import { planOf, RECEIVED_AT, referenceEvent, SOURCE } from "./reference.ts";

const GUARD = 0xa5;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The event of a line, or undefined where it is not handled; checks that no byte beyond the bound is touched. */
function spliced(splice: JsonSplice, line: string, before = "", after = ""): string | undefined {
  const bytes = encoder.encode(before + line + after);
  const from = encoder.encode(before).length;
  const to = bytes.length - encoder.encode(after).length;
  splice.begin(SOURCE, RECEIVED_AT);
  const bound = splice.bound(to - from);
  const at = before.length;
  const memory = new Uint8Array(at + bound + 40).fill(GUARD);
  const end = splice.splice(bytes, from, to, memory.subarray(3, 3 + at + bound), at);
  assert.ok(end <= at + bound);
  assert.ok(memory.every((byte, index) => byte === GUARD || (index >= 3 + at && index < 3 + at + bound)));
  return end < 0 ? undefined : decoder.decode(memory.subarray(3 + at, 3 + end));
}

function assertLikeReference(splice: JsonSplice, plan: ReturnType<typeof planOf>, line: string): boolean {
  const results = [
    spliced(splice, line),
    spliced(splice, line, '{"a":1}\n', '\n{"b":2}\n'),
    spliced(splice, line, "x", "\n"),
  ];
  for (const event of results) {
    assert.equal(event === undefined, results[0] === undefined);
    if (event === undefined) continue;
    assert.equal(event.indexOf("\n"), event.length - 1);
    assert.deepEqual(JSON.parse(event), referenceEvent(plan, line));
  }
  return results[0] !== undefined;
}

function eventOf(line: string, plan = planOf()): string | undefined {
  return spliced(compileJsonSplice(plan), line);
}

const TIME = '{"timestamp":"2026-11-25T10:00:00.005Z"';
const SOURCE_JSON = JSON.stringify(SOURCE);

Deno.test("JsonSplice writes the event of a common line byte for byte", () => {
  const line =
    '{"ts":"2026-11-25T10:00:00.123456789Z","level":"WARNING","msg":"a \\"b\\" é","n":12345678901234567890, "o": {"x": [1, 2.50]}}';
  assert.equal(
    eventOf(line),
    '{"timestamp":"2026-11-25T10:00:00.123456789Z","message":"a \\"b\\" é","level":"warn",' +
      `"source":${SOURCE_JSON},"fields":{"n":12345678901234567890, "o": {"x": [1, 2.50]}}}\n`,
  );
});

Deno.test("JsonSplice leaves right commas wherever members go", () => {
  const plan = planOf({ steps: [{ kind: "remove", names: ["r"] }] });
  for (
    const [line, fields] of [
      ['{"r":1}', ""],
      ["{}", ""],
      [" {\t} \r", ""],
      ['{"r":1,"a":1}', '"a":1'],
      ['{"a":1,"r":1}', '"a":1'],
      ['{"a":1,"r":1,"b":2}', '"a":1,"b":2'],
      ['{"a":1,"msg":"","b":2,"r":[],"c":3,"d":4}', '"a":1,"b":2,"c":3,"d":4'],
    ] as const
  ) {
    assert.equal(eventOf(line, plan), `${TIME},"message":"","source":${SOURCE_JSON},"fields":{${fields}}}\n`);
  }
});

Deno.test("JsonSplice does the steps in order", () => {
  const plan = planOf({
    steps: [
      { kind: "add", name: "a", json: "1", overwrite: false },
      { kind: "rename", from: "a", to: "b" },
      { kind: "add", name: "a", json: '"new"', overwrite: true },
      { kind: "rename", from: "none", to: "a" },
      { kind: "keep", names: ["a", "b", "c"] },
      { kind: "rename", from: "c", to: "d" },
    ],
  });
  const head = `${TIME},"message":"","source":${SOURCE_JSON},"fields":`;
  assert.equal(eventOf('{"x":0,"c":3}', plan), `${head}{"a":"new","b":1,"d":3}}\n`);
  assert.equal(eventOf('{"a":7,"b":8,"d":9}', plan), `${head}{"a":"new","b":7}}\n`);
});

Deno.test("JsonSplice leaves to the general path what it cannot decide", () => {
  for (
    const line of [
      "",
      " ",
      "null",
      "[]",
      '"text"',
      '{"a":1',
      '{"a":1}}',
      '{"a":1} {}',
      '{"a":1,}',
      '{,"a":1}',
      '{"a" 1}',
      "{a:1}",
      '{"a":01}',
      '{"a":+1}',
      '{"a":1.}',
      '{"a":.5}',
      '{"a":1e}',
      '{"a":-}',
      '{"a":NaN}',
      '{"a":tru}',
      '{"a":nulL}',
      '{"a":"\\x"}',
      '{"a":"\\u12g4"}',
      '{"a":"\t"}',
      '{"a":"b',
      '{"a":"b\\',
      '{"a":"b\\u00',
      '{"a":\n1}',
      '{"\\u0061":1}',
      '{"__proto__":1}',
      '{"msg":"a","msg":"b"}',
      '{"level":"inf\\u006f"}',
      '{"ts":"2026\\u002d11-25T10:00:00Z"}',
      '{"msg":1.50}',
      '{"ts":1764064800123456789}',
      `{"a":${"[".repeat(101)}${"]".repeat(101)}}`,
    ]
  ) assert.equal(eventOf(line), undefined, line);
  assert.notEqual(eventOf(`{"a":${"[".repeat(99)}${"]".repeat(99)}}`), undefined);
});

Deno.test("JsonSplice answers -1 without room, and writes nothing", () => {
  const splice = compileJsonSplice(planOf());
  splice.begin(SOURCE, RECEIVED_AT);
  const line = encoder.encode('{"msg":"x"}');
  const out = new Uint8Array(splice.bound(line.length) - 1);
  assert.equal(splice.splice(line, 0, line.length, out, 0), -1);
  assert.ok(out.every((byte) => byte === 0));
});

Deno.test("JsonSplice takes new sources, times and arrays between lines", () => {
  const splice = compileJsonSplice(planOf());
  for (const [source, receivedAt] of [["a", 1000], ["b", 1000], ["b", 2000], ["a", 2000]] as const) {
    splice.begin(source, receivedAt);
    const line = encoder.encode("{}");
    const out = new Uint8Array(splice.bound(line.length));
    const end = splice.splice(line, 0, line.length, out, 0);
    assert.deepEqual(JSON.parse(decoder.decode(out.subarray(0, end))), {
      timestamp: new Date(receivedAt).toISOString(),
      message: "",
      source,
      fields: {},
    });
  }
});

Deno.test("JsonSplice equals the general path for any object, spelling and plan", () => {
  let handled = 0;
  let lines = 0;
  fc.assert(
    fc.property(
      plans,
      fc.array(fc.tuple(members, choices), { minLength: 1, maxLength: 5 }),
      (plan, objects) => {
        const splice = compileJsonSplice(plan);
        // Twice, since the splice remembers keys and times.
        for (const [entries, picks] of [...objects, ...objects]) {
          lines++;
          if (assertLikeReference(splice, plan, spell(entries, picks))) handled++;
        }
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(handled > lines / 4, `${handled} of ${lines}`);
});

Deno.test("JsonSplice handles every line of plain members, however many keys it has seen", () => {
  const key = fc.string({ unit: fc.constantFrom(..."abcdefgh_ß𝄞. "), maxLength: 70 });
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.jsonValue(),
  );
  const plan = planOf({
    steps: [{ kind: "remove", names: ["a"] }, { kind: "rename", from: "b", to: "c" }],
  });
  const splice = compileJsonSplice(plan);
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 200, size: "large" }), (object) => {
      assert.ok(assertLikeReference(splice, plan, JSON.stringify(object)));
    }),
    { numRuns: 300 },
  );
});

Deno.test("JsonSplice accepts nothing that JSON.parse rejects", () => {
  fc.assert(
    fc.property(
      plans,
      members,
      choices,
      fc.array(edits, { minLength: 1, maxLength: 20 }),
      (plan, entries, picks, changes) => {
        const splice = compileJsonSplice(plan);
        const line = spell(entries, picks);
        for (const change of changes) assertLikeReference(splice, plan, mutate(line, change));
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("JsonSplice accepts no beginning of a line, and each line at the end of its buffer", () => {
  const line =
    '{"ts":1764064800,"level":"info","msg":"\\u00e9\\n","n":-1.5e-3,"o":{"a":[true,false,null,""]}}';
  const plan = planOf();
  const splice = compileJsonSplice(plan);
  for (let length = 0; length < line.length; length++) {
    assert.equal(spliced(splice, line.slice(0, length)), undefined);
    assert.equal(spliced(splice, line.slice(0, length), "", line.slice(length)), undefined);
  }
  assert.ok(assertLikeReference(splice, plan, line));
});
