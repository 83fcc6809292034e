import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/load.ts";
import { notBuiltYet } from "../../src/config/planned.ts";
import { formatProblem } from "../../src/config/problem.ts";

const INPUT = "inputs: {files: [{paths: [/a]}]}\n";

async function refused(text: string): Promise<string[]> {
  return notBuiltYet(await parseConfig(text, "c.yaml", () => undefined)).map(formatProblem);
}

Deno.test("notBuiltYet has nothing against what runs", async () => {
  const built =
    `${INPUT}output: {type: multi, multi: {failure_strategy: stop, parallel: false, outputs: [{type: file, path: /x}]}}
buffer: {type: disk, backpressure_strategy: drop_oldest}
wal: {enabled: true, dir: /w}
metrics: {enabled: false, address: ":9090"}
reliability: {max_retries: 3}
dead_letter: {enabled: true, dir: /d}
parser: {type: json}
transforms: [{type: add}]
`;
  assert.deepEqual(await refused(built), []);
  assert.deepEqual(await refused(INPUT), []);
});

Deno.test("notBuiltYet says where and what is planned", async () => {
  const text = `inputs:
  files: [{paths: [a]}, {paths: [b]}]
  syslog:
    - {name: s, address: ":514"}
parser: {type: json}
`;
  assert.deepEqual(await refused(text), [
    'c.yaml:4:7 inputs.syslog[0]: the input type "syslog" is not built yet (planned: inputs from the network)',
  ]);
});

Deno.test("notBuiltYet refuses each feature that is not there", async () => {
  const features = [
    "metrics: {enabled: true}",
    "metrics: {extraction: {enabled: true}}",
    "health: {enabled: true}",
    "tracing: {enabled: true}",
    "profiling: {enabled: true}",
  ];
  for (const feature of features) {
    const problems = await refused(INPUT + feature);
    assert.equal(problems.length, 1, `${feature}: ${problems}`);
    assert.match(problems[0] ?? "", /is not built yet \(planned: .+\)$/);
    assert.doesNotMatch(problems[0] ?? "", /^c\.yaml:1:1 /, feature);
  }
});
