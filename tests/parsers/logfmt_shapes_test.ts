import assert from "node:assert/strict";
import fc from "fast-check";
import { createLogfmtParser } from "../../src/parsers/logfmt.ts";
import { LogfmtShapes } from "../../src/parsers/logfmt_shapes.ts";
import { parseLine, parserContext } from "../support/parsed_line.ts";

function learned(...keys: string[]): LogfmtShapes {
  const shapes = new LogfmtShapes();
  for (let time = 0; time < 16; time++) shapes.learn(keys);
  return shapes;
}

Deno.test("LogfmtShapes reads lines with keys that it was told often enough, and no others", () => {
  const shapes = new LogfmtShapes();
  for (let time = 0; time < 15; time++) shapes.learn(["a", "b.c"]);
  assert.equal(shapes.read("a=1 b.c=2"), undefined);
  shapes.learn(["a", "b.c"]);
  assert.deepEqual(shapes.read(String.raw`a="x \"y\" \n" b.c=`), { a: 'x "y" \n', "b.c": "" });
  for (const line of ["a=1 bxc=2", "a=1  b.c=2", "a=1 b.c=2 d=3", "a=1", 'a="x b.c=2', 'a="x"y b.c=2', ""]) {
    assert.equal(shapes.read(line), undefined, line);
  }
});

Deno.test("LogfmtShapes takes any key for a name and never for code", () => {
  const keys = ["a+(b", "x]\\", "';throw 1;//", "`${y}`", "é\u2028"];
  const line = keys.map((key, index) => `${key}=${index}`).join(" ");
  assert.deepEqual(Object.keys(learned(...keys).read(line) ?? {}), keys);
});

Deno.test("LogfmtShapes does not learn lines with a key twice, or a single one", () => {
  assert.equal(learned("a", "a").read("a=1 a=2"), undefined);
  assert.equal(learned("a").read("a=1"), undefined);
});

Deno.test("LogfmtShapes gives up when lines are too different", () => {
  const shapes = learned("a", "b");
  for (let time = 0; time < 500; time++) shapes.read("c=1 d=2");
  assert.deepEqual(shapes.read("a=1 b=2"), { a: "1", b: "2" });
  assert.ok(shapes.isLearning);
  for (let time = 0; time < 2; time++) shapes.read("c=1 d=2");
  assert.equal(shapes.read("a=1 b=2"), undefined);
  assert.ok(!shapes.isLearning);
});

Deno.test("LogfmtParser reads a line in the same way, learned or not", async () => {
  const keys = fc.uniqueArray(fc.constantFrom("a", "b", "level", "msg", "x.y"), {
    minLength: 1,
    maxLength: 4,
  });
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 8 }).map((text) => JSON.stringify(text)),
    fc.stringMatching(/^[ -~é\t\u00a0]{0,6}$/),
  );
  const line = fc.tuple(keys, fc.array(value, { minLength: 4, maxLength: 4 })).map(([names, values]) =>
    names.map((name, index) => `${name}=${values[index]}`).join(" ")
  );
  const learning = await createLogfmtParser({}, parserContext);
  const shapes = [["a", "b"], ["level", "msg"], ["b", "a", "level"], ["msg", "a"]];
  for (const shape of shapes) {
    for (let time = 0; time < 20; time++) parseLine(learning, shape.map((key) => `${key}=1`).join(" "));
  }
  const names = fc.constantFrom(...shapes);
  const known = fc.tuple(names, fc.array(value, { minLength: 4, maxLength: 4 })).map(([shape, values]) =>
    shape.map((name, index) => `${name}=${values[index]}`).join(" ")
  );
  const fresh = async (text: string) => parseLine(await createLogfmtParser({}, parserContext), text);
  await fc.assert(
    fc.asyncProperty(fc.oneof(known, line), async (text) => {
      assert.deepEqual(parseLine(learning, text), await fresh(text));
    }),
    { numRuns: 2000 },
  );
});
