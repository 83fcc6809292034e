import assert from "node:assert/strict";
import { newEvent } from "../../src/event.ts";
import { KeyErrors } from "../../src/lib/key_error.ts";
import { buildParsing, type Parsing } from "../../src/processing/parsing.ts";
import { parserOf, warningContext } from "../support/plan.ts";

async function parsingOf(...blocks: object[]): Promise<Parsing | undefined> {
  return await buildParsing(blocks.map(parserOf), warningContext().context);
}

/** What becomes of a line: whether it was taken, its message and its fields. */
function parsed(parsing: Parsing | undefined, line: string) {
  assert.ok(parsing !== undefined);
  const event = newEvent({ input: "in", stream: "/log", labels: {} });
  const taken = parsing.parse(line, event);
  return { taken, message: event.message, fields: event.fields };
}

const MULTILINE = { type: "multiline", multiline: { pattern: "^x" } };

Deno.test("buildParsing makes nothing where lines are only joined, or nothing is configured", async () => {
  assert.equal(await parsingOf(), undefined);
  assert.equal(await parsingOf(MULTILINE), undefined);
});

Deno.test("Parsing adds the fields of a parser that only joins lines", async () => {
  const joining = { ...MULTILINE, custom_fields: { site: "eu" } };
  assert.deepEqual(parsed(await parsingOf(joining), "the line"), {
    taken: true,
    message: "the line",
    fields: { site: "eu" },
  });
  const both = await parsingOf(joining, { type: "json", custom_fields: { n: 1 } });
  assert.deepEqual(parsed(both, '{"a":1}').fields, { a: 1, site: "eu", n: 1 });
  assert.deepEqual(parsed(both, "no").fields, {
    parse_error: 'not in the format "json"',
    site: "eu",
    n: 1,
  });
});

Deno.test("Parsing takes the first parser that fits, with its own fields, and fails with those of the last", async () => {
  const parsing = await parsingOf(
    { type: "json", custom_fields: { by: "json" } },
    { type: "regex", pattern: "^(?<n>\\d+)$", custom_fields: { by: "regex" }, on_error: "drop" },
  );
  assert.deepEqual(parsed(parsing, '{"a":1}').fields, { a: 1, by: "json" });
  assert.equal(JSON.stringify(parsed(parsing, "17").fields), '{"n":"17","by":"regex"}');
  assert.deepEqual(parsed(parsing, "?"), {
    taken: false,
    message: "?",
    fields: { parse_error: 'not in the formats "json", "regex"', by: "regex" },
  });
  assert.equal(parsing?.onFailure, "drop");
});

Deno.test("Parsing gives every record a copy of nested custom fields", async () => {
  const parsing = await parsingOf({ type: "json", custom_fields: { tags: ["a"] } });
  (parsed(parsing, "{}").fields["tags"] as string[]).push("changed");
  assert.deepEqual(parsed(parsing, "{}").fields, { tags: ["a"] });
});

Deno.test("Parsing adds custom fields with names that every object inherits as fields", async () => {
  const custom_fields = JSON.parse('{"__proto__":{"evil":1},"constructor":"c","toString":"t"}');
  const parsing = await parsingOf({ type: "json", custom_fields });
  const { fields } = parsed(parsing, "{}");
  assert.equal(JSON.stringify(fields), '{"__proto__":{"evil":1},"constructor":"c","toString":"t"}');
  assert.equal(fields["evil"], undefined);
});

Deno.test("buildParsing tells all mistakes at once, each with the place of its parser", async () => {
  const blocks = [MULTILINE, { type: "regex", pattern: "(" }, { type: "json", time_field: "[" }];
  await assert.rejects(parsingOf(...blocks), (error) => {
    assert.ok(error instanceof KeyErrors, String(error));
    assert.deepEqual(error.errors.map(({ key }) => key), ["parsers[1].pattern", "parsers[2].time_field"]);
    return true;
  });
});
