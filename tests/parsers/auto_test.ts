import assert from "node:assert/strict";
import { newEvent } from "../../src/event.ts";
import { AutoParser, createAutoParser } from "../../src/parsers/auto.ts";
import type { Parser } from "../../src/parsers/parser.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

const auto = () => createAutoParser({ timezone: "UTC" }, parserContext);

const COMBINED = '203.0.113.7 - - [25/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"';
const SAMPLES: Readonly<Record<string, readonly [string, string]>> = {
  json: ['{"a":1}', "a"],
  docker: ['{"log":"x\\n","stream":"stdout","time":"2026-11-25T10:00:00Z"}', "stream"],
  cri: ["2026-11-25T10:00:00.5Z stderr F x", "stream"],
  "RFC 5424": ["<34>1 2026-11-25T10:00:00Z h a - - - x", "facility,severity,hostname,app_name"],
  "RFC 3164": ["<34>Nov 25 10:00:00 h a[1]: x", "facility,severity,hostname,app_name,proc_id"],
  "a file of rsyslog": ["2026-11-25T10:00:00.5+01:00 h a[1]: x", "hostname,app_name,proc_id"],
  "access log": [COMBINED, "remote_addr,method,path,protocol,status,body_bytes_sent,http_user_agent"],
  "access log with virtual host": [
    `example.com:80 ${COMBINED}`,
    "vhost,host,method,path,protocol,status,bytes,agent",
  ],
  "error log of nginx": ["2026/11/25 10:00:00 [warn] 1#2: x", "pid,tid"],
  "error log of Apache": ["[Fri Sep 11 10:42:29.902022 2026] [core:error] [pid 1] x", "module,pid"],
  logfmt: ['level=info msg="a b" ok', "level,msg,ok"],
};

Deno.test("AutoParser knows each format by its lines", async () => {
  for (const [format, [line, keys]] of Object.entries(SAMPLES)) {
    assert.equal(Object.keys(parseLine(await auto(), line)?.fields ?? {}).join(), keys, format);
  }
});

Deno.test("AutoParser knows each format after any other one in the same stream", async () => {
  for (const [first] of Object.values(SAMPLES)) {
    for (const [format, [line, keys]] of Object.entries(SAMPLES)) {
      const parser = await auto();
      parseLine(parser, first);
      // A line that is in the format of the stream, too, stays that.
      const expected = format === "docker" && first.startsWith('{"a"')
        ? "log,stream,time"
        : format === "access log" && first.startsWith("example.com")
        ? "host,method,path,protocol,status,bytes,agent"
        : keys;
      assert.equal(
        Object.keys(parseLine(parser, line)?.fields ?? {}).join(),
        expected,
        `${first} then ${line}`,
      );
    }
  }
});

Deno.test("AutoParser refuses lines that are in no format, though they resemble one", async () => {
  const parser = await auto();
  for (
    const line of [
      "",
      "plain text",
      "user logged in id=5",
      "a=5",
      "a=b c=d and then a lot of words",
      "[1,2]",
      "2026-11-25 10:00:00 INFO main: started",
      "2026-11-25T10:00:00Z INFO main: started",
      "2026-11-25T10:00:00Z started",
      "Nov 25 10:00:00 something happened here",
    ]
  ) {
    assert.equal(parseLine(parser, line), undefined, line);
  }
});

Deno.test("AutoParser says whether time, level and message stand in fields", async () => {
  const parser = await auto();
  assert.ok(parser instanceof AutoParser);
  for (const [format, [line]] of Object.entries(SAMPLES)) {
    assert.ok(parseLine(parser, line, format));
    assert.equal(parser.isComplete, format !== "json" && format !== "logfmt", format);
  }
});

/** Takes lines that begin with its name, and counts what it was asked. */
class Counting implements Parser {
  asked = 0;
  constructor(readonly name: string) {}

  parse(line: string): boolean {
    this.asked++;
    return line.startsWith(this.name);
  }
}

Deno.test("AutoParser first tries what the last line of the same stream was in", () => {
  const [a, b, c] = [new Counting("a"), new Counting("b"), new Counting("c")];
  const parser = new AutoParser([a, b, c].map((format) => ({ parser: format, isComplete: true })));
  const sources = ["one", "two"].map((stream) => ({ input: "x", stream, labels: {} }));
  const parse = (line: string, source: number) => {
    const event = newEvent(sources[source]!);
    return parser.parse(line, event);
  };
  const asked = () => [a.asked, b.asked, c.asked];
  assert.ok(parse("b", 0));
  assert.deepEqual(asked(), [1, 1, 0]);
  assert.ok(parse("c", 1));
  assert.deepEqual(asked(), [2, 2, 1]);
  assert.ok(parse("b", 0));
  assert.ok(parse("c", 1));
  assert.ok(parse("c", 1));
  assert.deepEqual(asked(), [2, 3, 3]);
  assert.ok(!parse("d", 0));
  assert.deepEqual(asked(), [3, 4, 4]);
  assert.ok(parse("a", 0));
  assert.ok(parse("a", 0));
  assert.deepEqual(asked(), [5, 5, 4]);
});

Deno.test("AutoParser forgets streams beyond ten thousand, and goes on", () => {
  const format = new Counting("x");
  const other = new Counting("y");
  const parser = new AutoParser([other, format].map((each) => ({ parser: each, isComplete: true })));
  const parse = (stream: number) =>
    parser.parse("x", newEvent({ input: "i", stream: String(stream), labels: {} }));
  for (let stream = 0; stream <= 10_000; stream++) assert.ok(parse(stream));
  const before = other.asked;
  assert.ok(parse(10_000));
  assert.equal(other.asked, before, "the newest stream is remembered");
  assert.ok(parse(0));
  assert.equal(other.asked, before + 1, "the oldest stream is forgotten");
});

Deno.test("AutoParser never throws", async () => {
  neverThrows(await auto(), ...Object.values(SAMPLES).map(([line]) => line));
});
