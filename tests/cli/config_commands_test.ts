import assert from "node:assert/strict";
import { parse } from "yaml";
import { configShow } from "../../src/cli/config_show.ts";
import { printSchema } from "../../src/cli/schema.ts";
import { validate } from "../../src/cli/validate.ts";
import { parseConfig } from "../../src/config/load.ts";

interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command on a configuration and takes what it prints. */
async function printed(
  text: string,
  command: (args: { config: string }) => Promise<number>,
): Promise<Printed> {
  const { log, error } = console;
  const out: string[] = [];
  const err: string[] = [];
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, text);
    console.log = (line: string) => out.push(line);
    console.error = (line: string) => err.push(line);
    const code = await command({ config: file });
    const named = (lines: string[]): string => lines.join("\n").replaceAll(file, "config.yaml");
    return { code, out: named(out), err: named(err) };
  } finally {
    Object.assign(console, { log, error });
    await Deno.remove(file);
  }
}

const GOOD = "inputs: {files: [{paths: [/a]}, {paths: [/b]}]}\n";

Deno.test("validate says that a configuration is valid", async () => {
  assert.deepEqual(await printed(GOOD, validate), {
    code: 0,
    out: "config.yaml is valid: 2 inputs, 1 output",
    err: "",
  });
});

Deno.test("validate prints every problem and answers 2", async () => {
  const { code, out, err } = await printed(`${GOOD}bufer: {}\nlogging: {levl: info}\n`, validate);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /^config\.yaml:2:1 bufer: .*\nconfig\.yaml:3:11 logging\.levl: .*\n2 problems$/);
});

Deno.test("validate answers 2 for a file that is not there", async () => {
  const { code, err } = await printed("", () => validate({ config: "/no/such.yaml" }));
  assert.equal(code, 2);
  assert.match(err, /there is no such file/);
});

Deno.test("validate warns of what has no effect or is not built yet", async () => {
  const { code, err } = await printed(
    `${GOOD}performance: {gomaxprocs: 2}\nhealth: {enabled: true}\n`,
    validate,
  );
  assert.equal(code, 0);
  assert.match(err, /^warning: config\.yaml:2:27 performance\.gomaxprocs: has no effect/);
  assert.match(err, /\nwarning: config\.yaml:3:19 health\.enabled: the section health is not built yet/);
});

Deno.test("config show prints a configuration that means the same, without secrets", async () => {
  const text =
    `${GOOD}output: {type: kafka, sasl_password: hunter2, brokers: ["b:1"]}\nshutdown_timeout: 90s\n`;
  const { code, out } = await printed(text, configShow);
  assert.equal(code, 0);
  assert.doesNotMatch(out, /hunter2/);
  assert.match(out, /sasl_password: .?\*\*\*REDACTED\*\*\*/);
  assert.equal(parse(out).shutdown_timeout, "1m30s");
  const { config: shown } = await parseConfig(out, "shown.yaml", () => undefined);
  const masked = text.replace("hunter2", "'***REDACTED***'");
  const { config: original } = await parseConfig(masked, "c.yaml", () => undefined);
  assert.deepEqual(shown, original);
});

Deno.test("config show prints a list of outputs without the default output beside it", async () => {
  const { out } = await printed(`${GOOD}outputs: [{type: stdout}]\n`, configShow);
  assert.equal("output" in parse(out), false);
  await assert.doesNotReject(parseConfig(out, "shown.yaml", () => undefined));
});

Deno.test("schema prints a JSON Schema", async () => {
  const { code, out } = await printed("", printSchema);
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).$schema, "http://json-schema.org/draft-07/schema#");
});
