import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendJson } from "../support/event_lines.ts";
import { LineServer } from "../support/line_server.ts";
import { LineWriter } from "../support/line_writer.ts";
import { judge } from "../support/oracle.ts";
import { RelpAnswers } from "../support/relp_server.ts";
import { scenario } from "../support/scenario.ts";
import { until } from "../support/wait.ts";

const RELIABILITY = {
  retry: { initial_backoff: "10ms", max_backoff: "50ms" },
  circuit_breaker: { failure_threshold: 3, timeout: "50ms" },
};

scenario(
  "agent killed while it sends messages with RELP to a server that refuses and cuts delivers all",
  async (space) => {
    const relp = new RelpAnswers();
    let count = 0;
    relp.fault = () => ++count % 500 === 0 ? "refuse" : undefined;
    await using server = await LineServer.start({ conduct: relp.conduct });
    space.configure({
      files: { parser: { type: "json" } },
      output: {
        type: "syslog",
        syslog: {
          address: `relp://127.0.0.1:${server.port}`,
          batch_size: 200,
          batch_timeout: "20ms",
          hostname: "box",
          app_name: "app",
          msgid: "{{ level }}",
        },
      },
      rest: { reliability: RELIABILITY },
    });
    const writer = new LineWriter("w");
    const load = space.load(2000, (lines) => appendJson(space.log(), writer, lines));
    const first = space.start();
    await first.until("messages", () => relp.messages.length >= 1000);
    server.cut();
    await first.until("more messages", () => relp.messages.length >= 2000);
    await first.kill();
    await until("the end of its connection", () => server.open === 0);
    const second = space.start();
    const before = relp.messages.length;
    await second.until("messages", () => relp.messages.length >= before + 500);
    await load.stop();
    const bytes = () =>
      Buffer.from(relp.messages.map((message) => `${textOf(message)}\n`).join(""), "latin1");
    await second.until("all lines", () => judge(bytes(), [writer]).lost.size === 0);
    assert.equal((await second.terminate()).code, 0);
    const verdict = judge(bytes(), [writer]);
    assert.deepEqual([verdict.lost.size, verdict.invented, verdict.corrupted], [0, [], []]);
  },
  { ways: "watching" },
);

function textOf(message: string): string {
  const [all, priority, kind] = /^<(\d+)>1 2\S+Z box app - (\S+) - /.exec(message) ?? [];
  assert.ok(all !== undefined, `"${message}" has another header`);
  assert.equal(priority, { info: "14", warn: "12", error: "11" }[kind ?? ""]);
  return message.slice(all.length);
}
