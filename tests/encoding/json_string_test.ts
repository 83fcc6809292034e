import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonString, jsonText } from "../../src/encoding/json_string.ts";
import { anyText } from "../support/any_text.ts";

Deno.test("jsonString writes what JSON.stringify does, for short texts and long ones", () => {
  fc.assert(
    fc.property(anyText(30), fc.nat(30), (text, pad) => {
      for (const each of [text, "x".repeat(pad) + text, text + "x".repeat(pad)]) {
        assert.equal(jsonString(each), JSON.stringify(each));
        assert.equal(`"${jsonText(each)}"`, JSON.stringify(each));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("jsonString writes every code unit as JSON.stringify does", () => {
  for (let code = 0; code < 0x10000; code++) {
    const unit = String.fromCharCode(code);
    const long = `some more text ${unit}`;
    if (jsonString(unit) !== JSON.stringify(unit) || jsonString(long) !== JSON.stringify(long)) {
      assert.fail(`differs for ${code.toString(16)}`);
    }
  }
});
