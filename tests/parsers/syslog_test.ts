import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogEvent } from "../../src/event.ts";
import { createSyslogParser } from "../../src/parsers/syslog.ts";
import { Rfc3164 } from "../../src/parsers/syslog_rfc3164.ts";
import { neverThrows, parseLine, parserContext } from "../support/parsed_line.ts";

const syslog = (format: "auto" | "3164" | "5424" = "auto", timezone = "UTC") =>
  createSyslogParser({ format, timezone }, parserContext);
const parsed = (line: string, format?: "auto" | "3164" | "5424", timezone?: string) =>
  parseLine(syslog(format, timezone), line);

Deno.test("SyslogParser reads RFC 5424 with structured data", () => {
  const line = "<165>1 2026-11-25T10:00:00.123456Z host.example.com app 8710 ID47 " +
    '[ex@32473 iut="3" text="a \\"b\\" \\\\ \\] \\n" ip="192.0.2.1" ip="192.0.2.129"][other] \uFEFFAn event';
  assert.deepEqual(parsed(line), {
    fields: {
      facility: "local4",
      severity: "notice",
      hostname: "host.example.com",
      app_name: "app",
      proc_id: "8710",
      msg_id: "ID47",
      structured_data: {
        "ex@32473": { iut: "3", text: 'a "b" \\ ] \\n', ip: ["192.0.2.1", "192.0.2.129"] },
        other: {},
      },
    },
    message: "An event",
    level: "info",
    time: "2026-11-25T10:00:00.123Z",
    timestamp: Date.UTC(2026, 10, 25, 10, 0, 0, 123) + 0.456,
    timestampText: "2026-11-25T10:00:00.123456Z",
  });
});

Deno.test("SyslogParser leaves out what RFC 5424 says is not there", () => {
  const line = "<34>1 - - - - - -";
  assert.deepEqual(parsed(line)?.fields, { facility: "auth", severity: "crit" });
  assert.equal(parsed(line)?.message, "");
  assert.equal(parsed(line)?.time, undefined);
  assert.equal(parsed(line)?.level, "fatal");
  assert.equal(parsed("<34>1 - h a - - - text - [x]")?.message, "text - [x]");
});

Deno.test("SyslogParser takes messages that are not quite RFC 5424", () => {
  const head = "<34>1 2026-11-25T10:00:00+01:00 h a - -";
  assert.equal(parsed(`${head} no structured data`)?.message, "no structured data");
  assert.equal(parsed(`${head} [not data] text`)?.message, "[not data] text");
  assert.equal(parsed(`${head} [a b="open] text`)?.message, '[a b="open] text');
  assert.deepEqual(parsed(`${head} [a b="c" ][d e=""]`)?.fields.structured_data, {
    a: { b: "c" },
    d: { e: "" },
  });
  assert.equal(parsed(`${head} -\n`)?.message, "");
  assert.equal(parsed(`${head}`)?.fields.app_name, "a");
  assert.equal(parsed(head)?.time, "2026-11-25T09:00:00.000Z");
});

Deno.test("SyslogParser keeps nanoseconds, whatever the offset", () => {
  const text = (time: string) => parsed(`<34>1 ${time} h a - - - x`)?.timestampText;
  assert.equal(text("2026-11-25T10:00:00.123456789Z"), "2026-11-25T10:00:00.123456789Z");
  assert.equal(text("2026-11-25T10:00:00.999999999+01:30"), "2026-11-25T08:30:00.999999999Z");
  assert.equal(text("2026-11-25T10:00:00.123Z"), undefined);
});

Deno.test("SyslogParser reads RFC 3164", () => {
  assert.deepEqual(parsed("<34>Oct 11 22:14:15 mymachine su[230]: 'su root' failed on /dev/pts/8"), {
    fields: { facility: "auth", severity: "crit", hostname: "mymachine", app_name: "su", proc_id: "230" },
    message: "'su root' failed on /dev/pts/8",
    level: "fatal",
    time: "2026-10-11T22:14:15.000Z",
    timestamp: Date.UTC(2026, 9, 11, 22, 14, 15),
    timestampText: undefined,
  });
});

/** hostname, app_name, proc_id, message, time */
type Expected = readonly [
  string | undefined,
  string | undefined,
  string | undefined,
  string,
  string | undefined,
];

const T = "2026-11-25T10:00:00.000Z";
const CASES: readonly (readonly [string, ...Expected])[] = [
  ["Nov 25 10:00:00 web1 sshd[12]: Accepted", "web1", "sshd", "12", "Accepted", T],
  [
    "Nov  5 10:00:00 web1 kernel: [1.5] usb",
    "web1",
    "kernel",
    undefined,
    "[1.5] usb",
    "2026-11-05T10:00:00.000Z",
  ],
  ["Nov 5 10:00:00 web1 cron: x", "web1", "cron", undefined, "x", "2026-11-05T10:00:00.000Z"],
  ["Dec 31 23:59:59 web1 cron: x", "web1", "cron", undefined, "x", "2025-12-31T23:59:59.000Z"],
  ["Nov 25 10:00:00 web1 postfix/smtpd[3]: connect", "web1", "postfix/smtpd", "3", "connect", T],
  ["Nov 25 10:00:00 web1 CROND[3]:(root) CMD", "web1", "CROND", "3", "(root) CMD", T],
  ["Nov 25 10:00:00 web1 su(pam_unix)[3]: opened", "web1", "su(pam_unix)", "3", "opened", T],
  [
    "Nov 25 10:00:00 web1 last message repeated 2 times",
    "web1",
    undefined,
    undefined,
    "last message repeated 2 times",
    T,
  ],
  ["Nov 25 10:00:00 web1 http://x y", "web1", undefined, undefined, "http://x y", T],
  ["Nov 25 10:00:00 web1 app[a b]: x", "web1", undefined, undefined, "app[a b]: x", T],
  ["Nov 25 10:00:00 web1 app:", "web1", "app", undefined, "", T],
  ["<30>Nov 25 10:00:00 systemd[1]: Started", undefined, "systemd", "1", "Started", T],
  ["<30>Nov 25 10:00:00 dnsmasq: query", undefined, "dnsmasq", undefined, "query", T],
  ["<30>Nov 25 10:00:00 alone", undefined, undefined, undefined, "alone", T],
  ["<30>Nov 25 10:00:00 fe80::1 app[1] text", "fe80::1", "app", "1", "text", T],
  ["<30>Nov 25 10:00:00.250 web1 app: x", "web1", "app", undefined, "x", "2026-11-25T10:00:00.250Z"],
  [
    "<30>Nov 25 2024 10:00:00 fw1 : %ASA-6-302013: Built",
    "fw1",
    "%ASA-6-302013",
    undefined,
    "Built",
    "2024-11-25T10:00:00.000Z",
  ],
  [
    "<30>Nov 25 2024 10:00:00: %ASA-6-302013: Built",
    undefined,
    "%ASA-6-302013",
    undefined,
    "Built",
    "2024-11-25T10:00:00.000Z",
  ],
  ["<30>2024 Nov 25 10:00:00 sw1 app: x", "sw1", "app", undefined, "x", "2024-11-25T10:00:00.000Z"],
  ["<30>Nov 25 10:00:00 2024 sw1 app: x", "sw1", "app", undefined, "x", "2024-11-25T10:00:00.000Z"],
  [
    "<189>29: *Nov 25 10:00:00.123: %SYS-5-CONFIG_I: by console",
    undefined,
    "%SYS-5-CONFIG_I",
    undefined,
    "by console",
    "2026-11-25T10:00:00.123Z",
  ],
  [
    "<189>29: rt1: .Nov 25 10:00:00 CET: %SYS-5-X: y",
    "rt1",
    "%SYS-5-X",
    undefined,
    "y",
    "2026-11-25T09:00:00.000Z",
  ],
  [
    "<189>29: Nov 25 2024 10:00:00.5 UTC: %SYS-5-X: y",
    undefined,
    "%SYS-5-X",
    undefined,
    "y",
    "2024-11-25T10:00:00.500Z",
  ],
  [
    "2026-11-25T11:00:00.5+01:00 web1 sshd[12]: Accepted",
    "web1",
    "sshd",
    "12",
    "Accepted",
    "2026-11-25T10:00:00.500Z",
  ],
  ["2026-11-25T11:00:00+0100 web1 systemd[1]: Started", "web1", "systemd", "1", "Started", T],
  ["<30>2026-11-25T10:00:00 web1 app: x", "web1", "app", undefined, "x", T],
  ["<30>2026-11-25 10:00:00.000 web1 app: x", "web1", "app", undefined, "x", T],
  ["<13>app[7]: no time", undefined, "app", "7", "no time", undefined],
  ["<13>no time and no tag", undefined, undefined, undefined, "no time and no tag", undefined],
  ["<13>", undefined, undefined, undefined, "", undefined],
  ["<30>Nov 25 10:00:00 web1 app: x\r\n\0", "web1", "app", undefined, "x", T],
];

Deno.test("SyslogParser takes RFC 3164 in all the ways in which it is written", () => {
  for (const [line, hostname, app_name, proc_id, message, time] of CASES) {
    const result = parsed(line);
    const { hostname: host, app_name: app, proc_id: id } = result?.fields ?? {};
    const found = [host, app, id, result?.message, result?.time];
    assert.deepEqual(found, [hostname, app_name, proc_id, message, time], line);
  }
});

Deno.test("SyslogParser reads times without a zone in the configured one", () => {
  assert.equal(parsed("Nov 25 10:00:00 h a: x", "auto", "Europe/Berlin")?.time, "2026-11-25T09:00:00.000Z");
  assert.equal(parsed("<1>2026-11-25T10:00:00 h a: x", "auto", "-03:00")?.time, "2026-11-25T13:00:00.000Z");
});

Deno.test("SyslogParser takes only the configured standard", () => {
  const modern = "<34>1 2026-11-25T10:00:00Z h a - - - text";
  const legacy = "<34>Nov 25 10:00:00 h a: text";
  assert.equal(parsed(modern, "5424")?.message, "text");
  assert.equal(parsed(legacy, "5424"), undefined);
  assert.equal(parsed(legacy, "3164")?.message, "text");
  assert.equal(parsed(modern, "3164")?.fields.hostname, undefined);
});

Deno.test("SyslogParser refuses what is no syslog", () => {
  for (
    const line of [
      "",
      "text",
      "<>x",
      "<192>x",
      "<1234>x",
      "<1x>y",
      "Nov 32 10:00:00 h a: x",
      "Nov 25 25:00:00 h a: x",
      "Nov 25 10:00:000 h a: x",
      "2026-11-25 10:00:00 INFO main: started",
      '{"a":1}',
    ]
  ) {
    assert.equal(parsed(line), undefined, line);
  }
});

Deno.test("SyslogParser gives back what RFC 5424 was written from", () => {
  const word = fc.stringMatching(/^[!-~]{1,20}$/).filter((text) => text !== "-");
  const name = fc.stringMatching(/^[A-Za-z0-9@.]{1,12}$/);
  const parameters = fc.dictionary(name, fc.string({ unit: "binary" }), { noNullPrototype: true });
  const data = fc.dictionary(name, parameters, { noNullPrototype: true, maxKeys: 3 });
  const message = fc.stringMatching(/^[ -~é]{0,30}$/);
  fc.assert(
    fc.property(
      fc.nat(191),
      word,
      word,
      word,
      word,
      data,
      message,
      (priority, host, app, proc, id, elements, text) => {
        const written =
          Object.entries(elements).map(([element, values]) =>
            `[${element}${
              Object.entries(values).map(([key, value]) => ` ${key}="${value.replace(/["\\\]]/g, "\\$&")}"`)
                .join("")
            }]`
          ).join("") || "-";
        const line = `<${priority}>1 2026-11-25T10:00:00Z ${host} ${app} ${proc} ${id} ${written} ${text}`;
        const result = parsed(line, "5424");
        assert.equal(result?.message, text);
        const { hostname, app_name, proc_id, msg_id, structured_data } = result.fields;
        assert.deepEqual([hostname, app_name, proc_id, msg_id], [host, app, proc, id]);
        assert.deepEqual(structured_data, written === "-" ? undefined : elements);
      },
    ),
  );
});

Deno.test("SyslogParser reads usual messages of RFC 3164 at once as it reads them part by part", () => {
  const legacy = new Rfc3164("Europe/Berlin", parserContext);
  const partByPart = { parse: (line: string, event: LogEvent) => legacy.parseUnusual(line, event) };
  const head = fc.constantFrom("", "<34>", "<191>", "<192>");
  const time = fc.constantFrom(
    "Nov 25 10:00:00",
    "Nov  5 23:59:60",
    "Feb 29 10:00:00",
    "2026-11-25T10:00:00.5+01:00",
  );
  const name = fc.stringMatching(/^[a-z0-9.:[\]2]{1,6}$/);
  const tag = fc.stringMatching(/^[a-z/[\]():. 0]{1,8}$/);
  const line = fc.tuple(head, time, name, tag, fc.constantFrom(": x y", "[1]: x", "[1 2]: x", ":x", " x: y"));
  fc.assert(
    fc.property(line, ([priority, clock, host, app, rest]) => {
      const text = `${priority}${clock} ${host} ${app}${rest}`;
      assert.deepEqual(parseLine(legacy, text), parseLine(partByPart, text));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("SyslogParser never throws", () => {
  neverThrows(
    syslog(),
    '<165>1 2026-11-25T10:00:00.123456Z host app 8710 ID47 [ex@32473 iut="3" __proto__="x\\]"] An event',
    ...CASES.map(([line]) => line),
  );
});
