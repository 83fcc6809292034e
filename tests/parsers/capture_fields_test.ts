import assert from "node:assert/strict";
import { newEvent } from "../../src/event.ts";
import { createCaptureParser, FieldConflictError, type Matching } from "../../src/parsers/capture_fields.ts";

function makeParser(changes: Partial<Matching>) {
  return createCaptureParser({
    regexp: /(\w+) (\w+)/,
    multiline: undefined,
    captures: [{ group: 1, path: ["a"], type: "string" }, { group: 2, path: ["b"], type: "string" }],
    required: "",
    keepEmpty: false,
    ...changes,
  });
}

function makeEvent() {
  return newEvent({ input: "test", stream: "test", labels: {} });
}

Deno.test("createCaptureParser takes the expression for several lines where there are several", () => {
  const parser = makeParser({ regexp: /^(\w+) (\w+)$/, multiline: /^(\w+) (\w+)$/m });
  const event = makeEvent();
  assert.equal(parser.parse("x\na b\ny", event), true);
  assert.deepEqual(event.fields, { a: "a", b: "b" });
  assert.equal(parser.parse("x a b y", event), false);
});

Deno.test("createCaptureParser gives up on a line without the required text", () => {
  const parser = makeParser({ required: 'it\'s "here"' });
  const event = makeEvent();
  assert.equal(parser.parse("a b", event), false);
  assert.equal(parser.parse('a b it\'s "here"', event), true);
});

Deno.test("createCaptureParser answers false when the engine gives up on a line", () => {
  class Exhausted extends RegExp {
    override exec(): never {
      throw new RangeError("Maximum call stack size exceeded");
    }
  }
  assert.equal(makeParser({ regexp: new Exhausted("a") }).parse("a b", makeEvent()), false);
});

Deno.test("createCaptureParser reads groups by name, too", () => {
  const event = makeEvent();
  const captures = [{ group: "x", path: ["deep", "er"], type: "int" as const }];
  assert.equal(makeParser({ regexp: /(?<x>\d+)/, captures }).parse("n 12", event), true);
  assert.deepEqual(event.fields, { deep: { er: 12 } });
});

Deno.test("createCaptureParser puts names of fields into its code as text only", () => {
  const names = ['"', "\\", "\n", "\u2028", "${1}", 'a"]: 0, b: alert(1), ["c', "*/"];
  const captures = names.map((name) => ({ group: 1, path: [name, name], type: "string" as const }));
  const event = makeEvent();
  assert.equal(makeParser({ captures }).parse("v w", event), true);
  assert.deepEqual(Object.entries(event.fields), names.map((name) => [name, { [name]: "v" }]));
});

Deno.test("createCaptureParser refuses a field that is both a value and an object", () => {
  const capture = (group: number, ...path: string[]) => ({ group, path, type: "string" as const });
  for (const captures of [[capture(1, "a"), capture(2, "a", "b")], [capture(1, "a", "b"), capture(2, "a")]]) {
    assert.throws(() => makeParser({ captures }), FieldConflictError);
  }
});
