import assert from "node:assert/strict";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import {
  isSameProcessing,
  planOf,
  planProcessing,
  prepareProcessing,
  processingNeeds,
  startProcessing,
} from "../src/build_processing.ts";
import { ConfigError, type LoadedConfig, parseConfig } from "../src/config/load.ts";
import { RecordingLog } from "./contracts/batches.ts";
import { outputOf, planJob } from "./support/plan.ts";

const FILES = "inputs: {files: [{name: in, paths: [/log]}]}\n";

function loaded(text: string): Promise<LoadedConfig> {
  return parseConfig(text, "config.yaml", () => undefined);
}

/** What is wrong with a configuration, as it is told. */
async function problemsOf(text: string): Promise<string[]> {
  const error = await prepareProcessing(await loaded(text)).then(
    () => assert.fail("it was accepted"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ConfigError, String(error));
  return error.problems.map(({ line, column, path }) => `${line}:${column} ${path}`);
}

/** A temporary directory that goes away with the test. */
function directory(files: Record<string, string>): { path: string; [Symbol.dispose](): void } {
  const path = fs.realpathSync(Deno.makeTempDirSync({ prefix: "processing-" }));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(path, name)), { recursive: true });
    fs.writeFileSync(join(path, name), text);
  }
  return { path, [Symbol.dispose]: () => fs.rmSync(path, { recursive: true }) };
}

Deno.test("planProcessing lets records pass as they came where nothing has to be done with them", async () => {
  const way = async (text: string) => planProcessing((await loaded(FILES + text)).config).ways.get("in");
  assert.deepEqual(await way("output: {type: stdout}\n"), { raw: ["stdout"], processed: [] });
  assert.deepEqual(await way("output: {type: stdout, encoding: json}\n"), { raw: [], processed: ["stdout"] });
  assert.deepEqual(await way("parser: {type: json}\n"), { raw: [], processed: ["stdout"] });
  assert.deepEqual(await way('parser: {type: multiline, multiline: {pattern: "^x"}}\n'), {
    raw: ["stdout"],
    processed: [],
  });
  const outputs = "outputs: [{type: stdout}, {name: some, type: stdout, if: 'true'}, " +
    "{name: routed, type: stdout, routes: [a]}, {name: json, type: stdout, encoding: json}]\n";
  assert.deepEqual(await way(outputs), { raw: ["stdout"], processed: ["some", "routed", "json"] });
});

Deno.test("planProcessing lets records pass as they came to outputs only that write lines", async () => {
  const outputs = async (text: string) => {
    const { raw = [], processed = [] } =
      planProcessing((await loaded(`${FILES}${text}\n`)).config).ways.get("in") ??
        {};
    return { raw, processed };
  };
  const lines =
    '{type: socket, address: "tcp://a:1", encoding: text}, {type: s3, bucket: logs, encoding: text}, ' +
    '{type: "null", encoding: text}, {type: file, path: /x}, {type: nats, encoding: text}, ' +
    "{type: redis, encoding: text}";
  assert.deepEqual(await outputs(`outputs: [${lines}]`), {
    raw: ["socket", "s3", "null", "file", "nats", "redis"],
    processed: [],
  });
  const others = '{type: loki, endpoint: "http://a"}, {type: splunk_hec, endpoint: "http://a", token: t}, ' +
    '{type: syslog, address: "udp://a:1"}, {type: kafka, encoding: text}, {type: nats, subject: "a.{{ level }}", encoding: text}, ' +
    '{type: redis, key: "a{{ level }}", encoding: text}, {type: http, endpoint: "http://a", format: text}';
  assert.deepEqual(await outputs(`outputs: [${others}]`), {
    raw: [],
    processed: ["loki", "splunk_hec", "syslog", "kafka", "nats", "redis", "http"],
  });
});

Deno.test("planOf gives an input its own parser and transforms before those of all", async () => {
  const { config } = await loaded(`
inputs:
  files:
    - {name: own, paths: [/a], parser: {type: logfmt}, transforms: [{type: remove, fields: [a]}]}
    - {name: plain, paths: [/b]}
parser: {type: json}
transforms: [{type: remove, fields: [b]}]
output: {type: stdout, if: level === "error", include_raw: true}
`);
  const [own, plain] = config.inputs.map((entry) => planOf(config, entry));
  assert.deepEqual(own?.parsers.map(({ type }) => type), ["logfmt"]);
  assert.deepEqual(own?.transforms.map(({ config }) => config), [
    { fields: ["a"], patterns: [] },
    { fields: ["b"], patterns: [] },
  ]);
  assert.deepEqual(plain?.parsers.map(({ type }) => type), ["json"]);
  assert.equal(plain?.transforms.length, 1);
  assert.deepEqual(
    plain?.outputs.map(({ name, if: condition, includeRaw }) => [name, condition, includeRaw]),
    [["stdout", 'level === "error"', true]],
  );
});

Deno.test("prepareProcessing tells mistakes at their places: of an input, of the top level, once for all inputs", async () => {
  assert.deepEqual(
    await problemsOf(`inputs:
  files:
    - paths: [/a]
      parser: {type: regex, pattern: "("}
      transforms:
        - {type: remove, fields: [a]}
        - {type: drop, if: "levle"}
    - paths: [/b]
parser:
  - {type: json}
  - {type: regex, pattern: "["}
transforms:
  - {type: remove, fields: [a]}
  - {type: script, code: "return fetch"}
outputs:
  - {type: stdout}
  - {name: second, type: stdout, if: "1 +"}
`),
    [
      "4:38 inputs.files[0].parser.pattern",
      "7:28 inputs.files[0].transforms[1].if",
      "11:28 parser[1].pattern",
      "14:26 transforms[1].code",
      "17:38 outputs[1].if",
    ],
  );
});

Deno.test("prepareProcessing tells the mistakes of parsers in lists, of single outputs and of outputs in one", async () => {
  assert.deepEqual(
    await problemsOf(
      `${FILES}parser: [{type: json}, {type: json, time_field: "["}]\noutput: {type: stdout, if: "1 +"}\n`,
    ),
    ["2:49 parser[1].time_field", "3:28 output.if"],
  );
  const [problem = ""] = await problemsOf(
    `${FILES}output: {type: multi, outputs: [{type: stdout}, {name: b, type: stdout, if: "1 +"}]}\n`,
  );
  assert.match(problem, /^2:\d+ output\..*outputs\[1\]\.if$/);
});

Deno.test("prepareProcessing finds keys of an output beside its type and in the block of its type", async () => {
  const parsed = `${FILES}parser: {type: json}\n`;
  const outputs = '[{type: elasticsearch, index: LOGS}, {type: kafka, kafka: {topic: "{{ level }}"}}, ' +
    '{type: http, endpoint: "http://a", http: {headers: {X-A: "{{ x"}}}, {type: stdout, if: "1 +"}]';
  const keys = ["[0].index", "[1].kafka.topic", "[2].http.headers.X-A"];
  const paths = async (text: string) =>
    (await problemsOf(parsed + text)).map((problem) => problem.replace(/^3:\d+ /, ""));
  for (
    const [text, path] of [
      [`outputs: ${outputs}\n`, "outputs"],
      [`output: {type: multi, multi: {outputs: ${outputs}}}\n`, "output.multi.outputs"],
      [`output: {type: multi, outputs: ${outputs}}\n`, "output.outputs"],
    ] as const
  ) {
    assert.deepEqual(await paths(text), [...keys.map((key) => path + key), `${path}[3].if`]);
  }
  assert.deepEqual(
    await problemsOf(
      `${parsed}output:\n  type: otlp\n  endpoint: http://a\n  attributes:\n    a.b: "{{ a[ }}"\n`,
    ),
    ['7:10 output.attributes["a.b"]'],
  );
  assert.deepEqual(
    await problemsOf(`${parsed}output:\n  type: elasticsearch\n  elasticsearch:\n    index: A\n`),
    [
      "6:12 output.elasticsearch.index",
    ],
  );
});

Deno.test("prepareProcessing tells of files that are not there, and of how lines are joined wrongly", async () => {
  assert.deepEqual(
    await problemsOf(`${FILES}transforms: [{type: lookup, file: /none.csv, field: a}]\n`),
    ["2:35 transforms[0].file"],
  );
  assert.deepEqual(
    await problemsOf(`${FILES}parser: {type: grok, pattern: "%{A}", patterns_dir: /none}\n`),
    ["2:53 parser.patterns_dir"],
  );
  assert.deepEqual(
    await problemsOf(`${FILES}parser: {type: multiline, multiline: {pattern: "("}}\n`),
    ["2:48 parser.multiline.pattern"],
  );
});

Deno.test("prepareProcessing reads files and directories for parsers and transforms", async () => {
  using files = directory({
    "t.csv": "key,value\na,1\n",
    "patterns/own": "OWN [a-z]+\n",
    "data/linked": "LINKED \\d+\n",
  });
  // As Kubernetes mounts a ConfigMap: links to files through a link to their directory.
  fs.symlinkSync(join(files.path, "data"), join(files.path, "patterns/..data"));
  fs.symlinkSync("..data/linked", join(files.path, "patterns/linked"));
  const prepared = await prepareProcessing(
    await loaded(`${FILES}
parser: {type: grok, pattern: "%{OWN:a} %{LINKED:n:int}", patterns_dir: "${files.path}/patterns/"}
transforms: [{type: lookup, file: "${files.path}/t.csv", field: a}]
`),
  );
  assert.deepEqual(
    [...prepared.files.keys()].map((path) => path.slice(files.path.length + 1)).sort(),
    ["patterns/linked", "patterns/own", "t.csv"],
  );
  const processor = prepared.processors.get("in");
  const [line = ""] = outputOf(processor!.process(planJob(["a 17\n"])), "stdout");
  assert.deepEqual(JSON.parse(line).fields, { a: "a", n: 17, value: "1" });
});

Deno.test("prepareProcessing warns of patterns that explode at their places, once, and not with the records", async () => {
  const { warnings, processors } = await prepareProcessing(
    await loaded(`
inputs: {files: [{name: in, paths: [/a]}, {name: second, paths: [/b]}]}
parser:
  - {type: grok, pattern: "^(?<n>(\\\\w+)+)$"}
  - {type: regex, pattern: "^(?<n>(a+)+)$"}
`),
  );
  assert.deepEqual(warnings.map(({ line, path }) => [line, path]), [[4, "parser[0]"], [
    5,
    "parser[1].pattern",
  ]]);
  for (const { message } of warnings) assert.match(message, /doubles/);
  assert.deepEqual(processors.get("in")?.process(planJob(["x\n"])).warnings, []);
});

Deno.test("processingNeeds names the files that parsers and transforms work with", async () => {
  const needs = async (text: string) =>
    processingNeeds((await loaded(FILES + text)).config).map((need) => {
      assert.equal(need.name, "read");
      return "path" in need ? need.path : "";
    });
  assert.deepEqual(await needs("parser: {type: json}\n"), []);
  assert.deepEqual(
    await needs(`parser: {type: grok, pattern: "%{A}", patterns_dir: [/p, /q]}
transforms: [{type: lookup, file: /t.csv, field: a}, {type: geoip, database: /g.mmdb, field: a}]\n`),
    ["/p", "/q", "/t.csv", "/g.mmdb"],
  );
});

Deno.test("isSameProcessing tells whether a reload has to change what runs", async () => {
  using files = directory({ "t.csv": "key,value\na,1\n" });
  const prepare = async (text = "") =>
    prepareProcessing(
      await loaded(`${FILES}transforms: [{type: lookup, file: "${files.path}/t.csv", field: a}]\n${text}`),
    );
  const before = await prepare();
  assert.ok(isSameProcessing(before, await prepare()));
  assert.ok(isSameProcessing(before, await prepare("logging: {level: debug}\n")));
  assert.ok(!isSameProcessing(before, await prepare("worker_pool: {job_timeout: 5s}\n")));
  assert.ok(!isSameProcessing(before, await prepare("parser: {type: json}\n")));
  assert.ok(!isSameProcessing(before, await prepare("output: {type: stdout, if: 'true'}\n")));
  fs.writeFileSync(join(files.path, "t.csv"), "key,value\na,2\n");
  assert.ok(!isSameProcessing(before, await prepare()), "a file has changed");
});

Deno.test("startProcessing answers processing that does nothing where nothing is to do", async () => {
  const processing = await startProcessing(await prepareProcessing(await loaded(FILES)), new RecordingLog());
  await processing.waitForRoom();
  assert.deepEqual(processing.ways.get("in"), { raw: ["stdout"], processed: [] });
  await assert.rejects(processing.process("in", planJob(["a\n"])), /it has no plan/);
  await processing[Symbol.asyncDispose]();
});

Deno.test("startProcessing processes as the configuration says", async () => {
  const prepared = await prepareProcessing(await loaded(`${FILES}parser: {type: json}\n`));
  const processing = await startProcessing(prepared, new RecordingLog());
  const [line = ""] = outputOf(await processing.process("in", planJob(['{"msg":"a"}\n'])), "stdout");
  assert.equal(JSON.parse(line).message, "a");
  await processing[Symbol.asyncDispose]();
});
