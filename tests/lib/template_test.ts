import assert from "node:assert/strict";
import { parseTemplate } from "../../src/lib/template.ts";

Deno.test("parseTemplate splits text and names", () => {
  assert.deepEqual(parseTemplate("a-{{ source }}/{{k8s.pod-name}}.log"), [
    { text: "a-" },
    { name: "source" },
    { text: "/" },
    { name: "k8s.pod-name" },
    { text: ".log" },
  ]);
  assert.deepEqual(parseTemplate(""), []);
});

Deno.test("parseTemplate says what is wrong", () => {
  assert.throws(() => parseTemplate("a {{ b"), /"\{\{" has no "\}\}" after it/);
  assert.throws(() => parseTemplate("a }} b"), /"\}\}" has no "\{\{" before it/);
  assert.throws(() => parseTemplate("{{ a b }}"), /"\{\{ a b \}\}" is no value/);
  assert.throws(() => parseTemplate("{{}}"), /is no value/);
});
