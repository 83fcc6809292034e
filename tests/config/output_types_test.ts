import assert from "node:assert/strict";
import { rootSchemaOf } from "../../src/config/config.ts";
import { expander } from "../../src/config/environment.ts";
import { ConfigError, parseConfig } from "../../src/config/load.ts";
import { problemAt } from "../../src/config/problem.ts";
import { readYaml } from "../../src/config/yaml_node.ts";
import * as schema from "../../src/lib/schema.ts";
import { loadAllOutputTypes, outputType } from "../../src/outputs/registry.ts";

const INPUT = "inputs: {files: [{paths: [/http.log]}]}\n";
const VARIABLES: Readonly<Record<string, string>> = { OUT: "kafka", TOPIC: "logs" };
const env = (name: string): string | undefined => VARIABLES[name];

/** Which of these types are loaded; what is loaded stays so, so that the order of these tests counts. */
function loadedOf(...names: string[]): string[] {
  return names.filter((name) => {
    try {
      outputType(name);
      return true;
    } catch (error) {
      assert.equal((error as Error).message, `Cannot use the output type "${name}": it was not loaded`);
      return false;
    }
  });
}

Deno.test("parseConfig loads the default output type alone where none is named", async () => {
  await parseConfig(`${INPUT}parser: {type: syslog}\n`, "c.yaml", env);
  assert.deepEqual(loadedOf("stdout", "null", "file", "http", "syslog"), ["stdout"]);
});

Deno.test("parseConfig loads the output types that outputs name, in whatever form", async () => {
  await parseConfig(`${INPUT}output: {type: file, path: /x}\n`, "c.yaml", env);
  assert.deepEqual(loadedOf("file", "redis", "nats", "socket"), ["file"]);
  await parseConfig(`${INPUT}outputs: [{type: redis, key: a}, {type: "null"}]\n`, "c.yaml", env);
  assert.deepEqual(loadedOf("null", "redis", "nats", "socket"), ["null", "redis"]);
  const socket = "{type: socket, socket: {address: 'tcp://a:1'}}";
  await parseConfig(
    `${INPUT}output: {type: multi, multi: {outputs: [&a {type: nats, subject: a}, ${socket}, {<<: *a, name: b}]}}\n`,
    "c.yaml",
    env,
  );
  assert.deepEqual(loadedOf("nats", "socket", "kafka", "loki"), ["nats", "socket"]);
});

Deno.test("parseConfig takes an output type from the environment, and asks for no variable twice", async () => {
  const text = `${INPUT}output: {type: "\${OUT}", topic: $TOPIC}\n`;
  const asked: string[] = [];
  const { config, variables, warnings } = await parseConfig(text, "c.yaml", (name) => {
    asked.push(name);
    return env(name);
  });
  assert.deepEqual(config.outputs.map(({ type, name }) => [type, name]), [["kafka", "kafka"]]);
  assert.deepEqual(variables, ["OUT", "TOPIC"]);
  assert.deepEqual(warnings, []);
  assert.deepEqual(loadedOf("kafka"), ["kafka"]);
});

Deno.test("parseConfig says and yields the same as with all output types", async () => {
  const all = await loadAllOutputTypes();
  const texts = [
    "",
    "output: {}",
    "output:",
    "output: {type: }",
    "output: {type: null}",
    "output: text",
    "outputs: []",
    "outputs: [{}]",
    "output: {type: kafka}",
    "output: {type: $OUT, topic: $TOPIC}",
    'output: {type: "${OUT}x", topic: $TOPIC}',
    "output: {type: $GONE}",
    "output: {type: kafkaa}",
    "output: {type: multi}",
    "output: {type: multi, outputs: [{type: multi}]}",
    "output: {type: multi, multi: {outputs: [{type: loki, endpoint: 'http://a', topic: x}]}}",
    // Keys and blocks of other types, beside mistakes and without.
    "output: {topic: x}",
    "output: {kafka: {topic: x}}",
    "output: {type: file, path: /x, topic: x}",
    "output: {type: file, path: /x, kafka: {topics: x}}",
    "output: {type: kafka, topic: x, path: /x, flush_intervall: 1s}",
    "output: {type: stdout, endpont: x}",
    "output: {type: stdout, file: {path: /x}, kafka: }",
    "output: {type: stdout, file: {path: /x}, topic: x}",
    "output: {type: stdout, file: {pat: /x}}",
    "output: {type: stdout, max_retries: 3, reliability: {max_retries: 4}}",
    "output: {type: http, http: 5}",
    "outputs: [{type: stdout, name: kafka}, {type: file, path: kafka}]",
    "buffer: {size: x}\noutput: {type: s3, bucket: b}",
  ];
  for (const text of texts) {
    const { node } = readYaml(`${INPUT}${text}\n`);
    const asked = new Set<string>();
    const expected = schema.validate(rootSchemaOf(all), node, expander(env, asked));
    const tell = ({ at, path, message }: typeof expected.mistakes[number]) =>
      problemAt("c.yaml", at, path, message);
    const found = await parseConfig(`${INPUT}${text}\n`, "c.yaml", env).catch((error) => {
      assert.ok(error instanceof ConfigError, `${text}: ${error}`);
      return error;
    });
    if (found instanceof ConfigError) {
      // Conflicts between parts are found later, and only where there is no mistake.
      assert.deepEqual([...found.problems], expected.mistakes.map(tell), text);
      continue;
    }
    assert.deepEqual(expected.mistakes, [], text);
    for (const notice of expected.notices.map(tell)) {
      assert.ok(found.warnings.some((warning) => isSame(warning, notice)), `${text}: ${notice.message}`);
    }
    assert.equal(found.warnings.length, expected.notices.length, text);
    assert.deepEqual(found.variables, [...asked], text);
    assert.deepEqual([...found.positions], [...expected.positions], text);
    assert.deepEqual(found.config.outputs[0]?.type, firstType(expected.value), text);
  }
});

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function firstType(root: unknown): unknown {
  const { output, outputs } = root as {
    output: { type: string; config: never };
    outputs?: { type: string }[];
  };
  const { type, config } = output;
  if (outputs !== undefined) return outputs[0]?.type;
  return type === "multi" ? (config as { outputs: { type: string }[] }).outputs[0]?.type : type;
}
