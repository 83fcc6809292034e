import assert from "node:assert/strict";
import { runCommand } from "../support/command.ts";

Deno.test("parse prints the event of every line, and how far a pattern matches the others", async () => {
  const args = ["parse", "--parser", "grok", "--pattern", "%{INT:n:int} %{WORD:word}"];
  const { code, stdout, stderr } = await runCommand(args, "1 a\n22 !\nx\n");
  assert.equal(code, 1);
  const [event = "", ...missed] = stdout.trimEnd().split("\n");
  assert.deepEqual(JSON.parse(event).fields, { n: 1, word: "a" });
  assert.equal(missed.length, 4, stdout);
  assert.equal(missed[0], "2: no match: 22 !");
  assert.match(missed[1]!, /^ {16}\^ matched so far: %\{INT:n:int\}/);
  assert.equal(missed[2], "3: no match: x");
  assert.equal(stderr, "3 records, 1 parsed, 2 missed\n");
});

Deno.test("parse joins lines, takes further keys, and warns of a pattern that explodes", async () => {
  const set =
    '{time_field: at, time_format: unix_ms, multiline: {pattern: "^\\\\d", negate: true, match: after}}';
  const pattern = "^(?<at>(\\d+)+) (?<message>[^]*)$";
  const { code, stdout, stderr } = await runCommand(
    ["parse", "--parser", "regex", "--pattern", pattern, "--set", set],
    "1767323045006 a\n  b\n1767323045007 c\n",
  );
  assert.equal(code, 0, stderr);
  const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ timestamp, message }) => [timestamp, message]), [
    ["2026-01-02T03:04:05.006Z", "a\n  b"],
    ["2026-01-02T03:04:05.007Z", "c"],
  ]);
  assert.match(stderr, /^warning: pattern takes a time that doubles .*\n2 records, 2 parsed, 0 missed\n$/);
});

Deno.test("parse answers 2 for what is wrong with its arguments, and says what", async () => {
  const wrong: [string[], RegExp][] = [
    [["--parser", "regex", "--pattern", "("], /^pattern: /],
    [["--parser", "grok", "--pattern", "%{NOPE:a}"], /^grok_pattern: .*NOPE/],
    [["--parser", "jsn"], /"jsn" .*did you mean "json"/],
    [["--set", "{time_format"], /^--set is not YAML: /],
    [["--set", "[1]"], /^--set must be a block of keys/],
    [["--parser", "multiline", "--set", '{multiline: {pattern: "("}}'], /^multiline\.pattern: /],
  ];
  const results = await Promise.all(wrong.map(([args]) => runCommand(["parse", ...args], "a\n")));
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, wrong[index]![1]);
    assert.doesNotMatch(stderr, /^ +at /m);
  }
});
