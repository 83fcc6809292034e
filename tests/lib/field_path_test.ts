import assert from "node:assert/strict";
import fc from "fast-check";
import { compileFieldPath, getField, type PathFields, setField } from "../../src/lib/field_path.ts";

const json = (value: unknown) => JSON.parse(JSON.stringify(value));

Deno.test("compileFieldPath reads names, dots, brackets and indexes", () => {
  const segments = (text: string) => compileFieldPath(text).segments;
  assert.deepEqual(segments("a"), ["a"]);
  assert.deepEqual(segments("a.b.c"), ["a", "b", "c"]);
  assert.deepEqual(segments("[a][b.c]"), ["a", "b.c"]);
  assert.deepEqual(segments("a[0].b[1]"), ["a", "0", "b", "1"]);
  assert.deepEqual(segments("[a]"), ["a"]);
  assert.deepEqual(segments("@timestamp"), ["@timestamp"]);
});

Deno.test("compileFieldPath takes odd dots for parts of the name", () => {
  for (const text of [".a", "a.", "a..b", ".", "[]"]) {
    assert.deepEqual(compileFieldPath(text).segments, [text]);
  }
});

Deno.test("compileFieldPath says what is no path", () => {
  assert.throws(() => compileFieldPath(""), /must not be empty/);
  assert.throws(() => compileFieldPath("a[b"), /"a\[b" is no path of a field: "\[" has no "\]" after it/);
});

Deno.test("FieldPath gets, sets and removes a top-level field", () => {
  const path = compileFieldPath("a");
  const fields: PathFields = { a: 1 };
  assert.equal(path.direct, true);
  assert.equal(path.get(fields), 1);
  path.set(fields, 2);
  assert.equal(path.remove(fields), 2);
  assert.equal(path.remove(fields), undefined);
  assert.equal(path.get(fields), undefined);
  assert.deepEqual(Object.keys(fields), ["a"]);
});

Deno.test("FieldPath of an absent field adds no key when removing", () => {
  const fields: PathFields = {};
  compileFieldPath("a").remove(fields);
  compileFieldPath("a.b").remove(fields);
  compileFieldPath("constructor").remove(fields);
  assert.deepEqual(Reflect.ownKeys(fields), []);
});

Deno.test("FieldPath takes a name with dots before the nested field", () => {
  const path = compileFieldPath("a.b");
  const fields: PathFields = { "a.b": 1, a: { b: 2 } };
  assert.equal(path.get(fields), 1);
  path.set(fields, 3);
  assert.deepEqual(json(fields), { "a.b": 3, a: { b: 2 } });
  assert.equal(path.remove(fields), 3);
  assert.equal(path.get(fields), 2);
  assert.equal(path.remove(fields), 2);
  assert.deepEqual(json(fields), { a: {} });
});

Deno.test("FieldPath makes the objects on the way", () => {
  const fields: PathFields = { b: null };
  compileFieldPath("a.x.y").set(fields, 1);
  compileFieldPath("b.x").set(fields, 2);
  compileFieldPath("a[x][z]").set(fields, 3);
  assert.deepEqual(json(fields), { b: { x: 2 }, a: { x: { y: 1, z: 3 } } });
  assert.equal(Object.getPrototypeOf(fields.a), null);
});

Deno.test("FieldPath loses nothing where a value stands in the way", () => {
  for (const value of ["text", 1, true, [1, 2]]) {
    const fields: PathFields = { a: value };
    const path = compileFieldPath("a.b.c");
    path.set(fields, "new");
    assert.deepEqual(json(fields), { a: value, "a.b.c": "new" });
    assert.equal(path.get(fields), "new");
  }
});

Deno.test("FieldPath reaches into lists, and makes none with holes", () => {
  const fields: PathFields = { a: ["x", { b: 1 }] };
  assert.equal(compileFieldPath("a[0]").get(fields), "x");
  assert.equal(compileFieldPath("a.1.b").get(fields), 1);
  assert.equal(compileFieldPath("a[2]").get(fields), undefined);
  assert.equal(compileFieldPath("a.length").get(fields), undefined);
  assert.equal(compileFieldPath("a.map").get(fields), undefined);
  compileFieldPath("a[2]").set(fields, "y");
  compileFieldPath("a[9]").set(fields, "far");
  assert.deepEqual(json(fields), { a: ["x", { b: 1 }, "y"], "a[9]": "far" });
  assert.equal(compileFieldPath("a[0]").remove(fields), "x");
  assert.deepEqual(json(fields.a), [{ b: 1 }, "y"]);
});

Deno.test("FieldPath never reads what is inherited, nor pollutes prototypes", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    for (const text of [name, `a.${name}`, `${name}.a`, `${name}.${name}`]) {
      const path = compileFieldPath(text);
      const fields: PathFields = { a: {} };
      assert.equal(path.get(fields), undefined, text);
      assert.equal(path.remove(fields), undefined, text);
      path.set(fields, "mine");
      assert.equal(path.get(fields), "mine", text);
      assert.equal(Object.getPrototypeOf(fields), Object.prototype);
      assert.equal(path.remove(fields), "mine", text);
      assert.equal(path.get(fields), undefined, text);
    }
  }
  assert.equal(({} as Record<string, unknown>).mine, undefined);
});

Deno.test("FieldPath finds own fields of inherited names that came from JSON", () => {
  const fields = JSON.parse('{"__proto__": {"constructor": 1}}');
  assert.equal(compileFieldPath("__proto__.constructor").get(fields), 1);
});

Deno.test("FieldPath works on frozen prototypes", () => {
  const base = Object.freeze({ toString: () => "", constructor: 1 });
  const fields = Object.create(base);
  compileFieldPath("constructor").set(fields, 1);
  compileFieldPath("toString.a").set(fields, 2);
  assert.deepEqual(Object.keys(fields), ["constructor", "toString"]);
});

Deno.test("FieldPath answers what was set, whatever stands there", () => {
  const key = fc.constantFrom("a", "b", "0", "1", "__proto__", "constructor", "length");
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, 1, "text"),
      fc.array(tie("value"), { maxLength: 2 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(fc.property(
    fc.dictionary(key, tree, { maxKeys: 4 }),
    fc.array(key, { minLength: 1, maxLength: 4 }),
    (fields, parts) => {
      const path = compileFieldPath(parts.join("."));
      const target = fields as PathFields;
      path.set(target, "new");
      assert.equal(path.get(target), "new");
      assert.equal(path.remove(target), "new");
      assert.notEqual(path.get(target), "new");
    },
  ));
});

Deno.test("setField and getField take any name for a name", () => {
  const fields: PathFields = {};
  setField(fields, "__proto__", 1);
  setField(fields, "a", 2);
  assert.deepEqual(Object.entries(fields), [["__proto__", 1], ["a", 2]]);
  assert.equal(getField(fields, "__proto__"), 1);
  assert.equal(getField(fields, "toString"), undefined);
});
