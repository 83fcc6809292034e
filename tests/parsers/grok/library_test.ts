import assert from "node:assert/strict";
import * as fs from "node:fs";
import { explosionHint } from "../../../src/lib/regexp_hazard.ts";
import { compileGrokConfig } from "../../../src/parsers/grok/grok.ts";
import { loadLibraryGroups } from "../../../src/parsers/grok/library.ts";
import { grok, grokConfig, testContext } from "./support.ts";

/**
 * What the patterns of the library match and what they do not. `match`: a value that is matched whole; `line`: a line
 * and the fields it gives (`ecs` only where it differs from `legacy`); `miss`: what does not match from its beginning.
 */
interface Sample {
  readonly name: string;
  readonly group: string;
  readonly matches: string[];
  readonly misses: string[];
  line?: string;
  legacy?: unknown;
  ecs?: unknown;
}

const DIRECTORY = new URL("./samples/", import.meta.url);
const groups = fs.readdirSync(DIRECTORY).map((file) => file.replace(/\.txt$/, ""));
const samples = groups.flatMap(readSamples);

function readSamples(group: string): Sample[] {
  const read: Sample[] = [];
  for (const text of fs.readFileSync(new URL(`${group}.txt`, DIRECTORY), "utf8").trimEnd().split("\n")) {
    const [, key, json] = /^ {2}(\w+) +(.*)$/.exec(text) ?? [];
    if (key === undefined || json === undefined) {
      read.push({ name: text, group, matches: [], misses: [] });
      continue;
    }
    const sample = read.at(-1)!;
    const value = JSON.parse(json);
    if (key === "match") sample.matches.push(value);
    else if (key === "miss") sample.misses.push(value);
    else Object.assign(sample, { [key]: value });
  }
  return read;
}

async function libraryNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const group of loadLibraryGroups()) names.push(...Object.keys(group));
  return names;
}

for (const group of groups) {
  Deno.test(`the grok patterns of ${group} match their samples, and not what is no sample`, async () => {
    for (
      const { name, matches, misses, line, legacy, ecs } of samples.filter((sample) => sample.group === group)
    ) {
      const whole = `\\A(?:%{${name}})\\z`;
      for (const value of matches) {
        const fields = await grok(`\\A(?:%{${name}:own_value})\\z`, value, { keep_empty_captures: true });
        assert.equal(
          (fields as { own_value?: string } | undefined)?.own_value,
          value,
          `${name} on "${value}"`,
        );
      }
      for (const value of misses) {
        // Some patterns match nothing, too, and so match the beginning of everything.
        const pattern = matches.length > 0 || value === "\n" ? whole : `\\A%{${name}}`;
        assert.equal(await grok(pattern, value), undefined, `${name} on "${value}"`);
      }
      if (line === undefined) continue;
      assert.deepEqual(await grok(`%{${name}}`, line), legacy, `${name} on "${line}"`);
      const names = await grok(`%{${name}}`, line, { ecs_compatibility: "v1" });
      assert.deepEqual(names, ecs ?? legacy, `${name} with the names of ECS on "${line}"`);
    }
  });
}

Deno.test("every grok pattern of the library has a sample that matches and one that does not", async () => {
  const names = await libraryNames();
  assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), [], "named twice");
  const without = names.filter((name) =>
    !samples.some((sample) =>
      sample.name === name && sample.misses.length > 0 &&
      (sample.matches.length > 0 || sample.line !== undefined)
    )
  );
  assert.deepEqual(without, []);
  assert.deepEqual(samples.filter(({ name }) => !names.includes(name)), []);
});

Deno.test("no grok pattern of the library explodes", async () => {
  const exploding: string[] = [];
  for (const name of await libraryNames()) {
    const { regexp } = await compileGrokConfig(grokConfig(`%{${name}}`), testContext());
    if (await explosionHint(regexp) !== undefined) exploding.push(name);
  }
  assert.deepEqual(exploding, []);
});
