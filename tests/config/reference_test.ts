import assert from "node:assert/strict";
import { parse } from "yaml";
import { generatedDocs } from "../../src/cli/docs.ts";
import { rootSchemaOf } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/load.ts";
import { configurationReference, configurationSchema } from "../../src/config/reference.ts";
import { inputTypes } from "../../src/inputs/registry.ts";
import type { Definition } from "../../src/lib/schema_definition.ts";
import * as schema from "../../src/lib/schema.ts";
import { loadAllOutputTypes } from "../../src/outputs/registry.ts";
import { misfit } from "./json_schema_checker.ts";

const ROOT = new URL("../../", import.meta.url);
const EXAMPLE = await Deno.readTextFile(new URL("config.yaml.example", ROOT));
const EVERY_KEY = await Deno.readTextFile(new URL("tests/config/fixtures/every_key.yaml", ROOT));
const JSON_SCHEMA = JSON.parse(await configurationSchema());
const outputTypes = await loadAllOutputTypes();
const rootSchema = rootSchemaOf(outputTypes);

/** All definitions below one, with their paths. */
function* definitionsIn(definition: Definition, path: string): Generator<readonly [string, Definition]> {
  yield [path, definition];
  const { shape } = definition;
  if (shape.kind === "object") {
    for (const [key, child] of Object.entries(shape.keys)) yield* definitionsIn(child, `${path}.${key}`);
  } else if (shape.kind === "list" || shape.kind === "many") yield* definitionsIn(shape.item, `${path}[]`);
  else if (shape.kind === "record") yield* definitionsIn(shape.value, `${path}.*`);
  else if (shape.kind === "variants") {
    const children = { ...shape.common, ...shape.types };
    for (const [key, child] of Object.entries(children)) yield* definitionsIn(child, `${path}.${key}`);
  }
}

Deno.test("generated docs are current", async () => {
  for (const [file, text] of Object.entries(await generatedDocs())) {
    assert.ok(await Deno.readTextFile(new URL(file, ROOT)) === text, `${file} is old; run deno task docs`);
  }
});

Deno.test("config.yaml.example is a configuration that runs", async () => {
  const { notBuiltYet } = await import("../../src/config/planned.ts");
  const loaded = await parseConfig(EXAMPLE, "config.yaml.example", () => undefined);
  assert.deepEqual(notBuiltYet(loaded), []);
  assert.deepEqual(loaded.warnings, []);
  assert.deepEqual(loaded.variables, ["LOGAGGREGATOR_DEMO_DIR"]);
  assert.match(EXAMPLE, /^# yaml-language-server: \$schema=\.\/docs\/config\.schema\.json\n/);
});

Deno.test("every key has a description", () => {
  const bare = [...definitionsIn(rootSchema.definition, "")].filter(([path, { description, shape }]) =>
    path !== "" && !/[*\]]$/.test(path) && description === undefined &&
    // What the types of outputs, parsers and transforms are is said in their own sections.
    !(/(^\.outputs?(\[\]|\.multi\.outputs\[\])?|parser\[\]|transforms\[\])\.\w+$/.test(path) &&
      shape.kind === "object")
  );
  assert.deepEqual(bare.map(([path]) => path), []);
});

Deno.test("every default is a value that its schema accepts", () => {
  for (const [path, definition] of definitionsIn(rootSchema.definition, "")) {
    if (definition.default === undefined || path === ".inputs") continue;
    assert.doesNotThrow(() => schema.parse({ definition }, definition.default?.written), path);
  }
});

Deno.test("every example of a registry fits its schema", () => {
  for (const [name, type] of [...Object.entries(inputTypes), ...Object.entries(outputTypes)]) {
    assert.doesNotThrow(() => schema.parse(type.schema as schema.Schema<unknown>, type.example), name);
  }
});

Deno.test("configurationReference shows examples that are valid", async () => {
  const blocks = [...(await configurationReference()).matchAll(/```yaml\n([^]*?)```/g)].map(([, yaml = ""]) =>
    yaml
  );
  assert.ok(blocks.length > 8);
  for (const block of blocks) {
    const text = block.startsWith("inputs:") ? block : `${block}inputs: {files: [{paths: [/a]}]}\n`;
    await assert.doesNotReject(parseConfig(text, "reference", () => "value"), block);
    assert.equal(misfit(JSON_SCHEMA, parse(text)), undefined, block);
  }
});

Deno.test("configurationSchema accepts what validation accepts", async () => {
  assert.equal(misfit(JSON_SCHEMA, parse(EXAMPLE)), undefined);
  // The keys there that only have a warning.
  const { output: { path: _, ...output }, parser: { grok_pattern: __, ...parser }, ...rest } = parse(
    EVERY_KEY,
  );
  assert.equal(misfit(JSON_SCHEMA, { ...rest, output, parser }), undefined);
  const { shown } = await parseConfig(EXAMPLE, "config.yaml.example", () => undefined);
  assert.equal(misfit(JSON_SCHEMA, shown), undefined);
});

Deno.test("configurationSchema refuses what validation refuses", async () => {
  const refused = [
    "bufer: {}",
    "inputs: {files: [{path: [a]}]}",
    "inputs: {files: [{paths: a}]}",
    "inputs: {files: [{}]}",
    "inputs: {syslog: [{address: ':1'}]}",
    "logging: {level: loud}",
    "shutdown_timeout: 5 minutes",
    "shutdown_timeout: 5",
    "buffer: {size: 0}",
    "buffer: {max_bytes: 64M}",
    "output: {type: elastic}",
    "output: {type: stdout, paht: x}",
    "output: {type: kafka, kafka: {topics: x}}",
    "outputs: []",
  ];
  for (const text of refused) {
    assert.notEqual(misfit(JSON_SCHEMA, parse(text)), undefined, text);
    await assert.rejects(parseConfig(text, "c.yaml", () => undefined), { name: "ConfigError" }, text);
  }
});
