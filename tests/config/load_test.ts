import assert from "node:assert/strict";
import { ConfigError, loadConfig, type LoadedConfig, parseConfig } from "../../src/config/load.ts";

const NO_VARIABLES = (): undefined => undefined;
const INPUT = "inputs: {files: [{paths: [/var/log/*.log]}]}\n";

function load(text: string, variables: Record<string, string> = {}): Promise<LoadedConfig> {
  return parseConfig(text, "config.yaml", (name) => variables[name]);
}

async function problemsOf(text: string, variables: Record<string, string> = {}): Promise<string[]> {
  try {
    await load(text, variables);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split("\n");
  }
  return [];
}

async function withFile(content: string | Uint8Array, use: (file: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/config.yaml`;
    await Deno.writeFile(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
    await use(file);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("loadConfig reads a file and fills in defaults and names", async () => {
  await withFile(INPUT, async (file) => {
    const { config, warnings } = await loadConfig(file, NO_VARIABLES);
    assert.deepEqual(warnings, []);
    const [input] = config.inputs;
    assert.equal(input?.name, "files-0");
    assert.equal(input?.path, "inputs.files[0]");
    assert.equal(input?.type === "files" ? input.config.checkpoint_interval : undefined, 5000);
    assert.deepEqual(config.outputs.map(({ type, name, path }) => ({ type, name, path })), [
      { type: "stdout", name: "stdout", path: "output" },
    ]);
    assert.equal(config.shutdown_timeout, 30_000);
  });
});

Deno.test("loadConfig says what to do about a file that it cannot read", async () => {
  await assert.rejects(loadConfig("/no/such/config.yaml"), {
    name: "ConfigError",
    message:
      "/no/such/config.yaml:1:1 Cannot read the configuration: there is no such file; name one with --config, or copy config.yaml.example",
  });
  const directory = await Deno.makeTempDir();
  await assert.rejects(loadConfig(directory), /it is a directory; name a YAML file/);
  await Deno.remove(directory);
  await withFile(new Uint8Array([0x61, 0x3a, 0x20, 0xff]), async (file) => {
    await assert.rejects(loadConfig(file), /it is not UTF-8; save it in that encoding/);
  });
});

Deno.test("parseConfig reports every mistake at once, in the order of the file", async () => {
  const text = `inputs:
  files:
    - paths: /var/log/*.log
      start_at: end
      pol_interval: 1s
    - exclude_paths: []
output:
  type: elastic
buffer:
  size: many
  max_bytes: 12
loging: {}
`;
  assert.deepEqual((await problemsOf(text)).map((line) => line.replace(/; .*|Allowed.*/, "")), [
    'config.yaml:3:14 inputs.files[0].paths: must be a list with at least 1 entry, but is the string "/var/log/*.log"',
    "config.yaml:5:7 inputs.files[0].pol_interval: is no known key",
    "config.yaml:6:7 inputs.files[1].paths: is missing",
    'config.yaml:8:9 output.type: "elastic" is no output type',
    'config.yaml:10:9 buffer.size: must be an integer of at least 1, but is the string "many"',
    "config.yaml:11:14 buffer.max_bytes: must be at least 1KiB",
    "config.yaml:12:1 loging: is no known key",
  ]);
});

Deno.test("parseConfig says what is known and what was meant", async () => {
  assert.match(
    (await problemsOf(`${INPUT}output:\n  type: elastic\n`)).join("\n"),
    /^config\.yaml:3:9 output\.type: "elastic" is no output type; did you mean "elasticsearch"\? Known: stdout, file, http, [a-z0-9_, ]+(, multi|, …)$/,
  );
  assert.match((await problemsOf(`${INPUT}logging: {level: warning}`))[0] ?? "", /did you mean "warn"\?$/);
});

Deno.test("parseConfig reports YAML mistakes with their place", async () => {
  const startOf = async (text: string): Promise<string> => ((await problemsOf(text))[0] ?? "").slice(0, 60);
  assert.match(await startOf("inputs: [\n"), /^config\.yaml:2:1 is no valid YAML: /);
  assert.match(
    await startOf("inputs:\n\tfiles: []\n"),
    /^config\.yaml:2:1 is (indented with a tab|no valid YAML)/,
  );
  assert.match(await startOf(`${INPUT}---\na: 1\n`), /^config\.yaml:2:1 begins a second YAML document/);
  assert.match(await startOf(`${INPUT}buffer: *none\n`), /^config\.yaml:2:9 /);
  assert.match(
    (await problemsOf(`${INPUT}wal: {enabled: \${ON}}\n`))[0] ?? "",
    /a \$\{VARIABLE\} must be in quotes$/,
  );
  assert.match(await startOf(`${INPUT}? [a]\n: 1\n`), /^config\.yaml:2:3 is no key/);
});

Deno.test("parseConfig reports a key that stands twice together with other mistakes", async () => {
  assert.deepEqual(
    (await problemsOf(`${INPUT}logging: {level: x}\nlogging: {}\n`)).map((line) => line.slice(0, 45)),
    [
      "config.yaml:2:18 logging.level: must be one o",
      "config.yaml:3:1 this key stands twice in its ",
      "config.yaml:3:1 logging: says the same as log",
    ],
  );
});

Deno.test("parseConfig wants an input", async () => {
  for (const text of ["", "# nothing\n", "inputs:\n", "inputs: {files: []}\n", "output: {type: stdout}\n"]) {
    assert.match(
      (await problemsOf(text))[0] ?? "",
      /^config\.yaml:1:1 inputs: has no input; give at least one/,
      text,
    );
  }
});

Deno.test("parseConfig takes the parts of a document that is not a block of keys for what they are", async () => {
  assert.deepEqual(await problemsOf("- a\n"), ["config.yaml:1:1 must be a block of keys, but is a list"]);
  assert.deepEqual(await problemsOf("hello\n"), [
    'config.yaml:1:1 must be a block of keys, but is the string "hello"',
  ]);
});

Deno.test("parseConfig follows anchors and merge keys, and refuses to explode", async () => {
  const { config } = await load(`
inputs:
  files:
    - &base {name: a, paths: [/a], start_at: end}
    - {<<: *base, name: b, paths: [/b]}
`);
  assert.deepEqual(
    config.inputs.map((input) =>
      input.type === "files" ? [input.name, input.config.paths, input.config.start_at] : []
    ),
    [["a", ["/a"], "end"], ["b", ["/b"], "end"]],
  );
  const bomb = ["tests:", "  - &l0 [a, a, a, a, a, a, a, a, a, a]"];
  for (let level = 1; level < 9; level++) {
    bomb.push(`  - &l${level} [${Array(10).fill(`*l${level - 1}`).join(", ")}]`);
  }
  assert.match((await problemsOf(bomb.join("\n")))[0] ?? "", /has more than 100000 values|Excessive alias/);
});

Deno.test("parseConfig expands variables inside values, and types them as the schema wants", async () => {
  const text = `
inputs:
  files:
    - paths: ["$ROOT/*.log", "\${ROOT}/b", "\${NONE:-/d}/c", "\${EMPTY:-/e}", 'cost$$', '^x$']
      name: \${NAME:?say a name}
buffer: {size: $SIZE, max_bytes: "\${BYTES}"}
wal: {enabled: "\${ON:-false}"}
shutdown_timeout: \${STOP:-1m}
`;
  const { config, variables } = await load(text, {
    ROOT: "/r",
    EMPTY: "",
    NAME: "n",
    SIZE: "77",
    BYTES: "2MiB",
  });
  const [input] = config.inputs;
  assert.equal(input?.name, "n");
  assert.deepEqual(input?.type === "files" ? input.config.paths : [], [
    "/r/*.log",
    "/r/b",
    "/d/c",
    "/e",
    "cost$",
    "^x$",
  ]);
  assert.deepEqual([config.buffer.size, config.buffer.max_bytes], [77, 2097152]);
  assert.equal(config.wal.enabled, false);
  assert.equal(config.shutdown_timeout, 60_000);
  assert.deepEqual([...variables].sort(), ["BYTES", "EMPTY", "NAME", "NONE", "ON", "ROOT", "SIZE", "STOP"]);
});

Deno.test("parseConfig lets no variable change the structure", async () => {
  const { config } = await load("inputs: {files: [{paths: [$X], name: $X}]}", {
    X: "a, b]}\nbuffer: {size: 3}",
  });
  assert.equal(config.inputs[0]?.name, "a, b]}\nbuffer: {size: 3}");
  assert.equal(config.buffer.size, 1024);
  assert.match(
    (await problemsOf("$K: 1\ninputs: {files: [{paths: [a]}]}", { K: "buffer" }))[0] ?? "",
    /is no known key/,
  );
});

Deno.test("parseConfig reports each variable that is missing", async () => {
  const text = "inputs:\n  files:\n    - paths: [$A, '${B:?set B to a path}', '${C', '${1}']\n";
  assert.deepEqual(await problemsOf(text), [
    "config.yaml:3:15 inputs.files[0].paths[0]: environment variable A is not set; set it, give a default with ${A:-default}, or write $$ for a dollar",
    "config.yaml:3:19 inputs.files[0].paths[1]: needs the environment variable B: set B to a path",
    'config.yaml:3:44 inputs.files[0].paths[2]: "${C" is no variable; allowed are ${NAME}, ${NAME:-default} and ${NAME:?message}, and $$ for a dollar',
    'config.yaml:3:51 inputs.files[0].paths[3]: "${1}" is no variable; allowed are ${NAME}, ${NAME:-default} and ${NAME:?message}, and $$ for a dollar',
  ]);
});

Deno.test("parseConfig names the flag that lets it read a variable", async () => {
  const denied = (): never => {
    throw new Deno.errors.NotCapable("Requires env access");
  };
  await assert.rejects(parseConfig("inputs: {files: [{paths: [$A]}]}", "c.yaml", denied), {
    message:
      "c.yaml:1:27 inputs.files[0].paths[0]: cannot read environment variable A: permission denied; start with --allow-env=A",
  });
});

Deno.test("parseConfig never says what a variable holds", async () => {
  const [problem = ""] = await problemsOf(`${INPUT}buffer: {size: $SECRET}`, { SECRET: "hunter2" });
  assert.equal(
    problem,
    "config.yaml:2:16 buffer.size: must be an integer of at least 1, but is what $SECRET holds",
  );
});

Deno.test("LoadedConfig shows the configuration without secrets", async () => {
  const { shown } = await load(
    `${INPUT}output: {type: elasticsearch, password: abc, username: $USER, addresses: ["https://a:b@es"]}`,
    { USER: "me" },
  );
  const { output } = shown as { output: { elasticsearch: Record<string, unknown> } };
  assert.equal(output.elasticsearch.password, "***REDACTED***");
  assert.equal(output.elasticsearch.username, "***REDACTED***");
  assert.deepEqual(output.elasticsearch.addresses, ["https://a:***REDACTED***@es"]);
  assert.equal(output.elasticsearch.flush_interval, "1s");
});

Deno.test("LoadedConfig warns once of what has no effect", async () => {
  const { warnings } = await load(
    `${INPUT}performance: {gomaxprocs: 4, max_concurrent_reads: 3}\noutput: {type: stdout, file: {path: /x}}`,
  );
  assert.deepEqual(warnings.map(({ line, path, message }) => `${line} ${path}: ${message}`), [
    "2 performance.gomaxprocs: has no effect in this runtime",
    '3 output.file: has no effect, because output.type is "stdout"',
  ]);
});

Deno.test("parseConfig wants names that differ", async () => {
  assert.deepEqual(
    await problemsOf("inputs:\n  files:\n    - {name: a, paths: [x]}\n    - {name: a, paths: [y]}\n"),
    [
      'config.yaml:4:14 inputs.files[1].name: "a" is the name of inputs.files[0] already; every input needs a name of its own',
    ],
  );
});

Deno.test("parseConfig makes one list of every form of outputs", async () => {
  const outputsOf = async (text: string): Promise<string[]> =>
    (await load(INPUT + text)).config.outputs.map(({ name, type, path }) => `${name} ${type} ${path}`);
  assert.deepEqual(await outputsOf("output: {type: file, path: /x}"), ["file file output"]);
  assert.deepEqual(await outputsOf("output: {type: file, name: f, file: {path: /x}}"), ["f file output"]);
  assert.deepEqual(
    await outputsOf("outputs: [{type: stdout}, {type: file, path: /x}, {type: file, path: /y}]"),
    [
      "stdout stdout outputs[0]",
      "file file outputs[1]",
      "file-1 file outputs[2]",
    ],
  );
  assert.deepEqual(
    await outputsOf(
      "output: {type: multi, multi: {failure_strategy: stop, outputs: [{type: stdout, name: a}, {type: kafka}]}}",
    ),
    ["a stdout output.multi.outputs[0]", "kafka kafka output.multi.outputs[1]"],
  );
  assert.match(
    (await problemsOf(`${INPUT}output: {type: stdout}\noutputs: [{type: stdout}]`))[0] ?? "",
    /^config\.yaml:3:1 outputs: stands beside/,
  );
});

Deno.test("parseConfig gives every input the parser and transforms of the top level", async () => {
  const { config } = await load(`
inputs:
  files:
    - {paths: [a], transforms: [{type: filter}]}
    - {paths: [b], parser: {type: grok, grok_pattern: x}}
parser: {type: json}
transforms: [{type: add, add: {a: 1}}]
`);
  assert.deepEqual(
    config.inputs.map((
      { parsers: [parser], transforms },
    ) => [parser?.type, transforms.map(({ type }) => type)]),
    [["json", ["filter", "add"]], ["grok", ["add"]]],
  );
});

Deno.test("parseConfig asks for the directory of the log where a buffer is to be on disk", async () => {
  assert.deepEqual(await problemsOf(`${INPUT}buffer: {type: disk}\n`), [
    'config.yaml:2:16 buffer.type: "disk" needs the key wal.dir, the directory of the log',
  ]);
  const own = `${INPUT}outputs: [{type: stdout, buffer: {type: disk}}]\n`;
  assert.match(
    (await problemsOf(own)).join("\n"),
    /^config\.yaml:2:\d+ outputs\[0\]\.buffer\.type: "disk" needs the key wal\.dir/,
  );
  assert.deepEqual(await problemsOf(`${own}wal: {dir: /w}\n`), []);
});

Deno.test("parseConfig does not take an empty output type for the default", async () => {
  assert.deepEqual(await problemsOf(`${INPUT}output: {type: null}\n`), [
    'config.yaml:2:10 output.type: is empty; write "null" in quotes for the type of that name, or leave the key out',
  ]);
  assert.deepEqual(await problemsOf(`${INPUT}output: {type: "null"}\n`), []);
});
