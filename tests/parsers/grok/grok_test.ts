import assert from "node:assert/strict";
import * as fc from "fast-check";
import { newEvent } from "../../../src/event.ts";
import { KeyError } from "../../../src/lib/key_error.ts";
import { compileGrokConfig, createGrokParser } from "../../../src/parsers/grok/grok.ts";
import type { ParserOwn } from "../../../src/parsers/parser_config.ts";
import { fieldsOf, grok, grokConfig, testContext } from "./support.ts";

type Changes = Partial<ParserOwn<"grok">>;

async function refused(pattern: string, changes: Changes = {}, directories = {}): Promise<string> {
  try {
    await createGrokParser(grokConfig(pattern, changes), testContext(directories));
  } catch (error) {
    assert(error instanceof KeyError, String(error));
    return `${error.key}: ${error.message}`;
  }
  return `"${pattern}" was accepted`;
}

Deno.test("createGrokParser makes fields of what a pattern captures, with their types", async () => {
  const pattern =
    "%{IP:client} %{WORD:method} %{NOTSPACE:path} %{INT:bytes:int} %{NUMBER:seconds:float} %{WORD:cached:bool} %{WORD}";
  assert.deepEqual(await grok(pattern, "GET 192.0.2.7 GET /a 0512 0.043 yes rest"), {
    client: "192.0.2.7",
    method: "GET",
    path: "/a",
    bytes: 512,
    seconds: 0.043,
    cached: true,
  });
});

Deno.test("createGrokParser keeps what is no number of its type as it is, and big integers exact", async () => {
  const of = async (type: string, text: string) => {
    const fields = await grok(`^%{DATA:value:${type}}$`, text);
    return (fields as { value?: unknown }).value;
  };
  assert.equal(await of("int", "42"), 42);
  assert.equal(await of("int", "-7"), -7);
  assert.equal(await of("int", "3.9"), 3);
  assert.equal(await of("int", "9007199254740993"), 9007199254740993n);
  assert.equal(await of("int", "+9007199254740993"), 9007199254740993n);
  assert.equal(await of("int", "9".repeat(200)), Number("9".repeat(200)));
  assert.equal(await of("int", "9".repeat(400)), "9".repeat(400));
  assert.equal(await of("int", "many"), "many");
  assert.equal(await of("int", ""), undefined);
  assert.equal(await of("float", "1e3"), 1000);
  assert.equal(await of("float", "Infinity"), "Infinity");
  assert.equal(await of("float", "-"), "-");
  assert.equal(await of("bool", "OFF"), false);
  assert.equal(await of("bool", "constructor"), "constructor");
  assert.equal(await of("string", "1"), "1");
});

Deno.test("createGrokParser nests fields, and leaves out objects without any", async () => {
  const pattern = "^%{WORD:[a][b]} (?:%{INT:[a][c][d]:int}|%{WORD:[x][y]})$";
  assert.deepEqual(await grok(pattern, "one 2"), { a: { b: "one", c: { d: 2 } } });
  assert.deepEqual(await grok(pattern, "one two"), { a: { b: "one" }, x: { y: "two" } });
  assert.deepEqual(await grok("%{WORD:a.b} %{WORD:[c]}", "one two"), { "a.b": "one", c: "two" });
});

Deno.test("createGrokParser takes named groups beside placeholders", async () => {
  assert.deepEqual(
    await grok(
      "(?<queue>[0-9A-F]{10,11}): (?<[mail][size]:int>\\d+) (plain) (?P<rest>.*)",
      "ABCDEF0123: 7 plain x",
    ),
    {
      queue: "ABCDEF0123",
      mail: { size: 7 },
      rest: "x",
    },
  );
});

Deno.test("createGrokParser gives a field that is captured twice all values, or the one that is there", async () => {
  assert.deepEqual(await grok("^(?:%{INT:id}|%{WORD:id})$", "abc"), { id: "abc" });
  assert.deepEqual(await grok("%{INT:id:int} %{WORD:id} %{WORD:id}", "1 b c"), { id: [1, "b", "c"] });
});

Deno.test("createGrokParser leaves out what matched nothing, unless it is told to keep it", async () => {
  assert.deepEqual(await grok("^a%{DATA:b}c(?<d>x)?$", "ac"), {});
  assert.deepEqual(await grok("^a%{DATA:b}c(?<d>x)?$", "ac", { keep_empty_captures: true }), { b: "" });
});

Deno.test("createGrokParser names what has no field by its pattern, if it is told to", async () => {
  assert.deepEqual(await grok("%{WORD} %{INT:n}", "a 1", { named_captures_only: false }), {
    WORD: "a",
    n: "1",
  });
});

Deno.test("createGrokParser searches, unless the pattern begins with an anchor", async () => {
  assert.deepEqual(await grok("id=%{INT:id}", "order id=7 done"), { id: "7" });
  assert.equal(await grok("^id=%{INT:id}", "order id=7 done"), undefined);
  assert.equal(await grok("id=%{INT:id}$", "order id=7 done"), undefined);
});

Deno.test("createGrokParser finds line anchors at line breaks, as Oniguruma does", async () => {
  assert.deepEqual(await grok("^id=%{INT:id}$", "order\nid=7\ndone"), { id: "7" });
  assert.deepEqual(await grok("^id=%{INT:id}$", "id=7"), { id: "7" });
  assert.equal(await grok("\\Aid=%{INT:id}", "order\nid=7"), undefined);
  assert.deepEqual(await grok("^a (?m)%{GREEDYDATA:all}", "a b\nc"), { all: "b\nc" });
  assert.deepEqual(await grok("^a %{GREEDYDATA:all}", "a b\nc"), { all: "b" });
});

Deno.test("createGrokParser lets flags reach what is named behind them, and no further", async () => {
  const definitions = { pattern_definitions: { ID: "(?i)id-[a-z]+" } };
  assert.deepEqual(await grok("(?i)%{LOGLEVEL:level} x", "eRRoR X"), { level: "eRRoR" });
  assert.deepEqual(await grok("%{ID:id} x", "ID-Abc x", definitions), { id: "ID-Abc" });
  assert.equal(await grok("%{ID:id} x", "ID-Abc X", definitions), undefined);
});

Deno.test("createGrokParser takes a bare name in any case, of its own or of the library", async () => {
  const line = '192.0.2.7 - - [15/Jan/2024:10:30:45 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"';
  for (const name of ["apache", "Apache", "APACHE"]) {
    assert.equal((await grok(name, line) as { response: unknown }).response, 200, name);
  }
  assert.equal((await grok("combinedapachelog", line) as { response: unknown }).response, "200");
  const definitions = { pattern_definitions: { Mine: "(?<all>.*)" } };
  assert.deepEqual(await grok("Mine", "x", definitions), { all: "x" });
  assert.match(
    await refused("apachee"),
    /^grok_pattern: "apachee" is no grok pattern; did you mean "apache"\?/,
  );
});

Deno.test("createGrokParser prefers definitions of the configuration to files, and files to the library", async () => {
  const directories = {
    "/etc/patterns": {
      one: "# ours\n\nWORD [a-z]+\nORDER  #%{INT}  \n",
      "two.conf": "PAIR %{WORD:left}=%{WORD:right}\r\n",
      ".hidden": "not a pattern",
    },
  };
  const make = (changes: Changes) =>
    createGrokParser(
      grokConfig("%{PAIR}", { patterns_dir: ["/etc/patterns"], ...changes }),
      testContext(directories),
    );
  assert.deepEqual(fieldsOf(await make({}), "ab=cd1"), { left: "ab", right: "cd" });
  const inline = await make({ pattern_definitions: { WORD: "\\d+" } });
  assert.deepEqual(fieldsOf(inline, "ab=cd 1=2"), { left: "1", right: "2" });
});

Deno.test("createGrokParser reads definitions as Logstash ships them, in Oniguruma's syntax", async () => {
  const definitions: Record<string, [pattern: string, matches: string, misses: string]> = {
    ATOMIC: ["(?>\\d\\d){1,2}", "2024", "202"],
    ALTERNATIVES: ['(?>(?<!\\\\)(?>"(?>\\\\.|[^\\\\"]+)+"|""))', '"a \\" b"', '"a'],
    POSSESSIVE: ["[^,]++,\\h++", "x,0f", "x,y"],
    POSIX: ["(/[[[:alnum:]]_%!$@:.,+~-]*)+", "/a-b/ü_1", "a/b"],
    BACKSLASH: ["(?>[A-Za-z]+:|\\\\)(?:\\\\[^\\\\?*]*)+", "C:\\a\\b", "C:a"],
    LOOK: ["(?<![0-9.+-])(?>[+-]?(?:(?:[0-9]+(?:\\.[0-9]+)?)|(?:\\.[0-9]+)))", "-1.5", "x"],
    BRACES: ["\\{ (?<={ ).*(?= \\}) \\}", "{ a: 1 }", "{a}"],
    REFERENCE: ["(?<q>['\"])\\w+\\k<q>", "'a'", "'a\""],
    COMMENT: ["(?x) a  b # and so on", "ab", "a b"],
  };
  for (const [name, [pattern, matches, misses]] of Object.entries(definitions)) {
    const changes = { pattern_definitions: { [name]: pattern } };
    const fields = await grok(`\\A%{${name}:own_value}\\z`, matches, changes);
    assert.equal((fields as { own_value?: string } | undefined)?.own_value, matches, name);
    assert.equal(await grok(`\\A%{${name}:own_value}\\z`, misses, changes), undefined, name);
  }
});

Deno.test("createGrokParser has rare syntax converted by a library, with the same fields", async () => {
  const changes = {
    pattern_definitions: { BALANCED: "(?<paren>\\((?:[^()]|\\g<paren>)*\\))", LETTERS: "[a-z&&[^aeiou]]+" },
  };
  assert.deepEqual(
    await grok("f%{BALANCED:[call][args]} %{LETTERS:l} %{INT:n:int} (?<n>\\d+)", "f(a(b)c) xyz 7 8", changes),
    {
      call: { args: "(a(b)c)" },
      paren: "(a(b)c)",
      l: "xyz",
      n: [7, "8"],
    },
  );
  assert.match(await refused("(?~a|%{WORD"), /^grok_pattern: /);
});

Deno.test("createGrokParser says what is wrong, and in which key", async () => {
  assert.equal(
    await refused("%{COMBINEDAPACHLOG}"),
    'grok_pattern: "COMBINEDAPACHLOG" is no grok pattern; did you mean "COMBINEDAPACHELOG"?; own ones stand in pattern_definitions or patterns_dir',
  );
  assert.match(
    await refused("%{MINE:x}", { pattern_definitions: { MINE: "%{QQQQQQ}" } }),
    /^pattern_definitions\.MINE: "QQQQQQ" is no grok pattern; own/,
  );
  assert.equal(
    await refused("%{A}", { pattern_definitions: { A: "a%{B}", B: "%{A}?" } }),
    'pattern_definitions.A: the pattern "A" contains itself: %{A} → %{B} → %{A}',
  );
  assert.equal(
    await refused("%{A}", { pattern_definitions: { A: "a(" } }),
    'pattern_definitions.A: "a(" is not a regular expression: the group that begins at position 2 is not closed (the definition of "A")',
  );
  assert.match(
    await refused("%{WORD:a} ["),
    /^grok_pattern: .* the class that begins at position 11 is not closed$/,
  );
  assert.equal(
    await refused("%{INT:n:flaot}"),
    'grok_pattern: "flaot" in "n:flaot" is no type; did you mean "float"?; types are int, float, bool and string',
  );
  assert.match(
    await refused("%{INT:[a}"),
    /^grok_pattern: "\[a" is no field; write a name, or \[outer\]\[inner\]/,
  );
  assert.match(
    await refused("%{INT:a} %{INT:[a][b]}"),
    /^grok_pattern: in ".*" the field \[a\] cannot be both a value and an object with fields$/,
  );
  assert.match(
    await refused("%{INT:[a][b]} %{INT:a}"),
    /^grok_pattern: in ".*" the field \[a\] cannot be both/,
  );
  assert.match(
    await refused("x", { grok_pattern: undefined, pattern: "%{NO_SUCH_THING}" }),
    /^pattern: "NO_SUCH_THING" is/,
  );
  assert.equal(
    await refused("x", { patterns_dir: ["/none"] }),
    'patterns_dir: Cannot read "/none": no such directory',
  );
  assert.equal(
    await refused("x", { patterns_dir: ["/p"] }, { "/p": { file: "GOOD x\nBAD\n" } }),
    'patterns_dir: line 2 of "/p/file" is no pattern; write a name, a space and the pattern',
  );
  assert.match(
    await refused("x", { pattern_definitions: { "a b": "x" } }),
    /^pattern_definitions\.a b: "a b" is no name/,
  );
});

Deno.test("createGrokParser warns of patterns that explode or capture nothing", async () => {
  const context = testContext();
  await createGrokParser(grokConfig("^(?:%{NOTSPACE},?)*:%{INT:n}$"), context);
  assert.match(context.warnings.join("\n"), /^The pattern ".*" takes a time that doubles with every further/);
  context.warnings.length = 0;
  await createGrokParser(grokConfig("%{WORD} %{WORD}"), context);
  assert.equal(
    context.warnings.join("\n"),
    'The pattern "%{WORD} %{WORD}" captures nothing, so it gives no field; write %{NAME:field}',
  );
  context.warnings.length = 0;
  await createGrokParser(grokConfig("%{COMBINEDAPACHELOG}"), context);
  assert.deepEqual(context.warnings, []);
});

Deno.test("createGrokParser makes own fields of names that objects have anyway", async () => {
  const parser = await createGrokParser(
    grokConfig("%{WORD:__proto__} %{WORD:constructor} %{WORD:[toString][__proto__]}"),
    testContext(),
  );
  const event = newEvent({ input: "test", stream: "test", labels: {} });
  assert.equal(parser.parse("a b c", event), true);
  assert.deepEqual(Object.entries(event.fields).slice(0, 2), [["__proto__", "a"], ["constructor", "b"]]);
  assert.equal(Object.getPrototypeOf(event.fields), Object.prototype);
  assert.deepEqual(Object.entries(event.fields.toString as object), [["__proto__", "c"]]);
});

Deno.test("createGrokParser leaves an event alone that it does not match", async () => {
  const parser = await createGrokParser(grokConfig("%{INT:n}"), testContext());
  const event = newEvent({ input: "test", stream: "test", labels: {} });
  const { fields } = event;
  assert.equal(parser.parse("none", event), false);
  assert.equal(event.fields, fields);
});

Deno.test("createGrokParser never throws on a line, and finds the same with and without looking for a text first", async () => {
  const pattern = "%{IPORHOST:host} (?:%{INT:n}|-) status=%{WORD:status}";
  const parser = await createGrokParser(grokConfig(pattern), testContext());
  const { regexp, required } = await compileGrokConfig(grokConfig(pattern), testContext());
  assert.equal(required, " status=");
  const piece = fc.constantFrom("web-1", " ", "-", "7", "status=", "ok", "\n", "::1", "😀", "\ud800", "s");
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const line = pieces.join("");
    assert.equal(fieldsOf(parser, line) !== undefined, regexp.test(line));
  }));
});
