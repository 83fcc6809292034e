import assert from "node:assert/strict";
import * as fc from "fast-check";
import { newEvent } from "../../src/event.ts";
import { KeyError } from "../../src/lib/key_error.ts";
import { createRegexParser } from "../../src/parsers/regex.ts";

function makeEvent() {
  return newEvent({ input: "test", stream: "test", labels: {} });
}

function parse(pattern: string, line: string): unknown {
  const parser = createRegexParser({ pattern });
  const event = makeEvent();
  return parser.parse(line, event) ? event.fields : undefined;
}

function refused(pattern: string): string {
  try {
    createRegexParser({ pattern });
  } catch (error) {
    assert(error instanceof KeyError);
    return `${error.key}: ${error.message}`;
  }
  return `"${pattern}" was accepted`;
}

Deno.test("createRegexParser makes a field of each named group, in Go's syntax and in JavaScript's", () => {
  assert.deepEqual(parse("^(?P<level>\\w+): (?<text>.*)$", "warn: low disk"), {
    level: "warn",
    text: "low disk",
  });
  assert.deepEqual(parse("(?i)(?P<key>[a-z]+)=(unnamed|\\S+) (?:x|(?P<rest>y))", "KEY=v y"), {
    key: "KEY",
    rest: "y",
  });
  assert.equal(parse("^(?P<level>\\w+):", "no level"), undefined);
});

Deno.test("createRegexParser leaves out groups that took no part, and keeps those that matched nothing", () => {
  const fields = parse("(?<a>x*)(?<b>z)?y", "y");
  assert.deepEqual(JSON.parse(JSON.stringify(fields)), { a: "" });
});

Deno.test("createRegexParser takes names that JavaScript does not allow, as they are written", () => {
  const fields = parse(
    "(?P<http.status>\\d+) (?P<user-agent>\\w+) (?P<__proto__>\\w+)",
    "200 curl own",
  );
  assert.deepEqual(Object.entries(fields as object), [["http.status", "200"], ["user-agent", "curl"], [
    "__proto__",
    "own",
  ]]);
  assert.equal(Object.getPrototypeOf(fields), Object.prototype);
});

Deno.test("createRegexParser takes the group that matched of several with one name", () => {
  assert.deepEqual(parse("^(?:(?<id>\\d+)|id=(?<id>\\w+))$", "id=x"), { id: "x" });
});

Deno.test("createRegexParser leaves an event alone that it does not match", () => {
  const parser = createRegexParser({ pattern: "(?<a>a)bc" });
  const event = makeEvent();
  const { fields } = event;
  assert.equal(parser.parse("ab", event), false);
  assert.equal(event.fields, fields);
  assert.equal(parser.parse("xabc", event), true);
  assert.notEqual(event.fields, fields);
});

Deno.test("createRegexParser says what is wrong with a pattern", () => {
  assert.equal(
    refused("(?<a>x"),
    'pattern: "(?<a>x" is not a regular expression: the group that begins at position 1 is not closed',
  );
  assert.equal(
    refused("(x)"),
    'pattern: "(x)" names no group, so it gives no field; write (?<name>…) or (?P<name>…)',
  );
});

Deno.test("createRegexParser answers as the bare expression does, whatever the line is", () => {
  const pattern = "(?<a>[a-c]+)-(?<b>\\d*)(?: (?<c>x))?==";
  const parser = createRegexParser({ pattern });
  const bare = new RegExp(pattern);
  const event = makeEvent();
  const piece = fc.constantFrom("a", "bc", "-", "7", " ", "x", "==", "=", "\n", "😀");
  fc.assert(fc.property(fc.array(piece), (pieces) => {
    const line = pieces.join("");
    const groups = bare.exec(line)?.groups;
    assert.equal(parser.parse(line, event), groups !== undefined);
    if (groups !== undefined) assert.deepEqual({ ...event.fields }, { ...groups });
  }));
});
