import assert from "node:assert/strict";
import { runCommand } from "../support/command.ts";
import { Workspace } from "../support/workspace.ts";

const CONFIG = `
inputs: {files: [{name: app, paths: [/none], parser: {type: json}}, {name: plain, paths: [/none]}]}
transforms:
  - {type: drop, if: 'level === "debug"'}
  - {type: script, code: "event.fields.double = event.fields.n * 2"}
  - {type: route, routes: {big: fields.n > 1}}
`;

Deno.test("test runs the tests of a configuration and shows what differs", async () => {
  await using space = await Workspace.create();
  space.writeConfig(`${CONFIG}tests:
  - name: passes
    lines: ['{"n":2,"msg":"m","level":"WARN"}', '{"level":"debug"}']
    expect: [{message: m, level: warn, fields: {double: 4}, routes: [big]}, dropped]
  - name: passes for the other input
    input: plain
    lines: [a line]
    expect: [{message: a line, source: test.log}]
  - name: differs
    lines: ['{"n":2,"more":1}', '{"n":1}', '{"level":"debug"}', '{"n":5}']
    expect: [{fields: {n: 2, double: 5}}, dropped, {message: m}]
  - name: is exact
    exact: true
    lines: ['{"n":1,"more":1}']
    expect: [{fields: {n: 1, double: 2}}]
  - {name: knows no such input, input: other, lines: [x]}
`);
  const { code, stdout, stderr } = await runCommand(["test", "--config", space.config]);
  assert.equal(code, 1, stderr);
  assert.equal(stderr, "");
  const lines = stdout.replaceAll(space.config, "config.yaml").trimEnd().split("\n");
  const time = /"timestamp":"[^"]*"/g;
  assert.deepEqual(lines.map((line) => line.replaceAll(time, '"timestamp":"…"')), [
    "ok     passes (config.yaml:8)",
    "ok     passes for the other input (config.yaml:11)",
    "FAILED differs (config.yaml:15)",
    "       record 1:",
    "         - fields.double: 5",
    "         + fields.double: 4",
    "       record 2 is not dropped:",
    '         + {"timestamp":"…","message":"","source":"test.log","fields":{"n":1,"double":2}}',
    "       record 3 is dropped:",
    '         - {"message":"m"}',
    "       record 4 is not expected:",
    '         + {"timestamp":"…","message":"","source":"test.log","fields":{"n":5,"double":10}}',
    "FAILED is exact (config.yaml:18)",
    "       record 1:",
    "         + fields.more: 1",
    "FAILED knows no such input (config.yaml:22)",
    '       there is no input "other"; known: app, plain',
    "2 passed, 3 failed",
  ]);
});

Deno.test("test answers 0 where all passes, and 2 for a wrong configuration", async () => {
  await using space = await Workspace.create();
  space.writeConfig(`${CONFIG}tests: [{name: passes, lines: ['{"n":1}'], expect: [{fields: {n: 1}}]}]\n`);
  const passed = await runCommand(["test", "--config", space.config]);
  assert.deepEqual([passed.code, passed.stdout.endsWith("1 passed, 0 failed\n")], [0, true], passed.stderr);
  space.writeConfig(CONFIG.replace("fields.n > 1", "fetch()"));
  const wrong = await runCommand(["test", "--config", space.config]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /config\.yaml:6:\d+ transforms\[2\]\.routes\.big: /);
});
