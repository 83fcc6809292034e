import assert from "node:assert/strict";
import { runCommand } from "../support/command.ts";
import { Workspace } from "../support/workspace.ts";

const CONFIG = `
inputs: {files: [{name: app, paths: [/none], parser: {type: json}}, {name: plain, paths: [/none]}]}
transforms:
  - {type: rename, rename: {a: b}}
  - {type: remove, fields: [none]}
  - {type: drop, if: fields.b === 2}
outputs: [{name: all, type: stdout}, {name: some, type: stdout, if: fields.b > 2}]
`;

Deno.test("explain shows a record after every step, and where it goes", async () => {
  await using space = await Workspace.create();
  space.writeConfig(CONFIG);
  const sample = space.path("sample.log");
  const time = '"time":"2026-01-02T03:04:05Z"';
  Deno.writeTextFileSync(sample, `{${time},"a":1,"msg":"m"}\n{${time},"a":2}\n`);
  const args = ["explain", "--config", space.config];
  const first = await runCommand([...args, sample]);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(first.stdout.replaceAll(sample, "sample.log").trimEnd().split("\n"), [
    "record",
    `  {${time},"a":1,"msg":"m"}`,
    "",
    "parser json",
    "  {",
    '    "timestamp": "2026-01-02T03:04:05Z",',
    '    "message": "m",',
    '    "source": "sample.log",',
    '    "fields": {',
    '      "a": 1',
    "    }",
    "  }",
    "",
    "transform 1: rename",
    "  - fields.a: 1",
    "  + fields.b: 1",
    "",
    "transform 2: remove",
    "  changes nothing",
    "",
    "transform 3: drop",
    "  changes nothing",
    "",
    "event",
    '  {"timestamp":"2026-01-02T03:04:05Z","message":"m","source":"sample.log","fields":{"b":1}}',
    "",
    "goes to all",
  ]);
  const second = await runCommand([...args, "--record", "2", "-"], Deno.readTextFileSync(sample));
  assert.match(second.stdout, /transform 3: drop\n {2}drops it\n$/);
});

Deno.test("explain takes the input that is named, and says what there is where it finds nothing", async () => {
  await using space = await Workspace.create();
  space.writeConfig(CONFIG);
  const args = ["explain", "--config", space.config];
  const [plain, input, record] = await Promise.all([
    runCommand([...args, "--input", "plain", "-"], "the line\n"),
    runCommand([...args, "--input", "other", "-"], "the line\n"),
    runCommand([...args, "--record", "7", "-"], "the line\n"),
  ]);
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /"message":"the line"/);
  assert.deepEqual([input.code, input.stderr], [2, 'There is no input "other"; known: app, plain\n']);
  assert.deepEqual([record.code, record.stderr], [2, '"-" has no record 7; it has 1\n']);
});
