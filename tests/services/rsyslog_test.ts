import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendBytes } from "../support/line_writer.ts";
import { Workspace } from "../support/workspace.ts";
import { hasOpenssl, TestCertificates } from "../support/test_certificates.ts";
import { until } from "../support/wait.ts";
import { deliverInHardTimes, missing } from "./support/hard_times.ts";
import { serviceTest } from "./support/install.ts";
import { Rsyslog, rsyslog } from "./support/rsyslog.ts";

const RECORDS = 100_000;
const FIELDS = 7;

/** The texts of the messages. */
function messages(server: Rsyslog): string[] {
  return server.lines().map((line) => line.split("|").slice(FIELDS).join("|"));
}

function configure(space: Workspace, syslog: object): void {
  space.configure({
    files: { parser: { type: "json" }, checkpoint_interval: "200ms" },
    output: { type: "syslog", syslog },
    rest: {
      reliability: {
        retry: { initial_backoff: "20ms", max_backoff: "200ms" },
        circuit_breaker: { timeout: "200ms" },
      },
    },
  });
}

/**
 * What each protocol promises while the server is killed in the middle of it: how many records are missing at most.
 * The system ends the connections of a killed server as the server itself would once it has read all that came: what it
 * was about to write is lost then, the batch of that connection at most.
 */
const PROMISES: Record<string, { keys: object; missing: number }> = {
  relp: { keys: {}, missing: 0 },
  "tcp, one connection for each batch": { keys: { acknowledgement: "close", batch_size: 500 }, missing: 500 },
  tcp: { keys: {}, missing: Infinity },
};

for (const [protocol, { keys, missing: mostMissing }] of Object.entries(PROMISES)) {
  serviceTest(
    `rsyslog has what is promised over ${protocol}, though both are killed`,
    [rsyslog],
    async (directory) => {
      await using space = await Workspace.create();
      await using server = await Rsyslog.start(directory!, space.path("rsyslog"));
      const address = protocol === "relp"
        ? `relp://127.0.0.1:${server.relpPort}`
        : `tcp://127.0.0.1:${server.port}`;
      configure(space, { address, ...keys });
      let counted = 0;
      let size = 0;
      const verdict = await deliverInHardTimes({
        space,
        records: RECORDS,
        restart: () => server.restart("SIGKILL"),
        arrived: () => {
          // Counting costs; only what is new makes a difference.
          if (server.size !== size) {
            size = server.size;
            counted = server.lines().length;
          }
          return counted;
        },
        messages: async () => {
          await server.stop();
          return messages(server);
        },
      });
      assert.ok(missing(verdict) <= mostMissing, `${missing(verdict)} are missing`);
      // What the killed server had and did not answer is sent again, too.
      const most = verdict.unsaved + RECORDS / 10;
      assert.ok(
        verdict.duplicates <= most,
        `${verdict.duplicates} doubles, ${verdict.unsaved} were not saved`,
      );
    },
  );
}

const EVENT = { level: "error", msg: 'hällo [x] "q"', app: "my app", pid: 7, n: { a: [1] }, q: 'a"]\\b' };

for (
  const [scheme, keys, expected] of [
    ["tcp", {}, undefined],
    ["udp", {}, undefined],
    ["relp", {}, undefined],
    ["tls", {}, undefined],
    ["tls", { acknowledgement: "close" }, undefined],
    ["udp", { format: "3164", structured_data: {} }, '131|-|box|my_app|7|-|-| hällo [x] "q"'],
    [
      "tcp",
      { format: "3164", structured_data: {}, framing: "newline" },
      '131|-|box|my_app|7|-|-| hällo [x] "q"',
    ],
  ] as const
) {
  const name = `rsyslog reads messages over ${scheme} ${JSON.stringify(keys)}`;
  serviceTest(
    name,
    scheme === "tls" && !hasOpenssl() ? [{ missing: "no openssl" }] : [rsyslog],
    async (directory) => {
      await using space = await Workspace.create();
      await using files = scheme === "tls" ? await TestCertificates.make() : undefined;
      const tls = files &&
        { ca: files.path("ca.pem"), cert: files.path("server.pem"), key: files.path("server.key") };
      await using server = await Rsyslog.start(directory!, space.path("rsyslog"), tls);
      const port = scheme === "relp" ? server.relpPort : server.port;
      configure(space, {
        address: `${scheme}://127.0.0.1:${port}`,
        facility: "{{ fields.facility }}",
        hostname: "box",
        app_name: "{{ fields.app }}",
        procid: "{{ fields.pid }}",
        structured_data: { id: "fields@32473", fields: ["q", "n"] },
        ...tls === undefined ? {} : { tls: { ca_file: tls.ca } },
        ...keys,
      });
      appendBytes(space.log(), Buffer.from(`${JSON.stringify({ ...EVENT, facility: "local0" })}\n`));
      await space.once();
      await until("the message", () => server.lines().length === 1);
      const [line = ""] = server.lines();
      const told = line.replace(/\|[^|]*T[^|]*\|/, "|-|");
      assert.equal(
        told,
        expected ?? '131|-|box|my_app|7|-|[fields@32473 q="a\\"\\]\\\\b" n="{\\"a\\":[1\\]}"]|hällo [x] "q"',
      );
    },
  );
}
