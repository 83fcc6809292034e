import assert from "node:assert/strict";
import { createNginxParser } from "../../src/parsers/nginx.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

type Format = "auto" | "access" | "combined" | "error";
const nginx = (format: Format = "auto", timezone = "UTC") =>
  createNginxParser({ format, timezone }, parserContext);
const parsed = (line: string, format?: Format, timezone?: string) => parseLine(nginx(format, timezone), line);

const COMMON = '203.0.113.7 - alice [25/Nov/2026:11:00:00 +0100] "GET /a?b=c HTTP/1.1" 200 1234';
const COMBINED = `${COMMON} "https://example.com/" "Mozilla/5.0 (X11; Linux)"`;
const ERROR =
  '2026/11/25 10:00:00 [error] 31#32: *90 open() "/var/www/x" failed (2: No such file or directory), ' +
  'client: 203.0.113.7, server: example.com, request: "GET /x HTTP/1.1", upstream: "http://127.0.0.1/a, b", host: "example.com"';

Deno.test("NginxParser reads the combined format", () => {
  assert.deepEqual(parsed(COMBINED), {
    fields: {
      remote_addr: "203.0.113.7",
      remote_user: "alice",
      method: "GET",
      path: "/a?b=c",
      protocol: "HTTP/1.1",
      status: 200,
      body_bytes_sent: 1234,
      http_referer: "https://example.com/",
      http_user_agent: "Mozilla/5.0 (X11; Linux)",
    },
    message: "GET /a?b=c HTTP/1.1",
    level: undefined,
    time: "2026-11-25T10:00:00.000Z",
    timestamp: Date.UTC(2026, 10, 25, 10),
    timestampText: undefined,
  });
});

Deno.test("NginxParser takes what the format ends with: a forwarded address, or anything", () => {
  assert.equal(parsed(`${COMBINED} "10.0.0.1, 10.0.0.2"`)?.fields.http_x_forwarded_for, "10.0.0.1, 10.0.0.2");
  assert.equal(parsed(`${COMBINED} "-"`)?.fields.http_x_forwarded_for, undefined);
  assert.equal(parsed(`${COMBINED} "-"`)?.fields.extra, undefined);
  assert.equal(parsed(`${COMBINED} 0.005 [up] "a" "b"`)?.fields.extra, '0.005 [up] "a" "b"');
  assert.equal(parsed(`${COMMON} 0.005`)?.fields.extra, "0.005");
  assert.equal(parsed(`${COMMON} 0.005`)?.fields.http_referer, undefined);
});

Deno.test("NginxParser leaves out what is -, and takes requests that are none", () => {
  const line = (request: string) => `::1 - - [25/Nov/2026:10:00:00 +0000] "${request}" 400 - "-" "-"`;
  assert.deepEqual(parsed(line("-"))?.fields, { remote_addr: "::1", status: 400 });
  assert.equal(parsed(line(""))?.message, "");
  assert.equal(parsed(line("\\x16\\x03\\x01"))?.message, "\\x16\\x03\\x01");
  assert.equal(parsed(line("\\x16\\x03 \\x01"))?.fields.method, undefined);
  assert.deepEqual(parsed(line("GET /old"))?.fields, {
    remote_addr: "::1",
    method: "GET",
    path: "/old",
    status: 400,
  });
  assert.equal(parsed(line("GET /a b HTTP/1.0"))?.fields.path, "/a b");
  assert.equal(parsed(line('GET /\\"q\\" HTTP/1.0'))?.fields.path, '/\\"q\\"');
  assert.equal(parsed(line("GET /\\\\"))?.fields.path, "/\\\\");
});

Deno.test("NginxParser takes users with spaces and brackets in other places", () => {
  assert.equal(parsed(COMMON.replace("alice", "al ice"))?.fields.remote_user, "al ice");
  assert.equal(parsed(COMMON.replace("/a?b", "/a[1] [2]"))?.fields.path, "/a[1] [2]=c");
});

Deno.test("NginxParser reads the error log", () => {
  assert.deepEqual(parsed(ERROR), {
    fields: {
      pid: 31,
      tid: 32,
      connection: 90,
      client: "203.0.113.7",
      server: "example.com",
      request: "GET /x HTTP/1.1",
      upstream: "http://127.0.0.1/a, b",
      host: "example.com",
    },
    message: 'open() "/var/www/x" failed (2: No such file or directory)',
    level: "error",
    time: "2026-11-25T10:00:00.000Z",
    timestamp: Date.UTC(2026, 10, 25, 10),
    timestampText: undefined,
  });
  assert.equal(parsed(ERROR, "error", "+01:00")?.time, "2026-11-25T09:00:00.000Z");
});

Deno.test("NginxParser reads error lines without a request, of all levels", () => {
  const line = (level: string) => `2026/11/25 10:00:00 [${level}] 1#1: start worker process 29`;
  assert.deepEqual(parsed(line("notice"))?.fields, { pid: 1, tid: 1 });
  assert.equal(parsed(line("notice"))?.message, "start worker process 29");
  const levels = ["debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"].map((level) =>
    parsed(line(level))?.level
  );
  assert.deepEqual(levels, ["debug", "info", "info", "warn", "error", "fatal", "fatal", "fatal"]);
  assert.equal(parsed(line("x")), undefined);
  assert.equal(parsed(`${line("warn")}, client: 1.2.3.4, strange: y`)?.fields.client, undefined);
});

Deno.test("NginxParser takes only the configured format", () => {
  assert.equal(parsed(COMMON, "combined"), undefined);
  assert.equal(parsed(COMBINED, "access")?.fields.extra, '"https://example.com/" "Mozilla/5.0 (X11; Linux)"');
  assert.equal(parsed(COMMON, "access")?.fields.body_bytes_sent, 1234);
  assert.equal(parsed(ERROR, "combined"), undefined);
  assert.equal(parsed(COMBINED, "error"), undefined);
});

Deno.test("NginxParser refuses what is no line of these logs", () => {
  for (
    const line of [
      "",
      "text",
      "a [b] c",
      COMMON.slice(0, -5),
      COMMON.replace("Nov", "Xyz"),
      COMMON.replace("200", "2x0"),
      COMMON.replace("1234", "12a4"),
      COMMON.replace("- alice ", ""),
      COMBINED.slice(0, 70),
    ]
  ) {
    assert.equal(parsed(line), undefined, line);
  }
});

Deno.test("NginxParser never throws", () => {
  neverThrows(nginx(), COMMON, COMBINED, ERROR, `${COMBINED} "x"`);
});
