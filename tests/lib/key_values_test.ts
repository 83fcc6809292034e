import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyError } from "../../src/lib/key_error.ts";
import { keyValueOptions, splitKeyValues } from "../../src/lib/key_values.ts";

function split(text: string, field_split = " ", value_split = "="): [string, string][] {
  const pairs: [string, string][] = [];
  const count = splitKeyValues(text, keyValueOptions({ field_split, value_split }), (key, value) => {
    pairs.push([key, value]);
  });
  assert.equal(count, pairs.length);
  return pairs;
}

Deno.test("splitKeyValues splits pairs and leaves everything else out", () => {
  assert.deepEqual(split("a=1  b=two word c= =d e=f=g"), [["a", "1"], ["b", "two"], ["c", ""], ["e", "f=g"]]);
  assert.deepEqual(split("no pairs here"), []);
  assert.deepEqual(split(""), []);
  assert.deepEqual(split("   "), []);
});

Deno.test("splitKeyValues takes quoted keys and values with escapes", () => {
  assert.deepEqual(
    split(String.raw`a="x y" b='it is' "c d"="e=f" g="say \"hi\" \\ \n" h=""`),
    [["a", "x y"], ["b", "it is"], ["c d", "e=f"], ["g", String.raw`say "hi" \ \n`], ["h", ""]],
  );
});

Deno.test("splitKeyValues takes quotes that quote no whole value as they are", () => {
  assert.deepEqual(split(`a=5" b='tis c="x"y d="open`), [["a", '5"'], ["b", "'tis"], ["c", '"x"y'], [
    "d",
    '"open',
  ]]);
});

Deno.test("splitKeyValues knows splits of several characters", () => {
  assert.deepEqual(split("a := 1 || b:=x y||c:=", "||", ":="), [["a", "1"], ["b", "x y"], ["c", ""]]);
  assert.deepEqual(split('{"a"}: "x, y", b: 2,c:3', ",", ":"), [['{"a"}', "x, y"], ["b", "2"], ["c", "3"]]);
  assert.deepEqual(split("a\t1\tb\t2", "\n", "\t"), [["a", "1\tb\t2"]]);
  assert.deepEqual(split("a=1\t\tb= 2", "\t"), [["a", "1"], ["b", "2"]]);
  assert.deepEqual(split("?a=1&b=2&c", "&"), [["?a", "1"], ["b", "2"]]);
});

Deno.test("splitKeyValues puts together what was joined, for any splits and quoted values", () => {
  const word = fc.stringMatching(/^[a-z0-9.]{1,8}$/);
  const value = fc.string({ maxLength: 12 });
  const splits = fc.constantFrom([" ", "="], [",", ":"], ["; ", "=>"], ["||", " "], ["\t", "="], ["&", "=="]);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, value), { maxLength: 6 }),
      splits,
      (pairs, [field = "", equals = ""]) => {
        const text = pairs.map(([key, item]) => `${key}${equals}"${item.replace(/["\\]/g, "\\$&")}"`).join(
          field,
        );
        assert.deepEqual(split(text, field, equals), pairs);
      },
    ),
  );
});

Deno.test("splitKeyValues never throws, and always comes to an end", () => {
  const part = fc.constantFrom("a", "=", " ", '"', "'", "\\", "\t", "==", "é", "\ud800");
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(part, { maxLength: 30 }).map((parts) => parts.join("")),
  );
  const any = fc.constantFrom(" ", "=", "==", '"', "\\", "\t", "a");
  fc.assert(
    fc.property(text, any, any, (line, field, equals) => {
      fc.pre(field !== equals);
      split(line, field, equals);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("keyValueOptions refuses splits that cannot work", () => {
  const key = (field_split: string, value_split: string) => {
    try {
      keyValueOptions({ field_split, value_split });
    } catch (error) {
      return error instanceof KeyError ? error.key : error;
    }
  };
  assert.equal(key("", "="), "field_split");
  assert.equal(key(" ", ""), "value_split");
  assert.equal(key("=", "="), "value_split");
  assert.equal(key(" ", "="), undefined);
});
