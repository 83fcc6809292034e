import assert from "node:assert/strict";
import { createApacheParser } from "../../src/parsers/apache.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

type Format = "auto" | "access" | "combined" | "error";
const apache = (format: Format = "auto", timezone = "UTC") =>
  createApacheParser({ format, timezone }, parserContext);
const parsed = (line: string, format?: Format, timezone?: string) =>
  parseLine(apache(format, timezone), line);

const COMBINED = '192.0.2.9 - frank [10/Oct/2025:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 ' +
  '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"';
const ERROR_24 = "[Fri Sep 11 10:42:29.902022 2026] [core:error] [pid 35708:tid 4328636416] " +
  "[client 198.51.100.7:50123] AH00128: File does not exist: /srv/x, referer: http://example.com/a, b";
const ERROR_22 =
  "[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration: /export";

Deno.test("ApacheParser reads the combined format", () => {
  assert.deepEqual(parsed(COMBINED), {
    fields: {
      host: "192.0.2.9",
      user: "frank",
      method: "GET",
      path: "/apache_pb.gif",
      protocol: "HTTP/1.0",
      status: 200,
      bytes: 2326,
      referer: "http://www.example.com/start.html",
      agent: "Mozilla/4.08 [en] (Win98; I ;Nav)",
    },
    message: "GET /apache_pb.gif HTTP/1.0",
    level: undefined,
    time: "2025-10-10T20:55:36.000Z",
    timestamp: Date.UTC(2025, 9, 10, 20, 55, 36),
    timestampText: undefined,
  });
});

Deno.test("ApacheParser reads the common format, virtual hosts, ident, and what a format ends with", () => {
  const common = COMBINED.slice(0, COMBINED.indexOf(' "http'));
  assert.equal(parsed(common, "access")?.fields.bytes, 2326);
  assert.equal(parsed(common, "combined"), undefined);
  assert.equal(parsed(common.replace("2326", "-"))?.fields.bytes, undefined);
  const { vhost, host, user } = parsed(`www.example.com:443 ${COMBINED}`)?.fields ?? {};
  assert.deepEqual([vhost, host, user], ["www.example.com:443", "192.0.2.9", "frank"]);
  assert.equal(parsed(COMBINED.replace("- frank", "id frank"))?.fields.ident, "id");
  assert.equal(parsed(COMBINED.replace("- frank", "- -"))?.fields.user, undefined);
  assert.equal(parsed(`${COMBINED} 512 "x"`)?.fields.extra, '512 "x"');
});

Deno.test("ApacheParser reads the error log of Apache 2.4", () => {
  assert.deepEqual(parsed(ERROR_24), {
    fields: {
      module: "core",
      pid: 35708,
      tid: 4328636416,
      client: "198.51.100.7:50123",
      code: "AH00128",
      referer: "http://example.com/a, b",
    },
    message: "AH00128: File does not exist: /srv/x",
    level: "error",
    time: "2026-09-11T10:42:29.902Z",
    timestamp: Date.UTC(2026, 8, 11, 10, 42, 29, 902) + 0.022,
    timestampText: undefined,
  });
});

Deno.test("ApacheParser reads the error log of Apache 2.2", () => {
  assert.deepEqual(parsed(ERROR_22), {
    fields: { client: "127.0.0.1" },
    message: "client denied by server configuration: /export",
    level: "error",
    time: "2000-10-11T14:32:52.000Z",
    timestamp: Date.UTC(2000, 9, 11, 14, 32, 52),
    timestampText: undefined,
  });
  assert.equal(parsed(ERROR_22, "error", "Europe/Berlin")?.time, "2000-10-11T12:32:52.000Z");
});

Deno.test("ApacheParser reads error lines without a client, with the system's error, and of all levels", () => {
  const head = "[Fri Sep  4 10:42:29.000001 2026]";
  const start = parsed(`${head} [mpm_event:notice] [pid 1:tid 2] AH00489: Apache configured -- resuming`);
  assert.deepEqual(start?.fields, { module: "mpm_event", pid: 1, tid: 2, code: "AH00489" });
  assert.equal(start.level, "info");
  const denied = parsed(`${head} [core:error] [pid 9] (13)Permission denied: [client ::1:5] AH00132: denied`);
  assert.deepEqual(denied?.fields, { module: "core", pid: 9, client: "::1:5", code: "AH00132" });
  assert.equal(denied.message, "(13)Permission denied: AH00132: denied");
  const levels = ["emerg", "crit", "warn", "info", "debug", "trace8"].map((level) =>
    parsed(`${head} [x:${level}] [pid 1] y`)?.level
  );
  assert.deepEqual(levels, ["fatal", "fatal", "warn", "info", "debug", "debug"]);
  assert.equal(parsed(`${head} [x:trace9] y`), undefined);
  assert.equal(parsed(`${head} [:error] [pid 1] PHP Notice: x`)?.message, "PHP Notice: x");
});

Deno.test("ApacheParser takes only the configured format", () => {
  assert.equal(parsed(COMBINED, "error"), undefined);
  assert.equal(parsed(ERROR_24, "combined"), undefined);
  assert.equal(parsed("text"), undefined);
  assert.equal(parsed(""), undefined);
});

Deno.test("ApacheParser never throws", () => {
  neverThrows(apache(), COMBINED, `www.example.com:443 ${COMBINED}`, ERROR_24, ERROR_22);
});
