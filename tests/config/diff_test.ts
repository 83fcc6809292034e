import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { type Changes, diffConfig } from "../../src/config/diff.ts";
import { parseConfig } from "../../src/config/load.ts";

async function config(text: string): Promise<Config> {
  return (await parseConfig(text, "c.yaml", () => undefined)).config;
}

function names(changes: Changes<{ readonly name: string }>): Record<string, string[]> {
  const of = (entries: readonly { readonly name: string }[]): string[] => entries.map(({ name }) => name);
  return {
    added: of(changes.added),
    removed: of(changes.removed),
    changed: of(changes.changed.map(({ after }) => after)),
    unchanged: of(changes.unchanged),
  };
}

const OLD = await config(`
inputs:
  files:
    - {name: a, paths: [/a]}
    - {name: b, paths: [/b]}
    - {name: c, paths: [/c]}
outputs: [{type: stdout}, {type: file, path: /x}]
`);

Deno.test("diffConfig finds nothing in a file that says the same in other words", async () => {
  const same = await config(`
outputs: [{type: stdout, stdout: {}}, {type: file, file: {path: /x}}]
inputs:
  files:
    - {name: c, paths: [/c], checkpoint_interval: 5000ms}
    - {name: a, paths: [/a]}
    - {name: b, paths: [/b], start_at: beginning}
shutdown_timeout: 0.5m
`);
  const { inputs, outputs, sections } = diffConfig(OLD, same);
  assert.deepEqual(names(inputs), { added: [], removed: [], changed: [], unchanged: ["c", "a", "b"] });
  assert.deepEqual(names(outputs), { added: [], removed: [], changed: [], unchanged: ["stdout", "file"] });
  assert.deepEqual(sections, []);
});

Deno.test("diffConfig tells added, removed and changed entries apart", async () => {
  const { inputs, outputs, sections } = diffConfig(
    OLD,
    await config(`
inputs:
  files:
    - {name: b, paths: [/b, /b2]}
    - {name: c, paths: [/c]}
    - {name: d, paths: [/d]}
output: {type: file, path: /y}
logging: {level: debug}
buffer: {size: 5}
`),
  );
  assert.deepEqual(names(inputs), { added: ["d"], removed: ["a"], changed: ["b"], unchanged: ["c"] });
  assert.deepEqual(names(outputs), { added: [], removed: ["stdout"], changed: ["file"], unchanged: [] });
  assert.deepEqual([...sections].sort(), ["buffer", "logging"]);
});

Deno.test("diffConfig takes an entry of another type under the same name as changed", async () => {
  const before = await config("inputs: {files: [{paths: [a]}]}\noutput: {type: stdout, name: out}");
  const after = await config("inputs: {files: [{paths: [a]}]}\noutput: {type: file, path: /x, name: out}");
  const { outputs } = diffConfig(before, after);
  assert.deepEqual(names(outputs).changed, ["out"]);
});
